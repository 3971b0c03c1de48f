"""The pictures that optimizers are tried on: MNIST and CIFAR-10 from their usual files; no file is executed."""

import gzip
import os
import struct
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from minimand.io import InputError, read_array
from minimand.io.errors import reading

VALIDATION = 5_000  # the first training images of MNIST, as in TensorFlow's reader: the papers trained on the others
FOLDERS = ("", "optim", "mnist", "MNIST/raw", "cifar-10-batches-bin")
RECORD = 1 + 3 * 32 * 32  # bytes of an image in CIFAR's binary version


class Pictures(NamedTuple):
    """Images in [0, 1] (MNIST) or [-0.5, 0.5] (CIFAR-10) and their classes 0..9."""

    x: Float[Tensor, "count channels height width"]
    y: Int[Tensor, " count"]


def data_folder() -> Path:
    """Where the data lie unless told: MINIMAND_DATA, else ../shared/data."""
    return Path(os.environ.get("MINIMAND_DATA", "../shared/data"))


@lru_cache(maxsize=4)
def mnist(folder: Path, part: str) -> Pictures:
    """part: train (the last 55,000 training images), validation (the first 5,000) or test (10,000).

    folder: that of the IDX files (plain or .gz), or one that holds them in optim/, mnist/ or MNIST/raw/. Raises
    InputError.
    """
    stem = "t10k" if part == "test" else "train"
    x = read_idx(_find(folder, f"{stem}-images-idx3-ubyte"))
    y = read_idx(_find(folder, f"{stem}-labels-idx1-ubyte"))
    if x.ndim != 3 or y.ndim != 1 or len(x) != len(y):
        raise InputError(f"{folder}: {stem} has images {x.shape} and labels {y.shape}; MNIST is (n, 28, 28) and (n,).")
    chosen = {"train": slice(VALIDATION, None), "validation": slice(VALIDATION), "test": slice(None)}[part]
    return Pictures(torch.from_numpy(x[chosen]).unsqueeze(1) / 255, torch.from_numpy(y[chosen]).long())


@lru_cache(maxsize=2)
def cifar10(folder: Path, part: str) -> Pictures:
    """part: train or test. folder: that of data_batch_1.bin and its like (the binary version), or of the subset
    cifar10_10k_2k.npz, or one that holds them in optim/ or cifar-10-batches-bin/. Raises InputError.
    """
    if (subset := _located(folder, "cifar10_10k_2k.npz")) is not None:
        x, y = _subset(subset, part)
    else:
        names = ["test_batch.bin"] if part == "test" else [f"data_batch_{k}.bin" for k in range(1, 6)]
        x, y = _records([_find(folder, name) for name in names])
    return Pictures(torch.from_numpy(x) / 255 - 0.5, torch.from_numpy(y).long())


def read_idx(path: Path) -> np.ndarray:
    """The bytes of an IDX file, (count, ...), plain or gzipped. Raises InputError where sizes and bytes disagree."""
    with reading(path, "IDX"):
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        zeros, kind, axes = struct.unpack(">HBB", content[:4])
        shape = struct.unpack(f">{axes}I", content[4 : 4 + 4 * axes])
        if zeros or kind != 8:
            raise ValueError("the magic number is not that of bytes")
        return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape).copy()


def _subset(path: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Decode differences modulo 256: to the left neighbour, in column 0 to the pixel above."""
    d, y = (read_array(f"{path}:{name}_{part}").array.astype(np.uint8) for name in ("d", "y"))
    d[..., 0] = np.cumsum(d[..., 0], axis=-1, dtype=np.uint8)
    return np.cumsum(d, axis=-1, dtype=np.uint8), y


def _records(paths: list[Path]) -> tuple[np.ndarray, np.ndarray]:
    parts = []
    for path in paths:
        content = np.fromfile(path, np.uint8)
        if content.size == 0 or content.size % RECORD:
            raise InputError(f"{path}: has {content.size} bytes, no multiple of {RECORD}; fetch it again.")
        parts.append(content.reshape(-1, RECORD))
    records = np.concatenate(parts)
    return records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0]


def _find(folder: Path, name: str) -> Path:
    if (path := _located(folder, name)) is None:
        raise InputError(f"{folder}: holds no {name}[.gz]; name the folder of the data with --data or MINIMAND_DATA.")
    return path


def _located(folder: Path, name: str) -> Path | None:
    """The file of this name, or name.gz, in the folder or where it is usual below."""
    places = (folder / below / full for below in FOLDERS for full in (name, f"{name}.gz"))
    return next((path for path in places if path.is_file()), None)
