"""The tables: figures of the reference for predictors that learn little, networks by method, p against plain ones."""

import pytest
import torch

from minimand.io import InputError
from minimand.systems.synthesis import tables
from minimand.systems.synthesis.networks import Generator
from minimand.systems.synthesis.pairs import enlarged, patients_of, read_patients, reduced, same_level, same_place
from minimand.systems.synthesis.scores import score_subject
from minimand.weights import save_weights


@pytest.fixture
def few(tmp_path, monkeypatch):
    """Three virtual heads to report on, from ellipsoids, and two untrained networks of each of two methods."""
    monkeypatch.setenv("MINIMAND_DATA", str(tmp_path))
    monkeypatch.setattr(tables, "SUBJECTS", range(100, 103))
    monkeypatch.setattr(tables, "LEARNED_CT", range(12, 14))
    files = {}
    for k in range(4):
        torch.manual_seed(k)
        method, training = ("cycle", "structure")[k % 2], {"mr": "heads:0-11"}
        values = {"arguments": {"width": 2, "blocks": 1}, "range": [-1024, 900], "window": [64, 64]}
        files[str(k)] = tmp_path / f"{k}.safetensors"
        card = {"network": "mr-ct", "method": method, "training": training, **values}
        save_weights(files[str(k)], card, Generator(2, 1).state_dict())
    monkeypatch.setattr(tables, "shipped", lambda: files)
    monkeypatch.setattr(tables, "research", dict)
    return tmp_path


def test_networks_of_one_method_count_as_their_mean(few):
    found, entries = tables.heads_table()
    rows = {row["method"]: row for row in found["rows"]}
    assert list(rows) == ["air", "mean CT of the same slice", "cycle", "structure"]
    assert [entry.name for entry in entries] == ["cycle", "structure"]
    assert (rows["structure"]["networks"], rows["air"]["networks"]) == (2, 1)
    assert "ellipsoids" in found["on"]
    assert 0 <= rows["structure"]["p"]["mae"] <= 1
    assert "p" not in rows["cycle"]
    assert rows["mean CT of the same slice"]["mae"] < rows["air"]["mae"]
    assert rows["structure"]["published"]["mae"] == 127.78


def test_slices_are_reduced_and_enlarged():
    x = torch.rand(2, 8, 8)
    assert float((reduced(x, 4) - x.unflatten(1, (4, 2)).unflatten(3, (4, 2)).mean((2, 4))).abs().max()) < 1e-6
    flat = torch.full((2, 4, 4), 7.0)
    assert bool((enlarged(flat, x) == 7).all())


def test_predictors_that_learn_little():
    ct = {1: torch.arange(3.0)[:, None, None].expand(3, 2, 2), 2: torch.arange(5.0)[:, None, None].expand(5, 2, 2)}
    assert same_place(ct, torch.zeros(3, 2, 2))[:, 0, 0].tolist() == [0, 1.5, 3]
    mr = {patient: 10 * volume for patient, volume in ct.items()}
    assert bool((same_level(ct, mr, mr[2]) == ct[2]).all())


def test_real_pairs_have_the_figures_of_the_reference(data):
    """Leave one patient out over all 134 slices; the reference has MAE 60.59, 44.00, 38.00, 45.55 and, for the same
    position, PSNR 11.85, SSIM 0.458 and SSIM(HG) 0.073.
    """
    mr, ct = (read_patients(data / "mrct", kind) for kind in ("mr", "ct"))
    total = torch.zeros(4)
    for patient, volume in mr.items():
        others = {number: slices for number, slices in ct.items() if number != patient}
        made = 0 * volume, volume, same_place(others, volume), same_level(others, mr, volume)
        total += len(volume) * torch.stack([(x - ct[patient]).abs().mean() for x in made])
    assert (total / 134).tolist() == pytest.approx([60.59, 44.00, 38.00, 45.55], abs=0.05)
    others = {number: slices for number, slices in ct.items() if number != 41}
    scores = score_subject(same_place(others, mr[41]), ct[41], 0.0, 255.0)
    assert (scores.psnr, scores.ssim, scores.ssim_hg) == pytest.approx((11.85, 0.458, 0.073), rel=0.35)


def test_patients_by_name(data, monkeypatch):
    monkeypatch.setenv("MINIMAND_DATA", str(data))
    subjects = patients_of("patients:2,41:64", "mr")
    assert [s.volume.shape for s in subjects] == [(19, 64, 64), (20, 64, 64)]
    assert patients_of("heads:1-2", "mr") is None
    with pytest.raises(InputError, match="there is no patient 3; there are 2, 16"):
        patients_of("patients:3", "mr")
