"""`minimand segment`: images and volumes in, label files out, and a line for what cannot be."""

import json

import nibabel
import numpy as np
import pytest

AFFINE = np.diag([1.5, 1.5, 2.0, 1.0])


def write(path, array, affine=AFFINE):
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(array, affine), path)


@pytest.fixture
def images(work, body):
    """Four atlases of 40 x 48 pixels in `atlases`, and new.nii.gz."""
    for k in range(4):
        for name, array in zip(("images", "labels"), body(k, (40, 48)), strict=True):
            write(work / "atlases" / name / f"s{k}.nii.gz", array)
    write(work / "new.nii.gz", body(9, (40, 48))[0])
    return body(9, (40, 48))[1]


def read(path):
    return np.asanyarray(nibabel.load(path).dataobj)


def overlap(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


@pytest.mark.parametrize("method", ["majority", "staple", "joint", "patch"])
def test_labels_keep_their_numbers_and_lie_as_the_target_does(work, images, done, method):
    words = ("segment", "new.nii.gz", "--atlases", "atlases", "-o", "out", "--method", method, "--probabilities")
    found = json.loads(done(*words, "--json"))
    labels = read("out/new.nii.gz")
    assert set(np.unique(labels)) == {0, 3, 7}
    assert labels.dtype == np.uint8
    assert np.array_equal(nibabel.load("out/new.nii.gz").affine, AFFINE)
    assert min(overlap(labels == n, images == n) for n in (3, 7)) > 0.85
    assert found["targets"][0]["voxels"] == {str(n): int((labels == n).sum()) for n in (3, 7)}
    assert sorted(found["targets"][0]["atlases"]) == ["s0", "s1", "s2", "s3"]
    shares = read("out/new.probabilities.nii.gz")
    assert shares.shape == (40, 48, 1, 3)
    assert np.array_equal(np.array([0, 3, 7])[shares[:, :, 0].argmax(-1)], labels)
    doubt = read("out/new.disagreement.nii.gz")
    assert doubt[0, 0] == 0 < doubt.max() <= 1
    assert json.loads((work / "out" / "new.nii.gz.json").read_text())["options"]["method"] == method


def test_a_truth_gives_scores_and_a_report_shows_why(work, images, done, refused):
    write(work / "truth" / "new.nii.gz", np.where(images == 7, 0, images).astype(np.int16))
    words = ("segment", "new.nii.gz", "--atlases", "atlases", "-o", "out", "--truth", "truth", "--report", "page")
    scores = json.loads(done(*words, "--json"))["targets"][0]["scores"]
    labels = read("out/new.nii.gz")
    assert scores["3"]["dice"] == pytest.approx(overlap(labels == 3, images == 3))
    assert scores["7"] == {"dice": 0.0, "jaccard": 0.0, "average_distance": None, "hausdorff": None}
    page = (work / "page" / "index.html").read_text()
    assert all(word in page for word in ("s0", "s3", "share of the vote", "Hausdorff, mm", "mm^2"))
    done(*words, "--method", "staple", "--force")
    assert "share of the vote" not in (work / "page" / "index.html").read_text()
    (work / "truth" / "new.nii.gz").unlink()
    assert "truth/new.nii.gz: no such file" in refused(*words, "--force")


def test_a_volume_is_labelled_and_labels_can_be_chosen(work, body, done):
    for k in range(3):
        for name, array in zip(("images", "labels"), body(k, (16, 20, 24)), strict=True):
            write(work / "atlases" / name / f"s{k}.nii.gz", array)
    image, truth = body(7, (16, 20, 24))
    write(work / "new.nii", image[..., None])
    done("segment", "new.nii", "--atlases", "atlases", "-o", "out", "--labels", "7", "--method", "majority")
    labels = read("out/new.nii")
    assert set(np.unique(labels)) == {0, 7}
    assert labels.shape == (16, 20, 24)
    assert overlap(labels == 7, truth == 7) > 0.75


def test_a_click_finds_the_organ_in_a_wide_picture(work, images, done):
    wide = np.full((80, 100), 100, np.float32)
    wide[35:75, 45:93] = read("new.nii.gz")
    write(work / "wide.nii.gz", wide)
    done("segment", "wide.nii.gz", "--atlases", "atlases", "-o", "out", "--centre", "55,69", "--method", "majority")
    assert overlap(read("out/wide.nii.gz")[35:75, 45:93] > 0, images > 0) > 0.85


def test_atlases_of_another_orientation_and_spacing_are_resampled_and_told(work, images, minimand):
    for name in ("images", "labels"):
        for k in (0, 1):
            path = work / "atlases" / name / f"s{k}.nii.gz"
            image = nibabel.load(path)
            write(
                path,
                np.ascontiguousarray(image.get_fdata().T[:, ::-1]),
                AFFINE @ np.array([[0, -1, 0, 39], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]),
            )
    said = minimand("segment", "new.nii.gz", "--atlases", "atlases", "-o", "out", "--method", "majority")
    assert said.code == 0
    assert "s0: turned or resampled to the target's grid" in said.err
    labels = read("out/new.nii.gz")
    assert min(overlap(labels == n, images == n) for n in (3, 7)) > 0.85


def test_one_atlas_and_one_that_lacks_a_label(work, images, minimand):
    only3 = read("atlases/labels/s1.nii.gz") % 7
    write(work / "atlases" / "labels" / "s1.nii.gz", only3.astype(np.int16))
    said = minimand("segment", "new.nii.gz", "--atlases", "atlases", "-o", "out", "--count", 1)
    assert said.code == 0
    assert "note: label 7 is absent from s1 (taken as truly absent)" in said.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gone.nii.gz"], "gone.nii.gz: no such file"),
        (["new.nii.gz", "--method", "majorty"], "Did you mean majority?"),
        (["new.nii.gz", "--labels", "3,4"], "no atlas has label 4; there are 3, 7"),
        (["new.nii.gz", "--labels", "x"], "--labels x: write whole numbers"),
        (["new.nii.gz", "--centre", "1"], "centre 1: write X,Y"),
        (["new.nii.gz", "--centre", "50,5"], "lies outside the target"),
        (["nan.nii.gz"], "nan.nii.gz: the image has 1 NaN"),
        (["four.nii.gz"], "four.nii.gz: has shape (3, 2, 40, 48)"),
        (["volume.nii.gz"], "volume.nii.gz: the target is a volume of (6, 40, 48) voxels, the atlases are not"),
        (["new.npy"], "new.npy: segmentation reads NIfTI"),
        (["new.nii.gz", "new.nii.gz", "sub/new.nii.gz"], "have one name"),
    ],
)
def test_mistakes_are_one_line_and_nothing_is_written(work, images, refused, words, said):
    image = read("new.nii.gz")
    hole = image.copy()
    hole[3, 4] = np.nan
    (work / "out").mkdir()
    write(work / "nan.nii.gz", hole)
    write(work / "four.nii.gz", np.broadcast_to(image[:, :, None, None], (40, 48, 2, 3)).copy())
    write(work / "volume.nii.gz", np.broadcast_to(image[:, :, None], (40, 48, 6)).copy())
    write(work / "sub" / "new.nii.gz", image)
    np.save(work / "new.npy", image)
    assert said in refused("segment", *words, "--atlases", "atlases", "-o", "out")


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.full((40, 48), 2.5, np.float32), "labels are whole numbers, found 2.5"),
        (np.full((40, 48), np.nan, np.float32), "labels are whole numbers, found nan"),
        (np.full((40, 48), 3e9, np.float64), "labels are numbers from 0 to 2147483647, found 3e+09"),
        (np.full((40, 48), -1, np.int16), "labels are numbers from 0 to 2147483647, found -1"),
        (np.zeros((40, 40), np.int16), "shape (1, 40, 40), but its image has (1, 40, 48)"),
        (None, "images/s0.nii.gz: has no labels; atlases/labels/s0.nii.gz is needed"),
    ],
)
def test_labels_that_are_none_are_told(work, images, refused, array, said):
    (work / "atlases" / "labels" / "s0.nii.gz").unlink()
    if array is not None:
        write(work / "atlases" / "labels" / "s0.nii.gz", array)
    (work / "out").mkdir()
    assert said in refused("segment", "new.nii.gz", "--atlases", "atlases", "-o", "out")


