"""The talk's pictures of compressive imaging, on pictures made for the test."""

import numpy as np
import pytest
from PIL import Image

from minimand.io import InputError
from minimand.reconstruction.dead_leaves import dead_leaf_picture
from minimand.systems.imaging import tables
from minimand.systems.imaging.tables import FIGURES, imaging_table, middles


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Small pictures in the places of the real ones, and no network."""
    monkeypatch.setattr(tables, "shipped", dict)
    monkeypatch.setattr(tables, "research", dict)
    monkeypatch.setattr(tables, "SIDE", 32)
    monkeypatch.setattr(tables, "CLASSICAL", ("zero-filled", "tv", "tval3", "nlr-cs", "of-tomorrow"))
    rng = np.random.default_rng(0)
    for name in {name for figure in FIGURES.values() for name in figure.pictures}:
        (tmp_path / "images" / name).parent.mkdir(parents=True, exist_ok=True)
        picture = (255 * dead_leaf_picture(40, rng).numpy()).round().astype(np.uint8)
        Image.fromarray(picture[:, :36]).save(tmp_path / "images" / name)
    return tmp_path


@pytest.mark.parametrize("name", FIGURES)
def test_every_published_method_has_a_row_with_figures_or_a_reason(name, folder):
    told = []
    found, made = imaging_table(name, folder, show=lambda *words: told.append(words))
    assert [label for label, _, _ in told] == ["zero-filled", "tv", "tval3", "nlr-cs"]
    rows = {row["method"]: row for row in found["rows"]}
    assert list(rows) == ["zero-filled", "tv", "tval3", "nlr-cs", "of-tomorrow", "ldamp", "admm-csnet"]
    assert len(rows["tv"]["images"]["psnr"]) == len(found["pictures"]) == len(FIGURES[name].pictures)
    assert rows["tv"]["psnr"] == pytest.approx(np.mean(rows["tv"]["images"]["psnr"]))
    assert "no denoiser" in rows["ldamp"]["unavailable"]
    assert "no network" in rows["admm-csnet"]["unavailable"]
    assert rows["of-tomorrow"]["unavailable"] == "not in this version"
    assert rows["nlr-cs"]["published"] == {"psnr": FIGURES[name].published["nlr-cs"]}
    assert list(made[FIGURES[name].operator].results) == ["zero-filled", "tv", "tval3", "nlr-cs"]


def test_the_middle_is_taken_and_white_is_that_of_the_file(folder):
    arrays, peaks = middles([folder / "images" / FIGURES["imaging-hadamard"].pictures[0]])
    assert arrays[0].shape == (32, 32)
    assert peaks == [255]


def test_missing_and_small_pictures_are_told(folder, monkeypatch):
    with pytest.raises(InputError, match="name the folder of the data with --data or MINIMAND_DATA"):
        imaging_table("imaging-hadamard", folder / "nowhere")
    monkeypatch.setattr(tables, "SIDE", 64)
    with pytest.raises(InputError, match="has 40 x 36 pixels, 64 x 64 are needed"):
        imaging_table("imaging-hadamard", folder)
