"""`minimand synthesize`: CT from MR."""

from collections.abc import Callable, Sequence
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
    from minimand.commands.console import note
    from minimand.commands.each import finish, run_each
    from minimand.io import check_folder
    from minimand.systems.synthesis.files import Job, plan, run
    from minimand.systems.synthesis.report import Entry, write_report
    from minimand.systems.synthesis.synthesize import load_network, usual_weights
    from minimand.weights.choice import terms_of

    net, card = load_network(usual_weights(weights))
    if report:
        check_folder(report, force)
    jobs = plan(mr, output, card, truth=truth, force=force)
    for text in filter(None, (terms_of(card), card.get("use") and f"{card['name']}: {card['use']}")):
        note(text)

    def one(job: Job) -> tuple[dict[str, Any], Entry | None, Sequence[str]]:
        found = run(job, net, card, force=force)
        return found.told, found.entry if report else None, found.notes

    done = run_each("synthesizing", "volumes", {job.name: job for job in jobs}, one, None if json else _line)
    if report and done.entries:
        title = f"CT from MR, {card.get('name')}"
        note(f"report: {write_report(report, title, done.entries, force=force)}")
    finish(done, {"weights": card.get("name"), "volumes": done.told}, json=json)


def _line(told: dict[str, Any]) -> str:
    slices, height, width = told["shape"]
    low, high = told["ct"]
    line = f"{told['output']}: {slices} x {height} x {width}, CT from {low:.0f} to {high:.0f}, {told['seconds']:.2f} s"
    if "scores" not in told:
        return line
    return line + "; MAE {mae:.1f}, PSNR {psnr:.2f} dB, SSIM {ssim:.3f}, SSIM(HG) {ssim_hg:.3f}".format(
        **told["scores"]
    )


def print_ct_scores(
    table: str, data: Path, show: Callable[[str, int, int], None], report: Path | None, *, json: bool, force: bool
) -> None:
    """Run a table of synthesis and print it: means over subjects, their spread, p against the plain CycleGAN."""
    from minimand.commands.console import note, print_json
    from minimand.systems.synthesis.report import write_report
    from minimand.systems.synthesis.tables import heads_table, pairs_table

    found, entries = pairs_table(data, show) if table == "synthesis-pairs" else heads_table(show)
    if report and entries:
        title = f"{table}: {found['on']}"
        note(f"report: {write_report(report, title, entries, force=force)}")
    if json:
        print_json(found)
        return
    print(f"{table}, mean and standard deviation on {found['on']}, MAE in {found['unit']}")
    level = found["rows"][0]["threshold"]
    print(f"SSIM(HG): where the true CT changes by more than its 90th percentile, {level:.1f} a pixel in the mean")
    print(f"published: {found['source']}")
    print(f"{'method':<32}  {'MAE':>14}  {'PSNR dB':>13}  {'SSIM':>15}  {'SSIM(HG)':>15}  p of MAE, HG   published")
    for row in found["rows"]:
        figures = [
            f"{row[name]:.{digits}f} +- {row[f'{name}_spread']:.{digits}f}"
            for name, digits in (("mae", 1), ("psnr", 2), ("ssim", 3), ("ssim_hg", 3))
        ]
        p = f"{row['p']['mae']:.0e}, {row['p']['ssim_hg']:.0e}" if "p" in row else "-"
        published = " / ".join(f"{value:g}" for value in row["published"].values()) or "-"
        label = row["method"] if row["networks"] < 2 else f"{row['method']}, {row['networks']} networks"
        mae, psnr, ssim, steep = figures
        print(f"{label:<32}  {mae:>14}  {psnr:>13}  {ssim:>15}  {steep:>15}  {p:>12}   {published}")
