"""Data of several coils, file to file: what comes out, what is said, and what is refused."""

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch

from minimand.io import read_array, write_array
from minimand.reconstruction.phantoms import phantom
from minimand.systems.mri.coils import ring

SIZE, COILS = (48, 41), 4  # one side is odd


def centred(x):
    return np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(x, axes=(-2, -1)), norm="ortho"), axes=(-2, -1))


def measured(coils=COILS, slices=1, noise=0.002, size=SIZE) -> tuple[np.ndarray, np.ndarray]:
    """K-space (slices, coils, h, w) of heads with a slow phase, zero frequency in the centre, and the images."""
    rng = np.random.default_rng(3)
    heads = np.stack([phantom(size, torch.Generator().manual_seed(k)).numpy() for k in range(slices)])
    heads = heads * np.exp(1j * np.linspace(0, 2, size[1]))
    kspace = centred(ring(size, coils).numpy() * heads[:, None])
    return kspace + noise * (rng.normal(size=kspace.shape) + 1j * rng.normal(size=kspace.shape)), heads


def twofold(size=SIZE, block=14) -> np.ndarray:
    """Every second row, and a full centre."""
    mask = np.zeros(size, bool)
    mask[::2] = True
    mask[size[0] // 2 - block // 2 : size[0] // 2 + block // 2] = True
    return mask


@pytest.fixture
def coils(work) -> Path:
    """coils.npz with its mask, and the truth in heads.npy."""
    kspace, heads = measured()
    mask = twofold()
    np.savez("coils.npz", kspace=(kspace * mask).astype(np.complex64), mask=mask)
    np.save("heads.npy", heads)
    return work / "coils.npz"


def error(recon: str, truth: str = "heads.npy") -> float:
    """NRMSE of magnitudes: coil maps leave the phase of a pixel open."""
    x, t = np.abs(read_array(recon).array).squeeze(), np.abs(np.load(truth)).squeeze()
    return float(np.linalg.norm(x - t) / np.linalg.norm(t))


def test_sense_is_far_better_than_zero_filling(coils, done):
    errors = {}
    for method in ("zero-filled", "sense-tv", "sense-wavelet", "tv"):
        done("reconstruct", coils, "--method", method, "-o", f"{method}.npy")
        errors[method] = error(f"{method}.npy")
    assert errors["sense-tv"] < errors["zero-filled"] / 3
    assert errors["sense-wavelet"] < errors["zero-filled"] / 3
    assert errors["tv"] == errors["sense-tv"]


def test_what_was_done_is_said(coils, minimand):
    code, out, err = minimand("reconstruct", coils, "-o", "x.npy")
    assert code == 0
    assert out.startswith("x.npy: sense-wavelet, 1 slice in")
    assert "coil maps by ESPIRiT from the 14 x 32 points of the centre" in err


@pytest.mark.parametrize("suffix", [".npz", ".h5", ".mat", ".npy", ".cfl"])
def test_every_format_takes_coils_and_gives_images(work, done, suffix):
    kspace, heads = measured(slices=2)
    np.save("heads.npy", heads)
    write_array(f"k{suffix}", kspace.astype(np.complex64) * twofold(), key="kspace")
    done("reconstruct", f"k{suffix}", "-o", f"x{suffix}")
    image = read_array(f"x{suffix}").array
    assert image.shape == (2, *SIZE)
    assert error(f"x{suffix}") < 0.15


def test_a_bart_slice_is_one_image(work, done):
    kspace, heads = measured()
    np.save("heads.npy", heads)
    from minimand.io.bart import write_cfl

    write_cfl(Path("k.cfl"), kspace[0] * twofold(), ("coil", "phase1", "phase2"), force=False)
    done("reconstruct", "k.cfl", "-o", "x.npy")
    assert np.load("x.npy").shape == SIZE
    assert error("x.npy") < 0.15


def test_maps_from_a_file_are_taken(coils, done, refused):
    maps = ring(SIZE, COILS).numpy()
    np.savez("m.npz", maps=maps)
    done("reconstruct", coils, "--maps", "m.npz", "-o", "x.npy")
    assert error("x.npy") < 0.12
    for name, bad, said in [
        ("few", maps[:3], "complex, (4, 48, 41), found complex128 of shape (3, 48, 41)"),
        ("size", maps[..., 1:], "shape (4, 48, 40)"),
        ("real", np.abs(maps), "found float64"),
        ("nan", maps * np.nan, "NaN"),
        ("zero", 0 * maps, "zero everywhere"),
    ]:
        np.savez(f"{name}.npz", maps=bad)
        assert said in refused("reconstruct", coils, "--maps", f"{name}.npz", "-o", "y.npy")
    np.save("one.npy", np.load(coils)["kspace"][0, 0])
    assert "holds one; leave it out" in refused("reconstruct", "one.npy", "--maps", "m.npz", "-o", "y.npy")


def test_many_coils_are_compressed(work, minimand):
    kspace, heads = measured(coils=12)
    np.save("heads.npy", heads)
    np.savez("k.npz", kspace=kspace * twofold())
    _, _, err = minimand("reconstruct", "k.npz", "-o", "x.npy")
    assert "12 coils compressed to 8 virtual ones, which keep 9" in err
    assert error("x.npy") < 0.12
    np.savez("m.npz", maps=ring(SIZE, 12).numpy())
    _, _, err = minimand("reconstruct", "k.npz", "-o", "y.npy", "--maps", "m.npz", "--coils", 6)
    assert "12 coils compressed to 6" in err
    assert error("y.npy") < 0.12


def test_noise_beside_kspace_is_made_white(work, minimand):
    kspace, heads = measured(noise=0)
    rng = np.random.default_rng(0)
    draw = lambda *shape: rng.normal(size=shape) + 1j * rng.normal(size=shape)  # noqa: E731
    loud = np.array([0.1, 0.002, 0.002, 0.002])[:, None]
    kspace = kspace + (loud * draw(COILS, SIZE[0] * SIZE[1])).reshape(1, COILS, *SIZE)
    np.save("heads.npy", heads)
    np.savez("k.npz", kspace=kspace * twofold(), noise=loud * draw(COILS, 500))
    np.savez("plain.npz", kspace=kspace * twofold())
    assert "noise made white by the 500 samples" in minimand("reconstruct", "k.npz", "-o", "x.npy").err
    minimand("reconstruct", "plain.npz", "-o", "y.npy")
    assert error("x.npy") < error("y.npy")
    np.savez("few.npz", kspace=kspace * twofold(), noise=draw(COILS, 5))
    assert "the noise scan is left out" in minimand("reconstruct", "few.npz", "-o", "z.npy").err


def test_raw_data_go_through_and_keep_their_geometry(work, done, write_raw, raw_header):
    kspace, heads = measured(size=(48, 40))
    np.save("heads.npy", heads)
    rows = [y for y in range(48) if twofold((48, 40))[y, 0]]
    noise = {"samples": 0.002 * np.random.default_rng(0).normal(size=(COILS, 64)) * (1 + 1j), "flags": [19]}
    lines = [{"samples": kspace[0, :, y], "kspace_encode_step_1": y, "position": (5, 0, 0)} for y in rows]
    write_raw(work / "raw.h5", [noise, *lines], raw_header((40, 48, 1)))
    for method in ("sense-tv", "zero-filled"):
        done("reconstruct", "raw.h5", "--method", method, "-o", f"{method}.nii.gz")
    assert error("sense-tv.nii.gz") < 0.1
    image = nibabel.load("sense-tv.nii.gz")
    assert image.shape == (48, 40, 1)
    np.testing.assert_allclose(image.affine @ [24, 20, 0, 1], [-5, 0, 0, 1])
    record = json.loads(Path("sense-tv.nii.gz.json").read_text())
    assert record["inputs"][0]["file"] == "raw.h5"


def test_one_coil_is_single_coil_data(work, minimand):
    kspace, _ = measured(coils=1)
    np.savez("k.npz", kspace=kspace * twofold())
    err = minimand("reconstruct", "k.npz", "--method", "tv", "-o", "x.npy").err
    assert "there is one coil" in err
    assert np.load("x.npy").shape == (1, *SIZE)


def test_slices_without_samples_stay_zero(work, done):
    kspace, _ = measured(slices=3)
    kspace[1] = 0
    np.savez("k.npz", kspace=kspace * twofold())
    done("reconstruct", "k.npz", "-o", "x.npy")
    image = np.load("x.npy")
    assert [bool(x.any()) for x in image] == [True, False, True]


def test_a_truth_a_report_and_json(coils, minimand, work):
    words = ["--truth", "heads.npy", "--report", "page", "--json", "--method", "sense-tv", "-o", "x.npz"]
    code, out, _ = minimand("reconstruct", coils, *words)
    assert code == 0
    assert json.loads(out)["psnr"] > 10
    assert (work / "page" / "index.html").is_file()


def test_a_network_takes_coil_data(coils, scans, done):
    done("reconstruct", coils, "--weights", scans / "tiny.safetensors", "-o", "x.npy")
    assert np.iscomplexobj(np.load("x.npy"))


def test_sense_methods_take_single_coil_images_as_one_coil(scans, work, done, minimand):
    methods = "zero-filled,sense-tv,sense-wavelet"
    table = json.loads(done("compare", scans / "one.npy", "--mask", "radial:0.4", "--methods", methods, "--json"))
    rows = table["methods"]
    assert min(rows["sense-tv"]["psnr"], rows["sense-wavelet"]["psnr"]) > rows["zero-filled"]["psnr"] + 2
    said = minimand("compare", scans / "one.npy", "--operator", "hadamard:0.4", "--methods", "sense-tv")
    assert said.code == 2
    assert "sense-tv is for k-space" in said.err


def test_a_network_takes_coil_data_and_leaves_zero_what_no_coil_sees(coils, done):
    maps = ring(SIZE, COILS).numpy()
    maps[:, :, :6] = 0
    np.save("maps.npy", maps)
    done("reconstruct", coils, "--method", "zero-filled", "-o", "zero.npy")
    found = json.loads(done("reconstruct", coils, "--method", "admm-csnet", "-o", "x.npy", "--json"))
    assert found["weights"] == "admm-csnet-coils"
    assert error("x.npy") < error("zero.npy") / 2
    done("reconstruct", coils, "--maps", "maps.npy", "--method", "admm-csnet", "-o", "part.npy")
    part = np.load("part.npy")
    assert not part[..., :6].any()
    assert part[..., 6:].all()


def test_a_complex_scan_of_one_coil_has_a_network_of_its_own(work, done):
    kspace, _ = measured(coils=1)
    np.savez("k.npz", kspace=kspace[:, 0] * twofold(), mask=twofold())
    found = json.loads(done("reconstruct", "k.npz", "--method", "admm-csnet", "-o", "x.npy", "--json"))
    assert found["weights"] == "admm-csnet-cartesian"


def test_a_centre_that_is_too_small_says_what_to_do(work, refused):
    kspace, _ = measured()
    mask = twofold(block=2)
    np.savez("k.npz", kspace=kspace * mask)
    said = refused("reconstruct", "k.npz", "-o", "x.npy")
    assert "the fully sampled centre of k-space is 2 x 32 points" in said
    assert "--maps FILE[:KEY]" in said


def test_a_mask_with_the_wrong_centre_is_told(coils, refused):
    stored = np.load(coils)
    np.save("mask.npy", np.fft.ifftshift(stored["mask"]))
    np.save("bare.npy", stored["kspace"])
    said = refused("reconstruct", "bare.npy", "--mask", "mask.npy", "-o", "x.npy")
    assert "once its zero frequency is moved from [0, 0] to the centre" in said
    np.save("full.npy", measured()[0])
    assert "apply numpy.fft.fftshift" in refused("reconstruct", "full.npy", "--mask", "mask.npy", "-o", "x.npy")


def test_lines_of_zeros_within_the_mask_are_told(coils, minimand):
    stored = np.load(coils)
    np.savez("k.npz", kspace=stored["kspace"], mask=np.ones(SIZE))
    assert "exactly zero and count as measured" in minimand("reconstruct", "k.npz", "-o", "x.npy").err


def test_coils_that_are_all_zero(coils, refused, minimand):
    stored = np.load(coils)
    np.savez("zero.npz", kspace=0 * stored["kspace"], mask=stored["mask"])
    assert "zero everywhere" in refused("reconstruct", "zero.npz", "-o", "x.npy")
    silent = stored["kspace"].copy()
    silent[:, 2] = 0
    np.savez("silent.npz", kspace=silent, mask=stored["mask"])
    assert "1 of 4 coils hold nothing but zeros" in minimand("reconstruct", "silent.npz", "-o", "x.npy").err


def test_raw_data_that_cannot_be_reconstructed(work, refused, write_raw, raw_header):
    lines = [{"samples": np.ones((2, 16)), "kspace_encode_step_1": y, "flags": [19]} for y in range(8)]
    write_raw(work / "noise.h5", lines, raw_header((16, 8, 1)))
    assert "flagged as image" in refused("reconstruct", "noise.h5", "-o", "x.npy")
    write_raw(work / "spiral.h5", lines, raw_header((16, 8, 1), trajectory="spiral"))
    assert "only cartesian is read" in refused("reconstruct", "spiral.h5", "-o", "x.npy")
    (work / "cut.h5").write_bytes((work / "noise.h5").read_bytes()[:3000])
    assert "cut.h5" in refused("reconstruct", "cut.h5", "-o", "x.npy")
