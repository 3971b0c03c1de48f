"""`minimand simulate`: undersampled k-space from an image."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option


def simulate(
    image: Annotated[str, Argument(help="Image or stack: FILE[:KEY][SLICE].")],
    output: Annotated[Path, Option("-o", "--output", help="K-space to write (.npz keeps the mask beside it).")],
    mask: Annotated[str, Option(help="radial:R, cartesian:R, random:R, full or FILE[:KEY].")],
    noise: Annotated[
        float, Option(help="Standard deviation of noise in real and imaginary part, image maximum 1.", min=0)
    ] = 0,
    seed: Annotated[int, Option(help="Seed of noise and random masks.")] = 0,
    force: Annotated[bool, Option(help="Replace an existing output.")] = False,
) -> None:
    """Sample an image: `minimand simulate brain.png --mask radial:0.2 -o kspace.npz`.

    K-space is unitary, in units of the image, zero frequency in the centre: fftshift(fft2(ifftshift(x), norm="ortho")).
    """
    import numpy as np
    import torch

    from minimand.commands.console import note, sampling
    from minimand.io import InputError, check_writable, make_record, read_images, write_array
    from minimand.systems.mri.compare import simulate as sample

    check_writable(output, force, record=True)
    draw = sampling(mask, seed)
    images = read_images(image)
    for text in images.notes:
        note(text)
    if len(images.sources) > 1:
        raise InputError(f"{image}: names {len(images.sources)} arrays; simulate takes one at a time.")
    truth = torch.from_numpy(images.stack(images.arrays))
    height, width = truth.shape[-2:]
    where = draw((height, width))
    slices = truth.reshape(-1, height, width)
    largest = float(slices.abs().max())
    kspace = sample(torch.fft.ifftshift(slices, dim=(-2, -1)) / largest, where, noise, seed) * largest
    kspace = torch.fft.fftshift(kspace, dim=(-2, -1)).reshape(truth.shape).to(torch.complex64)
    options = {"mask": mask, "noise": noise}
    record = make_record("simulate", inputs=[image], options=options, seed=seed)
    centred = torch.fft.fftshift(where).numpy().astype(np.uint8)
    write_array(
        output,
        kspace.numpy(),
        key="kspace",
        like=images.sources[0],
        record=record,
        force=force,
        siblings={"mask": centred},
    )
    rate = float(where.double().mean())
    print(f"{output}: {len(slices)} slice{'s' * (len(slices) > 1)} of {height} x {width}, {rate:.1%} of k-space")
