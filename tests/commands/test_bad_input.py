"""Bad input to each command: one clear line, exit code 2, nothing written."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from minimand.io import write_array
from minimand.reconstruction.admm_net import ADMMNet
from minimand.weights import save_weights

FORMATS = (".npz", ".npy", ".h5", ".mat", ".cfl", ".nii.gz", ".nii")
TO = ("--method", "tv", "-o", "x.npz")


@pytest.fixture
def kspace(one) -> np.ndarray:
    return np.load(one)["kspace"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["reconstruct", "gone.npz", *TO], "gone.npz: no such file"),
        (["reconstruct", "kk.npz", *TO], "Did you mean k.npz?"),
        (["reconstruct", "k.npz:kspcae", *TO], "no array 'kspcae'. Did you mean kspace?"),
        (["reconstruct", ".", *TO], "a file is needed"),
        (["reconstruct", "k.npz[0]", *TO], "no stack to take [0] from"),
        (["reconstruct", "k.npz", "--method", "tvv", "-o", "x.npz"], "no method 'tvv'. Did you mean tv"),
        (["reconstruct", "k.npz", "--method", "admmnet", "-o", "x.npz"], "Did you mean admm-net"),
        (["reconstruct", "k.npz", "--method", "tv", "-o", "none/x.npz"], "the folder none does not exist"),
        (["reconstruct", "k.npz", "--method", "tv", "-o", "x.xyz"], "cannot write .xyz; the formats are"),
        (["reconstruct", "k.npz", "--method", "tv", "-o", "x"], "no suffix"),
        (["reconstruct", "k.npz", "--method", "tv", "-o", "k.npz"], "exists already"),
        (["reconstruct", "k.npz", *TO, "--mask", "radal:0.3"], "did you mean radial?"),
        (["reconstruct", "k.npz", *TO, "--mask", "radial:3"], "the rate must be in (0, 1]"),
        (["reconstruct", "k.npz", *TO, "--mask", "radial"], "needs a rate"),
        (["reconstruct", "k.npz", *TO, "--mask", ""], "the mask is empty"),
        (["reconstruct", "k.npz", *TO, "--mask", "gone.npz"], "gone.npz: no such file"),
        (["reconstruct", "k.npz", *TO, "--mask", "masks/gone"], "masks/gone: no such file"),
        (["reconstruct", "k.npz", *TO, "--device", "gpu"], "choose auto, cpu or cuda"),
        (["reconstruct", "k.npz", *TO, "--report", "none/page"], "the folder none does not exist"),
        (["reconstruct", "k.npz", *TO, "--report", "k.npz"], "is a file, a folder is needed"),
        (["reconstruct", "k.npz", *TO, "--report", "."], "is not empty"),
        (["reconstruct", "k.npz", *TO, "--truth", "gone.npy"], "gone.npy: no such file"),
        (["reconstruct", "k.npz", *TO, "--weights", "gone"], "tv takes no weights"),
        (["reconstruct", "k.npz", "-o", "x.npz", "--weights", "gone"], "gone: no such weights"),
        (["simulate", "gone.png", "--mask", "full", "-o", "y.npz"], "no such file"),
        (["simulate", "k.npz:mask", "--mask", "full", "-o", "y.png"], "cannot hold complex k-space"),
        (["simulate", "k.npz:mask", "--mask", "full", "-o", "y.npz", "--noise", "-1"], "'--noise'"),
        (["simulate", "k.npz:mask", "--mask", "full", "-o", "y.npz", "--noise", "nan"], "'--noise'"),
        (["simulate", "k.npz:mask", "--mask", "full", "-o", "y.npz", "--noise", "inf"], "'--noise'"),
        (["simulate", "k.npz:mask", "--mask", "full:0.2", "-o", "y.npz"], "full takes no rate"),
        (["compare", "gone", "--mask", "full"], "no such file"),
        (["compare", "*.tif", "--mask", "full"], "no file matches this pattern"),
        (["compare", "k.npz:mask", "--mask", "full", "--methods", "tv,tw"], "no method 'tw'"),
        (["compare", "k.npz:mask", "--mask", "full", "--methods", ","], "names no method"),
        (["compare", "k.npz:mask", "--mask", "ful", "--methods", "tv"], "did you mean full?"),
        (["compare", "k.npz:mask", "--mask", "full", "--methods", "tv", "--weights", "gone"], "no such weights"),
        (["compare", "k.npz:mask", "--mask", "full", "--methods", "tv", "--report", "k.npz"], "is a file"),
        (["score", "k.npz:mask", "gone.npy"], "no such file"),
        (["inspect", "gone.npz"], "no such file"),
        (["inspect", "."], "a file is needed"),
        (["inspect", "gone.safetensors"], "no such weights"),
        (["weights", "show", "gone"], "no such weights"),
        (["weights", "import", "gone.mat", "-o", "w.safetensors"], "gone.mat: no such file"),
        (["weights", "import", "k.npz", "-o", "w.npz"], "name the output so"),
        (["reproduce", "mri-chst"], "no table 'mri-chst'. Did you mean mri-chest?"),
        (["reproduce", "mri-chest", "--data", "."], "the images are not there"),
    ],
)
def test_names_and_options(one, refused, words, said):
    assert said in refused(*words)


def test_cuda_where_there_is_none(one, refused, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert "offers no CUDA device" in refused("reconstruct", one, *TO, "--device", "cuda")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda k: np.where(np.arange(k.size).reshape(k.shape) == 7, np.nan, k), "1 NaN or infinite values of 1280"),
        (lambda k: np.where(np.arange(k.size).reshape(k.shape) == 7, np.inf, k), "1 NaN or infinite values of 1280"),
        (lambda k: k.real, "must be complex, found float32"),
        (lambda k: np.stack([k.real, k.imag], -1), "store k[..., 0] + 1j * k[..., 1]"),
        (lambda k: k[None][:0], "is empty"),
        (lambda k: 0 * k, "zero everywhere"),
        (lambda k: k[0], "two axes or more"),
        (lambda k: np.stack([k, k])[None], "coil maps need at least 6 x 6"),
        (lambda k: np.zeros((2, 2, 2, *k.shape), k.dtype) + k, "got shape (2, 2, 2, 32, 40)"),
        (lambda k: k.astype(complex) * 1e40, "scale it down"),
    ],
    ids=["nan", "inf", "real", "pairs", "empty", "zero", "line", "coils", "five-axes", "huge"],
)
def test_kspace_that_is_none(kspace, refused, spoil, said):
    np.savez("bad.npz", kspace=spoil(kspace))
    assert said in refused("reconstruct", "bad.npz", *TO)


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        (1 - np.eye(31, 40), "31 x 40, the k-space 32 x 40"),
        (np.full((32, 40), 0.5), "0 and 1 only, found 0.5"),
        (np.zeros((32, 40)), "samples nothing"),
        (np.ones((2, 32, 40)), "a mask is one plane"),
        (np.full((32, 40), np.nan), "0 and 1 only"),
    ],
    ids=["size", "values", "zeros", "planes", "nan"],
)
def test_masks_that_are_none(one, refused, mask, said):
    np.save("mask.npy", mask)
    assert said in refused("reconstruct", one, *TO, "--mask", "mask.npy")
    assert said.removesuffix(", the k-space 32 x 40") in refused(
        "compare", f"{one}:mask", "--mask", "mask.npy", "--methods", "tv"
    )


def test_a_mask_that_samples_no_part_of_the_kspace(kspace, refused):
    mask = np.zeros((32, 40))
    mask[0, 0] = 1
    np.save("mask.npy", mask)
    assert "zero wherever the mask samples" in refused("reconstruct", "k.npz", *TO, "--mask", "mask.npy")


def test_a_mask_with_its_centre_in_the_corner(scans, one, refused):
    np.save("mask.npy", np.fft.ifftshift(np.load(one)["mask"]))
    assert "apply fftshift" in refused("simulate", scans / "one.npy", "--mask", "mask.npy", "-o", "y.npz")


def test_which_array_is_meant(kspace, refused):
    np.savez("two.npz", a=kspace, b=kspace)
    assert "Write two.npz:KEY. It holds a (32, 40) complex64, b" in refused("reconstruct", "two.npz", *TO)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_truncated_file(kspace, refused, suffix):
    write_array(f"cut{suffix}", kspace, key="kspace")
    content = Path(f"cut{suffix}").read_bytes()
    Path(f"cut{suffix}").write_bytes(content[: len(content) * 2 // 3])
    assert f"cut{suffix}" in refused("reconstruct", f"cut{suffix}", *TO)
    assert f"cut{suffix}" in refused("inspect", f"cut{suffix}")


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (np.ones((1, 30)), "2 x 2 or more are needed"),
        (np.zeros((30, 30)), "zero everywhere"),
        (np.full((30, 30), np.nan), "900 NaN or infinite values"),
        (np.ones((0, 30, 30)), "holds no image"),
        (np.ones((2, 2, 30, 30)), "four axes of k-space would count coils"),
        (np.full((30, 30), 1e200), "scale it down"),
    ],
    ids=["line", "zero", "nan", "empty", "four-axes", "huge"],
)
def test_images_that_are_none(work, refused, image, said):
    np.save("bad.npy", image)
    assert said in refused("simulate", "bad.npy", "--mask", "full", "-o", "y.npz")


def test_several_files_where_one_is_needed(scans, work, refused):
    shutil.copy(scans / "one.npy", "a.npy")
    shutil.copy(scans / "odd.npy", "b.npy")
    assert "names 2 arrays" in refused("simulate", "*.npy", "--mask", "full", "-o", "y.npz")


def test_images_too_small_to_score(work, refused, done):
    np.save("small.npy", np.arange(80.0).reshape(8, 10))
    said = "images of 8 x 10 cannot be scored"
    assert said in refused("compare", "small.npy", "--mask", "full", "--methods", "tv")
    assert said in refused("score", "small.npy", "small.npy")
    done("simulate", "small.npy", "--mask", "full", "-o", "k.npz")
    assert said in refused("reconstruct", "k.npz", *TO, "--truth", "small.npy")


def test_a_truth_of_another_size_or_number(scans, one, refused):
    said = refused("reconstruct", one, *TO, "--truth", scans / "odd.npy")
    assert "the truth has 1 image of 33 x 27, the scan 1 of 32 x 40" in said
    assert "the truth has 4 images" in refused("reconstruct", one, *TO, "--truth", scans / "stack.npz")
    said = refused("score", scans / "one.npy", scans / "stack.npz")
    assert "holds 1 image of 32 x 40" in said
    assert "4 images of 32 x 40" in said


def test_scores_of_what_is_no_number(scans, work, refused):
    np.save("nan.npy", np.full((32, 40), np.nan))
    np.save("zero.npy", np.zeros((32, 40)))
    assert "1280 values are not finite" in refused("score", "nan.npy", scans / "one.npy")
    assert "nothing to score against" in refused("score", scans / "one.npy", "zero.npy")


def test_a_stack_as_png(scans, work, done, refused):
    done("simulate", scans / "stack.npz", "--mask", "full", "-o", "k.npz")
    assert "a PNG holds one image, the scan has 4" in refused("reconstruct", "k.npz", "--method", "tv", "-o", "x.png")


def test_weights_that_are_damaged_or_not_ours(scans, one, refused):
    content = bytearray((scans / "tiny.safetensors").read_bytes())
    content[-99] ^= 1
    Path("flipped.safetensors").write_bytes(content)
    Path("cut.safetensors").write_bytes(content[:-500])
    Path("text.safetensors").write_text("hello")
    from safetensors.numpy import save_file

    save_file({"a": np.ones(3)}, "other.safetensors")
    for name, said in [
        ("flipped", "the file is damaged"),
        ("cut", "is no readable .safetensors file"),
        ("text", "is no readable .safetensors file"),
        ("other", "not one of Minimand"),
    ]:
        assert said in refused("reconstruct", one, "-o", "x.npz", "--weights", f"{name}.safetensors")
        assert said in refused("inspect", f"{name}.safetensors")
    assert "v7.3" in refused("weights", "import", "text.safetensors", "-o", "w.safetensors")


def test_weights_of_another_method_or_size(scans, one, work, refused):
    card = {"network": "resnet", "arguments": {"depth": 1}}
    save_weights(work / "resnet.safetensors", card, ADMMNet(1).state_dict())
    save_weights(work / "deep.safetensors", {**card, "network": "admm-net"}, ADMMNet(2).state_dict())
    assert "unknown network 'resnet'" in refused("reconstruct", one, "-o", "x.npz", "--weights", "resnet.safetensors")
    assert "do not fit together" in refused("reconstruct", one, "-o", "x.npz", "--weights", "deep.safetensors")
    words = ["compare", scans / "one.npy", "--mask", "full", "--methods", "tv", "--weights", "resnet.safetensors"]
    assert "are for resnet, which is not among the methods tv" in refused(*words)


def test_no_shipped_weights(one, refused, monkeypatch, work):
    monkeypatch.setattr("minimand.weights.SHIPPED", work)
    assert "no such weights" in refused("reconstruct", one, "-o", "x.npz")
    assert "no such weights" in refused("demo")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_cannot_be_written(one, refused, work):
    (work / "locked").mkdir(mode=0o555)
    assert "not writable" in refused("reconstruct", one, "--method", "tv", "-o", "locked/x.npz")


def test_a_disk_that_is_full(one, minimand, monkeypatch, work):
    def full(file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    code, out, err = minimand("reconstruct", one, *TO)
    assert (code, out) == (2, "")
    assert "No space left on device" in err
    assert sorted(p.name for p in work.iterdir()) == ["k.npz", "k.npz.json"]


TRAIN = ["--mask", "radial:0.3", "--depth", "1", "--steps", "2"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["admm-nt", "--data", "stack.npz", "-o", "w.safetensors"],
            "No such command 'admm-nt'. Did you mean 'admm-net'",
        ),
        (["admm-net", "--data", "one.npy", "-o", "w.safetensors"], "one image is too few"),
        (["admm-net", "--data", "gone", "-o", "w.safetensors"], "no such file"),
        (["admm-net", "--data", "phantoms:0", "-o", "w.safetensors"], "a count of 1 or more"),
        (["admm-net", "--data", "stack.npz", "-o", "w.pt"], "name the output so"),
        (["admm-net", "--data", "stack.npz", "-o", "none/w.safetensors"], "the folder none does not exist"),
        (["admm-net", "--data", "stack.npz", "-o", "w.safetensors", "--mask", "radal:0.3"], "did you mean radial?"),
        (["admm-net", "--data", "stack.npz", "-o", "w.safetensors", "--mask", "gone.npy"], "no such file"),
        (["admm-net", "--data", "stack.npz", "-o", "w.safetensors", "--mask", "odd.npy"], "0 and 1 only"),
        (["admm-net", "--data", "stack.npz", "-o", "w.safetensors", "--mask", "mask.npy"], "33 x 27"),
        (["admm-net", "--data", "stack.npz", "-o", "w.safetensors", "--validate", "gone"], "no such file"),
        (["admm-net", "--data", "stack.npz", "-o", "w.safetensors", "--test", "gone"], "no such file"),
        (["admm-net", "--data", "stack.npz", "-o", "w.safetensors", "--from", "gone"], "no such weights"),
        (["admm-net", "--data", "stack.npz", "-o", "w.safetensors", "--resume"], "no checkpoint to resume from"),
        (["admm-net", "--data", "stack.npz", "-o", "w.safetensors", "--steps", "0"], "nothing to do"),
        (["admm-csnet", "--data", "stack.npz", "-o", "w.safetensors", "--size", "4"], "of an odd size of at least 3"),
        (["admm-csnet", "--data", "stack.npz", "-o", "w.safetensors", "--filters", "0"], "--filters"),
        (["admm-csnet", "--data", "stack.npz", "-o", "w.safetensors", "--minutes", "0"], "--minutes"),
        (["admm-csnet", "--data", "stack.npz", "-o", "w.safetensors", "--operator", "blocks:0.3"], "got both"),
        (["admm-csnet", "--data", "dead-leaves:x", "-o", "w.safetensors"], "write dead-leaves:COUNT"),
    ],
)
def test_training_that_cannot_start(scans, work, refused, words, said):
    for name in ("one.npy", "odd.npy", "stack.npz"):
        shutil.copy(scans / name, work)
    np.save("mask.npy", np.ones((33, 27)))
    assert said in refused("train", words[0], *TRAIN, *words[1:])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "--mask (k-space of scans) or --operator (natural images), got neither"),
        (["--operator", "hadamart:0.3"], "did you mean hadamard"),
        (["--operator", "hadamard:0.3", "--complex"], "measures real images, got complex ones"),
        (["--self-supervised"], "k-space must be complex"),
        (["--self-supervised", "--mask", "radial:0.3", "--crop", "16"], "leave out --crop"),
        (["--self-supervised", "--test", "x.npy"], "--test is for images"),
        (["--self-supervised", "--mask", "radial:0.3", "--operator", "blocks:0.3"], "got both"),
    ],
)
def test_training_with_operators_that_cannot_start(scans, refused, words, said):
    small = ["--depth", "1", "--filters", "2", "--steps", "2", "-o", "w.safetensors"]
    assert said in refused("train", "admm-csnet", "--data", scans / "stack.npz", *small, *words)
