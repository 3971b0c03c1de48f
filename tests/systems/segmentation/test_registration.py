"""Registration: splines, windows, and maps that bring atlases onto a target."""

import subprocess
import sys

import pytest
import torch
from torch.testing import assert_close

from minimand.metrics import dice
from minimand.systems.segmentation.registration import (
    Effort,
    affine_places,
    bending,
    centres,
    deformation,
    descend,
    folded,
    local_correlation,
    register,
    splines,
    translation,
    warp,
    window,
)


def test_splines_add_up_to_one_and_lie_on_straight_lines():
    B = splines(20, 9, torch.float64)
    assert_close(B.sum(1), torch.ones(20, dtype=torch.float64))
    points = 2 * (torch.arange(9, dtype=torch.float64) - 1) / 6 - 1
    assert_close(B @ points, centres(20, torch.float64))


def test_straight_deformations_do_not_bend():
    line = torch.linspace(-1, 1, 6, dtype=torch.float64)
    C = torch.stack(torch.meshgrid(line, line, line, indexing="ij"))[None]
    assert float(bending(C)) == pytest.approx(0, abs=1e-24)
    C[0, 0, 2, 3, 3] += 1
    assert float(bending(C)) == 3 * 6 + 2 * 3 * 4  # (1, -2, 1) along three axes, (1, -1, -1, 1) along three pairs


def test_the_identity_leaves_volumes_alone():
    x = torch.rand(2, 1, 4, 5, 6)
    here = affine_places(torch.zeros(2, 3, 3), torch.zeros(2, 3), (4, 5, 6))
    assert_close(warp(x, here), x)
    assert_close(here + deformation(torch.zeros(2, 3, 5, 5, 5), (4, 5, 6)), here)
    assert folded(here).tolist() == [0, 0]
    assert folded(-here).tolist() == [1, 1]


@pytest.mark.parametrize("size", [(1, 12, 14), (6, 12, 14)])
def test_local_correlation_is_that_of_the_window_and_heeds_no_contrast(size):
    a, b = torch.rand(2, 1, *size, dtype=torch.float64)
    radius = window((2.0, 1.0, 1.0), size)
    assert radius == ((0, 4, 4) if size[0] == 1 else (2, 4, 4))
    found = local_correlation(a, b, radius)
    z = slice(0, 1) if size[0] == 1 else slice(0, 5)
    pair = torch.stack([v[0, z, 1:10, 2:11].flatten() for v in (a, b)])
    assert float(found[0, 0 if size[0] == 1 else 2, 5, 6]) == pytest.approx(
        float(torch.corrcoef(pair)[0, 1] ** 2), rel=1e-2
    )
    assert float((local_correlation(a, 0.3 * a + 0.2, radius) - 1).abs().max()) < 0.05


def test_a_shift_is_found():
    x = torch.rand(1, 12, 12).repeat_interleave(8, 1).repeat_interleave(8, 2)
    moved = torch.roll(x, (8, -4), (1, 2))
    assert_close(translation(x, moved[None])[0], torch.tensor([0, 2 * 8 / 96, -2 * 4 / 96]))


@pytest.mark.parametrize("size", [(48, 56), (24, 32, 32)])
def test_atlases_come_nearer_one_by_one_as_all_together(bodies, size):
    target, images, labels, truth = bodies(3, size)
    effort = Effort(30, 20)
    field = register(target, images, effort=effort).on(target.shape)
    alone = register(target, images[1:2], effort=effort).on(target.shape)
    assert_close(alone, field[1:2], rtol=0, atol=2e-3)
    assert bool((folded(field) == 0).all())
    organ = truth[1:].sum(0)[None].bool().expand(3, -1, -1, -1)
    before, after = (dice(v[:, 1:].sum(1) > 0.5, organ) for v in (labels, warp(labels, field)))
    assert float(after.min()) > 0.9
    assert bool((after > before).all())
    assert float(after.mean()) > float(before.mean()) + 0.05


def test_descent_is_adam_to_the_last_bit():
    targets = torch.randn(3, 4), torch.randn(3, 2)
    ours, theirs = ([torch.ones_like(t).requires_grad_() for t in targets] for _ in range(2))

    def loss(numbers):
        return sum((x - t).abs().pow(1.5).sum(1) for x, t in zip(numbers, targets))

    descend(lambda: loss(ours), ours, 30, 0.05)
    adam = torch.optim.Adam(theirs, lr=0.05)
    for _ in range(30):
        adam.zero_grad()
        loss(theirs).sum().backward()
        adam.step()
    for a, b in zip(ours, theirs):
        assert torch.equal(a, b)


def test_registration_leaves_torchs_compiler_alone():
    """It takes longer to import than a slice to label."""
    code = (
        "import sys, torch; from minimand.systems.segmentation.registration import Effort, register; "
        "register(torch.rand(1, 24, 24), torch.rand(2, 1, 24, 24), effort=Effort()); "
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