def test_an_atlas_whose_labels_are_all_background_is_told_and_used(work, images, minimand):
    write(work / "atlases" / "labels" / "s2.nii.gz", np.zeros((40, 48), np.int16))
    said = minimand("segment", "new.nii.gz", "--atlases", "atlases", "-o", "out", "--method", "majority")
    assert said.code == 0
    assert "note: label 3 is absent from s2 (taken as truly absent)" in said.err
    assert set(np.unique(read("out/new.nii.gz"))) == {0, 3, 7}


def test_atlases_without_any_label_and_labels_without_an_image_are_refused(work, images, refused):
    (work / "out").mkdir()
    words = ("segment", "new.nii.gz", "--atlases", "atlases", "-o", "out")
    (work / "atlases" / "images" / "s3.nii.gz").rename(work / "s3.nii.gz")
    assert "labels/s3.nii.gz: labels without an image; atlases/images/s3.nii.gz is needed" in refused(*words)
    (work / "s3.nii.gz").rename(work / "atlases" / "images" / "s3.nii.gz")
    for k in range(4):
        write(work / "atlases" / "labels" / f"s{k}.nii.gz", np.zeros((40, 48), np.int16))
    assert "atlases: all labels are 0; atlases need labelled voxels" in refused(*words)
    assert not any((work / "out").iterdir())


