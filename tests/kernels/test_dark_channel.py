"""The dark channel against its definition, written out."""

import pytest
import torch
from torch.testing import assert_close

from minimand.kernels.dark_channel import _dark_channel, dark_channel, dark_channel_reference, pick, put_back

SIZES = [(9, 7), (70, 131), (1, 5), (1, 1), (64, 65)]


def naive(image, window):
    """Values and places by looking at every pixel of every window, in the order channel, row, column."""
    batch, channels, height, width = image.shape
    r = window // 2
    values = torch.full((batch, height, width), torch.inf, dtype=image.dtype)
    places = torch.zeros(batch, height, width, dtype=torch.int64)
    flat = torch.arange(channels * height * width).view(channels, height, width)
    for b in range(batch):
        for i in range(height):
            for j in range(width):
                around = (slice(None), slice(max(0, i - r), i + r + 1), slice(max(0, j - r), j + r + 1))
                seen = image[b][around].flatten()
                first = int((seen == seen.min()).nonzero()[0])
                values[b, i, j], places[b, i, j] = seen[first], flat[around].flatten()[first]
    return values, places


@pytest.mark.parametrize("window", [1, 3, 7, 15])
@pytest.mark.parametrize("size", [(9, 7), (11, 20), (1, 5), (1, 1)])
def test_values_and_places_are_those_of_the_definition_also_for_ties(size, window):
    image = torch.randint(4, (2, 3, *size)).double()
    for found, wanted in zip(dark_channel(image, window), naive(image, window), strict=True):
        assert torch.equal(found, wanted)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("window", [1, 5, 41, 301])
@pytest.mark.parametrize("size", SIZES)
def test_it_agrees_with_pooling_at_every_size_of_image_and_window(size, window, dtype):
    image = torch.rand(2, 3, *size, dtype=dtype)
    least = image.amin(1)
    padded = torch.nn.functional.pad(least, (window // 2,) * 4, value=torch.inf)
    wanted = padded.unfold(1, window, 1).unfold(2, window, 1).amin((-1, -2))
    values, places = dark_channel(image, window)
    assert torch.equal(values, wanted)
    assert torch.equal(pick(image, places), values)


def test_the_reference_has_the_same_values():
    image = torch.rand(2, 3, 12, 9)
    for a, b in zip(dark_channel(image, 5), dark_channel_reference(image, 5), strict=True):
        assert torch.equal(a, b)


def test_the_gradient_goes_to_the_places():
    image = torch.rand(2, 3, 8, 7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: dark_channel(x, 3)[0], image)
    weight = torch.rand(2, 8, 7, dtype=torch.float64)
    values, places = dark_channel(image, 3)
    (grad,) = torch.autograd.grad((weight * values).sum(), image)
    assert_close(grad, put_back(weight, places, 3))


def test_putting_back_is_the_adjoint_of_picking():
    x, y = torch.rand(2, 3, 8, 7, dtype=torch.float64), torch.rand(2, 8, 7, dtype=torch.float64)
    places = dark_channel(torch.rand(2, 3, 8, 7), 5)[1]
    assert_close((pick(x, places) * y).sum(), (x * put_back(y, places, 3)).sum())


def test_an_even_window_is_refused():
    with pytest.raises(ValueError, match="odd window, got 4"):
        dark_channel(torch.rand(1, 3, 5, 5), 4)


def test_torch_knows_the_operator():
    torch.library.opcheck(_dark_channel, (torch.rand(1, 3, 6, 5, requires_grad=True), 3))
