"""`minimand compare`: every method on every image, a table, one JSON object, a report."""

import json
import shutil

import numpy as np
import pytest

KEYS = {"nmse", "psnr", "ssim", "seconds"}


@pytest.fixture
def mixed(scans, work):
    """A folder of images of several sizes and kinds."""
    folder = work / "mixed"
    folder.mkdir()
    for name in ("one.npy", "odd.npy", "complex.npy", "volume.nii.gz"):
        shutil.copy(scans / name, folder)
    return folder


def test_a_folder_of_mixed_images_gives_the_contracts_json(scans, mixed, done):
    found = json.loads(
        done("compare", mixed, "--mask", "radial:0.3", "--weights", scans / "tiny.safetensors", "--json")
    )
    assert found["images"] == 7
    assert list(found["methods"]) == ["zero-filled", "tv", "admm-net"]
    assert all(set(row) == KEYS for row in found["methods"].values())
    assert found["methods"]["tv"]["psnr"] > found["methods"]["zero-filled"]["psnr"] + 1


def test_means_are_over_images_whatever_their_sizes(mixed, done):
    def nmse(spec):
        return json.loads(done("compare", spec, "--mask", "radial:0.3", "--methods", "tv", "--json"))["methods"]["tv"][
            "nmse"
        ]

    parts = [nmse(mixed / name) for name in ("complex.npy", "odd.npy", "one.npy")]
    assert nmse(f"{mixed}/*.npy") == pytest.approx(np.mean(parts), rel=1e-5)


def test_a_pattern_a_key_and_a_slice_name_images(scans, mixed, done):
    for spec, count in ((f"{mixed}/o*.npy", 2), (f"{scans}/stack.npz:image[1:3]", 2), (f"{mixed}/volume.nii.gz", 4)):
        assert json.loads(done("compare", spec, "--mask", "full", "--methods", "tv", "--json"))["images"] == count


def test_the_table_and_what_is_left_out(work, scans, minimand):
    stack = np.load(scans / "stack.npz")["image"]
    stack[1] = 0
    np.save("gap.npy", stack)
    code, out, err = minimand("compare", "gap.npy", "--mask", "radial:0.3", "--methods", "tv,zero-filled")
    assert code == 0
    assert "note: 1 image of zeros left out" in err
    assert [line.split()[0] for line in out.splitlines()[1:]] == ["method", "tv", "zero-filled"]
    assert out.startswith("gap.npy, radial:0.3: mean of 3 images")


def test_noise_and_random_masks_follow_the_seed(scans, done):
    words = [
        "compare",
        scans / "one.npy",
        "--mask",
        "random:0.3",
        "--methods",
        "zero-filled",
        "--json",
        "--noise",
        "0.05",
    ]

    def nmse(*more):
        return json.loads(done(*words, *more))["methods"]["zero-filled"]["nmse"]

    assert nmse("--seed", 1) == nmse("--seed", 1) != nmse("--seed", 2)
    clean = json.loads(done(*words[:-2]))["methods"]["zero-filled"]["nmse"]
    assert nmse() > clean


def test_the_report_has_pictures_scores_and_the_network(scans, work, mixed, done):
    words = ["--mask", "radial:0.3", "--weights", scans / "tiny.safetensors", "--noise", "0.01", "--report", "page"]
    done("compare", mixed, *words)
    page = (work / "page" / "index.html").read_text()
    assert "7 images, 3 methods; pictures of 4" in page
    assert page.count('alt="Error map of tv') == 4
    assert "PSNR by stage in dB" in page
    assert "weights of admm-net" in page
    assert "tiny" in page
    assert "0.01 of the maximum" in page
    assert str(work) not in page
    assert (work / "page" / "summary.png").read_bytes().startswith(b"\x89PNG")


def test_a_report_is_replaced_only_when_forced(scans, work, done, refused):
    words = ["compare", scans / "one.npy", "--mask", "full", "--methods", "zero-filled", "--report", "page"]
    done(*words)
    assert "is not empty" in refused(*words)
    done(*words, "--force")


def test_perfect_images_are_still_json(work, done):
    np.save("flat.npy", np.ones((16, 16)))
    found = json.loads(done("compare", "flat.npy", "--mask", "full", "--methods", "zero-filled", "--json"))
    assert found["methods"]["zero-filled"]["psnr"] is None
    assert found["methods"]["zero-filled"]["nmse"] == 0
