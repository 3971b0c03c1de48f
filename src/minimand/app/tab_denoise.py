"""The tab for noise: pictures or arrays denoised by several methods."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch

from minimand.app.downloads import download
from minimand.app.out import Out, Source
from minimand.app.sample import NAME, sample_picture
from minimand.app.tab_mri import chosen
from minimand.io import InputError, Stored, read_array
from minimand.io.images import NAMES
from minimand.metrics import nmse, psnr, ssim
from minimand.systems.restoration.denoise import Denoised, denoise
from minimand.systems.restoration.stack import WHITE, count_images

MOST = 4_000_000  # pixels of an image
LEVELS = 255  # what noise is given in


class Task(NamedTuple):
    """Images of one file, (image, height, width[, 3]); white: what is white in them; sigma: noise that is added, in
    their units, None where they have noise of their own.
    """

    stored: Stored
    stack: np.ndarray
    white: float
    sigma: float | None
    seed: int

    def clean(self, k: int) -> Stored:
        """Image k as it came."""
        return replace(self.stored, array=self.stack[k], taken=(), index=None)


def run(options: Mapping[str, Any], source: Source | None, out: Out) -> None:
    """Do what the form says. Raises InputError for a file that holds no image."""
    task = _task(options, source)
    names, order = options["methods"], chosen(len(task.stack), "8")
    results: dict[str, dict[int, np.ndarray]] = {name: {} for name in names}
    weights: dict[str, str | None] = {}
    for done, k in enumerate(order):
        for name, found in _image(task, k, names, done * len(names), len(order) * len(names), out).items():
            weights[name], results[name][k] = found.method.card.get("name"), found.array
    downloads = []
    for name, made in results.items():
        array = np.stack([made[k] for k in sorted(made)])
        downloads.append(
            download(
                out, name, ".npz", array[0] if len(array) == 1 else array, options={**options, "method": name},
                source=source, example=NAME, files=[task.stored.path], weights=weights[name],
            )
        )  # fmt: skip
    added = f"{options['sigma']:g} of {LEVELS} grey levels, added"
    noise = "the file's own, estimated" if task.sigma is None else added
    out.done([("noise", noise), ("white", f"{task.white:g}")], downloads)


def _task(options: Mapping[str, Any], source: Source | None) -> Task:
    stored = sample_picture() if source is None else read_array(_spec(options, source), prefer=NAMES)
    if not count_images(stored):
        raise InputError(f"{stored.name}: shape {stored.array.shape} holds no image.")
    stack = stored.array.reshape(-1, *stored.array.shape[-3 if stored.channels else -2 :])
    if stack[0].shape[0] * stack[0].shape[1] > MOST:
        raise InputError(f"{stored.name}: more than {MOST / 1e6:g} million pixels; use minimand denoise.")
    white = WHITE.get(stored.array.dtype) or float(np.abs(stack).max()) or 1.0
    adds = source is None or options["noise"] == "added"
    return Task(stored, stack, white, white * options["sigma"] / LEVELS if adds else None, options["seed"])


def _image(task: Task, k: int, names: Sequence[str], done: int, total: int, out: Out) -> dict[str, Denoised]:
    """Image k by every method, shown beside what it was."""
    title = f"image {k}" if len(task.stack) > 1 else "image"
    clean, white = task.clean(k), task.white
    pictures, scores, noisy = [], {}, clean
    if task.sigma is None:
        pictures.append(_picture(out, "as it came", noisy, white))
    else:
        noisy = _noisy(clean, task.sigma, task.seed + k)
        pictures += [_picture(out, "truth", clean, white), _picture(out, "noisy", noisy, white)]
        scores["noisy"] = _scores(noisy.array, clean, white)
    results: dict[str, Denoised] = {}
    for place, name in enumerate(names):
        out.progress(done + place, total, f"{name}, {title}")
        found = results[name] = denoise(noisy, task.sigma, method=name)
        pictures.append(_picture(out, name, replace(noisy, array=found.array), white))
        if task.sigma is None:
            out.note(f"{title}: noise of {found.sigmas[0] * LEVELS / white:.3g} grey levels, estimated")
        else:
            scores[name] = _scores(found.array, clean, white)
    seconds = {name: found.seconds for name, found in results.items()}
    out.item(title, pictures, scores=scores, truth=None if task.sigma is None else "truth", seconds=seconds)
    return results


def _spec(options: Mapping[str, Any], source: Source) -> str:
    return f"{source.path}:{options['array']}" if options["array"] else str(source.path)


def _noisy(clean: Stored, sigma: float, seed: int) -> Stored:
    generator = np.random.default_rng(seed)
    noise = generator.standard_normal(clean.array.shape)
    if np.iscomplexobj(clean.array):
        noise = noise + 1j * generator.standard_normal(clean.array.shape)
    return replace(clean, array=(clean.array + sigma * noise).astype(np.result_type(clean.array, np.float32)))


def _picture(out: Out, name: str, image: Stored, white: float) -> dict[str, Any]:
    return (out.colour if image.channels else out.grey)(name, image.array / white)


def _scores(array: np.ndarray, clean: Stored, white: float) -> dict[str, float]:
    x, t = (torch.from_numpy(np.asarray(a) / white)[None] for a in (array, clean.array))
    found = {"psnr": float(psnr(x, t, 1.0)), "nmse": float(nmse(x, t))}
    return found if clean.channels else {**found, "ssim": float(ssim(x, t, 1.0))}
