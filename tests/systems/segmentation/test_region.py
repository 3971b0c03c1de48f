"""Where in a target the organ is looked for."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from minimand.io import InputError
from minimand.systems.segmentation.atlases import read_library
from minimand.systems.segmentation.fusion import majority
from minimand.systems.segmentation.placing import read_box
from minimand.systems.segmentation.region import correlation, find, region_of
from minimand.systems.segmentation.segment import segment


@pytest.fixture
def library(tmp_path, write_atlases):
    """Six atlases of 40 x 48 pixels."""
    return read_library(write_atlases(tmp_path, 6, (40, 48)))


def wide(scan, at, size=(1, 110, 130)):
    """The scan within a larger one, its first pixel at `at`, noise around."""
    image = 100 + 20 * torch.randn(size)
    (row, column), (_, height, width) = at, scan.image.shape
    image[:, row : row + height, column : column + width] = scan.image
    return type(scan)(image, scan.affine, scan.source)


@pytest.mark.parametrize("at", [(5, 70), (60, 20), (35, 41)])
def test_an_organ_is_found_wherever_it_is(library, at):
    target = library.atlases.pop(2)
    middle = (target.labels > 0).nonzero().double().mean(0)[1:] + torch.tensor(at)
    found = find(wide(target.scan, at), library)
    assert_close(torch.tensor(found[1:]).double(), middle, rtol=0, atol=4)


def test_a_wide_target_is_worked_on_where_the_organ_is(library):
    target = library.atlases.pop(2)
    scan = wide(target.scan, (60, 20))
    found = segment(scan, library, majority)
    assert found.region.found
    assert found.labels.shape[1] < 50
    assert "looked near" in found.notes[-1]
    labels = found.region.paste(found.labels[None], scan.image.shape, [0])[0]
    inside, truth = labels[:, 60:100, 20:68] > 0, target.labels > 0
    assert 2 * int((inside & truth).sum()) > 0.85 * int(inside.sum() + truth.sum())
    assert int((labels > 0).sum()) == int(inside.sum())


def test_a_target_like_the_atlases_is_taken_whole(library):
    region = region_of(library.atlases[0].scan, library)
    assert (region.centre, region.found) == (None, False)
    assert region.cut(library.atlases[0].scan).image.shape == (1, 40, 48)


def test_a_voxel_and_a_box_say_where(library):
    scan = wide(library.atlases[0].scan, (60, 20))
    region = region_of(scan, library, centre=[0, 80, 44])
    assert region.part[1:] == (slice(60, 100), slice(20, 68))
    assert region.centre == [0, 20, 24]
    assert region_of(scan, library, centre=[0, 3, 44]).part[1] == slice(0, 23)
    region = region_of(scan, library, box=[[0, 60, 20], [0, 99, 59]])
    assert region.cut(scan).image.shape == (1, 40, 40)
    assert region.centre == [0, 20, 20]
    for wrong, box in [("smaller than 4", [[0, 60, 20], [0, 62, 59]]), ("lies outside", [[0, 60, 20], [0, 110, 59]])]:
        with pytest.raises(ValueError, match=wrong):
            region_of(scan, library, box=box)
    with pytest.raises(ValueError, match="outside the box"):
        region_of(scan, library, centre=[0, 1, 1], box=[[0, 60, 20], [0, 99, 59]])


def test_what_lies_beyond_is_background(library):
    region = region_of(wide(library.atlases[0].scan, (60, 20)), library, box=[[0, 60, 20], [0, 99, 59]])
    whole = region.paste(torch.full((2, 1, 40, 40), 0.5), (1, 110, 130), [1, 0])
    assert_close(whole[:, 0, 60:62, 18:22], torch.tensor([[[1, 1, 0.5, 0.5]] * 2, [[0, 0, 0.5, 0.5]] * 2]))


def test_boxes_are_read_as_viewers_count():
    assert read_box("3,4,10,12") == [[0, 3, 4], [0, 10, 12]]
    assert read_box("3,4,5,10,12,6") == [[5, 3, 4], [6, 10, 12]]
    for text in ("3,4,5", "3,4,2,9", "a,b,c,d", "1,2"):
        with pytest.raises(InputError, match="write X0,Y0,X1,Y1"):
            read_box(text)


def test_templates_correlate_as_the_formula_says():
    x, t = torch.rand(1, 12, 14), torch.rand(2, 1, 4, 5)
    found = correlation(x, t)
    expected = np.corrcoef(x[0, 3:7, 6:11].flatten(), t[1].flatten())[0, 1]
    assert float(found[1, 0, 3, 6]) == pytest.approx(expected, abs=1e-4)
