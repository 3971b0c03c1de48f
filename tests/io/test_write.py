"""Every writable format, and the record beside the output."""

import json

import numpy as np
import pytest

from minimand.io import WRITABLE, InputError, check_writable, make_record, read_array, write_array


@pytest.mark.parametrize("suffix", [s for s in WRITABLE if s != ".hdr"])
def test_every_format_appears_whole_with_its_record_or_not_at_all(tmp_path, rng, suffix):
    path, array = tmp_path / f"out{suffix}", rng.random((5, 6)).astype(np.float32)
    write_array(path, array, record={"command": "minimand test"})
    record = json.loads((tmp_path / f"out{suffix}.json").read_text())
    assert record["output"]["shape"] == [5, 6]
    back = read_array(path).array
    scale = 65535 / array.max() if suffix == ".png" else 1
    step = {".png": 0.5, ".dcm": float(np.ptp(array)) / 65535}.get(suffix, 0)
    np.testing.assert_allclose(back, array * scale, atol=step)
    before = sorted(p.name for p in tmp_path.iterdir())
    with pytest.raises(InputError, match="exists already"):
        write_array(path, array)
    assert before == sorted(p.name for p in tmp_path.iterdir())


def test_an_unknown_suffix_lists_the_known_ones(tmp_path):
    for name in ("a.xyz", "a", "a.jpg", "a.gz"):
        with pytest.raises(InputError, match=r"formats are \.npy \.npz"):
            check_writable(tmp_path / name)


def test_siblings_that_a_format_cannot_hold_are_named(tmp_path):
    note = write_array(tmp_path / "a.npy", np.eye(3), siblings={"mask": np.eye(3)})
    assert "mask left out" in note


def test_an_array_without_numbers_and_two_of_a_name_are_refused(tmp_path):
    with pytest.raises(InputError, match="not numbers"):
        write_array(tmp_path / "a.npz", np.array(["a"]))
    with pytest.raises(InputError, match="two arrays"):
        write_array(tmp_path / "a.npz", np.eye(3), key="mask", siblings={"mask": np.eye(3)})
    assert not list(tmp_path.iterdir())


def test_a_run_record_survives_json(tmp_path):
    (tmp_path / "k.npz").write_bytes(b"data")
    record = make_record("minimand test", inputs=[tmp_path / "k.npz"], options={"noise": float("nan")}, seed=3)
    write_array(tmp_path / "a.npz", np.eye(3), record=record)
    assert json.loads((tmp_path / "a.npz.json").read_text())["seed"] == 3
