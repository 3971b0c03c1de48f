"""`minimand score`: how near an image is to the truth."""

from typing import Annotated

from typer import Argument, Option


def score(
    recon: Annotated[str, Argument(help="Reconstruction: FILE[:KEY][SLICE].")],
    truth: Annotated[str, Argument(help="Truth of the same size, in the same units.")],
    json: Annotated[bool, Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Score a reconstruction: `minimand score image.npz truth.npz`.

    NMSE ||x - t|| / ||t|| of the complex image; PSNR and SSIM of magnitudes, peak the maximum of the truth's magnitude;
    image by image, then the mean.
    """
    from minimand.commands.console import print_json
    from minimand.systems.mri.scoring import score_files

    scores = score_files(recon, truth)
    means = {name: float(values.mean()) for name, values in scores._asdict().items()}
    if json:
        each = {name: values.tolist() for name, values in scores._asdict().items()}
        print_json({"images": len(scores.nmse), **means, "each": each})
    else:
        print(f"{recon}: NMSE {means['nmse']:.4f}, PSNR {means['psnr']:.2f} dB, SSIM {means['ssim']:.4f}")
