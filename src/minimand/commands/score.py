"""`minimand score`: how near an image is to the truth."""

from typing import Annotated

from typer import Argument

from minimand.commands.options import Json


def score(
    recon: Annotated[str, Argument(metavar="RECON", help="Reconstruction: FILE[:KEY][SLICE].")],
    truth: Annotated[str, Argument(metavar="TRUTH", help="Truth of the same size, in the same units.")],
    json: Json = False,
) -> None:
    """Score a reconstruction: `minimand score image.npz truth.npz`.

    NMSE ||x - t|| / ||t|| of the complex image; PSNR and SSIM of magnitudes, peak the maximum of the truth's magnitude;
    image by image, then the mean.
    """
    from minimand.commands.console import count, note, print_json
    from minimand.systems.mri.scoring import score_files

    scores, factor = score_files(recon, truth)
    if not 0.5 <= factor <= 2:
        note(
            f"{recon} is nearest to the truth when multiplied by {factor:.3g}: is it in other units? "
            "(A .png keeps none; write .npz or .nii to score.)"
        )
    means = {name: float(values.mean()) for name, values in scores._asdict().items()}
    if json:
        each = {name: values.tolist() for name, values in scores._asdict().items()}
        print_json({"images": len(scores.nmse), **means, "each": each})
        return
    images = f", mean of {count(len(scores.nmse), 'image')}" if len(scores.nmse) > 1 else ""
    print(f"{recon}: NMSE {means['nmse']:.4f}, PSNR {means['psnr']:.2f} dB, SSIM {means['ssim']:.4f}{images}")
