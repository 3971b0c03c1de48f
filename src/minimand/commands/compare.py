"""`minimand compare`: every method on every image."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from minimand.commands.options import Force, Json, Mask, Noise, Report, Seed, Weights


def compare(
    images: Annotated[str, Argument(metavar="IMAGES", help="FILE[:KEY][SLICE], a folder or a pattern in quotes.")],
    mask: Mask,
    methods: Annotated[str, Option(metavar="NAMES", help="Separated by commas.")] = "zero-filled,tv,admm-net",
    weights: Weights = None,
    noise: Noise = 0,
    seed: Seed = 0,
    report: Report = None,
    json: Json = False,
    force: Force = False,
) -> None:
    """Compare methods: `minimand compare scans/ --mask radial:0.2 --methods zero-filled,tv,admm-net --report out`.

    Each image is brought to maximum magnitude 1, sampled, reconstructed and scored: NMSE of the complex image, PSNR
    with peak 1 and SSIM of magnitudes, seconds an image after warm-up. Weights apply to the method that their card
    names.
    """
    from minimand.commands.comparison import run_comparison
    from minimand.commands.console import count, note
    from minimand.io import read_images

    stack = read_images(images)
    for text in stack.notes:
        note(text)
    if stack.empty:
        note(f"{count(len(stack.empty), 'image')} of zeros left out")
    title = f"{Path(images).name}, {mask}"
    run_comparison(title, stack, mask, methods, weights, noise=noise, seed=seed, report=report, json=json, force=force)
