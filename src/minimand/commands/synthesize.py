"""`minimand synthesize`: CT from MR."""

from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option

from minimand.commands.options import Force, Json, Report, Weights


def synthesize(
    mr: Annotated[list[str], Argument(metavar="MR...", help="NIfTI volumes, pictures (slices), or folders of either.")],
    output: Annotated[Path, Option("-o", "--output", metavar="FOLDER", help="Folder for the CT.")],
    weights: Weights = None,
    truth: Annotated[
        Path | None,
        Option(metavar="FOLDER", help="True CT under the same names: print scores, show them in the report."),
    ] = None,
    report: Report = None,
    json: Json = False,
    force: Force = False,
) -> None:
    """Make CT from MR: `minimand synthesize head.nii.gz -o ct/` writes ct/head.nii.gz, in HU on the grid of the MR.

    What ships is a demonstration that learned virtual heads; it is no medical device. Pictures of one folder are the
    slices of one subject. Train on your own scanner's images: minimand train mr-ct --help.
    """
    from minimand.commands.console import note, print_json
    from minimand.commands.progress import counting
    from minimand.io import InputError, check_folder
    from minimand.systems.synthesis.files import plan, run
    from minimand.systems.synthesis.report import Entry, write_report
    from minimand.systems.synthesis.synthesize import load_network, usual_weights
    from minimand.weights.choice import terms_of

    net, card = load_network(usual_weights(weights))
    if report:
        check_folder(report, force)
    jobs = plan(mr, output, card, truth=truth, force=force)
    if terms := terms_of(card):
        note(terms)
    done: list[dict[str, Any]] = []
    failed: list[str] = []
    pages: list[Entry] = []
    with counting("synthesizing", len(jobs), "volumes") as show:
        for k, job in enumerate(jobs):
            show(job.name, k)
            try:
                found = run(job, net, card, force=force)
            except InputError as error:
                failed.append(str(error))
                continue
            for text in found.notes:
                note(text)
            done.append(found.told)
            pages += [found.entry] if report else []
            if not json:
                print(_line(found.told))
    if report and pages:
        title = f"CT from MR, {card.get('name')}"
        note(f"report: {write_report(report, title, pages, force=force)}")
    if json and not (failed and not done):
        print_json({"weights": card.get("name"), "volumes": done, "failed": failed})
    if failed:
        more = f"; {len(failed)} of {len(jobs)} volumes failed, the others are done" if len(jobs) > 1 else ""
        raise InputError(f"{failed[0]}{more}")


def _line(told: dict[str, Any]) -> str:
    slices, height, width = told["shape"]
    low, high = told["ct"]
    line = f"{told['output']}: {slices} x {height} x {width}, CT from {low:.0f} to {high:.0f}, {told['seconds']:.2f} s"
    if "scores" not in told:
        return line
    return line + "; MAE {mae:.1f}, PSNR {psnr:.2f} dB, SSIM {ssim:.3f}, SSIM(HG) {ssim_hg:.3f}".format(
        **told["scores"]
    )
