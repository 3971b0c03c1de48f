"""`minimand reconstruct`: the main job, file to file."""

import json

import nibabel
import numpy as np
import pytest
import torch

from minimand.io import read_array
from minimand.reconstruction.admm_csnet import ADMMCSNet
from minimand.reconstruction.admm_net import ADMMNet
from minimand.weights import save_weights

FORMATS = (".npz", ".npy", ".h5", ".cfl", ".nii.gz", ".nii")


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        *((name, suffix) for name in ("odd.npy", "complex.npy", "volume.nii.gz") for suffix in FORMATS),
        ("volume.nii.gz", ".mat"),  # once: each is parsed in a process of its own
    ],
)
def test_a_chain_of_files_brings_the_image_back(scans, work, done, name, suffix):
    done("simulate", scans / name, "--mask", "full", "-o", f"k{suffix}")
    done("reconstruct", f"k{suffix}", "--method", "zero-filled", "-o", f"x{suffix}")
    image = read_array(scans / name).array
    found = read_array(f"x{suffix}").array.reshape(image.shape)
    np.testing.assert_allclose(found, image, atol=3e-6 * np.abs(image).max())
    assert np.iscomplexobj(found) == (np.iscomplexobj(image) or suffix == ".cfl")
    assert float(json.loads(done("score", f"x{suffix}", scans / name, "--json"))["nmse"]) < 1e-5


@pytest.mark.parametrize("between", [".npz", ".h5", ".mat", ".nii.gz"])
def test_a_volume_keeps_its_geometry_through_kspace(scans, work, done, between):
    done("simulate", scans / "volume.nii.gz", "--mask", "radial:0.3", "-o", f"k{between}")
    done("reconstruct", f"k{between}", "--method", "zero-filled", "-o", "x.nii.gz")
    before, after = nibabel.load(scans / "volume.nii.gz"), nibabel.load("x.nii.gz")
    np.testing.assert_allclose(after.affine, before.affine)
    assert after.shape == before.shape
    assert after.header.get_zooms() == pytest.approx(before.header.get_zooms())


@pytest.mark.parametrize("method", ["zero-filled", "tv", "admm-net"])
@pytest.mark.parametrize("name", ["one.npy", "odd.npy", "complex.npy", "stack.npz"])
@pytest.mark.parametrize("mask", ["radial:0.3", "random:0.4"])
def test_a_simulated_file_gives_the_image_that_compare_scores(scans, work, done, method, name, mask):
    weights = ["--weights", scans / "tiny.safetensors"] if method == "admm-net" else []
    done("simulate", scans / name, "--mask", mask, "--seed", 2, "-o", "k.npz")
    done("reconstruct", "k.npz", "--method", method, *weights, "-o", "x.npz")
    ours = json.loads(done("score", "x.npz", scans / name, "--json"))
    table = done("compare", scans / name, "--mask", mask, "--seed", 2, "--methods", method, *weights, "--json")
    theirs = json.loads(table)["methods"][method]
    for figure in ("nmse", "psnr", "ssim"):
        assert ours[figure] == pytest.approx(theirs[figure], rel=1e-4)


def test_the_mask_comes_from_the_option_the_file_or_the_zeros(scans, one, done):
    kspace = np.load(one)
    np.save("bare.npy", kspace["kspace"])
    np.save("mask.npy", kspace["mask"])
    done("reconstruct", one, "--method", "tv", "-o", "a.npy")
    done("reconstruct", "bare.npy", "--method", "tv", "-o", "b.npy")
    done("reconstruct", "bare.npy", "--mask", "mask.npy", "--method", "tv", "-o", "c.npy")
    done("reconstruct", "bare.npy", "--mask", f"{one}:mask", "--method", "tv", "-o", "d.npy")
    done("reconstruct", "bare.npy", "--mask", "radial:0.3", "--method", "tv", "-o", "e.npy")
    for name in "bcde":
        assert np.array_equal(np.load("a.npy"), np.load(f"{name}.npy"))


def test_an_inferred_mask_and_a_real_image_are_said_on_stderr(one, minimand):
    np.save("bare.npy", np.load(one)["kspace"])
    _, out, err = minimand("reconstruct", "bare.npy", "--method", "tv", "-o", "x.npy")
    assert "note: bare.npy: no mask given" in err
    assert "the result is real" in err
    assert out.startswith("x.npy: tv, 1 slice in ")


