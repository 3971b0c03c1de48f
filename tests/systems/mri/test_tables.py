"""The tables of the talk, on images made for the test."""

import numpy as np
import pytest
import torch

from minimand.io import InputError
from minimand.reconstruction.phantoms import phantom
from minimand.systems.mri import tables
from minimand.systems.mri.tables import PUBLISHED, mri_chest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Data with 75 small images in place of the chest's."""
    monkeypatch.setattr(tables, "shipped_cards", dict)
    (tmp_path / "mri").mkdir()
    generator = torch.Generator().manual_seed(0)
    images = np.stack([phantom((20, 20), generator).numpy() for _ in range(15)])
    np.savez(tmp_path / tables.CHEST, image=np.concatenate([0 * images, 0 * images, 0 * images, 0 * images, images]))
    return tmp_path


def test_the_chest_table_is_over_the_last_fifteen_images(folder):
    told = []
    found = mri_chest(folder, show=lambda *words: told.append(words))
    assert told == [("zero-filled", 1, 2), ("tv", 2, 2)]
    assert found["table"] == "mri-chest"
    assert [row["method"] for row in found["rows"]] == ["zero-filled", "tv"]
    for row in found["rows"]:
        assert {"method", "nmse", "psnr", "ssim", "seconds", "published"} <= set(row)
        assert len(row["images"]["psnr"]) == 15
        assert row["psnr"] == pytest.approx(np.mean(row["images"]["psnr"]))
    assert found["rows"][1]["published"] == PUBLISHED["tv"]


def test_missing_images_are_told(tmp_path):
    with pytest.raises(InputError, match="name their folder with --data or MINIMAND_DATA"):
        mri_chest(tmp_path)
