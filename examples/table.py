"""A table of the talk as a picture: `minimand reproduce TABLE`, most of them on so few images or runs that it takes
minutes at most, beside the published figures.

The published ones are of other images. The guides have the tables on all images and runs.
"""

import json
import subprocess
import sys
from statistics import fmean
from textwrap import wrap
from typing import Any, NamedTuple

from gallery import Sheet
from matplotlib.axes import Axes
from matplotlib.figure import Figure


class Look(NamedTuple):
    """few: options that make it a sample, none where the whole table is drawn; score: its key; label: its name; across:
    what its columns count.
    """

    few: tuple[str, ...]
    score: str
    label: str
    across: str = ""


ONE, TWO, RUNS = ("--images", "1"), ("--images", "2"), ("--runs", "5")
TABLES = {
    "mri-brain": Look(ONE, "psnr", "PSNR, dB"),
    "mri-chest": Look(ONE, "psnr", "PSNR, dB"),
    "imaging-hadamard": Look(ONE, "psnr", "PSNR, dB"),
    "imaging-diffraction": Look(ONE, "psnr", "PSNR, dB"),
    "denoising": Look(ONE, "psnr", "PSNR, dB"),
    "restoration": Look(ONE, "psnr", "PSNR, dB"),
    "segmentation": Look(TWO, "dice", "Dice"),
    "atlas-count": Look(TWO, "dice", "Dice", "atlases"),
    "dehazing": Look((), "psnr", "PSNR, dB"),
    "synthesis": Look((), "mae", "MAE, HU"),
    "shapes": Look((), "first_tier", "first tier, %"),
    "optimizers-table1": Look(RUNS, "loss", "loss after 100 steps"),
    "optimizers-table2": Look(RUNS, "loss", "loss after 100 steps"),
    "optimizers-depth": Look(RUNS, "loss", "loss after 100 steps", "hidden layers"),
    "optimizers-ablation": Look(RUNS, "loss", "loss after 100 steps"),
    "optimizers-curves": Look(RUNS, "loss", "loss after 100 steps"),
}
Columns = dict[str, float]  # the one column of most tables is called ""


def main() -> None:
    name = next((word for word in sys.argv[1:] if word in TABLES), "mri-brain")
    sheet = Sheet(f"table-{name}", __doc__, data=True)
    sheet.parser.add_argument("table", choices=TABLES)
    options = sheet.options()
    look = TABLES[options.table]
    command = [sys.executable, "-m", "minimand", "reproduce", options.table, *look.few, "--json"]
    done = subprocess.run([*command, "--data", str(options.data)], stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout)
    ours = gathered(found["rows"], look.score)
    errors = gathered(found["rows"], "error")
    for method, columns in ours.items():
        told = {column or look.score: round(value, 3) for column, value in columns.items()}
        known = {f"{column}, standard error": round(value, 3) for column, value in errors.get(method, {}).items()}
        sheet.tell(method, **told, **known)
    sheet.save(draw(found, ours, published(found["rows"], look.score), look))


def gathered(rows: list[dict[str, Any]], score: str) -> dict[str, Columns]:
    """The scores of every method by the table's columns; methods without any are left out."""
    ours: dict[str, Columns] = {}
    for row in rows:
        if columns := columns_of(row, score):
            ours.setdefault(row["method"], {}).update(columns)
    return ours


def columns_of(row: dict[str, Any], score: str) -> Columns:
    """What a row says: of tasks, of numbers of atlases, of a set of shapes, of haze of one and of all densities."""
    if "tasks" in row:
        return {column: cell[score] for column, cell in row["tasks"].items() if score in cell}
    if score not in row:
        return {}
    if isinstance(row[score], dict):
        return dict(row[score])
    if "protocol" in row:
        return {f"{row['set']}, {row['protocol']}": row[score]}
    if "levels" in row:
        return {"published density": row[score], "all ten": fmean(row["levels"].values())}
    return {"": row[score]}


