"""The tables of every system: which options each takes, how it is run and printed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from minimand.reconstruction.compare import Compared


@dataclass(frozen=True)
class Wanted:
    """A table and the options of `minimand reproduce`; those that its kind does not take are not looked at."""

    table: str
    folder: Path
    rates: str
    images: int | None
    report: Path | None
    runs: int | None
    json: bool
    force: bool


class Kind(NamedTuple):
    """The tables of one system. takes: options beside --data, --json and --force."""

    system: str
    takes: Sequence[str]
    run: Callable[[Wanted], None]

    def tables(self) -> Sequence[str]:
        """Their names, TABLES of the system."""
        return tuple(import_module(f"minimand.systems.{self.system}.tables").TABLES)


def show(name: str, k: int, n: int) -> None:
    """Note which row is under way."""
    from minimand.commands.console import note

    note(f"running {name} ({k} of {n})")


def _mri(wanted: Wanted) -> None:
    from minimand.systems.mri.tables import mri_table

    found = mri_table(wanted.table, wanted.folder, _rates(wanted.rates), show, wanted.images)
    _print_methods(wanted, *found)


def _imaging(wanted: Wanted) -> None:
    from minimand.systems.imaging.tables import imaging_table

    _print_methods(wanted, *imaging_table(wanted.table, wanted.folder, show, wanted.images))


def _restoration(wanted: Wanted) -> None:
    from minimand.systems.restoration.tables import restoration_table

    _print_methods(wanted, restoration_table(wanted.table, wanted.folder, show, wanted.images), {})


def _inference(wanted: Wanted) -> None:
    from minimand.commands.console import print_json
    from minimand.systems.inference.tables import labels_table

    found = labels_table(wanted.folder, show)
    print_json(found) if wanted.json else _print_labels(found)


def _dehazing(wanted: Wanted) -> None:
    from minimand.commands.console import print_json
    from minimand.systems.dehazing.tables import LEVELS, dehazing_table

    found = dehazing_table(wanted.folder, show, levels=LEVELS)
    print_json(found) if wanted.json else _print_dehazing(found)


def _segmentation(wanted: Wanted) -> None:
    from minimand.commands.segment import print_overlaps

    print_overlaps(wanted.table, wanted.folder, show, wanted.images, json=wanted.json)


def _synthesis(wanted: Wanted) -> None:
    from minimand.commands.synthesize import print_ct_scores

    print_ct_scores(wanted.table, wanted.folder, show, wanted.report, json=wanted.json, force=wanted.force)


def _shapes(wanted: Wanted) -> None:
    from minimand.commands.retrieve import print_shape_scores
    from minimand.systems.shapes.ablations import ablation_table
    from minimand.systems.shapes.ranges import range_table
    from minimand.systems.shapes.tables import TABLES, shapes_table

    table = dict(zip(TABLES, (shapes_table, range_table, ablation_table), strict=True))[wanted.table]
    print_shape_scores(table(wanted.folder, show), json=wanted.json)


def _optimizers(wanted: Wanted) -> None:
    from minimand.commands.optimize import print_accuracies, print_losses, tenths
    from minimand.systems.optimizers import accuracy, tables

    if wanted.table == accuracy.TABLE3:
        found = accuracy.accuracy_table(wanted.folder, runs=wanted.runs or accuracy.RUNS, show=tenths())
        print_accuracies(found, json=wanted.json)
    else:
        runs = wanted.runs or tables.RUNS
        found = tables.optimizer_table(wanted.table, wanted.folder, runs=runs, show=tenths())
        print_losses(found, json=wanted.json)


KINDS = (
    Kind("mri", ("rates", "images", "report"), _mri),
    Kind("imaging", ("images", "report"), _imaging),
    Kind("restoration", ("images",), _restoration),
    Kind("inference", (), _inference),
    Kind("dehazing", (), _dehazing),
    Kind("segmentation", ("images",), _segmentation),
    Kind("synthesis", ("report",), _synthesis),
    Kind("shapes", (), _shapes),
    Kind("optimizers", ("runs",), _optimizers),
)


def _print_methods(wanted: Wanted, found: dict[str, Any], made: "dict[str, Compared]") -> None:
    """A table of methods on images, with its reports."""
    from minimand.commands.console import print_json

    if wanted.report:
        _write_reports(wanted.report, found, made, wanted.force)
    print_json(found) if wanted.json else _print_scores(found, several=len(made) > 1)


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


def _print_labels(found: dict[str, Any]) -> None:
    """Means over seeds with their spread, then the seconds of the kernels."""
    print(f"{found['table']}, percent, mean and standard deviation on {found['on']}; published: {found['source']}")
    near = f"within {found['band']} px"
    print(
        f"{'method':<14}  {'mean IoU':>13}  {'accuracy':>13}  {near:>13}  {'elsewhere':>13}  {'seconds':>7}  published"
    )
    for row in found["rows"]:
        each = [f"{row[n]:.2f} +- {row[f'{n}_spread']:.2f}" for n in ("mean_iou", "accuracy", "near", "inside")]
        figures = "  ".join(f"{text:>13}" for text in each)
        print(f"{row['method']:<14}  {figures}  {row['seconds']:7.3f}  {row['published']['mean_iou']}")
    for what, seconds in found["speed"].items():
        print(f"kernel, {what}: {seconds:.4f} s")


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
