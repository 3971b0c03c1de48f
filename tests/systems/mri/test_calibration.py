"""Coil maps: the calibration region is found, known maps come back, sigpy's agree."""

import time

import pytest
import torch
from torch.testing import assert_close

from minimand.io import InputError
from minimand.operators.sampling import parse_mask
from minimand.reconstruction.phantoms import phantom
from minimand.systems.mri.calibration import calibration_region, centre, espirit, require_region
from minimand.systems.mri.coils import ring

SIZE = (64, 60)


def block_mask(size, region):
    """A mask that samples a block around zero frequency and nothing else."""
    mask = torch.zeros(size, dtype=torch.bool)
    rows, columns = (slice(n // 2 - side // 2, n // 2 - side // 2 + side) for n, side in zip(size, region))
    mask[rows, columns] = True
    return torch.fft.ifftshift(mask)


def scan(size=SIZE, coils=5, noise=0.0):
    """Maps, coil images of a head and their k-space."""
    maps = ring(size, coils)
    images = maps * phantom(size, torch.Generator().manual_seed(3))
    kspace = torch.fft.fft2(images, norm="ortho")
    return maps, images, kspace + noise * torch.randn(kspace.shape, dtype=kspace.dtype)


def unexplained(maps, images):
    """Share of the coil images that no combined image gives through the maps."""
    combined = (maps.conj() * images).sum(0)
    return float((maps * combined - images).norm() / images.norm())


@pytest.mark.parametrize("size", [(20, 30), (21, 31), (21, 30)])
@pytest.mark.parametrize("region", [(6, 8), (7, 9), (6, 9), (13, 6), (1, 1)])
def test_the_region_is_the_block_that_is_full(size, region):
    mask = block_mask(size, region)
    assert calibration_region(mask) == region
    kspace = torch.where(mask, torch.randn(size, dtype=torch.complex128) + 2, 0)
    block = centre(kspace, region)
    assert bool((block != 0).all())
    assert block[region[0] // 2, region[1] // 2] == kspace[0, 0]


def test_the_region_of_usual_masks():
    columns = parse_mask("cartesian:0.3", (128, 100))
    assert calibration_region(columns)[0] == 32
    assert calibration_region(columns)[1] in (9, 10, 11)
    assert calibration_region(torch.ones(128, 100, dtype=torch.bool)) == (32, 32)
    assert calibration_region(torch.zeros(128, 100, dtype=torch.bool)) == (0, 0)


def test_a_region_that_is_too_small_says_what_to_do():
    require_region((6, 6), "k.npz")
    with pytest.raises(InputError, match=r"k.npz: the fully sampled centre .* is 32 x 4 points.*--maps FILE"):
        require_region((32, 4), "k.npz")


@pytest.mark.parametrize(
    ("region", "least", "most"),
    [((24, 24), 0.99, 0.02), ((23, 25), 0.99, 0.02), ((32, 16), 0.99, 0.02), ((12, 12), 0.98, 0.025)],
)
def test_known_maps_come_back(region, least, most):
    truth, images, kspace = scan()
    maps, values = espirit(centre(kspace, region), SIZE)
    inside = images.abs().square().sum(0).sqrt() > 0.1
    agreement = (maps[0].conj() * truth).sum(0).abs()
    assert float(agreement[inside].min()) > least
    assert float(values[0][inside].min()) > 0.9  # far from the crop
    assert unexplained(maps[0], images) < most


def test_maps_are_normalised_and_smooth_in_phase():
    _, images, kspace = scan()
    maps, values = espirit(centre(kspace, (24, 24)), SIZE)
    power = maps[0].abs().square().sum(0)
    kept = values[0] >= 0.8
    assert_close(power, kept.to(power.dtype), rtol=1e-4, atol=1e-4)
    inside = images.abs().square().sum(0).sqrt() > 0.1
    turns = (maps[0, :, 1:] * maps[0, :, :-1].conj()).sum(0)[inside[1:] & inside[:-1]]
    assert float(turns.angle().abs().max()) < 0.5


def test_noise_is_left_out_of_the_maps():
    _, images, kspace = scan(noise=0.1)
    maps, _ = espirit(centre(kspace, (24, 24)), SIZE)
    assert unexplained(maps[0], images) < 0.08


def test_a_folded_image_needs_a_second_set():
    _, images, kspace = scan(size=(64, 64))
    folded = torch.fft.fft2(images + images.roll(32, -1), norm="ortho")  # two places of the body in one pixel
    maps, values = espirit(centre(folded, (24, 24)), (64, 64), sets=2)
    assert maps.shape == (2, 5, 64, 64)
    assert float((values[1] > 0.9).double().mean()) > 0.2
    single = espirit(centre(kspace, (24, 24)), (64, 64), sets=2)[1]
    assert float((single[1] > 0.9).double().mean()) < 0.05


def test_a_block_of_one_line_is_refused():
    with pytest.raises(ValueError, match="2 x 2 points or more"):
        espirit(torch.ones(3, 1, 8, dtype=torch.complex64), SIZE)


def test_sigpy_finds_the_same_maps():
    app = pytest.importorskip("sigpy.mri.app", reason="needs sigpy, the extra `bench`")
    _, images, kspace = scan()
    centred = torch.fft.fftshift(kspace, dim=(-2, -1)).numpy()
    theirs = torch.from_numpy(app.EspiritCalib(centred, crop=0, show_pbar=False).run())
    theirs = torch.fft.ifftshift(theirs, dim=(-2, -1))  # their image has its origin in the centre
    ours = espirit(centre(kspace, (24, 24)), SIZE)[0][0]
    inside = images.abs().square().sum(0).sqrt() > 0.1
    assert float((ours.conj() * theirs).sum(0).abs()[inside].quantile(0.01)) > 0.995


@pytest.mark.slow
def test_maps_of_a_brain_take_seconds():
    kspace = torch.fft.fft2(ring((230, 180), 8) * phantom((230, 180), torch.Generator().manual_seed(3)))
    started = time.perf_counter()
    espirit(centre(kspace, (24, 24)), (230, 180))
    assert time.perf_counter() - started < 5
