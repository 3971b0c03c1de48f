"""The tables of the talk, on images made for the test."""

import numpy as np
import pytest
import torch

from minimand.io import InputError
from minimand.reconstruction.phantoms import phantom
from minimand.systems.mri import tables
from minimand.systems.mri.published import PUBLISHED
from minimand.systems.mri.tables import CLASSICAL, mri_table

QUICK = ("zero-filled", "tv", "recpf", "of-tomorrow")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Data with small images in place of the real ones, and few methods."""
    monkeypatch.setattr(tables, "shipped_cards", dict)
    monkeypatch.setattr(tables, "CLASSICAL", QUICK)
    (tmp_path / "mri").mkdir()
    generator = torch.Generator().manual_seed(0)
    images = np.stack([phantom((20, 20), generator).numpy() for _ in range(15)])
    np.savez(tmp_path / tables.CHEST, image=np.concatenate([0 * images, 0 * images, 0 * images, 0 * images, images]))
    np.savez(tmp_path / tables.BRAIN, brain_data1=images[0], brain_real_rdata1=images[1], other=images)
    return tmp_path


def test_the_chest_table_is_over_the_last_fifteen_images(folder):
    told = []
    found, made = mri_table("mri-chest", folder, show=lambda *words: told.append(words))
    assert told == [("zero-filled", 1, 4), ("tv", 2, 4), ("recpf", 3, 4)]
    assert found["table"] == "mri-chest"
    assert [row["method"] for row in found["rows"]] == list(QUICK)
    for row in found["rows"][:3]:
        assert {"method", "nmse", "psnr", "ssim", "seconds", "published", "sampling"} <= set(row)
        assert len(row["images"]["psnr"]) == 15
        assert row["psnr"] == pytest.approx(np.mean(row["images"]["psnr"]))
    assert found["rows"][1]["published"] == PUBLISHED["mri-chest", "0.2"]["tv"]
    assert list(made["radial:0.2"].results) == list(QUICK[:3])


def test_the_first_images_alone_will_do(folder):
    found, made = mri_table("mri-chest", folder, first=2)
    assert found["on"] == "chest 61..75, the first 2"
    assert [len(row["images"]["psnr"]) for row in found["rows"][:3]] == [2, 2, 2]
    assert len(made["radial:0.2"].images) == 2


def test_what_is_not_there_says_so(folder):
    rows = mri_table("mri-chest", folder)[0]["rows"]
    assert rows[3] == {
        "method": "of-tomorrow", "unavailable": "not in this version", "published": {}, "sampling": "radial:0.2"
    }  # fmt: skip


def test_the_brain_table_has_every_rate_asked_for(folder):
    found, made = mri_table("mri-brain", folder, (0.3, 0.5))
    assert [row["sampling"] for row in found["rows"]] == ["radial:0.3"] * 4 + ["radial:0.5"] * 4
    assert [row["published"]["psnr"] for row in found["rows"] if row["method"] == "tv"] == [37.99, 41.69]
    assert len(found["rows"][0]["images"]["psnr"]) == 2
    assert found["sampling"] == "radial:0.3, radial:0.5"
    assert list(made) == ["radial:0.3", "radial:0.5"]


def test_published_figures_agree_with_each_other():
    """PSNR + 20 log10 NMSE is one number for one set of images, up to the spread between them."""
    brain = [(m, row) for (name, _), rows in PUBLISHED.items() if name == "mri-brain" for m, row in rows.items()]
    assert len(brain) == 40
    for method, row in brain:
        low = 14.4 if method == "zero-filled" else 14.5
        assert low < row["psnr"] + 20 * np.log10(row["nmse"]) < 14.65
    assert set(CLASSICAL) - {"init-net"} <= {method for method, _ in brain}


def test_missing_images_are_told(tmp_path):
    with pytest.raises(InputError, match="name their folder with --data or MINIMAND_DATA"):
        mri_table("mri-chest", tmp_path)
