"""From measurements to images: items in batches, warnings outside the card."""

import torch
from torch.testing import assert_close

from minimand.operators import Fourier
from minimand.operators.sampling import parse_mask
from minimand.reconstruction import memory
from minimand.reconstruction.methods import Method, get_method
from minimand.reconstruction.reconstruct import card_warnings, reconstruct
from minimand.terms import LeastSquares

SIZE = (24, 27)


def test_items_are_reconstructed_in_batches_and_counted(monkeypatch, heads, measured):
    monkeypatch.setattr(memory, "BATCH_PIXELS", 2 * 24 * 27)
    data, told, sizes, tv = measured(heads(5, SIZE), "radial:0.4"), [], [], get_method("tv")
    counted = Method("tv", lambda data: (sizes.append(len(data.y)), tv.run(data))[1])
    found = reconstruct(data, counted, show=told.append)
    assert sizes == [2, 2, 1]
    assert told == [2, 4, 5]
    assert found.images.dtype == torch.float32
    one_by_one = torch.cat([reconstruct(measured(t[None], "radial:0.4"), tv).images for t in heads(5, SIZE)])
    assert_close(found.images, one_by_one, rtol=0, atol=1e-5)


def test_a_warm_run_comes_before_the_clock_starts(heads, measured):
    calls = []
    method = Method("zero", lambda data: (calls.append(1), data.A.adjoint(data.y))[1])
    reconstruct(measured(heads(2, SIZE), "full"), method, warm=True)
    assert len(calls) == 2


def test_every_item_may_have_its_own_mask(heads):
    masks = torch.stack([parse_mask("random:0.5", SIZE, seed=s) for s in (1, 2)])
    x = heads(2, SIZE).to(torch.complex64)
    kspace = torch.where(masks, torch.fft.fft2(x, norm="ortho"), 0)
    found = reconstruct(LeastSquares(Fourier(masks), kspace), get_method("tv")).images
    for k in range(2):
        alone = reconstruct(LeastSquares(Fourier(masks[k]), kspace[k : k + 1]), get_method("tv")).images
        assert_close(found[k : k + 1], alone, rtol=0, atol=1e-5)


def test_a_card_warns_outside_its_rates_and_sides():
    method = Method("admm-net", lambda data: data.y, card={"suits": [0.1, 0.3], "sides": [96, 256]})
    assert card_warnings(method, (128, 256), 0.2) == []
    assert card_warnings(method, (128, 256), 0.31) == []
    assert "rates of 10% to 30%, this scan has 50.0%" in card_warnings(method, (128, 256), 0.5)[0]
    assert "sides of 96 to 256 pixels, this scan has 64 x 128" in card_warnings(method, (64, 128), 0.2)[0]
    assert len(card_warnings(method, (64, 300), 0.05)) == 2
    assert card_warnings(Method("tv", lambda data: data.y), (8, 8), 0.01) == []
