"""Pictures are PNGs that show the values they were given, at the window they were given."""

import io

import matplotlib as mpl
import numpy as np
import pytest
import torch
from PIL import Image

from minimand.reports.figures import (
    DARK,
    LIGHT,
    both_themes,
    colour_bar_png,
    curve_chart,
    error_png,
    filter_chart,
    grey_png,
    grey_window,
    mask_png,
    stage_chart,
)

CHARTS = {
    "stages": lambda theme: stage_chart([20.0, 25.0, float("inf")], theme),
    "filters": lambda theme: filter_chart(torch.randn(3, 8, 3, 3), theme),
    "no filters yet": lambda theme: filter_chart(torch.zeros(1, 1, 5, 5), theme),
    "curves": lambda theme: curve_chart(torch.linspace(-1, 1, 11), torch.randn(8, 11), torch.zeros(11), theme),
    "curves of unknown birth": lambda theme: curve_chart(torch.linspace(-1, 1, 11), torch.randn(1, 11), None, theme),
}


def pixels(png):
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64])
def test_an_image_keeps_its_pixels_and_the_window_is_white(dtype):
    image = torch.tensor([[0.0, 1.0, 2.0], [-2.0, 3.0, float("nan")]], dtype=dtype)
    assert pixels(grey_png(image, 2.0))[..., 0].tolist() == [[0, 128, 255], [255, 255, 0]]


def test_an_error_map_has_the_colours_of_its_bar():
    truth = torch.zeros(1, 3)
    bar = pixels(colour_bar_png())[0]
    got = pixels(error_png(torch.tensor([[0.0, -0.05, 0.7]]), truth, 0.1))[0]
    assert got.tolist() == [bar[0].tolist(), bar[128].tolist(), bar[255].tolist()]
    want = 255 * np.array(mpl.colormaps["inferno"](1.0)[:3])
    np.testing.assert_allclose(bar[255], want, atol=1)


def test_a_mask_is_white_where_it_samples():
    assert pixels(mask_png(torch.tensor([[True, False]])))[..., 0].tolist() == [[255, 0]]


def test_the_grey_window_passes_over_a_few_bright_pixels_and_is_never_zero():
    image = torch.linspace(0, 1, 10_000).reshape(100, 100)
    image[0, 0] = 50
    assert 0.99 < grey_window(image) < 1.01
    assert grey_window(torch.zeros(4, 4)) == 1


@pytest.mark.parametrize("draw", CHARTS.values(), ids=CHARTS.keys())
def test_a_chart_comes_for_light_and_dark_pages(draw):
    light, dark = both_themes(draw)
    assert pixels(light).shape == pixels(dark).shape
    assert light != dark
    assert Image.open(io.BytesIO(light)).convert("RGBA").getpixel((0, 0))[3] == 0
    assert LIGHT.ink != DARK.ink
