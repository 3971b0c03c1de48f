"""The tables of segmentation on slices made for the purpose."""

import csv

import numpy as np
import pytest

from minimand.io import InputError
from minimand.systems.segmentation.cardiac import SIDE, as_atlas, cut, read_slices
from minimand.systems.segmentation.tables import segmentation_table


@pytest.fixture
def folder(tmp_path, body):
    """Five subjects of three slices of 80 x 84 pixels."""
    (tmp_path / "atlas").mkdir()
    arrays, rows = {}, []
    for k in range(5):
        pairs = [body(10 * k + j, (80, 84)) for j in range(3)]
        arrays[f"S{k}_image"] = np.stack([np.clip(image / 4, 0, 255) for image, _ in pairs]).astype(np.uint8)
        arrays[f"S{k}_label"] = np.stack([label > 0 for _, label in pairs]).astype(np.uint8)
        for j in range(3):
            rows.append({"subject": f"S{k}", "index": j, "position": 4 * j, "phase": "ED", "label_pixels": 900})
    np.savez(tmp_path / "atlas" / "scd_lv_shared.npz", **arrays)
    with open(tmp_path / "atlas" / "scd_lv_shared.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return tmp_path


def test_slices_are_cut_round_their_labels(folder):
    slices = read_slices(folder)
    assert [s.position for s in slices[:3]] == [0, 0.5, 1]
    image, label = cut(slices[0], np.array([4.0, -3.0]))
    assert image.shape == label.shape == (SIDE, SIDE)
    assert np.argwhere(label).mean(0) == pytest.approx([47.5 - 4, 47.5 + 3], abs=1)
    assert as_atlas(slices[0], np.zeros(2)).labels.sum() == slices[0].label.sum()


def test_the_table_has_every_method_and_its_figures(folder):
    found = segmentation_table(folder, lambda *_: None, targets=2)
    rows = {row["method"]: row for row in found["rows"]}
    assert {"majority, not registered", "majority", "staple", "patch"} <= set(rows)
    assert rows["majority"]["published"]["SATA-13"] == 0.653
    assert rows["majority"]["dice"] > rows["majority, not registered"]["dice"]
    assert all(len(row["slices"]) == 2 and 0 < row["jaccard"] <= row["dice"] <= 1 for row in rows.values())
    assert found["on"].startswith("2 slices")


def test_without_the_data_it_says_so(tmp_path):
    with pytest.raises(InputError, match=r"holds no scd_lv_shared.npz"):
        segmentation_table(tmp_path, lambda *_: None)
