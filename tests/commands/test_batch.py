"""`minimand batch`: every scan once, whatever happens to some of them."""

import errno
import json
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from minimand.commands import batch_manifest, batch_run
from minimand.io import room

dask = pytest.importorskip("distributed")
# of Dask's own sockets, while it looks for a free port
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
OWN = {"threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}


@pytest.fixture
def here(monkeypatch):
    """Workers that are threads of this process: they begin at once and see what is patched."""

    @contextmanager
    def cluster(scheduler, workers):
        with (
            dask.LocalCluster(n_workers=workers, processes=False, **{**OWN, "host": None}) as local,
            dask.Client(local) as client,
        ):
            yield client

    monkeypatch.setattr(batch_run, "cluster", cluster)


@pytest.fixture
def study(work, done, scans) -> Path:
    """Four scans, one file that is none and one that is gone, with their manifest, in the current folder."""
    Path("scans").mkdir()
    for n in range(4):
        done("simulate", scans / "stack.npz", "--mask", "random:0.3", "--seed", n, "-o", f"scans/s{n}.npz")
    Path("scans/bad.npz").write_text("hello")
    names = ["s0", "s1", "bad", "s2", "gone", "s3"]
    Path("study.csv").write_text("kspace\n" + "".join(f"scans/{name}.npz\n" for name in names))
    return work


WORDS = ("batch", "study.csv", "--method", "zero-filled", "--suffix", ".npz", "-o", "out")


def results() -> dict[str, int]:
    """Time of every result."""
    return {path.name: path.stat().st_mtime_ns for path in Path("out").glob("s?.npz")}


def run(minimand, *words, code=1):
    said = minimand(*WORDS, *words, "--json")
    assert said.code == code, said.err
    return json.loads(said.out)


def test_results_are_those_of_reconstruct_and_failures_are_listed(study, here, minimand, done):
    found = run(minimand)
    assert (found["scans"], found["done"], found["now"]) == (6, 4, 6)
    assert [(f["output"], f["kspace"]) for f in found["failed"]] == [
        ("bad.npz", "scans/bad.npz"), ("gone.npz", "scans/gone.npz"),
    ]  # fmt: skip
    assert "cannot be read as .npz" in found["failed"][0]["reason"]
    for n in range(4):
        done("reconstruct", f"scans/s{n}.npz", "--method", "zero-filled", "-o", f"own{n}.npz")
        np.testing.assert_array_equal(np.load(f"out/s{n}.npz")["image"], np.load(f"own{n}.npz")["image"])
        record = json.loads(Path(f"out/s{n}.npz.json").read_text())
        assert record["inputs"][0]["sha256"]
        assert len(record["job"]) == 64
    page = Path("out/report.html").read_text()
    assert "4 of 6 scans reconstructed" in page
    assert "scans/bad.npz: cannot be read as .npz" in page
    assert str(study) not in page
    assert len(json.loads(Path("out/batch.json").read_text())["results"]) == 6


def test_a_rerun_does_nothing_and_changed_or_new_scans_alone_are_done(study, here, minimand, monkeypatch):
    run(minimand)
    before = results()
    with monkeypatch.context() as context:
        context.setattr(batch_run, "run_scan", None)
        assert run(minimand)["now"] == 0
    assert results() == before
    shutil.copy("scans/s3.npz", "scans/s1.npz")  # another content
    os.utime("scans/s2.npz")  # the same content, another time
    shutil.copy("scans/s3.npz", "scans/gone.npz")
    found = run(minimand)
    assert (found["now"], found["done"], len(found["failed"])) == (3, 5, 1)
    changed = {name for name, time in results().items() if before[name] != time}
    assert changed == {"s1.npz"}
    assert Path("out/gone.npz").is_file()
    assert run(minimand, "--retry-failed")["now"] == 1


def test_another_method_or_mask_does_all_again(study, here, minimand):
    run(minimand)
    before = results()
    assert run(minimand, "--method", "tv")["done"] == 4
    assert not set(before.items()) & set(results().items())
    assert run(minimand, "--method", "tv", "--mask", "radial:0.2")["now"] == 6


def test_what_an_interruption_left_is_found(study, here, minimand):
    run(minimand)
    before = results()
    Path("out/s0.npz.json").unlink()  # killed between a result and its record
    Path("out/s1.npz").unlink()
    lines = Path("out/batch.jsonl").read_bytes()
    Path("out/batch.jsonl").write_bytes(lines[: lines.index(b'"output": "s3.npz", "kspace"') + 9])
    found = run(minimand)
    assert found["done"] == 4
    assert before["s3.npz"] == results()["s3.npz"]  # whole, as its record says
    assert Path("out/s0.npz.json").is_file()
    assert run(minimand)["now"] == 0


def test_a_disk_that_is_full_for_a_while_is_tried_again(study, here, minimand, monkeypatch):
    usual, failures = os.fsync, [3]

    def full(handle):
        if failures[0]:
            failures[0] -= 1
            raise OSError(errno.ENOSPC, "No space left on device")
        usual(handle)

    monkeypatch.setattr(os, "fsync", full)
    found = run(minimand, "--retries", 3)
    assert found["done"] == 4
    assert failures == [0]
    assert not [path for path in Path("out").iterdir() if path.name.endswith(".part")]


def test_a_disk_that_stays_full_is_told_of_each_scan(study, here, minimand, monkeypatch):
    def full(*arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("minimand.systems.mri.job.write_array", full)
    found = run(minimand, "--retries", 1)
    assert found["done"] == 0
    assert {f["tries"] for f in found["failed"]} == {1, 2}


def test_columns_name_outputs_masks_and_parts(study, here, minimand, done):
    Path("study.csv").write_text("output,kspace,mask\na.npy,scans/s0.npz:kspace[1],scans/s0.npz:mask\n"
                                 "b.npy,scans/s0.npz[1],radial:0.2\n")  # fmt: skip
    assert run(minimand, code=0)["done"] == 2
    done("reconstruct", "scans/s0.npz[1]", "--mask", "radial:0.2", "--method", "zero-filled", "-o", "own.npy")
    np.testing.assert_array_equal(np.load("out/b.npy"), np.load("own.npy"))
    assert not np.array_equal(np.load("out/a.npy"), np.load("out/b.npy"))


def test_scans_beyond_the_memory_of_a_worker_come_out_the_same(study, here, minimand, done, monkeypatch):
    image = np.random.default_rng(0).random((2, 3, 24, 24)).astype(np.float32)
    np.savez("series.npz", image=image)
    done("convert", "series.npz", "series.nii.gz")
    done("simulate", "series.nii.gz", "--mask", "random:0.5", "-o", "scans/series.nii.gz")
    Path("study.csv").write_text("kspace\nscans/s0.npz\nscans/series.nii.gz\n")
    whole = [*WORDS[:-3], ".npy", "-o", "whole"]
    done(*whole)
    monkeypatch.setattr(room, "SHARE", 2**40)
    parts = [*whole[:-1], "parts", "--memory", "0.0625", "--json"]
    found = json.loads(done(*parts))
    assert found["done"] == 2
    for name in ("s0.npy", "series.npy"):
        assert Path("parts", name).read_bytes() == Path("whole", name).read_bytes()
    assert np.load("parts/series.npy").shape == (2, 3, 24, 24)
    notes = [json.loads(line).get("notes", []) for line in Path("parts/batch.jsonl").read_text().splitlines()]
    assert any("lies on disk" in note for each in notes for note in each)


def test_a_file_that_the_batch_did_not_write_is_kept(study, here, minimand):
    Path("out").mkdir()
    Path("out/s0.npz").write_bytes(b"mine")
    found = run(minimand)
    assert "exists already" in next(f["reason"] for f in found["failed"] if f["output"] == "s0.npz")
    assert Path("out/s0.npz").read_bytes() == b"mine"
    Path("study.csv").write_text("kspace\nscans/s0.npz\n")
    assert run(minimand, "--force", "--retry-failed", code=0)["done"] == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no column kspace"),
        ("kspac\na.npz\n", "unknown column 'kspac'. Did you mean kspace?"),
        ("kspace\n", "names 0 scans"),
        ("kspace,mask\n,full\n", "line 2 names no kspace"),
        ("kspace\na.npz,b.npz\n", "line 2 has another number of fields"),
        ("kspace,mask\na.npz\n", "line 2 has another number of fields"),
        ("kspace\na/x.npz\nb/x.h5\n", "lines 2 and 3 both write x.npz"),
        ("kspace,output\na.npz,../b.npz\n", "a name without folders"),
        ("kspace,output\na.npz,/b.npz\n", "a name without folders"),
        ("kspace,output\na.npz,b.xyz\n", "cannot write .xyz"),
        ('kspace\n"a.npz\n', "is no CSV file"),
        ("kspace\n\udcff.npz\n", "is no CSV file"),
    ],
)
def test_a_manifest_that_is_none(work, refused, text, said):
    Path("study.csv").write_bytes(text.encode(errors="surrogateescape"))
    Path("out").mkdir()
    assert said in refused(*WORDS)


