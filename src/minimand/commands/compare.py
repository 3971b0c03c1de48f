"""`minimand compare`: every method on every image."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from minimand.commands.options import Force, Json, Noise, OperatorSpec, OptionalMask, Report, Seed, Weights

SCANS, PICTURES = "zero-filled,tv,admm-net", "zero-filled,tv"


def compare(
    images: Annotated[str, Argument(metavar="IMAGES", help="FILE[:KEY][SLICE], a folder or a pattern in quotes.")],
    mask: OptionalMask = None,
    operator: OperatorSpec = None,
    methods: Annotated[
        str | None,
        Option(metavar="NAMES", help=f"Separated by commas [default: {SCANS}; with --operator {PICTURES}]."),
    ] = None,
    weights: Weights = None,
    noise: Noise = 0,
    seed: Seed = 0,
    report: Report = None,
    json: Json = False,
    force: Force = False,
) -> None:
    """Compare methods: `minimand compare scans/ --mask radial:0.2 --methods zero-filled,tv,admm-net --report out`.

    Each image is brought to maximum magnitude 1, sampled, reconstructed and scored: NMSE of the complex image, PSNR
    with peak 1 and SSIM of magnitudes, seconds an image after warm-up. Natural images, `minimand compare photos/
    --operator hadamard:0.3 --methods zero-filled,tv`, have white as 1, so that PSNR is that with peak 255; colour
    becomes luminance. Weights apply to the method that their card names.
    """
    from minimand.commands.comparison import by_mask, by_operator, run_comparison
    from minimand.commands.console import count, note
    from minimand.io import InputError, read_images

    if (mask is None) == (operator is None):
        got = "neither" if mask is None else "both"
        raise InputError(f"compare needs --mask (k-space of scans) or --operator (natural images), got {got}.")

    stack = read_images(images)
    for text in stack.notes:
        note(text)
    if stack.empty:
        note(f"{count(len(stack.empty), 'image')} of zeros left out")
    if operator is None:
        assert mask is not None
        way = by_mask(mask, noise=noise, seed=seed)
    else:
        way = by_operator(operator, stack, noise=noise, seed=seed)
    title = f"{Path(images).name}, {way.name}"
    methods = methods or (SCANS if operator is None else PICTURES)
    run_comparison(title, stack, way, methods, weights, report=report, json=json, force=force)
