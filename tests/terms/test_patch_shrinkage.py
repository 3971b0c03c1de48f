"""Patches shrunk in bases of their own."""

import torch
from torch.testing import assert_close

from minimand.terms import PatchShrinkage, soft_threshold


def test_it_is_the_mean_over_all_shifts_of_shrinkage_in_blocks():
    v, t = torch.randn(1, 4, 6, dtype=torch.complex128), 0.3
    basis = torch.linalg.qr(torch.randn(4, 4, dtype=torch.float64))[0]
    mean = torch.zeros_like(v)
    for i in range(2):
        for j in range(2):
            blocks = v.roll((-i, -j), (-2, -1)).reshape(2, 2, 3, 2).permute(0, 2, 1, 3).reshape(6, 4)
            shrunk = soft_threshold(blocks @ basis.T.to(v.dtype), t) @ basis.to(v.dtype)
            back = shrunk.reshape(2, 3, 2, 2).permute(0, 2, 1, 3).reshape(1, 4, 6)
            mean = mean + back.roll((i, j), (-2, -1)) / 4
    term = PatchShrinkage(basis[None], torch.zeros(1, 4, 6, dtype=torch.int64))
    assert_close(term.prox(v, t), mean)


def test_each_patch_is_shrunk_in_the_basis_of_its_label():
    bases = torch.stack([torch.eye(4), torch.full((4, 4), 0.5) - torch.eye(4)]).double()
    labels = torch.tensor([[[0, 1], [1, 0]]])
    v, t = torch.randn(1, 2, 2, dtype=torch.float64), 0.2
    total = torch.zeros(2, 2, dtype=torch.float64)
    for i in range(2):
        for j in range(2):
            patch = v[0].roll((-i, -j), (0, 1)).reshape(4)
            basis = bases[labels[0, i, j]]
            total += (basis.T @ soft_threshold(basis @ patch, t)).reshape(2, 2).roll((i, j), (0, 1)) / 4
    assert_close(PatchShrinkage(bases, labels).prox(v, t)[0], total)
