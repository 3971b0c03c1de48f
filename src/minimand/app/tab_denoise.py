"""The tab for noise: pictures or arrays denoised by several methods."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from minimand.app.downloads import download
from minimand.app.out import Out, Source
from minimand.app.sample import NAME, sample_picture
from minimand.app.tab_mri import chosen
from minimand.io import InputError, Stored, read_array
from minimand.io.images import NAMES
from minimand.metrics import nmse, psnr, ssim
from minimand.systems.restoration.denoise import denoise
from minimand.systems.restoration.stack import WHITE, count_images

MOST = 4_000_000  # pixels of an image
LEVELS = 255  # what noise is given in


def run(options: Mapping[str, Any], source: Source | None, out: Out) -> None:
    """Do what the form says. Raises InputError for a file that holds no image."""
    stored = sample_picture() if source is None else read_array(_spec(options, source), prefer=NAMES)
    adds = source is None or options["noise"] == "added"
    if not count_images(stored):
        raise InputError(f"{stored.name}: shape {stored.array.shape} holds no image.")
    axes = 3 if stored.channels else 2
    stack = stored.array.reshape(-1, *stored.array.shape[-axes:])
    if stack[0].shape[0] * stack[0].shape[1] > MOST:
        raise InputError(f"{stored.name}: more than {MOST / 1e6:g} million pixels; use minimand denoise.")
    white = WHITE.get(stored.array.dtype) or float(np.abs(stack).max()) or 1.0
    names, order = options["methods"], chosen(len(stack), "8")
    results: dict[str, dict[int, np.ndarray]] = {name: {} for name in names}
    weights: dict[str, Any] = {}
    for done, k in enumerate(order):
        clean = replace(stored, array=stack[k], taken=(), index=None)
        noisy = _noisy(clean, white * options["sigma"] / LEVELS, options["seed"] + k) if adds else clean
        title = f"image {k}" if len(stack) > 1 else "image"
        shown = [_picture(out, "noisy" if adds else "as it came", noisy, white)]
        pictures = [_picture(out, "truth", clean, white), *shown] if adds else shown
        scores = {"noisy": _scores(noisy.array, clean, white)} if adds else {}
        seconds = {}
        for place, name in enumerate(names):
            out.progress(done * len(names) + place, len(order) * len(names), f"{name}, {title}")
            found = denoise(noisy, white * options["sigma"] / LEVELS if adds else None, method=name)
            weights[name], seconds[name] = found.method.card.get("name"), found.seconds
            results[name][k] = found.array
            pictures.append(_picture(out, name, replace(noisy, array=found.array), white))
            if adds:
                scores[name] = _scores(found.array, clean, white)
            else:
                out.note(f"{title}: noise of {found.sigmas[0] * LEVELS / white:.3g} grey levels, estimated")
        out.item(title, pictures, scores=scores, truth="truth" if adds else None, seconds=seconds)
    downloads = []
    for name, made in results.items():
        array = np.stack([made[k] for k in sorted(made)])
        downloads.append(
            download(
                out, name, ".npz", array[0] if len(array) == 1 else array, options={**options, "method": name},
                source=source, example=NAME, files=[stored.path], weights=weights[name],
            )
        )  # fmt: skip
    noise = f"{options['sigma']:g} of {LEVELS} grey levels, added" if adds else "the file's own, estimated"
    out.done([("noise", noise), ("white", f"{white:g}")], downloads)


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
