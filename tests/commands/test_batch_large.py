"""Two thousand scans, while workers die, a disk fills up and the batch itself is killed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("distributed")

SCALE = int(os.environ.get("MINIMAND_KILLS", "20")) / 20  # of 20 kills, 8 are of reconstruct, 7 of train, 5 of batch
PRELOAD = """
import errno, os, signal, zipfile
from pathlib import Path

def fsync(handle, usual=os.fsync):
    if Path("full").exists():
        raise OSError(errno.ENOSPC, "No space left on device")
    usual(handle)

def opened(self, file, *rest, usual=zipfile.ZipFile.__init__, **options):
    if "poison" in str(getattr(file, "name", file)):
        os.kill(os.getpid(), signal.SIGKILL)
    usual(self, file, *rest, **options)

os.fsync, zipfile.ZipFile.__init__ = fsync, opened
"""  # nothing that takes long to import: a worker that starts slowly is given up


def study(folder: Path, count: int) -> None:
    """So many scans, and one that kills its worker."""
    (folder / "scans").mkdir()
    rows, columns = np.mgrid[0:24, 0:24]
    mask = np.random.default_rng(0).random((24, 24)) < 0.5
    mask[9:15, 9:15] = True
    for n in range(count):
        image = np.exp(-((rows - 12) ** 2 + (columns - 8 - 8 * n / count) ** 2) / 30)
        kspace = np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(image)))
        np.savez(folder / "scans" / f"s{n:05}.npz", kspace=(mask * kspace).astype(np.complex64), mask=mask)
    os.rename(folder / "scans" / f"s{count // 2:05}.npz", folder / "scans" / "poison.npz")
    names = sorted((folder / "scans").iterdir())
    (folder / "study.csv").write_text("kspace\n" + "".join(f"scans/{path.name}\n" for path in names))
    (folder / "preload.py").write_text(PRELOAD)


def batch(folder: Path) -> subprocess.Popen:
    words = ["batch", "study.csv", "--method", "zero-filled", "-o", "out"]
    words += ["--suffix", ".npy", "--workers", "2", "--json"]
    own = {**os.environ, "DASK_DISTRIBUTED__WORKER__PRELOAD": str([str(folder / "preload.py")])}
    line = [sys.executable, "-m", "minimand", *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(line, cwd=folder, env=own, stdout=pipe, stderr=pipe, text=True, start_new_session=True)


def wait_for(folder: Path, count: int, running: subprocess.Popen) -> None:
    """Until so many results are there, or the batch has ended."""
    while running.poll() is None and len(list((folder / "out").glob("*.npy"))) < count:
        time.sleep(0.05)


def workers_of(process: int) -> list[int]:
    import psutil

    found = []
    for child in psutil.Process(process).children():
        with suppress(psutil.Error):  # gone meanwhile
            found += [child.pid] * ("spawn_main" in " ".join(child.cmdline()))
    return found


def whole(folder: Path, count: int) -> None:
    """Every result is whole and has its record; nothing half-written lies about."""
    results = sorted((folder / "out").glob("*.npy"))
    assert len(results) == count
    assert all(np.load(path).shape == (24, 24) for path in results)
    assert all(json.loads(path.with_name(path.name + ".json").read_text())["job"] for path in results)


@pytest.mark.slow
def test_one_poisoned_scan_of_two_thousand_fails_though_a_worker_is_killed_and_the_disk_is_full(tmp_path):
    study(tmp_path, 2000)
    running = batch(tmp_path)
    wait_for(tmp_path, 200, running)
    while not (workers := workers_of(running.pid)):
        time.sleep(0.05)
    os.kill(workers[0], signal.SIGKILL)
    wait_for(tmp_path, 400, running)
    (tmp_path / "full").touch()
    time.sleep(0.5)
    (tmp_path / "full").unlink()
    out, err = running.communicate()
    assert running.returncode == 1, err
    found = json.loads(out)
    assert [f["output"] for f in found["failed"]] == ["poison.npy"]
    assert "its worker died each time" in found["failed"][0]["reason"]
    assert found["done"] == 1999
    whole(tmp_path, 1999)
    lines = [json.loads(line) for line in (tmp_path / "out/batch.jsonl").read_text().splitlines()]
    assert any(line.get("tries", 1) > 1 for line in lines if line["state"] == "done")  # the disk was met full
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.npy")}
    again = batch(tmp_path)
    assert json.loads(again.communicate()[0])["now"] == 0
    assert {path: path.stat().st_mtime_ns for path in times} == times


@pytest.mark.slow
def test_a_batch_that_is_killed_again_and_again_ends_as_if_it_had_not_been(tmp_path):
    study(tmp_path, 60)
    rng, results = np.random.default_rng(5), lambda: len(list((tmp_path / "out").glob("*.npy")))
    for _ in range(round(5 * SCALE)):
        if results() > 45:  # nearly done: begin anew
            shutil.rmtree(tmp_path / "out")
        running = batch(tmp_path)
        wait_for(tmp_path, results() + int(rng.integers(0, 12)), running)
        time.sleep(float(rng.uniform(0, 0.2)))
        os.killpg(running.pid, signal.SIGKILL)
        running.communicate()
    out, err = batch(tmp_path).communicate()
    assert json.loads(out)["done"] == 59, err
    whole(tmp_path, 59)
    for n in (0, 31, 59):
        line = [sys.executable, "-m", "minimand", "reconstruct", f"scans/s{n:05}.npz", "--method", "zero-filled"]
        subprocess.run([*line, "-o", f"own{n}.npy"], cwd=tmp_path, check=True, capture_output=True)
        assert (tmp_path / f"own{n}.npy").read_bytes() == (tmp_path / f"out/s{n:05}.npy").read_bytes()
