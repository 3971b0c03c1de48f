"""`minimand train mr-ct` and `minimand synthesize`: MR in, CT out on the same grid, and a line for what cannot be."""

import json

import nibabel
import numpy as np
import pytest
import torch
from PIL import Image

from minimand.systems.synthesis import tables
from minimand.systems.synthesis.networks import Generator
from minimand.weights import save_weights

RNG = np.random.default_rng(0)
AFFINE = np.array([[0, -2, 0, 10], [2.0, 0, 0, -20], [0, 0, 3, 5], [0, 0, 0, 1.0]])
CARD = {
    "network": "mr-ct", "method": "structure", "arguments": {"width": 2, "blocks": 1}, "window": [32, 32],
    "training": {"mr": "heads:0-1"},
}  # fmt: skip


@pytest.fixture
def heads(work):
    """mr/a.nii.gz and mr/b.nii with their ct/, slices/0.png and 1.png, hu.safetensors and grey.safetensors."""
    for kind in ("mr", "ct"):
        (work / kind).mkdir()
        for name, slices in (("a.nii.gz", 3), ("b.nii", 1)):
            volume = RNG.integers(-1024, 900, (40, 36, slices), np.int16)
            nibabel.save(nibabel.Nifti1Image(volume, AFFINE), work / kind / name)
    (work / "slices").mkdir()
    for k in range(2):
        Image.fromarray(RNG.integers(0, 256, (40, 36), np.uint8)).save(work / "slices" / f"{k}.png")
    torch.manual_seed(0)
    for name, values in (("hu", [-1024.0, 900.0]), ("grey", [0.0, 255.0])):
        grid = {"spacing": [2.0, 2.0], "orientation": "ALS"} if name == "hu" else {}
        card = {**CARD, **grid, "name": name, "range": values}
        save_weights(work / f"{name}.safetensors", card, Generator(2, 1).state_dict())
    return work


def test_volumes_become_ct_in_hu_on_their_grid(heads, done):
    out = json.loads(done("synthesize", "mr", "-o", "out", "--weights", "hu.safetensors", "--json"))
    assert [row["output"] for row in out["volumes"]] == ["out/a.nii.gz", "out/b.nii"]
    for name in ("a.nii.gz", "b.nii"):
        made, mr = nibabel.load(heads / "out" / name), nibabel.load(heads / "mr" / name)
        assert made.get_data_dtype() == np.int16
        assert np.array_equal(made.affine, mr.affine)
        assert made.shape == mr.shape
        assert -1024 <= made.get_fdata().min() < made.get_fdata().max() <= 900
        record = json.loads((heads / "out" / f"{name}.json").read_text())
        assert (record["weights"], record["inputs"][0]["file"]) == ("hu", f"mr/{name}")


def test_pictures_of_a_folder_are_slices_of_one_subject(heads, done):
    line = done("synthesize", "slices", "-o", "out", "--weights", "grey.safetensors")
    assert line.startswith("out: 2 x 40 x 36, CT from ")
    assert sorted(p.name for p in (heads / "out").iterdir()) == ["0.png", "0.png.json", "1.png", "1.png.json"]
    assert np.asarray(Image.open(heads / "out" / "1.png")).shape == (40, 36)
    done("synthesize", "slices/0.png", "-o", "hu", "--weights", "hu.safetensors")
    assert (heads / "hu" / "0.tif").exists()  # PNG holds no negative numbers


def test_a_true_ct_gives_scores_and_the_report_shows_it(heads, minimand):
    words = ("synthesize", "mr/a.nii.gz", "-o", "out", "--weights", "hu.safetensors", "--truth", "ct")
    said = minimand(*words, "--report", "page")
    assert "note: mr" not in said.err  # it lies on the grid that the network learned
    assert (said.code, "report: page/index.html" in said.err) == (0, True)
    assert "MAE " in said.out
    assert "SSIM(HG) " in said.out
    page = (heads / "page" / "index.html").read_text()
    for text in ("MIND distance", "true CT", "joint histogram", "profile line", "no medical device"):
        assert text in page


