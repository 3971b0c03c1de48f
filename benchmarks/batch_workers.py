"""How much faster is a batch with two workers than with one, its start included?

Scans of simulated heads, 256 x 256, radial 20 %, by the method that `minimand batch` takes on its own. For figures that
count nothing else may run beside it.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from _record import report

from minimand.reconstruction.phantoms import phantom

SCANS, SIDE, RUNS = 150, 256, 2


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "head.npy", phantom((SIDE, SIDE), torch.Generator().manual_seed(0)).numpy())
        run(folder, "simulate", "head.npy", "--mask", "radial:0.2", "-o", "scan.npz")
        for n in range(SCANS):
            os.link(folder / "scan.npz", folder / f"s{n:04}.npz")
        lines = "".join(f"s{n:04}.npz\n" for n in range(SCANS))
        (folder / "study.csv").write_text("kspace\n" + lines)
        seconds = {workers: [batch(folder, workers, k) for k in range(RUNS)] for workers in (1, 2)}
    gain = min(seconds[1]) / min(seconds[2])
    rounded = {f"workers_{workers}": [round(s, 1) for s in found] for workers, found in seconds.items()}
    report("batch_workers", f"{SCANS} scans of {SIDE} x {SIDE}", gain=round(gain, 2), **rounded)


def batch(folder: Path, workers: int, k: int) -> float:
    """Seconds of a batch, all of whose scans must come out."""
    begun, output = time.perf_counter(), f"out-{workers}-{k}"
    run(folder, "batch", "study.csv", "-o", output, "--workers", workers)
    seconds = time.perf_counter() - begun
    assert len(list((folder / output).glob("*.nii.gz"))) == SCANS
    return seconds


def run(folder: Path, *words: object) -> None:
    """A command in a folder, one thread a process."""
    line = [sys.executable, "-m", "minimand", *map(str, words)]
    own = {**os.environ, "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    subprocess.run(line, cwd=folder, env=own, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
