"""Atlases on a target's grid: turned, resampled and shifted as their files say."""

import nibabel
import numpy as np
import pytest
import torch
from torch.testing import assert_close

from minimand.systems.segmentation.atlases import label_type, normalised, read_library, read_scan
from minimand.systems.segmentation.placing import place
from minimand.systems.segmentation.segment import choose


@pytest.fixture
def atlas(tmp_path, write_atlases):
    """A folder with one volume of 12 x 16 x 20 voxels."""
    return write_atlases(tmp_path / "atlases", 1, (12, 16, 20))


def test_the_same_grid_is_taken_as_it_is(atlas):
    library = read_library(atlas)
    placed = place(library.atlases[0], library.atlases[0].scan, library.labels)
    assert library.labels == [0, 3, 7]
    assert not placed.resampled
    assert_close(placed.labels[2].bool(), library.atlases[0].labels == 7)


@pytest.mark.parametrize("code", ["LPS", "SAR"])
def test_another_orientation_is_turned_back(atlas, code):
    target = read_scan(atlas / "images" / "s0.nii.gz")
    for name in ("images", "labels"):
        image = nibabel.load(atlas / name / "s0.nii.gz")
        turn = nibabel.orientations.ornt_transform(
            nibabel.io_orientation(image.affine), nibabel.orientations.axcodes2ornt(code)
        )
        nibabel.save(image.as_reoriented(turn), atlas / name / "s0.nii.gz")
    library = read_library(atlas)
    placed = place(library.atlases[0], target, library.labels)
    assert placed.resampled
    assert_close(placed.image, normalised(target.image), atol=1e-4, rtol=0)


def test_another_spacing_and_a_click_are_heeded(atlas):
    library = read_library(atlas)
    one = library.atlases[0]
    wide = type(one.scan)(torch.zeros(12, 32, 40), one.scan.affine @ np.diag([1, 0.5, 0.5, 1]), one.scan.source)
    placed = place(one, wide, library.labels, centre=(6, 20, 22))
    middle = (placed.labels[1:].sum(0) > 0.5).nonzero().double().mean(0)
    assert_close(middle, torch.tensor([6, 20, 22.0]).double(), atol=0.6, rtol=0)
    volume = float((one.labels > 0).sum())
    assert float(placed.labels[1:].sum()) == pytest.approx(4 * volume, rel=0.05)


def test_slices_that_lie_askew_keep_their_rows(tmp_path, write_atlases):
    folder = write_atlases(tmp_path, 1, (16, 20))
    library = read_library(folder)
    one = library.atlases[0]
    c = np.sqrt(0.5)
    askew = np.array([[1, 0, 0, 0], [0, c, -c, 0], [0, c, c, 0], [0, 0, 0, 1]]) @ np.diag([9, 1.5, 1.5, 1])
    assert not place(one, type(one.scan)(one.scan.image, askew, one.scan.source), library.labels).resampled


def test_intensities_are_cut_at_their_percentiles():
    x = torch.linspace(-5, 5, 1000).view(1, 10, 100)
    assert normalised(x).aminmax() == (0, 1)
    assert_close(normalised(x), normalised(40 * x + 3))
    assert not bool(normalised(torch.ones(1, 4, 4)).any())


def test_those_most_alike_are_chosen(tmp_path, write_atlases):
    folder = write_atlases(tmp_path, 4, (24, 24))
    library = read_library(folder)
    chosen = choose(library.atlases[2].scan, library, 2)
    assert len(chosen) == 2
    assert chosen[0].name == "s2"


def test_label_files_have_the_smallest_type_that_holds_them():
    assert [label_type([0, n]) for n in (255, 256, 40000)] == [np.uint8, np.int16, np.int32]
