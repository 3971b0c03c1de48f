"""Virtual heads: bent without folds, MR and CT of one anatomy, the same for the same seed."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from minimand.systems.synthesis.heads import _affine, _bend, _grid, virtual_head
from minimand.systems.synthesis.template import AIR, hounsfield, made_template, read_template


@pytest.fixture(params=["made", "real"])
def template(request):
    if request.param == "made":
        return made_template()
    return read_template(request.getfixturevalue("data") / "mrct" / "template")


def test_cormack_units_become_hounsfield_units_without_jumps():
    C = torch.tensor([0.0, 900.0, 900.01, 3100.0, 3100.01, 3794.0], dtype=torch.float64)
    wanted = torch.tensor([-1024.0, -124.0, -124.0, 76.0, 76.0, 770.0], dtype=torch.float64)
    assert_close(hounsfield(C), wanted, atol=0.02, rtol=0)


@pytest.mark.parametrize("seed", range(6))
def test_space_is_bent_without_folds(seed):
    points, random = _grid(32, 24), np.random.default_rng(seed)
    bent = points + _bend(random, points) + _affine(random, points)
    steps = (5.0, 7.0, 7.0)
    J = torch.stack([torch.gradient(bent, dim=k, spacing=step)[0] for k, step in enumerate(steps)], -1)
    assert float(torch.linalg.det(J).min()) > 0.2
    assert 2 < float((bent - points).norm(dim=-1).mean()) < 20


def test_a_seed_is_a_subject_at_every_size(template):
    first, again, other = (virtual_head(template, seed, size=32, slices=6) for seed in (4, 4, 5))
    assert bool((first.mr == again.mr).all() and (first.ct == again.ct).all())
    assert float((first.ct - other.ct).abs().mean()) > 30
    large = virtual_head(template, 4, size=64, slices=6).ct.unflatten(1, (32, 2)).unflatten(3, (32, 2)).mean((2, 4))
    assert float((first.ct - large).abs().mean()) < 0.5 * float((first.ct - other.ct).abs().mean())


def test_tissues_look_as_they_should(template):
    t1, t2 = (virtual_head(template, 2, size=64, contrast=name) for name in ("t1", "t2"))
    bone, soft, air = t1.ct > 350, (t1.ct > 0) & (t1.ct < 60), t1.ct < -900
    assert float(t1.ct.min()) >= AIR
    assert float(t1.ct.max()) > 500
    assert min(float(m.float().mean()) for m in (bone, soft, air)) > 0.02
    for head in (t1, t2):
        assert float(head.mr[bone].mean()) < 0.25 * float(head.mr[soft].mean())
        assert float(head.mr[air].mean()) < 0.15 * float(head.mr[soft].mean())
    inside = soft & (t1.mr > 0.2 * t1.mr.max())
    assert float(torch.corrcoef(torch.stack([t1.mr[inside], t2.mr[inside]]))[0, 1]) < 0.5


def test_geometry_has_the_middle_in_the_middle():
    head = virtual_head(made_template(), 0, size=32, slices=4)
    assert head.geometry.spacing == (7.0, 7.0, 5.0)
    assert_close(head.geometry.affine @ [15.5, 15.5, 0, 1], np.array([0.0, 0.0, -36.0, 1.0]))


def test_the_headrest_is_in_ct_alone(template):
    without, beside = (virtual_head(template, 3, slices=4, headrest=answer) for answer in (False, True))
    assert bool((without.mr == beside.mr).all())
    seen = (beside.ct - without.ct) > 500
    assert 0.005 < float(seen.float().mean()) < 0.1
