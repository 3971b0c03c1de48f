"""The talk's two pictures of compressive imaging as tables: our figures beside the published ones."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minimand.io import Images, InputError, read_images
from minimand.reconstruction.compare import Compared
from minimand.reconstruction.denoisers import of_any_noise
from minimand.reconstruction.table import Rival, Show, classical, part, silent, table_rows
from minimand.reconstruction.white import white_levels
from minimand.systems.imaging.acquisition import read_operator, sensed_by
from minimand.weights import cards_of, research, shipped
from minimand.weights.choice import suiting

SIDE = 256
ZEBRAS = ("extra/zebra_gray.png", "bsd68_dev/test051.png")
TEN = tuple(f"bsd68_dev/test{k:03d}.png" for k in (1, 7, 14, 21, 30, 38, 45, 52, 59, 65))
CLASSICAL = ("zero-filled", "tv", "tval3", "nlr-cs", "bm3d-amp")


@dataclass(frozen=True)
class Figure:
    """One published picture: how it was measured, what ours is taken on, PSNR (dB) of each method as published."""

    operator: str
    on: str
    pictures: tuple[str, ...]
    published: dict[str, float]
    source: str


FIGURES = {
    "imaging-hadamard": Figure(
        "hadamard:0.3",
        "two zebra pictures and three of bsd68_dev",
        ZEBRAS + TEN[:3],
        {"tval3": 17.30, "nlr-cs": 23.54, "bm3d-amp": 19.46, "ldamp": 22.75, "admm-csnet": 23.79},
        "talk, zebra, 30 % Walsh-Hadamard (which zebra is not known; their rows leave out its mean, ours have it)",
    ),
    "imaging-diffraction": Figure(
        "diffraction:0.2",
        "ten pictures of bsd68_dev",
        TEN,
        {"tval3": 22.21, "nlr-cs": 23.96, "bm3d-amp": 21.26, "ldamp": 22.90, "admm-csnet": 25.12},
        "talk, one of 50 pictures, 20 % coded diffraction (which one is not known)",
    ),
}
TABLES = tuple(FIGURES)


def imaging_table(
    name: str, data: Path, show: Show = silent, first: int | None = None
) -> tuple[dict[str, Any], dict[str, Compared]]:
    """A figure of the talk as rows: the classical methods and every ADMM-CSNet at hand on the middles of our pictures;
    the published methods that are not there say so.

    data: the folder that holds images/; show: told which method runs, its number and how many there are; first: only so
    many of the pictures. Gives the table for JSON, and by operator what each method made of each picture. Raises
    InputError without the pictures.
    """
    figure = FIGURES[name]
    pictures = figure.pictures[:first]
    arrays, peaks = middles([data / "images" / picture for picture in pictures])
    nets = [Rival(label, "admm-csnet", weights) for label, weights in networks(figure.operator)]
    if not nets:
        nets = [Rival("admm-csnet", "admm-csnet", missing=f"no network for {figure.operator} is at hand")]
    published = {method: {"psnr": psnr} for method, psnr in figure.published.items()}
    rivals = classical(CLASSICAL) + denoised() + nets
    published |= {rival.label: published.get(rival.method, {}) for rival in rivals}
    rows, made = table_rows(
        arrays, sensed_by(read_operator(figure.operator)), rivals, published, peaks=peaks, show=show
    )
    found = {
        "table": name, "source": figure.source, "sampling": figure.operator,
        "on": part(figure.on, len(pictures), len(figure.pictures)),
        "pictures": list(pictures), "rows": rows,
    }  # fmt: skip
    return found, {} if made is None else {figure.operator: made}


def middles(paths: list[Path]) -> tuple[list[Any], list[float]]:
    """The 256 x 256 pixels in the middle of each picture, and what is white in it. Raises InputError."""
    arrays, peaks = [], []
    for path in paths:
        if not path.is_file():
            raise InputError(f"{path}: is not there; name the folder of the data with --data or MINIMAND_DATA.")
        images: Images = read_images(path)
        array = images.arrays[0]
        if min(array.shape) < SIDE:
            raise InputError(f"{path}: has {array.shape[0]} x {array.shape[1]} pixels, {SIDE} x {SIDE} are needed.")
        top, left = ((n - SIDE) // 2 for n in array.shape)
        arrays.append(array[top : top + SIDE, left : left + SIDE])
        peaks += white_levels(images)[:1]
    return arrays, peaks


def denoised() -> list[Rival]:
    """Rows of message passing with the denoiser that ships and with the one for research."""
    rows = []
    for files, where in ((shipped(), ""), (research(), " (research)")):
        name = of_any_noise(files)
        rows += [Rival(f"ldamp, {name}{where}", "ldamp", str(files[name]))] if name else []
    return rows or [Rival("ldamp", "ldamp", missing="no denoiser for many levels of noise is at hand")]


def networks(operator: str) -> list[tuple[str, str]]:
    """Label and weights of the shipped network that suits and of the one for research."""
    name, other = (suiting(cards_of(files), "admm-csnet", operator) for files in (shipped(), research()))
    found = [(name, name)] if name else []
    return found + ([(f"{other} (research)", str(research()[other]))] if other else [])
