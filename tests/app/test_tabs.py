"""The other tabs: what they make of their examples and of files."""

import json
import zipfile
from importlib import import_module

import nibabel
import numpy as np
import pytest
import torch
from PIL import Image

from minimand.app.out import Source
from minimand.app.sample import sample_picture
from minimand.app.tabs import TABS
from minimand.io import InputError


def run(name, out, source=None, **options):
    tab = TABS[name]
    import_module(tab.module).run(tab.check(options), source, out)
    (done,) = out.of("done")
    for entry in done["downloads"]:
        with zipfile.ZipFile(out.folder / entry["file"]) as archive:
            file, record = archive.namelist()
            assert json.loads(archive.read(record))["output"]["file"] == file
    return out.of("item")


def names(item):
    return [picture["name"] for picture in item["pictures"]]


def test_the_sample_picture_is_there_with_every_installation():
    assert sample_picture().array.shape == (300, 256, 3)


def test_noise_is_added_to_the_example_and_taken_off(out):
    (item,) = run("denoise", out, methods=["foe", "tv"])
    assert names(item) == ["truth", "noisy", "foe", "tv"]
    scores = item["scores"]
    assert abs(scores["noisy"]["psnr"] - 20.9) < 0.5
    assert scores["foe"]["psnr"] > scores["tv"]["psnr"] > scores["noisy"]["psnr"] + 5


def test_the_noise_of_a_file_is_estimated(out, tmp_path):
    rng = np.random.default_rng(0)
    clean = np.tile(np.linspace(20, 200, 64), (64, 1))
    np.save(tmp_path / "a.npy", clean + rng.normal(0, 8, (64, 64)))
    (item,) = run("denoise", out, Source(tmp_path / "a.npy", "mine.npy"), methods=["tv"])
    assert names(item) == ["as it came", "tv"]
    assert item["scores"] == {}
    before, after = (out.picture(item, name) for name in names(item))
    assert after.diff(dim=0).std() < 0.5 * before.diff(dim=0).std()


def test_haze_is_added_to_the_example_and_taken_off(out):
    (item,) = run("dehaze", out, methods=["dark-channel"])
    assert names(item) == ["truth", "hazy", "dark-channel", "transmission, dark-channel"]
    assert item["scores"]["dark-channel"]["psnr"] > item["scores"]["hazy"]["psnr"] + 5


def test_haze_is_taken_off_a_photograph_and_grey_ones_are_refused(out, tmp_path):
    picture = Image.fromarray(sample_picture().array[:64, :64])
    picture.save(tmp_path / "a.jpg")
    (item,) = run("dehaze", out, Source(tmp_path / "a.jpg", "a.jpg"), methods=["color-attenuation"])
    assert names(item) == ["hazy", "color-attenuation", "transmission, color-attenuation"]
    picture.convert("L").save(tmp_path / "grey.png")
    with pytest.raises(InputError, match="grey"):
        run("dehaze", out, Source(tmp_path / "grey.png", "grey.png"))


@pytest.mark.parametrize("operator", ["hadamard", "diffraction", "blocks", "structural"])
def test_a_picture_is_reconstructed_from_compressive_measurements(out, tmp_path, operator):
    Image.fromarray(sample_picture().array[60:140, 60:160]).save(tmp_path / "a.png")
    source = Source(tmp_path / "a.png", "a.png")
    (item,) = run("imaging", out, source, operator=operator, rate=40, methods=["zero-filled", "tv"])
    assert item["pictures"][0]["width"] == 64
    assert item["scores"]["tv"]["psnr"] > item["scores"]["zero-filled"]["psnr"] + 3


def test_ct_is_made_of_a_virtual_head_and_of_a_volume(out, tmp_path):
    items = run("synthesis", out)
    assert names(items[0]) == ["true CT", "MR", "CT made from MR"]
    errors = [item["scores"]["CT made from MR"]["mae"] for item in items]
    assert 20 < np.mean(errors) < 120
    out.events.clear()
    volume = np.random.default_rng(0).random((40, 44, 3)) * np.linspace(0, 1, 44)[None, :, None]
    nibabel.save(nibabel.Nifti1Image(volume.astype(np.float32), np.eye(4)), tmp_path / "a.nii.gz")
    (out.folder / "download-mr-ct").rename(out.folder / "before")
    items = run("synthesis", out, Source(tmp_path / "a.nii.gz", "a.nii.gz"))
    assert len(items) == 3
    assert names(items[0]) == ["MR", "CT made from MR"]


def test_optimizers_race_live_from_the_same_starts(out):
    run("optimizers", out, rules=["hyperadam", "adam", "adam:0.001"], steps=30, runs=2)
    charts = out.of("curves")
    assert len(charts) == 30
    assert [len(line["y"]) for line in charts[-1]["lines"]] == [30, 30, 30]
    firsts = [line["y"][0] for line in charts[-1]["lines"]]
    assert firsts == pytest.approx([firsts[0]] * 3)
    last = {line["name"]: line["y"][-1] for line in charts[-1]["lines"]}
    assert last["hyperadam"] < last["adam:0.001"]


@pytest.mark.parametrize("tab", TABS.values(), ids=TABS)
def test_every_choice_that_a_tab_offers_exists(tab):
    from minimand.reconstruction.methods import METHODS
    from minimand.systems.dehazing.dehaze import CLASSICAL
    from minimand.systems.optimizers.race import rules_of
    from minimand.systems.restoration.methods import METHODS as DENOISERS

    known = {"mri": METHODS, "imaging": METHODS, "denoise": DENOISERS, "dehaze": CLASSICAL}
    for field in tab.fields:
        values = [value for value, _ in getattr(field, "options", ())]
        if field.name == "methods":
            assert set(values) <= set(known[tab.name])
        if field.name == "rules":
            for task, _ in tab.fields[0].options:
                assert set(rules_of(",".join(values), task)) == set(values)


def test_pictures_keep_their_numbers(out):
    picture = out.grey("x", torch.tensor([[0.0, -1.0], [0.5, 2.0]]))
    assert (picture["low"], picture["high"]) == (-1.0, 2.0)
    levels = np.frombuffer((out.folder / picture["file"]).read_bytes(), "<u2")
    assert levels.tolist() == [21845, 0, 32768, 65535]
