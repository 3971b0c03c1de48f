"""What people hand to commands by mistake: each ends in one line that says what is needed, and nothing is written."""

import struct
import zlib

import nibabel
import numpy as np
import pytest


def nifti(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), path)


@pytest.fixture
def atlases(work, body):
    """Three atlases of 24 x 32 pixels in `atlases`, and new.nii.gz."""
    for k in range(3):
        for name, array in zip(("images", "labels"), body(k, (24, 32)), strict=True):
            nifti(work / "atlases" / name / f"s{k}.nii.gz", array)
    nifti(work / "new.nii.gz", body(9, (24, 32))[0])
    return work / "atlases"


SEGMENT = ("segment", "new.nii.gz", "--method", "majority")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-o", "new.nii.gz", "--atlases", "atlases"), "is a file, a folder is needed for the labels"),
        (("-o", "no/out", "--atlases", "atlases"), "the folder no does not exist"),
        (("-o", ".", "--atlases", "atlases", "--force"), "new.nii.gz: is one of the targets"),
        (("-o", "out", "--atlases", "nowhere"), "nowhere/images: no such folder; atlases are images/NAME.nii.gz"),
        (("-o", "out", "--atlases", "atlases/images"), "atlases/images/images: no such folder"),
    ],
)
def test_folders_of_labels(atlases, refused, words, said):
    assert said in refused(*SEGMENT, *words)


def test_atlases_that_are_no_set(atlases, body, refused):
    words = (*SEGMENT, "--atlases", "atlases", "-o", "out")
    for name, array in zip(("images", "labels"), body(3, (24, 32, 8)), strict=True):
        nifti(atlases / name / "s3.nii.gz", array)
    assert "atlases: s3 is a volume, others are images; make two folders of them" in refused(*words)
    nifti(atlases / "images" / "s3.nii.gz", np.ones((24, 32), np.complex64))
    assert "s3.nii.gz: holds complex values; segmentation needs real ones" in refused(*words)
    for path in (atlases / "images").iterdir():
        path.unlink()
    assert "atlases/images: holds no NIfTI file" in refused(*words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--mr", "nowhere", "--ct", "heads:2-3:32"), "nowhere: is no folder; a folder of NIfTI volumes"),
        (("--mr", "heads:0-0:32", "--ct", "heads:2-2:32", "--crop", 18), r"multiples of 4, not (18, 18)"),
        (("--mr", "heads:0-0:32", "--ct", "heads:2-2:32", "--crop", 64), "the smallest slices have 32 x 32 pixels"),
    ],
)
def test_slices_that_a_network_cannot_learn(work, refused, words, said):
    assert said in refused("train", "mr-ct", *words, "-o", "net.safetensors", "--steps", 1)


def test_a_folder_without_pictures(work, refused):
    (work / "empty").mkdir()
    assert "empty: this folder holds no picture" in refused("dehaze", "empty", "-o", "out")


def test_numbers_of_training_that_mean_nothing(scans, work, refused):
    words = ("train", "foe", "--data", scans / "stack.npz", "--sigma", 25, "-o", "net.safetensors")
    assert "--steps 0: there is nothing to do" in refused(*words, "--steps", 0)
    assert "--crop 3: write N or HxW" in refused(*words, "--crop", 3)


def test_weights_of_another_denoiser(scans, work, refused):
    words = ("denoise", scans / "one.npy", "-o", "x.npy", "--sigma", 25)
    assert "foe: are weights of foe, not of dncnn; use that --method" in refused(
        *words, "--method", "dncnn", "--weights", "foe"
    )


def test_a_kernel_that_is_none(scans, work, refused):
    np.save("kernel.npy", np.ones((3, 3), np.complex64))
    words = ("restore", scans / "one.npy", "-o", "x.npy", "--degradation", "blur:kernel.npy")
    assert "kernel.npy: a kernel is real, (rows, columns), got complex64" in refused(*words)


def test_arrays_that_a_format_has_no_place_for(work, refused):
    np.save("line.npy", np.ones(5))
    np.save("long.npy", np.ones((1, 1, 40_000), np.float32))
    assert "line.npy" in refused("convert", "line.npy", "y.cfl") or "no place" in refused(
        "convert", "line.npy", "y.cfl"
    )
    assert "up to 32767 voxels along an axis" in refused("convert", "long.npy", "y.nii")


def test_noise_of_other_coils(work, refused):
    rng = np.random.default_rng(0)
    kspace, noise = (rng.normal(size=size) + 1j * rng.normal(size=size) for size in ((1, 4, 32, 32), (3, 50)))
    np.savez("k.npz", kspace=kspace, noise=noise)
    assert "noise of 4 coils is complex, (4, samples), found" in refused("reconstruct", "k.npz", "-o", "x.npy")


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def test_a_png_with_a_short_header(work, refused):
    (work / "short.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes(9)) + chunk(b"IEND", b""))
    assert "short.png: " in refused("inspect", "short.png")


def test_a_mesh_with_a_list_of_negative_length(work, refused):
    head = "ply\nformat binary_little_endian 1.0\nelement face 1\nproperty list char int vertex_indices\nend_header\n"
    (work / "bad.ply").write_bytes(head.encode() + struct.pack("<b", -1))
    assert "bad.ply: " in refused("inspect", "bad.ply")