def test_a_float_file_of_whole_numbers_is_taken_and_large_numbers_stay(work, images, done):
    for k in range(4):
        numbers = read(f"atlases/labels/s{k}.nii.gz").astype(int)
        write(work / "atlases" / "labels" / f"s{k}.nii.gz", np.where(numbers == 7, 40000, numbers).astype(np.float32))
    done("segment", "new.nii.gz", "--atlases", "atlases", "-o", "out", "--method", "majority")
    labels = read("out/new.nii.gz")
    assert set(np.unique(labels)) == {0, 3, 40000}
    assert labels.dtype == np.int32


def test_one_bad_target_does_not_stop_the_others(work, images, minimand):
    (work / "bad.nii.gz").write_bytes((work / "new.nii.gz").read_bytes()[:100])
    said = minimand("segment", "bad.nii.gz", "new.nii.gz", "--atlases", "atlases", "-o", "out", "--method", "majority")
    assert said.code == 2
    assert "1 of 2 targets failed, the others are done" in said.err
    assert (work / "out" / "new.nii.gz").is_file()


def test_a_network_is_trained_and_used(work, body, images, done, refused):
    for k in range(4, 6):
        for name, array in zip(("images", "labels"), body(k, (40, 48)), strict=True):
            write(work / "atlases" / name / f"s{k}.nii.gz", array)
    words = ("train", "deep-fusion", "--atlases", "atlases", "-o", "net.safetensors", "--steps", "2", "--every", "1")
    assert "net.safetensors: deep-fusion, validation Dice" in done(*words, "--draw", 3)
    use = ("segment", "new.nii.gz", "--atlases", "atlases", "-o", "out", "--method")
    done(*use, "deep-fusion", "--weights", "net.safetensors")
    labels = read("out/new.nii.gz")
    assert min(overlap(labels == n, images == n) for n in (3, 7)) > 0.8
    assert json.loads((work / "out" / "new.nii.gz.json").read_text())["weights"] == "net"
    assert "takes no weights" in refused(*use, "patch", "--weights", "net.safetensors")
    assert "make some: minimand train deep-fusion" in refused(*use, "deep-fusion")


@pytest.mark.parametrize("network", ["unet", "cnn"])
def test_networks_without_atlases_are_trained_and_used(work, body, images, done, refused, network):
    for k in range(4, 6):
        for name, array in zip(("images", "labels"), body(k, (40, 48)), strict=True):
            write(work / "atlases" / name / f"s{k}.nii.gz", array)
    words = ("train", network, "--atlases", "atlases", "-o", "net.safetensors", "--steps", "2", "--every", "1")
    assert f"net.safetensors: {network}, validation Dice" in done(*words)
    use = ("segment", "new.nii.gz", "--atlases", "atlases", "-o", "out", "--method", network)
    assert "make some: minimand train" in refused(*use)
    done(*use, "--weights", "net.safetensors")
    assert read("out/new.nii.gz").shape[:2] == (40, 48)
    other = {"unet": "cnn", "cnn": "unet"}[network]
    assert f"is {network}, not {other}" in refused(*use[:-1], other, "--weights", "net.safetensors", "--force")
