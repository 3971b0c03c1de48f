"""A table of the talk as a picture: `minimand reproduce TABLE` on so few images, beside the published figures.

The published ones are of other images. The guides have the tables on all images.
"""

import json
import subprocess
import sys
from textwrap import wrap
from typing import Any

from gallery import Sheet
from matplotlib.figure import Figure

# table: how many of its images, the score that is shown, its name
TABLES = {
    "mri-brain": (1, "psnr", "PSNR, dB"),
    "mri-chest": (1, "psnr", "PSNR, dB"),
    "imaging-hadamard": (1, "psnr", "PSNR, dB"),
    "imaging-diffraction": (1, "psnr", "PSNR, dB"),
    "denoising": (1, "psnr", "PSNR, dB"),
    "restoration": (1, "psnr", "PSNR, dB"),
    "segmentation": (2, "dice", "Dice"),
}


def main() -> None:
    name = next((word for word in sys.argv[1:] if word in TABLES), "mri-brain")
    sheet = Sheet(f"table-{name}", __doc__, data=True)
    sheet.parser.add_argument("table", choices=TABLES)
    options = sheet.options()
    images, key, label = TABLES[options.table]
    command = [sys.executable, "-m", "minimand", "reproduce", options.table, "--images", str(images), "--json"]
    done = subprocess.run([*command, "--data", str(options.data)], stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout)
    rows = [row for row in found["rows"] if key in row]
    for row in rows:
        sheet.tell(titled(row), **{key: round(row[key], 3)})
    sheet.save(draw(found, rows, key, label, images))


def titled(row: dict[str, Any]) -> str:
    """The method, and what else tells rows apart."""
    return ", ".join(str(row[name]) for name in ("method", "degradation", "noise") if name in row)


def draw(found: dict[str, Any], rows: list[dict[str, Any]], key: str, label: str, images: int) -> Figure:
    """A bar a method, the published figures as circles."""
    figure = Figure(figsize=(7.5, 1.1 + 0.27 * len(rows)), layout="constrained")
    axes = figure.subplots()
    values = [row[key] for row in rows]
    axes.barh(range(len(rows)), values, color="tab:blue", height=0.6)
    axes.set_yticks(range(len(rows)), [titled(row) for row in rows], fontsize=8)
    axes.invert_yaxis()
    known = [(row["published"][key], k) for k, row in enumerate(rows) if key in row.get("published", {})]
    if known:
        axes.scatter(*zip(*known), color="tab:orange", zorder=3, label="published, other images", s=22)
        axes.legend(fontsize=7, loc="lower right", bbox_to_anchor=(1, 1), borderpad=0.2)
    every = [*values, *(value for value, _ in known)]
    margin = 0.15 * (max(every) - min(every)) or 1.0
    axes.set_xlim(min(every) - margin, max(every) + margin)
    for k, value in enumerate(values):
        axes.annotate(f"{value:.2f}", (value, k), xytext=(3, 0), textcoords="offset points", va="center", fontsize=7)
    what = "image" if images == 1 else "images"
    axes.set_xlabel(label, fontsize=8)
    axes.set_title(f"{found['table']}, {found.get('sampling', '')} {images} {what} of ours", fontsize=9, loc="left")
    figure.supxlabel("published: " + "\n".join(wrap(found["source"], 110)), fontsize=6)
    return figure


if __name__ == "__main__":
    main()
