"""The other tabs: what they make of their examples and of files."""

import io
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
from minimand.app.solids import lighter
from minimand.app.tabs import TABS
from minimand.io import InputError
from minimand.systems.shapes.made import made_collection, made_query, rounded, tube
from minimand.systems.shapes.surface import triangle_areas
from minimand.systems.synthesis.heads import virtual_head
from minimand.systems.synthesis.template import made_template


def run(name, out, source=None, **options):
    tab = TABS[name]
    import_module(tab.module).run(tab.check(options), source, out)
    (done,) = out.of("done")
    for entry in done["downloads"]:
        with zipfile.ZipFile(out.folder / entry["file"]) as archive:
            file, record = archive.namelist()
            assert json.loads(archive.read(record))["output"]["file"] == file
    return out.of("item")


def text_of(mesh):
    """A mesh as .obj."""
    rows = [f"v {x} {y} {z}" for x, y, z in mesh.vertices]
    return "\n".join([*rows, *(f"f {a} {b} {c}" for a, b, c in mesh.faces + 1)])


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
    assert any("ellipsoids" in event["text"] for event in out.of("note"))
    with zipfile.ZipFile(out.folder / out.of("done")[0]["downloads"][0]["file"]) as archive:
        file = next(name for name in archive.namelist() if name.endswith(".npz"))
        (made,) = np.load(io.BytesIO(archive.read(file))).values()
    head = virtual_head(made_template(), TABS["synthesis"].check({})["seed"])  # the network sees it as it lies
    found = np.abs(made - head.ct.numpy()).mean((1, 2))
    assert errors == pytest.approx([float(found[int(item["name"].split()[1])]) for item in items], rel=1e-4)
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


def test_a_worm_is_found_among_made_shapes_whatever_its_pose(out):
    run("shapes", out, method="wks", top=5)
    solids = [solid for event in out.of("solids") for solid in event["solids"]]
    assert [solid["name"][:4] for solid in solids[1:5]] == ["worm"] * 4
    assert "1. distance" in solids[1]["note"]
    size = {name: (out.folder / solids[1][name]["file"]).stat().st_size for name in ("points", "columns")}
    assert size == {"points": 6 * solids[1]["vertices"], "columns": 2 * 12 * solids[1]["vertices"]}
    corners = np.frombuffer((out.folder / solids[1]["corners"]).read_bytes(), "<u2")
    assert (len(corners), corners.max()) == (3 * solids[1]["faces"], solids[1]["vertices"] - 1)


def test_a_shape_of_yours_is_found_among_yours(out, tmp_path):
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for entry in [*made_collection()[:2], *made_collection()[4:6]]:
            archive.writestr(f"set/{entry.label}/{entry.name}.obj", text_of(entry.read()))
        archive.writestr("set/broken.obj", "f 1 2 3")
    (tmp_path / "q.obj").write_text(text_of(made_query()))
    source = Source(tmp_path / "q.obj", "mine.obj", Source(tmp_path / "set.zip", "set.zip"))
    run("shapes", out, source, method="hks", descriptor="eigenfunctions")
    names = [solid["name"] for event in out.of("solids") for solid in event["solids"]]
    assert names[0] == "mine.obj"
    assert names[1].startswith("worm/worm")
    assert len(names) == 5
    assert any(event["text"].startswith("left out: ") for event in out.of("note"))


def test_large_surfaces_are_made_lighter_for_the_page():
    mesh = tube(1.0, rounded("worm"), rings=200, around=60)
    vertices, faces, columns = lighter(mesh.vertices, mesh.faces, mesh.vertices[:, :1], most=2000)
    assert 500 < len(vertices) <= 2000
    assert faces.max() < len(vertices)
    np.testing.assert_allclose(columns[:, 0], vertices[:, 0])
    before, after = (triangle_areas(v, f).sum() for v, f in ((mesh.vertices, mesh.faces), (vertices, faces)))
    assert after == pytest.approx(before, rel=0.1)


def test_a_made_heart_is_outlined_by_made_atlases(out):
    (item,) = run("segmentation", out, methods=["majority", "patch"])
    assert [p["name"] for p in item["pictures"] if not p.get("aside")] == ["image", "truth", "patch", "majority"]
    assert item["scores"]["patch"]["dice 1"] > 0.95
    assert item["scores"]["patch"]["dice 2"] > item["scores"]["majority"]["dice 2"]


def test_a_volume_of_yours_is_outlined_by_yours(out, tmp_path, body):
    size = (3, 24, 24)

    def nifti(array):
        return nibabel.Nifti1Image(array.transpose(1, 2, 0), np.eye(4)).to_bytes()

    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for k in range(3):
            for name, array in zip(("images", "labels"), body(k, size), strict=True):
                archive.writestr(f"mine/{name}/s{k}.nii", nifti(array))
    (tmp_path / "t.nii").write_bytes(nifti(body(7, size)[0]))
    alone = Source(tmp_path / "t.nii", "t.nii")
    with pytest.raises(InputError, match="needs atlases"):
        run("segmentation", out, alone)
    source = alone._replace(beside=Source(tmp_path / "a.zip", "a.zip"))
    items = run("segmentation", out, source, methods=["majority", "deep-fusion"], centre="11, 12")
    assert {item["name"] for item in items} <= {"slice 0", "slice 1", "slice 2"}
    assert any(event["text"].startswith("deep-fusion: ") for event in out.of("note"))
    with pytest.raises(InputError, match="write X,Y"):
        run("segmentation", out, source, centre="left")


@pytest.mark.parametrize("tab", TABS.values(), ids=TABS)
def test_every_choice_that_a_tab_offers_exists(tab):
    from minimand.app.tab_shapes import COLOURS
    from minimand.reconstruction.methods import METHODS
    from minimand.systems.dehazing.dehaze import CLASSICAL
    from minimand.systems.optimizers.race import rules_of
    from minimand.systems.restoration.methods import METHODS as DENOISERS
    from minimand.systems.segmentation.methods import METHODS as RULES
    from minimand.systems.shapes.methods import NAMES as SHAPES

    known = {"mri": METHODS, "imaging": METHODS, "denoise": DENOISERS, "dehaze": CLASSICAL, "segmentation": RULES}
    for field in tab.fields:
        values = [value for value, _ in getattr(field, "options", ())]
        if field.name == "methods":
            assert set(values) <= set(known[tab.name])
        if field.name == "method":
            assert set(values) <= set(SHAPES)
        if field.name == "descriptor":
            assert set(values) == set(COLOURS)
        if field.name == "rules":
            for task, _ in tab.fields[0].options:
                assert set(rules_of(",".join(values), task)) == set(values)


def test_pictures_keep_their_numbers(out):
    picture = out.grey("x", torch.tensor([[0.0, -1.0], [0.5, 2.0]]))
    assert (picture["low"], picture["high"]) == (-1.0, 2.0)
    levels = np.frombuffer((out.folder / picture["file"]).read_bytes(), "<u2")
    assert levels.tolist() == [21845, 0, 32768, 65535]
