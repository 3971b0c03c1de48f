"""The MRI tab: what it makes of the embedded scan and of files, good and bad."""

import json
import zipfile

import nibabel
import numpy as np
import pytest
import torch

from minimand.app.out import Source
from minimand.app.tab_mri import chosen, run
from minimand.app.tabs import MRI, TABS
from minimand.app.worker import explained, work
from minimand.metrics import psnr
from minimand.reconstruction.phantoms import phantom

HUGE = b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (900000, 900000), }"


HUGE = b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (900000, 900000), }"


@pytest.fixture
def stack(tmp_path):
    """Three images of 32 x 40 in a file."""
    generator = torch.Generator().manual_seed(1)
    path = tmp_path / "0123456789abcdef.npz"
    images = np.stack([phantom((32, 40), generator).numpy() for _ in range(3)])
    np.savez(path, image=500 * images, other=np.ones((9, 9)))
    return Source(path, "mine.npz")


def test_the_embedded_scan_is_reconstructed_scored_and_shown_stage_by_stage(out):
    run(MRI.check({"slices": "1"}), None, out)
    (item,) = out.of("item")
    assert [p["name"] for p in item["pictures"]] == ["truth", "zero-filled", "tv", "admm-net", "sampling"]
    scores = item["scores"]
    assert scores["admm-net"]["psnr"] > scores["zero-filled"]["psnr"] + 4
    truth, made = (out.picture(item, name)[None] for name in ("truth", "admm-net"))
    assert abs(float(psnr(made, truth, 1.0)) - scores["admm-net"]["psnr"]) < 0.01
    stages = json.loads((out.folder / item["stages"][0]).read_text())
    assert stages["count"] == 17
    assert abs(stages["psnr"][-1] - scores["admm-net"]["psnr"]) < 1e-3
    assert stages["residual"][0] < 1e-5 < stages["residual"][1]
    assert len(stages["filters"]) == len(stages["curves"]) == 15
    assert [event["done"] for event in out.of("progress")] == [0, 1, 2]


def test_results_can_be_downloaded_with_their_record(out, stack):
    run(MRI.check({"array": "image", "slices": "all", "methods": ["tv"], "rate": 40}), stack, out)
    (done,) = out.of("done")
    with zipfile.ZipFile(out.folder / done["downloads"][0]["file"]) as archive:
        assert archive.namelist() == ["tv.npz", "tv.npz.json"]
        record = json.loads(archive.read("tv.npz.json"))
        archive.extract("tv.npz", out.folder)
    assert record["inputs"][0]["file"] == "mine.npz"
    assert record["options"]["rate"] == 40
    with np.load(out.folder / "tv.npz") as made:
        assert made["slices"].tolist() == [0, 1, 2]
        image = np.load(stack.path)["image"]
        assert np.abs(made["image"] - image).max() < 0.3 * image.max()


def test_measured_k_space_has_no_truth_and_no_scores(out, tmp_path):
    image = phantom((32, 40), torch.Generator().manual_seed(1)).numpy() * np.exp(0.3j)
    mask = np.random.default_rng(0).random((32, 40)) < 0.5
    mask[12:20, 16:24] = True
    kspace = mask * np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(image), norm="ortho"))
    np.savez(tmp_path / "k.npz", kspace=kspace, mask=mask)
    run(MRI.check({"kind": "kspace", "methods": ["zero-filled", "tv"]}), Source(tmp_path / "k.npz", "k.npz"), out)
    (item,) = out.of("item")
    assert item["truth"] is None
    assert item["scores"] == {}
    error = (out.picture(item, "tv") - torch.from_numpy(abs(image))).norm() / np.linalg.norm(image)
    assert error < 0.2


def test_a_method_that_cannot_is_said_and_the_others_go_on(out, tmp_path):
    image = phantom((32, 40), torch.Generator().manual_seed(1)).numpy()
    maps = np.stack([np.linspace(0.2, 1, 40), np.linspace(1, 0.2, 40)])[:, None, :] * np.exp([[[0.4j]], [[-0.2j]]])
    kspace = np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(maps * image, axes=(1, 2)), norm="ortho"), axes=(1, 2))
    np.savez(tmp_path / "k.npz", kspace=kspace[None], mask=np.ones((32, 40), bool))
    options = MRI.check({"kind": "kspace", "methods": ["sidwt", "sense-wavelet"]})
    run(options, Source(tmp_path / "k.npz", "k.npz"), out)
    assert any(note["text"].startswith("sidwt: ") for note in out.of("note"))
    assert [p["name"] for p in out.of("item")[0]["pictures"]] == ["sense-wavelet", "sampling"]


def test_the_middle_slice_comes_first():
    assert chosen(48, "1") == [24]
    assert chosen(48, "8") == [21, 3, 9, 15, 27, 33, 39, 45]
    assert chosen(5, "all") == [2, 0, 1, 3, 4]
    assert chosen(3, "8") == [1, 0, 2]


@pytest.mark.parametrize(
    ("content", "name", "text"),
    [
        (b"not an image", "a.png", "a.png: cannot be read"),
        (HUGE, "a.npy", "a.npy"),
        (b"PK\x03\x04 broken", "a.npz", "a.npz"),
        (b"", "a.nii", "a.nii"),
    ],
)
def test_a_bad_file_becomes_one_line_with_the_user_s_name(tmp_path, content, name, text):
    path = tmp_path / f"0123456789abcdef{name[1:]}"
    path.write_bytes(content)
    events = []
    job = {"tab": "mri", "options": MRI.check({}), "folder": str(tmp_path), "files": [[str(path), name]]}
    work({**job, "memory": 2**40}, events.append)
    (failed,) = events
    assert failed["kind"] == "failed"
    assert text in failed["text"]
    assert "0123456789abcdef" not in failed["text"]
    assert "\n" not in failed["text"]


def test_a_file_of_several_arrays_asks_for_a_name(tmp_path):
    np.savez(tmp_path / "a.npz", one=np.ones((16, 16)), two=np.ones((16, 16)))
    events = []
    job = {"tab": "mri", "options": MRI.check({}), "folder": str(tmp_path), "memory": 2**40}
    work({**job, "files": [[str(tmp_path / "a.npz"), "b.npz"]]}, events.append)
    assert events[-1]["text"] == "b.npz holds several arrays; type the name of one: one, two."


def test_a_bad_archive_becomes_one_line_with_the_user_s_names(tmp_path):
    with zipfile.ZipFile(tmp_path / "0123456789abcdef.zip", "w") as archive:
        archive.writestr("images/a.nii", b"broken")
        archive.writestr("labels/a.nii", b"broken")
    nibabel.save(nibabel.Nifti1Image(np.eye(16), np.eye(4)), tmp_path / "t.nii")
    files = [[str(tmp_path / "t.nii"), "mine.nii"], [str(tmp_path / "0123456789abcdef.zip"), "atlases.zip"]]
    events = []
    job = {"tab": "segmentation", "options": TABS["segmentation"].check({}), "folder": str(tmp_path), "files": files}
    work({**job, "memory": 2**40}, events.append)
    assert events[-1]["text"].startswith("images/a.nii: ")
    assert str(tmp_path) not in events[-1]["text"]


def test_a_defect_is_called_one(tmp_path, capsys):
    text = explained(KeyError("x"), None, tmp_path)
    assert text.startswith("This is a defect of the program (KeyError")
    assert "KeyError" in capsys.readouterr().err
    assert "not enough memory" in explained(MemoryError(), None, tmp_path)
