"""`minimand compare`: every method on every image."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option


def compare(
    images: Annotated[str, Argument(help="Images: FILE[:KEY][SLICE], folder or pattern.")],
    mask: Annotated[str, Option(help="radial:R, cartesian:R, random:R, full or FILE[:KEY].")],
    methods: Annotated[str, Option(help="Names, separated by commas.")] = "zero-filled,tv,admm-net",
    weights: Annotated[str | None, Option(help="Shipped name or file, for the method that its card names.")] = None,
    noise: Annotated[float, Option(help="Noise on k-space: standard deviation, image maximum 1.", min=0)] = 0,
    seed: Annotated[int, Option(help="Seed of noise and random masks.")] = 0,
    report: Annotated[Path | None, Option(help="Folder for an HTML report with pictures.")] = None,
    json: Annotated[bool, Option("--json", help="Print one JSON object.")] = False,
    force: Annotated[bool, Option(help="Replace an existing report.")] = False,
) -> None:
    """Compare methods: `minimand compare scans/ --mask radial:0.2 --methods zero-filled,tv,admm-net --report out/`.

    Each image is brought to maximum magnitude 1, sampled, reconstructed and scored: NMSE of the complex image, PSNR
    with peak 1 and SSIM of magnitudes, seconds an image after warm-up.
    """
    from minimand.commands.comparison import run_comparison
    from minimand.commands.console import note
    from minimand.io import read_images

    stack = read_images(images)
    for text in stack.notes:
        note(text)
    if stack.empty:
        note(f"{len(stack.empty)} slices are zero everywhere and left out")
    title = f"{images}, {mask}"
    run_comparison(title, stack, mask, methods, weights, noise=noise, seed=seed, report=report, json=json, force=force)
