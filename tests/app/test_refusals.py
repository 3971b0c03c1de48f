"""What the tabs cannot do with a file is said in one line that names it, with the numbers and what to use instead."""

import asyncio
import zipfile
from importlib import import_module

import nibabel
import numpy as np
import pytest
import torch
from PIL import Image

from minimand.app import tab_segmentation
from minimand.app.cases import Case, reconstruct_cases
from minimand.app.out import Source
from minimand.app.tabs import TABS
from minimand.io import InputError
from minimand.operators import Fourier
from minimand.reconstruction.methods import Method
from minimand.terms import LeastSquares


def told(name, out, source=None, **options):
    """The one line in which a tab ends."""
    tab = TABS[name]
    with pytest.raises(InputError) as refusal:
        import_module(tab.module).run(tab.check(options), source, out)
    return str(refusal.value)


@pytest.fixture
def kept(tmp_path):
    """`kept(name, array)` is a file that came: .npy, .png or .nii by its name."""

    def keep(name, array):
        path = tmp_path / name
        if path.suffix == ".npy":
            np.save(path, array)
        elif path.suffix == ".png":
            Image.fromarray(array).save(path)
        else:
            nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), path)
        return Source(path, name)

    return keep


@pytest.fixture
def with_atlas(kept, tmp_path, body):
    """An image of 16 x 20 pixels with one atlas beside it."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name, array in zip(("images", "labels"), body(1, (16, 20)), strict=True):
            archive.write(kept("s.nii", array).path, f"mine/{name}/s.nii")
    return kept("t.nii", body(7, (16, 20))[0])._replace(beside=Source(tmp_path / "a.zip", "a.zip"))


@pytest.mark.parametrize(
    ("tab", "size", "command"),
    [
        ("dehaze", (40, 50, 3), "dehaze"),
        ("denoise", (40, 50, 3), "denoise"),
        ("segmentation", (8, 16, 16), "segment"),
        ("synthesis", (8, 16, 16), "synthesize"),
    ],
)
def test_what_is_too_large_for_the_page_names_the_command_for_it(
    out, kept, with_atlas, monkeypatch, tab, size, command
):
    monkeypatch.setattr(f"minimand.app.tab_{tab}.MOST", 1000)
    source = kept("large.png" if size[-1] == 3 else "large.nii", np.zeros(size, np.uint8))
    said = told(tab, out, source._replace(beside=with_atlas.beside))
    assert f"{source.name}: more than 0.001 million " in said
    assert said.endswith(f"; use minimand {command}.")


def test_what_holds_no_picture_to_denoise(out, kept):
    assert "a.npy: shape (9,) holds no image" in told("denoise", out, kept("a.npy", np.ones(9)))


def test_pictures_with_nothing_to_measure_in_their_middle(out, kept):
    frame = np.zeros((24, 48), np.uint8)
    frame[:, :8] = 200
    assert "frame.png: the middle of the picture is black" in told("imaging", out, kept("frame.png", frame))
    small = kept("small.png", np.full((12, 40), 9, np.uint8))
    assert "small.png: has 12 x 40 pixels; 16 x 16 are needed" in told("imaging", out, small)


def test_when_no_method_can_the_notes_say_why(out, kept):
    kspace = np.ones((1, 3, 24, 32), np.complex64)
    np.savez(out.folder / "k.npz", kspace=kspace, mask=np.ones((24, 32), bool))
    scan = Source(out.folder / "k.npz", "k.npz")
    text = told("mri", out, scan, kind="kspace", methods=["sidwt"])
    assert text == "no method could reconstruct this; the notes say why."
    assert any(note["text"].startswith("sidwt: ") for note in out.of("note"))


def test_a_method_that_diverges_is_said_and_left_out(out):
    data = LeastSquares(Fourier(torch.ones(16, 16, dtype=torch.bool)), torch.ones(1, 16, 16, dtype=torch.complex64))
    wild = Method("wild", lambda data: torch.full((1, 16, 16), torch.inf))
    with pytest.raises(InputError, match="no method could reconstruct this"):
        reconstruct_cases([Case("image", data, None, 1.0, 0)], 1, ["wild"], lambda *_: wild, lambda A: None, out)
    assert out.of("note")[-1]["text"] == "wild: diverged on this data."


def test_when_no_rule_can_fuse_the_atlases_the_notes_say_why(out, with_atlas, monkeypatch):
    monkeypatch.setattr(tab_segmentation, "IMAGES", tab_segmentation.VOLUMES)  # a network that learned something else
    text = told("segmentation", out, with_atlas, methods=["deep-fusion"])
    assert text == "no method could do this; the notes say why."
    assert "deep-fusion: this network learned volumes" in out.of("note")[-1]["text"]


def test_a_centre_outside_the_image_is_told_as_it_was_typed(out, with_atlas):
    with pytest.raises(ValueError, match="the centre 3,40 lies outside the target, which has 16,20 voxels"):
        tab_segmentation.run(TABS["segmentation"].check({"centre": "3,40"}), with_atlas, out)


TETRAHEDRON = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 2 3 4\nf 1 4 3\n"


def test_collections_of_shapes_that_cannot_be_searched(out, tmp_path):
    (tmp_path / "q.obj").write_text(TETRAHEDRON)
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("set/broken.obj", "f 1 2 3")
    query = Source(tmp_path / "q.obj", "q.obj", Source(tmp_path / "set.zip", "set.zip"))
    text = told("shapes", out, query, method="shape-dna")
    assert text == "none of the shapes of the collection can be used; the notes say why."
    assert any("broken.obj" in note["text"] for note in out.of("note"))
    n = 501
    np.savez(
        tmp_path / "many.npz", names=np.arange(n).astype(str), labels=np.arange(n).astype(str),
        voff=np.zeros(n + 1, int), foff=np.zeros(n + 1, int), V=np.zeros((1, 3)), F=np.zeros((1, 3), int),
    )  # fmt: skip
    many = query._replace(beside=Source(tmp_path / "many.npz", "many.npz"))
    assert "many.npz: holds 501 shapes, at most 500 here; use minimand retrieve" in told("shapes", out, many)


def test_the_page_speaks_nothing_but_http(site):
    guard = site.server.config.app
    with pytest.raises(RuntimeError, match="the page speaks HTTP, got websocket"):
        asyncio.run(guard({"type": "websocket"}, None, None))


def test_what_the_page_does_not_have_is_not_found(site):
    files = site.client.post("/api/files", params={"name": "a.npy", "tab": "none"}, content=b"1")
    assert (files.status_code, files.json()["detail"]) == (404, "There is no such tab.")
    for path in ("/api/jobs/none", "/api/jobs/none/events", "/api/jobs/none/files/1.json"):
        answer = site.client.get(path)
        assert (answer.status_code, answer.json()["detail"]) == (404, "There is no such job.")


def test_a_full_queue_says_how_many_wait(site):
    answers = [site.submit(seed=1) for _ in range(52)]  # one at work, fifty waiting, one too many
    answer = answers[-1]
    assert [a.status_code for a in answers[:50]] == [201] * 50
    assert answer.status_code == 503
    assert "50 jobs wait already; cancel some" in answer.json()["detail"]
