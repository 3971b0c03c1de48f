"""A file of k-space, read to the inside convention and handed back in the file's own."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from minimand.io import InputError
from minimand.metrics import score
from minimand.reconstruction.methods import get_method
from minimand.reconstruction.phantoms import phantom
from minimand.reconstruction.reconstruct import Reconstructed
from minimand.systems.mri.scan import read_scan, read_truth, reconstruct_scan, score_scan, to_file

CPU = torch.device("cpu")


def centred(x):
    return np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(x, axes=(-2, -1)), norm="ortho"), axes=(-2, -1))


def heads(count, size):
    return np.stack([phantom(size, torch.Generator().manual_seed(k)).double().numpy() for k in range(count)])


@pytest.mark.parametrize("size", [(16, 20), (15, 20), (16, 21), (15, 21)])
@pytest.mark.parametrize("phase", [False, True])
def test_the_image_comes_back_where_it_was(tmp_path, size, phase):
    x = heads(2, size) * (np.exp(1j * np.linspace(0, 2, size[1])) if phase else 1)
    np.save(tmp_path / "k.npy", centred(x))
    scan = read_scan(str(tmp_path / "k.npy"), "full")
    assert scan.real == (not phase)
    assert_close(torch.fft.ifft2(scan.kspace, norm="ortho"), torch.from_numpy(x).to(torch.complex64), atol=1e-6, rtol=0)
    image = to_file(scan, reconstruct_scan(scan, get_method("zero-filled"), CPU))
    np.testing.assert_allclose(image, x, atol=1e-6)
    assert np.iscomplexobj(image) == phase


def test_shapes_follow_the_file(tmp_path):
    for shape in [(16, 20), (1, 16, 20), (3, 16, 20)]:
        np.save(tmp_path / "k.npy", np.ones(shape, complex))
        scan = read_scan(str(tmp_path / "k.npy"), None)
        assert to_file(scan, reconstruct_scan(scan, get_method("zero-filled"), CPU)).shape == shape
        assert (scan.slices, scan.single) == (1 if len(shape) == 2 else shape[0], len(shape) == 2)


def test_slices_are_named_as_the_file_counts_them(tmp_path):
    np.save(tmp_path / "k.npy", np.ones((6, 16, 20), complex))
    assert read_scan(f"{tmp_path}/k.npy[2:6:2]", None).name(1) == "slice 4"
    assert read_scan(f"{tmp_path}/k.npy", None).name(1) == "slice 1"
    assert read_scan(f"{tmp_path}/k.npy[3]", None).name(0) == "k.npy"


def test_a_result_that_is_not_finite_is_told(tmp_path):
    np.save(tmp_path / "k.npy", np.ones((16, 20), complex))
    scan, tv = read_scan(str(tmp_path / "k.npy"), None), get_method("tv")
    broken = type(tv)("tv", lambda data: torch.full(data.y.shape, torch.nan))
    with pytest.raises(ArithmeticError, match="tv diverged"):
        reconstruct_scan(scan, broken, CPU)


def test_truth_belongs_to_the_slices_that_hold_samples(tmp_path):
    x = heads(3, (16, 20))
    x[1] = 0
    np.save(tmp_path / "k.npy", centred(x))
    np.save(tmp_path / "t.npy", x)
    scan = read_scan(str(tmp_path / "k.npy"), "full")
    truth = read_truth(scan, str(tmp_path / "t.npy"))
    assert_close(truth, torch.from_numpy(x))
    found = Reconstructed(1.1 * truth, 0.0)
    scores = score_scan(scan, found, truth)
    assert scores.nmse.tolist() == pytest.approx([0.1, 0.1])
    alone = score(1.1 * truth[2:], truth[2:], peak=float(truth[2].max()))
    assert float(scores.psnr[1]) == float(alone.psnr)
    with pytest.raises(InputError, match="the truth has 1 image of 16 x 20, the scan 2 of 16 x 20"):
        read_truth(scan, f"{tmp_path}/t.npy[0]")


def test_a_mask_spec_takes_the_size_of_the_scan_and_its_seed(tmp_path):
    np.save(tmp_path / "k.npy", centred(heads(2, (16, 20))))
    one, two = (read_scan(str(tmp_path / "k.npy"), "random:0.5", seed) for seed in (1, 2))
    assert one.rate == pytest.approx(0.5, abs=0.01)
    assert not torch.equal(one.mask, two.mask)
    assert not one.kspace[:, ~one.mask].any()
