"""What people hand to commands by mistake: each ends in one line that says what is needed, and nothing is written."""

import json
import struct
import zlib

import nibabel
import numpy as np
import pytest
from safetensors.torch import load_file

from minimand.learning.team import Team
from minimand.weights import save_weights, shipped


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
    assert "shape (5,) has no place in BART's dimensions; write .npz" in refused("convert", "line.npy", "y.cfl")
    assert "TIFF holds images, got shape (5,); write .npz" in refused("convert", "line.npy", "y.tif")
    assert "up to 32767 voxels along an axis" in refused("convert", "long.npy", "y.nii")


def test_noise_of_other_coils(work, refused):
    rng = np.random.default_rng(0)
    kspace, noise = (rng.normal(size=size) + 1j * rng.normal(size=size) for size in ((1, 4, 32, 32), (3, 50)))
    np.savez("k.npz", kspace=kspace, noise=noise)
    assert "noise of 4 coils is complex, (4, samples), found" in refused("reconstruct", "k.npz", "-o", "x.npy")


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def test_a_png_whose_header_is_too_long(work, refused):
    header = struct.pack(">IIBBBBBB", 2, 2, 8, *[0] * 5)
    (work / "long.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IEND", b""))
    assert "long.png: its header has 14 bytes, 13 are needed; it is damaged" in refused("inspect", "long.png")


def test_a_mesh_with_a_list_of_negative_length(work, refused):
    head = "ply\nformat binary_little_endian 1.0\nelement face 1\nproperty list char int vertex_indices\nend_header\n"
    (work / "bad.ply").write_bytes(head.encode() + struct.pack("<b", -1))
    assert "bad.ply: element face has a list of -1 numbers" in refused("convert", "bad.ply", "x.obj")


@pytest.mark.parametrize("words", [(), ("q.off", "--evaluate")])
def test_a_shape_is_looked_for_or_all_are_scored(refused, words):
    assert "name a shape to look for, or leave it out and write --evaluate" in refused("retrieve", *words)


def test_a_training_of_one_process_that_torchrun_started_twice(scans, refused, monkeypatch):
    monkeypatch.setattr("minimand.learning.team.join", lambda: Team(0, 2))
    words = ("train", "unet", "--atlases", "atlases", "-o", "net.safetensors")
    assert "minimand train unet runs in one process; start it without torchrun" in refused(*words)


def test_research_without_a_denoiser(scans, refused, monkeypatch, work):
    monkeypatch.setenv("MINIMAND_RESEARCH", str(work))
    words = ("compare", scans / "one.npy", "--operator", "hadamard:0.5", "--methods", "ldamp", "--weights", "research")
    assert "--weights research: no denoiser for many levels of noise is at hand; make one: minimand train" in refused(
        *words
    )


def test_weights_to_begin_with_of_other_sizes(scans, refused):
    words = ("train", "foe", "--data", scans / "stack.npz", "--sigma", 25, "-o", "net.safetensors", "--crop", 16)
    said = refused(*words, "--steps", 1, "--filters", 3, "--from", "foe")
    assert "foe: is foe with {" in said
    assert "'filters': 3" in said
    assert said.endswith("leave out --from.\n")


def test_atlases_without_labels(work, refused):
    for name in ("images", "labels"):
        nifti(work / "atlases" / name / "s.nii.gz", np.zeros((16, 16), np.int16))
    nifti(work / "new.nii.gz", np.ones((16, 16), np.int16))
    said = refused(*SEGMENT, "--atlases", "atlases", "-o", "out")
    assert "atlases: all labels are 0; atlases need labelled voxels" in said


def test_a_collection_without_a_usable_shape(work, refused):
    (work / "shapes").mkdir()
    (work / "shapes" / "a.obj").write_text("v 0 0 0\nv 1 0 0\nf 1 2 2\n")
    (work / "q.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 2 3 4\nf 1 4 3\n")
    said = refused("retrieve", "q.obj", "--collection", "shapes", "--method", "shape-dna")
    assert "shapes: none of 1 shapes can be used; the first: a.obj: holds no triangle with an area" in said


def test_shapes_that_no_network_can_learn_from(work, minimand):
    words = ("train", "st-net", "--data", "shapes", "-o", "net.safetensors", "--steps", 1)
    for name in ("a/1", "b/1", "c/1", "d/1", "e/1"):
        (work / "shapes" / name).parent.mkdir(parents=True)
        (work / "shapes" / f"{name}.off").write_text("")
    assert "shapes: 5 classes; 5 of two shapes or more are needed" in minimand(*words).err
    (work / "shapes" / "bare.off").write_text("")
    said = minimand(*words)
    assert said.code == 2
    assert "bare.off: has no class; training needs every shape in a sub-folder named by its class" in said.err


def test_a_head_whose_true_ct_lies_on_another_grid(work, minimand):
    nifti(work / "head.nii.gz", np.ones((32, 32, 3), np.int16))
    nifti(work / "ct" / "head.nii.gz", np.ones((32, 32, 4), np.int16))
    said = minimand("synthesize", "head.nii.gz", "-o", "out", "--truth", "ct")
    assert said.code == 2
    assert (
        "ct/head.nii.gz: MR and true CT have shapes (3, 32, 32) and (4, 32, 32); they must be on one grid" in said.err
    )


def test_research_without_a_network_for_synthesis(work, refused, monkeypatch):
    monkeypatch.setenv("MINIMAND_RESEARCH", str(work))
    nifti(work / "head.nii.gz", np.ones((32, 32, 3), np.int16))
    said = refused("synthesize", "head.nii.gz", "-o", "out", "--weights", "research")
    assert "mr-ct: no such network is at hand; name weights with --weights NAME|FILE, or make some" in said


def test_a_network_for_synthesis_whose_card_says_too_little(work, refused):
    (weights,) = [path for name, path in shipped().items() if name == "mr-ct-heads"]
    card = json.loads(weights.with_suffix(".json").read_text())
    save_weights(work / "mute.safetensors", {k: v for k, v in card.items() if k != "range"}, load_file(weights))
    nifti(work / "head.nii.gz", np.ones((32, 32, 3), np.int16))
    said = refused("synthesize", "head.nii.gz", "-o", "out", "--weights", "mute.safetensors")
    assert "mute.safetensors: the card does not say range and window of the network ('range')" in said


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("shapes", "shapes/mcgill_dev.npz: the shapes are not there; name the folder that holds shapes/ with --data"),
        ("segmentation-hippocampus", "atlas: holds no hippocampus_shared.npz; name the folder of the data with --data"),
        (
            "synthesis-pairs",
            "mrct/mr: holds no slices such as 2004.png; MINIMAND_DATA, or --data of minimand reproduce, names",
        ),
    ],
)
def test_tables_whose_data_are_elsewhere(work, minimand, table, said):
    answer = minimand("reproduce", table, "--data", ".")
    assert answer.code == 2
    assert said in answer.err.splitlines()[-1]