def test_a_mask_that_leaves_energy_out_is_noticed(one, minimand):
    _, _, err = minimand("reconstruct", one, "--mask", "radial:0.1", "--method", "tv", "-o", "x.npy")
    assert "of the energy lies outside the mask and is left out" in err


def test_scaling_kspace_scales_the_image(scans, one, done):
    stored = np.load(one)
    np.savez("big.npz", kspace=stored["kspace"] * 1e12, mask=stored["mask"])
    for method, words in (("tv", []), ("admm-net", ["--weights", scans / "tiny.safetensors"])):
        done("reconstruct", one, "--method", method, *words, "-o", f"{method}.npy")
        done("reconstruct", "big.npz", "--method", method, *words, "-o", f"{method}-big.npy")
        a, b = np.load(f"{method}.npy"), np.load(f"{method}-big.npy") / 1e12
        np.testing.assert_allclose(b, a, atol=1e-4 * np.abs(a).max())


def test_a_single_slice_of_a_stack_lies_where_it_lay(scans, work, done):
    done("simulate", scans / "volume.nii.gz", "--mask", "radial:0.3", "-o", "k.nii.gz")
    done("reconstruct", "k.nii.gz", "--method", "tv", "-o", "all.npy")
    done("reconstruct", "k.nii.gz[2]", "--method", "tv", "-o", "one.npy")
    done("reconstruct", "k.nii.gz[1:3]", "--method", "tv", "-o", "two.nii.gz")
    np.testing.assert_allclose(np.load("one.npy"), np.load("all.npy")[2], atol=1e-2)
    part, whole = nibabel.load("two.nii.gz").affine, nibabel.load(scans / "volume.nii.gz").affine
    np.testing.assert_allclose(part[:, 3], whole[:, 3] + whole[:, 2])


def test_empty_slices_stay_zero(one, done):
    stored = np.load(one)
    np.savez("k3.npz", kspace=np.stack([stored["kspace"], 0 * stored["kspace"]]), mask=stored["mask"])
    done("reconstruct", "k3.npz", "--method", "tv", "-o", "x.npy")
    image = np.load("x.npy")
    assert image[0].any()
    assert not image[1].any()


def test_every_slice_may_have_its_own_mask(scans, work, done):
    for seed in (1, 2):
        done("simulate", scans / "complex.npy", "--mask", "random:0.4", "--seed", seed, "-o", f"k{seed}.npz")
        done("reconstruct", f"k{seed}.npz", "--method", "tv", "-o", f"x{seed}.npy")
    both = [np.load(f"k{seed}.npz") for seed in (1, 2)]
    np.savez("k.npz", kspace=np.stack([k["kspace"] for k in both]), mask=np.stack([k["mask"] for k in both]))
    done("reconstruct", "k.npz", "--method", "tv", "-o", "x.npy")
    for k in (0, 1):
        np.testing.assert_allclose(np.load("x.npy")[k], np.load(f"x{k + 1}.npy"), atol=1e-5)


def test_truth_gives_scores_and_json_is_one_object(scans, one, minimand):
    words = ["--method", "tv", "--truth", scans / "one.npy", "-o"]
    assert ", SSIM 0." in minimand("reconstruct", one, *words, "x.npz").out
    code, out, _ = minimand("reconstruct", one, *words, "y.npz", "--json")
    found = json.loads(out)
    assert code == 0
    assert (found["output"], found["method"], found["slices"], found["values"]) == ("y.npz", "tv", 1, "float32")
    score = json.loads(minimand("score", "y.npz", scans / "one.npy", "--json").out)
    assert [found[k] for k in ("nmse", "psnr", "ssim")] == pytest.approx([score[k] for k in ("nmse", "psnr", "ssim")])


def test_the_record_says_what_made_the_image(scans, one, done, work):
    weights = scans / "tiny.safetensors"
    done("reconstruct", one, "--weights", weights, "--truth", scans / "one.npy", "-o", "x.npz")
    record = json.loads((work / "x.npz.json").read_text())
    assert [entry["file"] for entry in record["inputs"]] == ["k.npz", "one.npy"]
    assert record["weights"] == "tiny.safetensors"
    assert record["options"]["method"] == "admm-net"
    assert record["output"]["shape"] == [32, 40]


