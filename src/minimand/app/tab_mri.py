"""The MRI tab: slices measured, reconstructed by every method, scored; and the network stage by stage."""

from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from minimand.app.out import Out, Source
from minimand.app.stages import stages
from minimand.io import Images, InputError, make_record, read_images, write_array
from minimand.io.read import suffix_of
from minimand.metrics import score
from minimand.operators import Sense
from minimand.reconstruction.acquisition import fixed
from minimand.reconstruction.compare import at_peak_one
from minimand.reconstruction.methods import Method, get_method
from minimand.reconstruction.reconstruct import card_warnings, reconstruct
from minimand.systems.mri.acquisition import sampled_by
from minimand.systems.mri.demo import SAMPLING, embedded_scan
from minimand.systems.mri.report import sampling_picture
from minimand.systems.mri.sampling import read_sampling
from minimand.systems.mri.scan import Scan, read_scan
from minimand.systems.mri.scoring import require_window
from minimand.terms import LeastSquares
from minimand.weights.choice import terms_of


class Case(NamedTuple):
    """One slice: what was measured of it, its truth where that is known, and what they are multiplied by in files."""

    name: str
    data: LeastSquares
    truth: Tensor | None
    gain: Tensor | float
    place: int


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


@torch.no_grad()
def run(options: Mapping[str, Any], source: Source | None, out: Out) -> None:
    """Do what the form says. Raises InputError for a file that does not fit it."""
    job = _kspace(options, source) if source and options["kind"] == "kspace" else _images(options, source)
    names: list[str] = options["methods"]
    results: dict[str, dict[int, np.ndarray]] = {name: {} for name in names}
    seconds = dict.fromkeys(names, 0.0)
    told = set(job.notes)
    for text in job.notes:
        out.note(text)
    for done, case in enumerate(job.cases):
        scores, pictures, files = {}, [], []
        if case.truth is not None:
            pictures.append(out.grey("truth", case.truth[0]))
        for k, name in enumerate(names):
            out.progress(done * len(names) + k, job.total * len(names), f"{name}, {case.name}")
            try:
                found, method = _by(name, case, told, out)
            except (InputError, TypeError, ValueError, ArithmeticError) as error:
                _once(f"{name}: {' '.join(str(error).split())}", told, out)
                continue
            pictures.append(out.grey(name, found.images[0]))
            seconds[name] += found.seconds
            results[name][case.place] = (found.images[0].cpu() * case.gain).numpy()
            if case.truth is not None:
                scores[name] = {f: float(v) for f, v in score(found.images, case.truth, peak=1.0)._asdict().items()}
            if method.net is not None and done == 0:
                files.append(stages(method, case.data, case.truth, out))
        if (mask := sampling_picture(case.data.A)) is not None and done == 0:
            pictures.append(out.grey("sampling", mask.numpy(), aside=True))
        out.item(case.name, pictures, scores=scores, truth=None if case.truth is None else "truth",
                 stages=files, seconds={name: seconds[name] / (done + 1) for name in scores or names})  # fmt: skip
    made = {name: found for name, found in results.items() if found}
    if not made:
        raise InputError("no method could reconstruct this; the notes say why.")
    downloads = [_download(name, found, job, options, source, out) for name, found in made.items()]
    out.done(job.facts, downloads)


def method_of(name: str, coils: bool, real: bool) -> Method:
    """A method with the network that suits the data."""
    if name != "admm-csnet" or real:
        return _loaded(name, None)
    return _loaded(name, "admm-csnet-coils" if coils else "admm-csnet-cartesian")


@lru_cache(maxsize=16)
def _loaded(name: str, weights: str | None) -> Method:
    return get_method(name, weights=weights)


def _by(name: str, case: Case, told: set[str], out: Out) -> tuple[Any, Method]:
    """One slice by one method. Raises what the method raises."""
    real = not case.data.pulled().is_complex()
    method = method_of(name, isinstance(case.data.A, Sense), real)
    size = (case.data.y.shape[-2], case.data.y.shape[-1])
    mask: Any = getattr(case.data.A, "mask", torch.ones(1))
    warnings = card_warnings(method, size, float(mask.double().mean()))
    for text in filter(None, (terms_of(method.card), *warnings)):
        _once(text.replace("--method tv", "total variation"), told, out)
    found = reconstruct(case.data, method)
    if not bool(torch.isfinite(found.images).all()):
        raise ArithmeticError("diverged on this data.")
    return found, method


def _once(text: str, told: set[str], out: Out) -> None:
    if text not in told:
        told.add(text)
        out.note(text)


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
        gain = 1.0 if scan.gain is None else scan.in_file_units(torch.ones(scan.size), k)
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
    """The images of a method with their record, in one file."""
    origin = job.origin.sources[0] if isinstance(job.origin, Images) else job.origin.source
    card = method_of(name, False, True).card
    record = make_record("app", inputs=[origin.path], options={**options, "method": name}, weights=card.get("name"))
    record["inputs"][0]["file"] = source.name if source else "example4d.nii.gz of nibabel, turned by 90 degrees"
    images = np.stack([found[k] for k in sorted(found)])
    folder = out.folder / name
    folder.mkdir()
    write = partial(write_array, record=record)
    if source and job.whole and isinstance(job.origin, Images) and suffix_of(source.path) in (".nii", ".nii.gz"):
        path = folder / f"{name}.nii.gz"
        write(path, job.origin.stack([found[k] for k in range(len(job.origin))]), like=origin)
    else:
        path = folder / f"{name}.npz"
        write(path, images, siblings={"slices": np.array(sorted(found))})
    return out.archive(f"{name}, images and record", [path, path.with_name(f"{path.name}.json")])
