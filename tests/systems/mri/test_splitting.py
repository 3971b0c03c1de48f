"""k-space in two parts: every sample in one of them, mirror images together, lines whole."""

import pytest
import torch
from torch.testing import assert_close

from minimand.operators import Fourier
from minimand.operators.fourier import mirror
from minimand.operators.sampling import parse_mask
from minimand.reconstruction.self_supervised import SEEN
from minimand.systems.mri.splitting import density, split_kspace
from minimand.terms import LeastSquares

SIZE = (64, 48)


def scan(spec, *, real=True, batch=4):
    mask = parse_mask(spec, SIZE)
    samples = torch.randn(batch, *SIZE, dtype=torch.complex64)
    return LeastSquares(Fourier(mask, real=real), torch.where(mask, samples, 0))


def parts(data, seed=0):
    return split_kspace(data, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("real", [True, False])
def test_a_share_of_the_samples_is_seen_and_the_centre_always(real):
    data = scan("radial:0.3", real=real, batch=16)
    seen = parts(data).seen
    assert float(seen[:, data.A.mask].double().mean()) == pytest.approx(SEEN, abs=0.02)
    assert bool(seen[:, :2, :2].all())
    assert not torch.equal(seen[0], seen[1])
    assert torch.equal(seen, parts(data).seen)
    assert not torch.equal(seen, parts(data, seed=1).seen)


@pytest.mark.parametrize("spec", ["radial:0.3", "cartesian:0.3"])
def test_everything_is_judged_in_some_split(spec):
    data = scan(spec, real=False, batch=1)
    judged = torch.stack([parts(data, seed).judged for seed in range(200)])
    assert bool(judged.any(dim=0).all())
    found = parts(data)
    assert bool((found.seen | found.judged).all())
    assert bool((found.judged & found.seen)[:, :2, :2].all())  # nothing else would hold the centre in place
    assert not bool((found.judged & found.seen)[:, 8:-8, 8:-8].any())


def test_a_point_and_its_mirror_image_go_together_where_images_are_real():
    seen = parts(scan("radial:0.3")).seen
    assert torch.equal(seen, mirror(seen))
    seen = parts(scan("radial:0.3", real=False)).seen
    assert not torch.equal(seen, mirror(seen))


def test_lines_stay_whole():
    data = scan("cartesian:0.3", real=False)
    seen, outer = parts(data).seen, slice(8, -8)
    lines = data.A.mask.all(dim=0).nonzero()[:, 0]  # columns
    assert bool((seen[:, outer, lines] == seen[:, 20:21, lines]).all())
    assert 0 < float(seen[:, 20, lines].float().mean()) < 1


def test_a_sample_counts_for_the_points_around_it():
    mask = parse_mask("radial:0.2", SIZE)[None]
    weight = parts(scan("radial:0.2")).weight
    assert_close(weight, 1 / density(mask))
    assert float((weight * mask).sum()) == pytest.approx(mask[0].numel(), rel=0.1)  # k-space as a whole
    assert float(density(torch.ones(1, *SIZE, dtype=torch.bool)).min()) == 1
    assert float(density(torch.zeros(1, *SIZE, dtype=torch.bool)).min()) > 0


def test_every_scan_may_have_its_own_mask():
    masks = torch.stack([parse_mask("random:0.3", SIZE, seed=s) for s in range(3)])
    data = LeastSquares(Fourier(masks), torch.zeros(3, *SIZE, dtype=torch.complex64))
    found = parts(data)
    assert found.seen.shape == (3, *SIZE)
    assert_close(found.weight, 1 / density(masks))