def test_names_that_are_not_there(work, refused):
    assert "no such file" in refused(*WORDS)
    Path("study.csv").write_text("kspace\na.npz\n")
    assert "no method 'tvv'" in refused(*WORDS, "--method", "tvv")
    assert "does not exist" in refused(*WORDS, "-o", "no/out")
    assert "no such weights" in refused(*WORDS, "--weights", "gone")


def test_one_batch_at_a_time_in_a_folder(study, here, minimand):
    Path("out").mkdir()
    with batch_manifest.alone(Path("out")):
        said = minimand(*WORDS)
    assert said.code == 2
    assert "another batch is at work here" in said.err


def test_a_scheduler_that_is_not_there(study, minimand, monkeypatch):
    monkeypatch.setattr(dask, "Client", lambda *a, **b: (_ for _ in ()).throw(OSError("no route")))
    said = minimand(*WORDS, "--scheduler", "tcp://127.0.0.1:1")
    assert said.code == 2
    assert "nobody answers there" in said.err


def test_workers_that_are_processes_and_a_scheduler_by_its_address(study, minimand):
    with dask.LocalCluster(n_workers=2, **OWN) as local:
        found = run(minimand, "--scheduler", local.scheduler_address)
    assert (found["done"], found["workers"]) == (4, 2)
    assert run(minimand, "--workers", 1)["now"] == 0


def test_without_a_worker_for_long_it_ends(study, here, minimand, monkeypatch):
    wait, cluster = dask.wait, batch_run.cluster
    monkeypatch.setattr(batch_run, "PATIENCE", 0.0)
    monkeypatch.setattr(dask, "wait", lambda futures, timeout, **how: wait(futures, 0.1, **how))
    monkeypatch.setattr(batch_run, "cluster", lambda scheduler, workers: cluster(scheduler, 0))
    said = minimand(*WORDS)
    assert said.code == 2
    assert "there has been no worker for 0 s; see why, and run the same command again" in said.err
