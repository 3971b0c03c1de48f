"""BM3D-MRI: nearer than the total variation it starts from, on real and complex images; its figure."""

import numpy as np
import pytest
import torch

from minimand.io import InputError
from minimand.metrics import psnr
from minimand.operators.sensing import parse_operator
from minimand.reconstruction.classical.bm3d_mri import bm3d_mri
from minimand.reconstruction.classical.energies import tv
from minimand.terms import LeastSquares


@pytest.mark.parametrize("turn", [1.0, 1j])
def test_it_is_nearer_than_its_start_and_keeps_to_the_samples(turn, heads, measured):
    truth = turn * heads(1, (48, 45))
    data = measured(truth)
    found = bm3d_mri(data)
    assert found.dtype == truth.dtype
    assert (found - truth).norm() < 0.9 * (tv(data) - truth).norm()
    assert (data.A(found) - data.y).norm() < 1e-3 * data.y.norm()


def test_small_images_will_do(measured):
    truth = torch.rand(1, 5, 13, dtype=torch.complex64)
    assert bm3d_mri(measured(truth, "random:0.8")).shape == truth.shape


def test_other_measurements_are_refused_with_a_method_that_can():
    A = parse_operator("hadamard:0.5", (16, 16))
    with pytest.raises(InputError, match="bm3d-mri is for k-space, not for the operator Hadamard; use tv"):
        bm3d_mri(LeastSquares(A, A(torch.rand(1, 16, 16))))


def test_the_figure_of_the_middle_of_chest_image_61(data, measured):
    chest = np.load(data / "mri" / "chest_train_075.npz")
    truth = torch.from_numpy(chest["image"][60] / chest["scale"][60]).float()[None, 80:176, 80:176]
    found = bm3d_mri(measured(truth, "radial:0.2"))
    assert float(psnr(found, truth, peak=float(truth.max()))) == pytest.approx(25.93, abs=0.05)
