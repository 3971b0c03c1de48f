"""What the scripts of the gallery share: their command line, and a file of values beside every picture.

`python examples/NAME.py` writes docs/images/NAME.png and NAME.json; with --small it does less of the same, so that a
test can do it again and compare the values.
"""

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "images"
PLACES = ("-o", "--output", "--data", "--keep")  # options that name a place of this machine
DATA = Path(os.environ.get("MINIMAND_DATA", ROOT.parent / "shared" / "data"))


class Sheet:
    """One picture with the values that it shows. description: what --help says, the docstring of the script."""

    def __init__(self, name: str, description: str | None, *, data: bool = False):
        self.name, self.values = name, list[dict[str, Any]]()
        self.numbers: dict[str, tuple[int, int]] = {}
        self.parser = argparse.ArgumentParser(description=description)
        self.parser.add_argument("--small", action="store_true", help="less of the same, for a test")
        self.parser.add_argument("-o", "--output", type=Path, default=PICTURES / f"{name}.png")
        if data:
            self.parser.add_argument("--data", type=Path, default=DATA, help="folder of the real data")

    def number(self, option: str, usual: int, small: int, help: str) -> None:
        """A whole number of the command line, another one with --small."""
        self.numbers[option.strip("-")] = usual, small
        self.parser.add_argument(option, type=int, help=f"{help} [default: {usual}, with --small {small}]")

    def options(self) -> argparse.Namespace:
        """The options; one thread from here on, so that values do not depend on the machine's cores."""
        torch.set_num_threads(1)
        options = self.parser.parse_args()
        for name, choices in self.numbers.items():
            if getattr(options, name) is None:
                setattr(options, name, choices[options.small])
        self.output: Path = options.output
        return options

    def tell(self, what: str, **values: Any) -> None:
        """A line of values, printed and kept; seconds are printed only."""
        print(json.dumps({"what": what, **values}), flush=True)
        self.values.append({"what": what, **{name: value for name, value in values.items() if name != "seconds"}})

    def save(self, picture: Figure | bytes, dpi: int = 100) -> None:
        """Write picture and values."""
        self.output.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(picture, bytes):
            self.output.write_bytes(picture)
        else:
            picture.savefig(self.output, dpi=dpi)
        told = {
            "command": " ".join(["python", f"examples/{Path(sys.argv[0]).name}", *_kept(sys.argv[1:])]),
            "sha256": hashlib.sha256(self.output.read_bytes()).hexdigest(),
            "values": self.values,
        }
        self.output.with_suffix(".json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def show(axes: Axes, image: Tensor, title: str, *, high: float = 1.0, colours: str = "gray", low: float = 0.0) -> None:
    """A picture without axes; of three channels in colour."""
    axes.imshow(image.numpy(), cmap=colours, vmin=low, vmax=high, interpolation="nearest")
    axes.set_title(title, fontsize=9)
    axes.set_axis_off()


def _kept(words: list[str]) -> list[str]:
    """The command line without places of this machine."""
    kept = []
    for before, word in zip(["", *words], words):
        if word not in PLACES and before not in PLACES:
            kept.append(word)
    return kept