def test_mr_unlike_what_was_learned_from_is_told(heads, minimand):
    other = nibabel.Nifti1Image(RNG.random((40, 36, 2)), np.diag([1, 1, 3, 1.0]))
    nibabel.save(other, heads / "c.nii")
    said = minimand("synthesize", "c.nii", "-o", "out", "--weights", "hu.safetensors")
    assert said.code == 0
    assert "pixels of 1 x 1 mm, the network learned 2 x 2 mm" in said.err
    assert "axes RAS, the network learned ALS" in said.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gone.nii", "-o", "out"], "gone.nii: no such file"),
        (["empty", "-o", "out"], "this folder is empty"),
        (["hu.json", "-o", "out"], "is no NIfTI volume and no picture"),
        (["mr", "-o", "mr"], "is one of the files to read"),
        (["mr", "-o", "ct"], "exists already"),
        (["mr", "-o", "none/out"], "the folder none does not exist"),
        (["slices", "-o", "out", "--truth", "ct"], "there is no true CT of this name"),
        (["mr", "-o", "out", "--weights", "admm-net"], "is admm-net, not mr-ct"),
        (["flat.nii", "-o", "ct"], "this MR is 5 everywhere"),
    ],
)
def test_mistakes_are_one_line_and_nothing_is_written(heads, refused, words, said):
    (heads / "empty").mkdir()
    nibabel.save(nibabel.Nifti1Image(np.full((40, 36, 2), 5, np.int16), AFFINE), heads / "flat.nii")
    weights = [] if "--weights" in words else ["--weights", "hu.safetensors"]
    assert said in refused("synthesize", *words, *weights)


def test_one_bad_volume_does_not_stop_the_others(heads, minimand):
    (heads / "mr" / "a.nii.gz").write_bytes(b"no volume")
    said = minimand("synthesize", "mr", "-o", "out", "--weights", "hu.safetensors")
    assert said.code == 2
    assert "1 of 2 volumes failed, the others are done" in said.err
    assert (heads / "out" / "b.nii").exists()


def test_the_table_of_virtual_heads_is_printed_and_its_report_shows_the_first(heads, monkeypatch, minimand):
    monkeypatch.setenv("MINIMAND_DATA", str(heads))
    for name, value in (("SUBJECTS", range(100, 102)), ("LEARNED_CT", range(12, 14)), ("research", dict)):
        monkeypatch.setattr(tables, name, value)
    monkeypatch.setattr(tables, "shipped", lambda: {"hu": heads / "hu.safetensors"})
    said = minimand("reproduce", "synthesis", "--report", "page")
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert lines[0].startswith("synthesis, mean and standard deviation on 2 virtual heads (seeds 100 to 101")
    assert [line.split("  ")[0] for line in lines[-3:]] == ["air", "mean CT of the same slice", "structure"]
    assert lines[-1].endswith("127.78 / 24.67 / 0.78 / 0.622")
    assert "joint histogram" in (heads / "page" / "index.html").read_text()


def test_a_network_is_trained_and_used(heads, done, refused):
    train = ("train", "mr-ct", "--mr", "heads:0-1:32", "--steps", "2", "--width", "2", "--blocks", "1")
    line = done(*train, "--ct", "heads:2-3:32", "-o", "net.safetensors")
    assert line.startswith("net.safetensors: mr-ct by structure, 2 steps, last loss ")
    assert done("synthesize", "mr/a.nii.gz", "-o", "out", "--weights", "net.safetensors")
    said = refused(*train, "--ct", "heads:2-4:32", "-o", "two.safetensors", "--method", "paired")
    assert "2 volumes of 48 slices, heads:2-4:32 has 3 volumes of 72 slices" in said
    assert "Did you mean paired" in refused(*train, "--ct", "heads:2-3:32", "-o", "x.safetensors", "--method", "pair")
