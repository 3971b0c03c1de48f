"""`minimand segment`: organs from a few atlases."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option

from minimand.commands.options import Force, Json, Report, Weights


def segment(
    targets: Annotated[list[Path], Argument(metavar="TARGET...", help="Images or volumes, NIfTI (.nii.gz, .nii).")],
    atlases: Annotated[
        Path, Option(metavar="FOLDER", help="Atlases: images/NAME.nii.gz with labels/NAME.nii.gz of the same names.")
    ],
    output: Annotated[Path, Option("-o", "--output", metavar="FOLDER", help="Folder for the labels.")],
    method: Annotated[
        str, Option(metavar="NAME", help="patch, majority, staple, joint, patch-match, svm, deep-fusion, unet or cnn.")
    ] = "patch",
    weights: Weights = None,
    labels: Annotated[
        str | None, Option(metavar="N,N", help="Only these labels; the rest is background [default: all].")
    ] = None,
    count: Annotated[int, Option(metavar="N", help="Atlases to use: those most like the target.", min=1)] = 10,
    centre: Annotated[
        str | None,
        Option(
            metavar="X,Y[,Z]",
            help="Voxel inside the organ, as viewers count from 0 [default: found where the target is much larger than "
            "the atlases, else the middle].",
        ),
    ] = None,
    box: Annotated[
        str | None,
        Option(
            metavar="X0,Y0[,Z0],X1,Y1[,Z1]", help="Work on this part only, first and last voxel, the organ amid it."
        ),
    ] = None,
    probabilities: Annotated[
        bool,
        Option(
            "--probabilities", help="Also write NAME.probabilities.nii.gz, a volume a label, and NAME.disagreement."
        ),
    ] = False,
    truth: Annotated[
        Path | None,
        Option(metavar="FOLDER", help="True labels under the targets' names: print scores, show them in the report."),
    ] = None,
    report: Report = None,
    json: Json = False,
    force: Force = False,
) -> None:
    """Label images by atlases: `minimand segment new/*.nii.gz --atlases atlases/ -o labels/` writes a file for each.

    Labels keep the numbers of the atlases and lie as the target does. A target that cannot be read is told at the end,
    the others are done.
    """
    from minimand.commands.console import note, require_one_of
    from minimand.commands.each import finish, run_each
    from minimand.io import check_folder
    from minimand.systems.segmentation.atlases import read_library
    from minimand.systems.segmentation.files import Job, plan, run
    from minimand.systems.segmentation.methods import METHODS, WEIGHING, get_rule
    from minimand.systems.segmentation.placing import read_box, read_centre
    from minimand.systems.segmentation.report import Entry, write_report

    require_one_of("method", method, METHODS)
    rule, card = get_rule(method, weights)
    place = read_centre(centre) if centre else None
    corners = read_box(box) if box else None
    library = read_library(atlases, _numbers("--labels", labels) if labels else ())
    if report:
        check_folder(report, force)
    jobs = plan(targets, output, truth=truth, probabilities=probabilities, force=force)
    for text in library.notes:
        note(text)
    options = {
        "method": method, "labels": library.labels, "count": count, "centre": centre, "box": box, "atlases": atlases,
        "weights_sha256": card.get("sha256"),
    }  # fmt: skip
    explain = report is not None and method in WEIGHING

    def one(job: Job) -> tuple[dict[str, Any], Entry | None, list[str]]:
        found = run(
            job, library, rule, count=count, centre=place, box=corners,
            options=options, weights=card.get("name"), explain=explain, force=force,
        )  # fmt: skip
        notes = [f"{job.source}: {text}" for text in found.told["notes"]]
        return found.told, found.entry if report else None, notes

    named = {str(job.source): job for job in jobs}
    done = run_each(method, "targets", named, one, None if json else partial(_line, method))
    if report and done.entries:
        note(f"report: {write_report(report, f'Labels by {method}', done.entries, force=force)}")
    finish(done, {"method": method, "labels": library.labels, "targets": done.told}, json=json)


def _line(method: str, found: dict[str, Any]) -> str:
    voxels = ", ".join(f"label {n}: {v} voxels" for n, v in found["voxels"].items())
    used = "1 atlas" if len(found["atlases"]) == 1 else f"{len(found['atlases'])} atlases"
    scores = "".join(f"; label {n}: Dice {each['dice']:.3f}" for n, each in found.get("scores", {}).items())
    return f"{found['output']}: {method}, {used}, {voxels}, {found['seconds']:.2f} s{scores}"


def print_overlaps(
    table: str, folder: Path, show: Callable[[str, int, int], None], targets: int | None, *, json: bool
) -> None:
    """`minimand reproduce segmentation|atlas-count`: means with their spread beside the published."""
    from minimand.commands.console import print_json
    from minimand.systems.segmentation.tables import atlas_count_table, segmentation_table

    if table == "atlas-count":
        found = atlas_count_table(folder, show, targets)
    else:
        found = segmentation_table(table, folder, show, targets)
    if json:
        print_json(found)
        return
    print(f"{table}, ours on {found['on']}; published: {found['source']}")
    _print_counts(found["rows"]) if table == "atlas-count" else _print_overlaps(found["rows"])


def _print_counts(rows: list[dict[str, Any]]) -> None:
    print(f"{'method':<52}  {'  '.join(f'{n:>6}' for n in rows[0]['dice'])}")
    for row in rows:
        print(f"{row['method']:<52}  {'  '.join(f'{v:6.4f}' for v in row['dice'].values())}")


def _print_overlaps(rows: list[dict[str, Any]]) -> None:
    """Of methods that are only published, their figures alone."""
    print(
        f"{'method':<48}  {'Dice':>16}  {'over majority':>17}  {'over patches':>17}  {'Jaccard':>7}  {'mean dist':>9}  "
        f"{'Hausdorff':>9}  {'seconds':>7}    published"
    )
    for row in rows:
        ours = f"{'-':>16}  {'-':>17}  {'-':>17}  {'-':>7}  {'-':>9}  {'-':>9}  {'-':>7}"
        if "dice" in row:
            overlap = f"{row['dice']:.4f} +- {row['dice_spread']:.4f}"
            gains = "  ".join(f"{row[key]:+.4f} +- {row[f'{key}_error']:.4f}" for key in ("gain", "over_patch"))
            ours = (
                f"{overlap:>16}  {gains}  {row['jaccard']:7.4f}  {row['average_distance']:9.2f}  "
                f"{row['hausdorff']:9.2f}  {row['seconds']:7.3f}"
            )
        published = ", ".join(f"{name} {value}" for name, value in row["published"].items()) or "-"
        print(f"{row['method']:<48}  {ours}    {published}")
        if len(row.get("networks", ())) > 1:
            each = ", ".join(f"{dice:.4f}" for dice in row["networks"])
            print(f"  the mean of {len(row['networks'])} networks, {each}")


def _numbers(option: str, text: str) -> list[int]:
    """The whole numbers in `1,2`. Raises InputError."""
    from minimand.io import InputError

    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and len(word) < 11 for word in words):
        raise InputError(f"{option} {text}: write whole numbers with commas between them.")
    return [int(word) for word in words]
