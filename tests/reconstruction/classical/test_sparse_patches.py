"""PBDW, PANO and FDLCP, and what they share."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from minimand.io import InputError
from minimand.metrics import psnr
from minimand.operators.sensing import parse_operator
from minimand.reconstruction.classical.directions import directional_haar, sparsest
from minimand.reconstruction.classical.energies import sidwt
from minimand.reconstruction.classical.sparse_patches import learned_bases, power_of_two
from minimand.reconstruction.methods import get_method
from minimand.terms import LeastSquares

NAMES = ("pbdw", "pano", "fdlcp")


def test_directional_bases_are_orthonormal_and_differ():
    bases = directional_haar(8)
    assert_close(bases @ bases.mT, torch.eye(64).double().expand(len(bases), -1, -1))
    assert len({tuple(b.flatten().tolist()) for b in bases}) >= len(bases) - 1


@pytest.mark.parametrize("k", [0, 6, 12, 18])
def test_stripes_are_sparsest_along_themselves(k):
    i, j = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    angle = torch.pi * torch.tensor(k / 24)
    stripes = torch.sign(torch.sin(0.9 * (angle.cos() * i - angle.sin() * j) + 0.4))[None]
    inside = sparsest(stripes, directional_haar(8).float())[0, :24, :24]
    most = int(inside.flatten().mode().values)
    assert torch.equal(directional_haar(8)[most], directional_haar(8)[k])


def test_learned_bases_are_orthonormal_and_sparser_than_their_start():
    start, guide = directional_haar(8).float()[:2], torch.randn(1, 40, 40).cumsum(1).cumsum(2) / 40
    labels = torch.zeros(1, 40, 40, dtype=torch.int64)
    bases = learned_bases(guide, labels, start, 0.3)
    assert_close(bases @ bases.mT, torch.eye(64).expand(2, -1, -1), rtol=0, atol=1e-5)
    assert torch.equal(bases[1], start[1])  # a class without patches
    patches = guide.unfold(1, 8, 1).unfold(2, 8, 1).reshape(-1, 64)
    counts = [int(((patches @ b.T).abs() > 0.3).sum()) for b in (start[0], bases[0])]
    assert counts[1] < 0.9 * counts[0]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_nearer_than_its_guide(name, heads, measured):
    truth = heads(1, (48, 45))
    data = measured(truth)
    guide, found = sidwt(data), get_method(name).run(data)
    assert (found - truth).norm() < 0.98 * (guide - truth).norm()


@pytest.mark.parametrize("name", NAMES)
def test_small_images_will_do(name, measured):
    truth = torch.rand(1, 5, 13, dtype=torch.complex64)
    assert get_method(name).run(measured(truth, "random:0.8")).shape == truth.shape


@pytest.mark.parametrize("name", NAMES)
def test_other_measurements_are_refused_with_a_method_that_can(name):
    A = parse_operator("hadamard:0.5", (16, 16))
    with pytest.raises(InputError, match=f"{name} is for k-space, not for the operator Hadamard; use tv"):
        get_method(name).run(LeastSquares(A, A(torch.rand(1, 16, 16))))


def test_powers_of_two():
    assert [power_of_two(n) for n in (1, 2, 7, 8, 9)] == [1, 2, 4, 8, 8]


@pytest.mark.parametrize(("name", "figure"), [("pbdw", 24.46), ("pano", 25.30), ("fdlcp", 24.95)])
def test_the_figure_of_the_middle_of_chest_image_61(name, figure, data, measured):
    chest = np.load(data / "mri" / "chest_train_075.npz")
    truth = torch.from_numpy(chest["image"][60] / chest["scale"][60]).float()[None, 80:176, 80:176]
    found = get_method(name).run(measured(truth, "radial:0.2"))
    assert float(psnr(found, truth, peak=float(truth.max()))) == pytest.approx(figure, abs=0.03)
