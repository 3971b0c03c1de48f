"""`minimand reproduce`: tables of the talk, ours beside the published figures."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from minimand.commands.options import Force, Json, Report

if TYPE_CHECKING:
    from minimand.reconstruction.compare import Compared


def reproduce(
    table: Annotated[
        str | None,
        Argument(
            metavar="TABLE",
            help="mri-brain, imaging-hadamard, denoising, optimizers-table1, ...; without a name all are listed.",
        ),
    ] = None,
    data: Annotated[
        Path | None,
        Option(metavar="FOLDER", help="Folder with the data [default: MINIMAND_DATA, else ../shared/data]."),
    ] = None,
    rates: Annotated[
        str, Option(metavar="R,R", help="Sampling rates of an MRI table: 0.2, 0.3, 0.4 and 0.5 in the talk.")
    ] = "0.2",
    images: Annotated[
        int | None,
        Option(metavar="N", help="Only N images, in the tables of images.", min=1),
    ] = None,
    report: Report = None,
    runs: Annotated[
        int, Option(metavar="N", help="For optimizers: runs of every rule on every task, at least 2.", min=2)
    ] = 100,
    json: Json = False,
    force: Force = False,
) -> None:
    """Reproduce a table of the talk: `minimand reproduce mri-chest --data DATA` runs every method there is."""
    from minimand.commands.console import print_json, require_one_of
    from minimand.io import check_folder

    names = [name for kind in _tables().values() for name in kind]
    if table is None:
        print_json({"tables": names}) if json else print("\n".join(names))
        return
    require_one_of("table", table, names)
    kind = next(kind for kind, tables in _tables().items() if table in tables)
    _refuse(table, kind, images, report)
    folder = data or Path(os.environ.get("MINIMAND_DATA", "../shared/data"))
    if report:
        check_folder(report, force)
    if kind in ("mri", "imaging", "restoration"):
        _print_methods(table, kind, folder, rates, images, report, json=json, force=force)
    else:
        _print_others(table, kind, folder, images, report, runs, json=json, force=force)


def _tables() -> dict[str, tuple[str, ...]]:
    """The names of the tables of every system."""
    from minimand.systems.dehazing import tables as dehazing
    from minimand.systems.imaging import tables as imaging
    from minimand.systems.mri import tables as mri
    from minimand.systems.optimizers import tables as optimizers
    from minimand.systems.restoration import tables as restoration
    from minimand.systems.segmentation import tables as segmentation
    from minimand.systems.shapes import tables as shapes
    from minimand.systems.synthesis import tables as synthesis

    rooms = {
        "mri": mri, "imaging": imaging, "restoration": restoration, "dehazing": dehazing, "segmentation": segmentation,
        "synthesis": synthesis, "shapes": shapes, "optimizers": optimizers,
    }  # fmt: skip
    return {kind: tuple(room.TABLES) for kind, room in rooms.items()}


def _refuse(table: str, kind: str, images: int | None, report: Path | None) -> None:
    """Raise InputError for an option that a table does not have."""
    from minimand.io import InputError

    if images and kind not in ("mri", "imaging", "restoration", "segmentation"):
        raise InputError(f"{table} takes no --images; leave it out.")
    if report and kind not in ("mri", "imaging", "synthesis"):
        raise InputError(f"{table} has no report; leave --report out.")


def _show(name: str, k: int, n: int) -> None:
    from minimand.commands.console import note

    note(f"running {name} ({k} of {n})")


def _print_methods(
    table: str, kind: str, folder: Path, rates: str, images: int | None, report: Path | None, *, json: bool, force: bool
) -> None:
    """A table of methods on images, with its reports."""
    from minimand.commands.console import print_json
    from minimand.systems.imaging import tables as imaging
    from minimand.systems.mri import tables as mri
    from minimand.systems.restoration import tables as restoration

    if kind == "mri":
        found, made = mri.mri_table(table, folder, _rates(rates), _show, images)
    elif kind == "restoration":
        found, made = restoration.restoration_table(table, folder, _show, images), {}
    else:
        found, made = imaging.imaging_table(table, folder, _show, images)
    if report:
        _write_reports(report, found, made, force)
    print_json(found) if json else _print_scores(found, several=len(made) > 1)


def _print_others(
    table: str, kind: str, folder: Path, images: int | None, report: Path | None, runs: int, *, json: bool, force: bool
) -> None:
    """A table in the columns of its own system."""
    from minimand.commands.console import print_json
    from minimand.commands.optimize import print_losses, tenths
    from minimand.commands.retrieve import print_shape_scores
    from minimand.commands.segment import print_overlaps
    from minimand.commands.synthesize import print_ct_scores
    from minimand.systems.dehazing import tables as dehazing
    from minimand.systems.optimizers import tables as optimizers
    from minimand.systems.shapes import tables as shapes

    if kind == "optimizers":
        print_losses(optimizers.optimizer_table(table, folder, runs=runs, show=tenths()), json=json)
    elif kind == "synthesis":
        print_ct_scores(table, folder, _show, report, json=json, force=force)
    elif kind == "segmentation":
        print_overlaps(table, folder, _show, images, json=json)
    elif kind == "shapes":
        print_shape_scores(shapes.shapes_table(folder, _show), json=json)
    else:
        found = dehazing.dehazing_table(folder, _show, levels=dehazing.LEVELS)
        print_json(found) if json else _print_dehazing(found)


def _print_scores(found: dict[str, Any], *, several: bool) -> None:
    """Ours beside the published; several: samplings, named in each line."""
    print(f"{found['table']}, {found['sampling']}, ours on {found['on']}; published: {found['source']}")
    print(
        f"{'method':<36}  {'NMSE':>7}  {'PSNR dB':>7}  {'SSIM':>6}  {'seconds':>7}    published NMSE / PSNR / seconds"
    )
    for row in found["rows"]:
        label = row["method"] if not several else f"{row['method']}, {row['sampling']}"
        print(f"{label:<36}  {_ours(row)}    {_published(row['published'])}")


def _rates(text: str) -> list[float]:
    """The rates in `0.2,0.3`. Raises InputError for others than those of the talk."""
    from minimand.io import InputError
    from minimand.systems.mri.tables import RATES

    known = {f"{rate:g}": rate for rate in RATES}
    words = [word.strip() for word in text.split(",")]
    if not all(word in known for word in words):
        raise InputError(f"--rates {text}: the talk has {', '.join(known)}; write one or some of them.")
    return [known[word] for word in dict.fromkeys(words)]


def _write_reports(folder: Path, found: "dict[str, Any]", made: "dict[str, Compared]", force: bool) -> None:
    """The report, or one in a folder of its own for every sampling where there are several."""
    from minimand.commands.console import note
    from minimand.reconstruction.report import write_comparison

    for sampling, done in made.items():
        place = folder if len(made) == 1 else folder / sampling.replace(":", "-")
        place.parent.mkdir(parents=True, exist_ok=True)
        names = [f"image {k}" for k in range(1, len(done.images) + 1)]
        facts = [("sampling", sampling), ("images", found["on"]), ("published", found["source"])]
        title = f"{found['table']}, {sampling}"
        note(f"report: {write_comparison(place, title, names, done, facts, force=force)}")


def _print_dehazing(found: dict[str, Any]) -> None:
    """Means with their spread, and PSNR in the mean over all haze levels."""
    print(f"{found['table']}, mean and standard deviation on {found['on']}; published: {found['source']}")
    print(f"{'method':<40}  {'PSNR dB':>13}  {'SSIM':>15}  {'CIEDE2000':>12}  {'seconds':>7}  {'all levels':>10}")
    for row in found["rows"]:
        psnr, ssim = (
            f"{row['psnr']:.2f} +- {row['psnr_spread']:.2f}",
            f"{row['ssim']:.4f} +- {row['ssim_spread']:.3f}",
        )
        colour, every = f"{row['ciede2000']:.2f} +- {row['ciede2000_spread']:.1f}", list(row["levels"].values())
        mean = f"{sum(every) / len(every):.2f} dB"
        print(f"{row['method']:<40}  {psnr:>13}  {ssim:>15}  {colour:>12}  {row['seconds']:7.3f}  {mean:>10}")


def _ours(row: dict[str, Any]) -> str:
    if "unavailable" in row:
        return f"{'not available: ' + row['unavailable']:<33}"
    return f"{row['nmse']:7.4f}  {row['psnr']:7.2f}  {row['ssim']:6.4f}  {row['seconds']:7.3f}"


def _published(row: dict[str, float]) -> str:
    if not row:
        return "-"
    return " / ".join(
        f"{row[k]:.{digits}f}" if k in row else "-" for k, digits in (("nmse", 4), ("psnr", 2), ("seconds", 3))
    )
