"""Registrations, kept on disk under the hash of both images: what was registered once need not be again."""

import hashlib
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from minimand.io.cache import keep, kept
from minimand.systems.segmentation.registration import Effort, Maps, Target, Volumes, controls, register

VERSION = 1  # of the computation: a new one forgets what the old one kept
KIND = "registrations"


def registered(target: Target, atlases: Volumes, spacing: Sequence[float], effort: Effort) -> Maps:
    """As `register`; those pairs that were registered before come from the user's cache, one file for every target.

    Pairs that are registered together differ in the last digits from the same ones alone.
    """
    name, wanted = _target_digest(target, spacing, effort), [_digest(atlas) for atlas in atlases]
    shape = controls(target.shape)
    known = _known(kept(KIND, name), 12 + 3 * int(np.prod(shape)))
    missing = [k for k, digest in enumerate(wanted) if digest not in known]
    if missing:
        found = register(target, atlases[missing], spacing=spacing, effort=effort)
        rows = torch.cat([numbers.flatten(1) for numbers in found], 1).numpy()
        known |= {wanted[k]: row for k, row in zip(missing, rows, strict=True)}
        pairs = np.stack([np.frombuffer(digest, np.uint8) for digest in known])
        keep(KIND, name, {"pairs": pairs, "numbers": np.stack(list(known.values()))})
    all_of = torch.from_numpy(np.stack([known[digest] for digest in wanted]))
    A, b, C = all_of.split([9, 3, all_of.shape[1] - 12], 1)
    return Maps(A.unflatten(1, (3, 3)), b, C.unflatten(1, (3, *shape)))


def _known(file: dict[str, np.ndarray], width: int) -> dict[bytes, np.ndarray]:
    """Numbers of the maps by the atlas's hash, as far as the file holds what it should."""
    pairs, numbers = file.get("pairs"), file.get("numbers")
    if pairs is None or numbers is None or pairs.shape != (len(numbers), 32) or numbers.shape[1:] != (width,):
        return {}
    return {pair.tobytes(): row for pair, row in zip(pairs, numbers.astype(np.float32), strict=True)}


def _target_digest(target: Target, spacing: Sequence[float], effort: Effort) -> str:
    facts = f"{VERSION} {tuple(target.shape)} {tuple(spacing)} {tuple(effort)}"
    return hashlib.sha256(facts.encode() + _digest(target)).hexdigest()


def _digest(volume: Tensor) -> bytes:
    return hashlib.sha256(volume.contiguous().numpy().tobytes()).digest()
