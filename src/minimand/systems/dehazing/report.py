"""The report on cleared photographs: before and after under a slider, the transmission, the airlight."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from minimand.io import ensure_folder_for_report, write_text_atomic
from minimand.reports.figures import grey_png
from minimand.reports.html import Facts, Picture, Section, Slider, Text, render
from minimand.systems.dehazing.dehaze import Dehazed, reduced

SIDE = 900  # of the pictures in the report


@dataclass(frozen=True)
class Entry:
    """What the report shows of one photograph; pictures as PNG."""

    found: dict[str, Any]
    before: bytes
    after: bytes
    transmission: bytes


def entry(found: dict[str, Any], before: Tensor, cleared: Dehazed, orientation: int) -> Entry:
    """One photograph, (3, height, width), and what it became, reduced and turned as its orientation tag says."""
    small, after = (turned(reduced(picture, SIDE), orientation) for picture in (before, cleared.J))
    T = turned(reduced(cleared.T.expand(3, -1, -1), SIDE), orientation)[0]
    return Entry(found, _colour_png(small), _colour_png(after), grey_png(T, 1.0))


def turned(picture: Tensor, orientation: int) -> Tensor:
    """The picture upright, by the orientation tag of EXIF, 1 to 8."""
    if orientation in (2, 4, 5, 7):
        picture = picture.flip(2)
    quarters = {3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}.get(orientation, 0)
    return torch.rot90(picture, quarters, (1, 2))


def write_report(folder: Path, method: str, entries: Sequence[Entry], *, force: bool = False) -> Path:
    """index.html in `folder`, nothing but it needed to look at it. Raises InputError as `check_folder` does."""
    folder = ensure_folder_for_report(folder, force)
    sections = [Section(Path(e.found["input"]).name, _blocks(e)) for e in entries]
    count = f"{len(entries)} picture{'s' * (len(entries) != 1)}"
    page = render("Haze taken off", sections, subtitle=f"{method}, {count}")
    write_text_atomic(folder / "index.html", page, force)
    return folder / "index.html"


def _blocks(e: Entry) -> list[Any]:
    T, A = e.found["transmission"], e.found["airlight"]
    facts = Facts([
        ("size", "{} x {}".format(*e.found["size"])),
        ("airlight (red, green, blue)", ", ".join(f"{value:.3f}" for value in A)),
        ("transmission", f"mean {T['mean']:.2f}, from {T['min']:.2f} to {T['max']:.2f}"),
        ("seconds", f"{e.found['seconds']:.2f}"),
    ])  # fmt: skip
    name = Path(e.found["input"]).name
    slider = Slider("Hazy to the left, clear to the right: pull the corner of the hazy part.", e.before, e.after, name)
    wash = torch.tensor(A)[:, None, None].expand(3, 24, 96)
    return [
        slider, facts,
        Picture("Transmission: white is clear, black is nothing but haze.", e.transmission, "transmission"),
        Text("The colour of the haze:"), Picture("", _colour_png(wash), "the colour of the airlight", width=6.0),
    ]  # fmt: skip


def _colour_png(picture: Tensor) -> bytes:
    levels = (255 * picture.clamp(0, 1)).round().permute(1, 2, 0).numpy().astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(levels).save(stream, format="PNG")
    return stream.getvalue()
