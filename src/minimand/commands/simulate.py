"""`minimand simulate`: undersampled k-space from an image."""

from typing import Annotated

from typer import Argument

from minimand.commands.options import Force, Json, Mask, Noise, Output, Seed


def simulate(
    image: Annotated[str, Argument(metavar="IMAGE", help="Image or stack: FILE[:KEY][SLICE].")],
    output: Output,
    mask: Mask,
    noise: Noise = 0,
    seed: Seed = 0,
    json: Json = False,
    force: Force = False,
) -> None:
    """Sample an image: `minimand simulate brain.nii.gz --mask radial:0.2 -o kspace.npz`.

    K-space is unitary, in units of the image, zero frequency in the centre: fftshift(fft2(ifftshift(x), norm="ortho")).
    The maximum 1 that noise is measured by is the whole stack's. A .npz, .mat or .h5 keeps the mask beside k-space.
    """
    from minimand.commands.console import count, note, print_json
    from minimand.io import check_writable, make_record, write_array
    from minimand.systems.mri.sampling import names_file
    from minimand.systems.mri.simulation import simulate_file

    check_writable(output, force, record=True)
    done = simulate_file(image, mask, output, noise=noise, seed=seed)
    for text in done.notes:
        note(text)
    options = {"mask": mask, "noise": noise}
    inputs = [image, *([mask] if names_file(mask) else [])]
    record = make_record("simulate", inputs=inputs, options=options, seed=seed)
    stored = write_array(
        output, done.kspace, key="kspace", like=done.source, record=record, force=force, siblings={"mask": done.mask}
    )
    height, width = done.mask.shape
    slices, rate = done.kspace.size // done.mask.size, float(done.mask.mean())
    if json:
        print_json({"output": str(output), "slices": slices, "size": [height, width], "rate": rate, "values": stored})
    else:
        print(f"{output}: {count(slices, 'slice')} of {height} x {width}, {rate:.1%} of k-space; values {stored}")
