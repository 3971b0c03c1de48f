"""The tab for segmentation: an organ outlined by atlases, those that came or made ones."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.ndimage import binary_erosion, zoom

from minimand.app.archive import unpack
from minimand.app.downloads import download, files_of
from minimand.app.out import Out, Source
from minimand.io import InputError
from minimand.systems.segmentation.atlases import SUFFIXES, Labels, Library, Scan, label_type, read_library, read_scan
from minimand.systems.segmentation.made import made_heart, made_library
from minimand.systems.segmentation.methods import get_rule
from minimand.systems.segmentation.network import NETWORK
from minimand.systems.segmentation.placing import normalised, read_centre
from minimand.systems.segmentation.report import COLOURS
from minimand.systems.segmentation.scores import overlap
from minimand.systems.segmentation.segment import Segmented, align, choose, fuse

MOST = 8_000_000  # voxels
SLICES = 8
FINE = 384  # pixels of the side of a picture at least
TRUTH = "truth"
IMAGES, VOLUMES = "deep-fusion-cardiac", "deep-fusion-hippocampus"  # the networks that ship, and what they learned:
KNOWS = {IMAGES: "the inside of the left ventricle in cine MR", VOLUMES: "both parts of the hippocampus in T1 MR"}


class Task(NamedTuple):
    """What is to be outlined, by what; truth: its labels, where they are known."""

    scan: Scan
    library: Library
    truth: Labels | None
    centre: Sequence[int] | None


def run(options: Mapping[str, Any], source: Source | None, out: Out) -> None:
    """Do what the form says. Raises InputError for a file or atlases that do not fit."""
    names = options["methods"]
    out.progress(0, len(names) + 2, "reading")
    task = _task(options, source, out)
    out.progress(1, len(names) + 2, "bending the atlases")
    with torch.no_grad():
        chosen = choose(task.scan, task.library, options["count"], task.centre)
    warped = align(task.scan, chosen)
    results: dict[str, Segmented] = {}
    for k, name in enumerate(names):
        out.progress(k + 2, len(names) + 2, name)
        try:
            results[name] = fuse(warped, chosen, task.library, _rule(name, task.scan, out))
        except ValueError as error:  # what the method cannot do with this target
            out.note(f"{name}: {' '.join(str(error).split())}")
    if not results:
        raise InputError("no method could do this; the notes say why.")
    for text in next(iter(results.values())).notes:
        out.note(text)
    _show(task, results, out)
    downloads = [_download(name, found, task, options, source, out) for name, found in results.items()]
    numbers = ", ".join(str(n) for n in task.library.labels[1:])
    out.done([("atlases", ", ".join(p.name for p in chosen)), ("labels", numbers)], downloads)


def _task(options: Mapping[str, Any], source: Source | None, out: Out) -> Task:
    if source is None:
        scan, truth = made_heart(options["seed"])
        return Task(scan, made_library(options["seed"]), truth, None)
    if source.beside is None:
        raise InputError(f"{source.path}: needs atlases: drop a .zip of them below it.")
    centre = read_centre(options["centre"]) if options["centre"] else None
    scan = read_scan(source.path)
    if scan.image.numel() > MOST:
        raise InputError(f"{source.path}: more than {MOST / 1e6:g} million voxels; use minimand segment.")
    library = read_library(unpack(source.beside, out, SUFFIXES))
    for text in (*scan.source.notes, *library.notes):
        out.note(text)
    return Task(scan, library, None, centre)


def _rule(name: str, scan: Scan, out: Out) -> Any:
    """The rule of this name; of the networks that ship that of images or of volumes, with a note of what it learned."""
    weights = _weights(name, scan)
    if weights is not None:
        out.note(f"{name}: {weights} learned {KNOWS[weights]} and knows no other place")
    return get_rule(name, weights)[0]


def _weights(name: str, scan: Scan) -> str | None:
    flat = len(scan.image) == 1
    return (IMAGES if flat else VOLUMES) if name == NETWORK else None


def _show(task: Task, results: Mapping[str, Segmented], out: Out) -> None:
    """Slices with a line round every label; where the atlases disagree, of the first one."""
    image, numbers = normalised(task.scan.image), task.library.labels
    truth = None if task.truth is None else TRUTH
    for k in _slices(results):
        pictures = [out.colour("image", _outlined(image[k], None, numbers))]
        if task.truth is not None:
            pictures.append(out.colour(TRUTH, _outlined(image[k], task.truth[k], numbers)))
        scores = {}
        for name, found in results.items():
            pictures.append(out.colour(name, _outlined(image[k], found.labels[k], numbers)))
            doubt = f"{name}: where atlases disagree"
            pictures.append(out.grey(doubt, found.disagreement[k].rot90(), aside=True))
            if task.truth is not None:
                scores[name] = _scores(found.labels, task.truth, numbers, task.scan)
        title = f"slice {k}" if len(image) > 1 else "image"
        out.item(title, pictures, scores=scores, truth=truth, labels=_columns(numbers))


def _slices(results: Mapping[str, Segmented]) -> list[int]:
    """Some of the slices in which something was found, the fullest first."""
    full = torch.stack([(found.labels > 0).flatten(1).sum(1) for found in results.values()]).sum(0).tolist()
    places = [k for k, count in enumerate(full) if count] or [len(full) // 2]
    wanted = {places[int((i + 0.5) * len(places) / SLICES)] for i in range(SLICES)}
    return sorted(wanted, key=lambda k: -full[k])


def _outlined(image: torch.Tensor, labels: torch.Tensor | None, numbers: Sequence[int]) -> np.ndarray:
    """A slice in colour, (height, width, 3), 0 to 1, as viewers turn it, with a line round every label."""
    grey = image.rot90().numpy()
    times = max(1, -(-FINE // max(grey.shape)))
    picture = np.repeat(np.kron(grey, np.ones((times, times)))[..., None], 3, 2)
    if labels is None:
        return picture
    marked = labels.rot90().numpy()
    for number, colour in zip(numbers[1:], _colours()):
        inside = zoom((marked == number).astype(float), times, order=1, grid_mode=True, mode="nearest") > 0.5
        picture[inside & ~binary_erosion(inside, iterations=max(1, times // 2), border_value=1)] = colour
    return picture


def _colours() -> Iterator[np.ndarray]:
    while True:
        for text in COLOURS:
            yield np.array([int(text[k : k + 2], 16) / 255 for k in (1, 3, 5)])


def _scores(found: Labels, truth: Labels, numbers: Sequence[int], scan: Scan) -> dict[str, float]:
    shown: dict[str, float] = {}
    for number in numbers[1:]:
        each = overlap(found, truth, number, scan.spacing)
        shown |= {f"dice {number}": each.dice, f"mm {number}": each.average_distance}
    return shown


def _columns(numbers: Sequence[int]) -> dict[str, tuple[str, int, int]]:
    """Titles, digits and directions of the scores."""
    titles: dict[str, tuple[str, int, int]] = {}
    for number in numbers[1:]:
        titles |= {f"dice {number}": (f"Dice, label {number}", 3, 1), f"mm {number}": (f"mm, label {number}", 2, -1)}
    return titles


def _download(
    name: str, found: Segmented, task: Task, options: Mapping[str, Any], source: Source | None, out: Out
) -> dict[str, str]:
    """Labels as a file like the target."""
    labels = found.labels.numpy().astype(label_type(found.numbers))
    labels = labels.reshape(task.scan.source.array.shape[-3:])
    return download(
        out, name, ".nii.gz", labels, options={**options, "method": name}, source=source, example="made heart",
        files=files_of(source), like=None if source is None else task.scan.source,
        weights=_weights(name, task.scan),
    )  # fmt: skip
