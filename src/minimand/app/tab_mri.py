"""The MRI tab: slices measured, reconstructed by every method, scored; and the network stage by stage."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch

from minimand.app.cases import Case, reconstruct_cases
from minimand.app.downloads import download
from minimand.app.out import Out, Source
from minimand.io import Images, read_images
from minimand.io.read import suffix_of
from minimand.metrics import score
from minimand.operators import Sense
from minimand.reconstruction.acquisition import fixed
from minimand.reconstruction.compare import at_peak_one
from minimand.reconstruction.methods import Method, get_method
from minimand.reconstruction.reconstruct import reconstruct
from minimand.systems.mri.acquisition import sampled_by
from minimand.systems.mri.demo import SAMPLING, embedded_scan
from minimand.systems.mri.report import sampling_picture
from minimand.systems.mri.sampling import read_sampling
from minimand.systems.mri.scan import Scan, read_scan
from minimand.systems.mri.scoring import require_window
from minimand.terms import LeastSquares

EXAMPLE = "example4d.nii.gz of nibabel, turned by 90 degrees"


class Job(NamedTuple):
    """What there is to do: the cases, one by one, how many, and where they come from."""

    cases: Iterator[Case]
    total: int
    facts: list[tuple[str, str]]
    notes: list[str]
    origin: Images | Scan
    whole: bool


def warm() -> None:
    """Load and compile what the first job needs."""
    images = example()
    (image,) = at_peak_one(images.arrays[:1])
    data = fixed(sampled_by(read_sampling(SAMPLING)), image[None])
    for name in ("zero-filled", "tv", "admm-net"):
        found = reconstruct(data, method_of(name, False, True), warm=True)
        score(found.images, image[None], peak=1.0)


@lru_cache(maxsize=1)
def example() -> Images:
    """The embedded scan."""
    return embedded_scan()


def run(options: Mapping[str, Any], source: Source | None, out: Out) -> None:
    """Do what the form says. Raises InputError for a file that does not fit it."""
    job = _kspace(options, source) if source and options["kind"] == "kspace" else _images(options, source)
    for text in job.notes:
        out.note(text)
    found = reconstruct_cases(job.cases, job.total, options["methods"], _method, sampling_picture, out)
    out.done(job.facts, [_download(name, made, job, options, source, out) for name, made in found.items()])


def method_of(name: str, coils: bool, real: bool) -> Method:
    """A method with the network that suits the data."""
    if name != "admm-csnet" or real:
        return _loaded(name, None)
    return _loaded(name, "admm-csnet-coils" if coils else "admm-csnet-cartesian")


def _method(name: str, data: LeastSquares) -> Method:
    return method_of(name, isinstance(data.A, Sense), not data.pulled().is_complex())


@lru_cache(maxsize=16)
def _loaded(name: str, weights: str | None) -> Method:
    return get_method(name, weights=weights)


def _images(options: Mapping[str, Any], source: Source | None) -> Job:
    """Slices whose k-space is simulated."""
    images = example() if source is None else read_images(_spec(options, source))
    for name, array in zip(images.names, images.arrays, strict=True):
        require_window(name, array.shape)
    text = f"{options['sampling']}:{options['rate'] / 100:g}"
    draw, seed, noise = read_sampling(text), options["seed"], options["noise"]
    measure = sampled_by(draw, seed, noise)
    order = chosen(len(images), options["slices"])

    def case(k: int) -> Case:
        (image,) = at_peak_one([images.arrays[k]])
        name = f"slice {k}" if len(images) > 1 else "image"
        return Case(name, fixed(measure, image[None], seed), image[None], float(np.abs(images.arrays[k]).max()), k)

    noisy = f"{noise:g} of the maximum" if noise else "none"
    facts = [("k-space", f"simulated, {text}"), ("noise", noisy), ("seed", str(seed))]
    notes = [*images.notes, *([f"{len(images.empty)} empty slices were left out"] if images.empty else [])]
    return Job(map(case, order), len(order), facts, notes, images, options["slices"] == "all")


def _kspace(options: Mapping[str, Any], source: Source) -> Job:
    """Slices whose k-space was measured."""
    scan = read_scan(_spec(options, source), None, options["seed"])
    full = [k for k in range(scan.slices) if not scan.empty[k]]
    order = [full[i] for i in chosen(len(full), options["slices"])]

    def case(k: int) -> Case:
        gain = 1.0 if scan.gain is None else scan.in_file_units(torch.ones(scan.size), torch.tensor(k))
        return Case(scan.name(k), scan.data_of(k), None, gain, k)

    facts = [("k-space", f"measured, {scan.rate:.1%} of it"), ("truth", "not known: there are no scores")]
    return Job(map(case, order), len(order), facts, scan.notes, scan, options["slices"] == "all")


def chosen(count: int, which: str) -> list[int]:
    """Places of the slices to do, the middle one first."""
    if which == "all":
        places = list(range(count))
    else:
        wanted = min(int(which), count)
        places = [int((i + 0.5) * count / wanted) for i in range(wanted)]
    middle = min(places, key=lambda k: abs(k - count // 2))
    return [middle, *(k for k in places if k != middle)]


def _spec(options: Mapping[str, Any], source: Source) -> str:
    return f"{source.path}:{options['array']}" if options["array"] else str(source.path)


def _download(
    name: str, found: Mapping[int, np.ndarray], job: Job, options: Mapping[str, Any], source: Source | None, out: Out
) -> dict[str, str]:
    """The images of a method: a NIfTI where all slices of one were done, else a .npz with the numbers of the slices."""
    origin = job.origin.sources[0] if isinstance(job.origin, Images) else job.origin.source
    volume = isinstance(job.origin, Images) and source and suffix_of(source.path) in (".nii", ".nii.gz")
    places, siblings = sorted(found), None
    if volume and job.whole and isinstance(job.origin, Images):
        suffix, array = ".nii.gz", job.origin.stack([found[k] for k in range(len(job.origin))])
    else:
        suffix, array, siblings = ".npz", np.stack([found[k] for k in places]), {"slices": np.array(places)}
    return download(
        out, name, suffix, array, options={**options, "method": name}, source=source, example=EXAMPLE,
        files=[origin.path], weights=method_of(name, False, True).card.get("name"), like=origin, siblings=siblings,
    )  # fmt: skip