def test_a_png_keeps_sixteen_bits_and_says_their_scale(one, done):
    said = done("reconstruct", one, "--method", "tv", "-o", "x.png")
    assert "16-bit magnitude, 65535 stands for " in said
    done("reconstruct", one, "--method", "tv", "-o", "x.npy")
    image, picture = np.load("x.npy"), read_array("x.png").array
    np.testing.assert_allclose(picture / 65535, np.abs(image) / np.abs(image).max(), atol=1e-5)


def test_a_report_without_truth_shows_the_network_at_work(scans, one, done, work):
    done("reconstruct", one, "--weights", scans / "tiny.safetensors", "--report", "page", "-o", "x.npz")
    page = (work / "page" / "index.html").read_text()
    assert "There is no truth to compare with" in page
    assert page.count(" after stage ") == 3
    assert "Learned shrinkage curves" in page
    assert "tiny.safetensors" in page
    assert str(work) not in page
    assert "<td>–</td>" not in page


def test_a_report_with_truth_has_scores_and_error_maps(scans, work, done):
    done("simulate", scans / "stack.npz", "--mask", "radial:0.3", "-o", "k.npz")
    words = ["--weights", scans / "tiny.safetensors", "--truth", scans / "stack.npz", "--report", "page"]
    done("reconstruct", "k.npz", *words, "-o", "x.npz")
    page = (work / "page" / "index.html").read_text()
    assert page.count('alt="Error map of admm-net on slice') == 4
    assert "PSNR by stage in dB" in page
    assert "Highest PSNR: " in page


def test_outputs_are_replaced_only_when_forced(one, done, refused):
    words = ["reconstruct", one, "--method", "zero-filled", "-o", "x.npz", "--report", "page"]
    done(*words)
    assert "exists already" in refused(*words)
    done(*words, "--force")


def test_a_scan_outside_the_card_is_warned_of(scans, one, minimand, work):
    card = {"network": "admm-net", "arguments": {"depth": 1}, "suits": [0.1, 0.2], "sides": [128, 256]}
    save_weights(work / "card.safetensors", card, ADMMNet(1).state_dict())
    _, _, err = minimand("reconstruct", one, "--weights", "card.safetensors", "-o", "x.npz")
    assert "the network is for rates of 10% to 20%, this scan has 3" in err
    assert "sides of 128 to 256 pixels, this scan has 32 x 40" in err


def test_the_scan_says_which_network_is_taken_where_none_is_named(scans, one, done, monkeypatch, work):
    done("simulate", scans / "complex.npy", "-o", "complex.npz", "--mask", "random:0.5")
    (work / "shipped").mkdir()
    (work / "shipped" / "admm-net.safetensors").write_bytes((scans / "tiny.safetensors").read_bytes())
    card = {"name": "small", "network": "admm-csnet", "arguments": {"depth": 1, "filters": 2, "size": 3}}
    save_weights(work / "shipped" / "admm-csnet.safetensors", card, ADMMCSNet(1, filters=2, size=3).state_dict())
    monkeypatch.setattr("minimand.weights.SHIPPED", work / "shipped")
    for kspace, taken in ((one, ("admm-csnet", "small")), ("complex.npz", ("admm-net", "tiny"))):
        found = json.loads(done("reconstruct", kspace, "-o", "x.npz", "--json", "--force"))
        assert (found["method"], found["weights"]) == taken


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize(("method", "near"), [("tv", 1e-4), ("admm-net", 0.03), ("admm-csnet", 1e-4)])
def test_a_gpu_writes_the_image_of_the_processor(scans, work, done, method, near):
    done("simulate", scans / "stack.npz", "--mask", "radial:0.3", "-o", "k.npz")
    for device in ("cpu", "cuda"):
        done("reconstruct", "k.npz", "--method", method, "--device", device, "-o", f"{device}.npy")
    expected = np.load("cpu.npy")
    assert np.linalg.norm(np.load("cuda.npy") - expected) < near * np.linalg.norm(expected)