def published(rows: list[dict[str, Any]], score: str) -> dict[str, Columns]:
    """The published figures of every method by column."""
    return {
        row["method"]: row["published"] if "tasks" in row else {"": row["published"][score]}
        for row in rows
        if "tasks" in row or score in row.get("published", {})
    }


def draw(found: dict[str, Any], ours: dict[str, Columns], theirs: dict[str, Columns], look: Look) -> Figure:
    """A bar a method in a panel for each column, or a curve a method where columns are numbers."""
    columns = list(dict.fromkeys(column for each in ours.values() for column in each))
    if all(column.isdigit() for column in columns):
        figure = Figure(figsize=(6.4, 4.2), layout="constrained")
        curves(figure.subplots(), ours, theirs, look)
    else:
        figure = Figure(figsize=(7.5 + 1.8 * (len(columns) - 1), 1.1 + 0.27 * len(ours)), layout="constrained")
        for column, axes in zip(columns, figure.subplots(1, len(columns), sharey=True, squeeze=False)[0]):
            bars(axes, column, ours, theirs, look.label)
    words = [found["table"], *filter(None, [found.get("sampling")]), sample(found, look)]
    title = "\n".join(wrap(", ".join(words), 90))
    figure.suptitle(title, fontsize=9)
    figure.supxlabel("published: " + "\n".join(wrap(found["source"], 110)), fontsize=6)
    return figure


def sample(found: dict[str, Any], look: Look) -> str:
    """What of ours the figures are of: `2 images of ours`."""
    if not look.few:
        return f"ours on {found['on']}"
    option, count = look.few
    what = option.strip("-")
    return f"{count} {what.removesuffix('s') if count == '1' else what} of ours"


def bars(axes: Axes, column: str, ours: dict[str, Columns], theirs: dict[str, Columns], label: str) -> None:
    """A bar a method, the published figures as circles."""
    values = [each.get(column) for each in ours.values()]
    axes.barh(range(len(values)), [value or 0.0 for value in values], color="tab:blue", height=0.6)
    axes.set_yticks(range(len(values)), list(ours), fontsize=8)
    axes.set_ylim(len(values) - 0.5, -0.5)
    known = [(theirs[name][column], k) for k, name in enumerate(ours) if column in theirs.get(name, {})]
    note = "published" if column else "published, other images"
    if known:
        axes.scatter(*zip(*known), color="tab:orange", zorder=3, label=note, s=22)
        axes.legend(fontsize=7, loc="lower right", bbox_to_anchor=(1, 1), borderpad=0.2)
    there = [value for value in values if value is not None]
    every = [*there, *(value for value, _ in known)]
    margin = 0.15 * (max(every) - min(every)) or 1.0
    axes.set_xlim(min(every) - margin, max(every) + margin)
    for k, value in enumerate(values):
        text, place = (f"{value:.2f}", value) if value is not None else ("-", min(every) - margin)
        axes.annotate(text, (place, k), xytext=(3, 0), textcoords="offset points", va="center", fontsize=7)
    axes.set_xlabel(f"{column}\n{label}" if column else label, fontsize=8)


def curves(axes: Axes, ours: dict[str, Columns], theirs: dict[str, Columns], look: Look) -> None:
    """A curve a method over columns that are numbers, the published figures as circles of its colour."""
    for name, each in ours.items():
        (line,) = axes.plot([int(column) for column in each], list(each.values()), marker=".", label=name)
        if known := theirs.get(name):
            places = [int(column) for column in known]
            axes.scatter(places, list(known.values()), facecolor="none", edgecolor=line.get_color(), s=30)
    if theirs:
        axes.scatter([], [], facecolor="none", edgecolor="grey", s=30, label="published")
    axes.set_xticks([int(column) for column in next(iter(ours.values()))])
    axes.set_xlabel(look.across, fontsize=8)
    axes.set_ylabel(look.label, fontsize=8)
    axes.legend(fontsize=7, frameon=False)


if __name__ == "__main__":
    main()
