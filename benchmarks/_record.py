"""What every benchmark shares: one thread, the image, the stopwatch and the line that it prints."""

# ruff: noqa: E402
import os

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"  # before anything that starts threads is imported

import json
import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from minimand.reconstruction.phantoms import phantom

torch.set_num_threads(1)
SIZE = (256, 256)


def images(count: int, first: int = 60) -> tuple[Tensor, str]:
    """Chest images after the first 60 (or other) where the real data are at hand, else phantoms; and which they are."""
    folder = Path(os.environ.get("MINIMAND_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
    file = folder / "mri" / "chest_train_075.npz"
    if file.is_file():
        with np.load(file) as data:
            pixels = data["image"][first : first + count] / data["scale"][first : first + count, None, None]
        return torch.from_numpy(pixels).float(), f"chest images {first + 1}..{first + count}"
    return torch.stack([phantom(SIZE, torch.Generator().manual_seed(k)) for k in range(count)]), "phantoms"


def timed(run: Callable[[], Any], repeats: int) -> dict[str, Any]:
    """Median seconds of `repeats` runs after a warm-up, with the fastest and the slowest."""
    run()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    spread = [round(min(seconds), 5), round(max(seconds), 5)]
    return {"seconds": round(statistics.median(seconds), 5), "spread": spread, "runs": repeats}


def report(benchmark: str, result: str, **figures: Any) -> None:
    """Print one result as one JSON line with versions and hardware."""
    line = {"benchmark": benchmark, "result": result, **figures, "versions": _versions(), "hardware": _hardware()}
    print(json.dumps(line), flush=True)


def _versions() -> dict[str, str]:
    packages = ("minimand", "torch", "numpy", "numba", "sigpy")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def _hardware() -> dict[str, Any]:
    model, file = platform.processor() or platform.machine(), Path("/proc/cpuinfo")
    if file.is_file():
        model = next((s.split(":")[1].strip() for s in file.read_text().splitlines() if "model name" in s), model)
    return {"cpu": model, "cores": os.cpu_count(), "threads": torch.get_num_threads()}
