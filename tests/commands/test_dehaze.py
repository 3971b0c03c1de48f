"""`minimand dehaze`: photographs in, clear photographs out, and a line for what cannot be."""

import json

import numpy as np
import pytest
from PIL import Image

RNG = np.random.default_rng(0)


@pytest.fixture
def hazy(work):
    """a.png and b.jpg, 60 x 40 colours behind haze, in the folder `in` of the current one."""
    (work / "in").mkdir()
    clear = RNG.uniform(0, 1, (5, 8, 3)).repeat(8, 0).repeat(8, 1)
    T = np.linspace(0.02, 0.9, 40)[:, None, None]
    levels = np.uint8(255 * (clear * T + 0.9 * (1 - T)))
    Image.fromarray(levels).save(work / "in" / "a.png")
    Image.fromarray(levels).save(work / "in" / "b.jpg", quality=95)
    return clear


def error(path, clear):
    return np.abs(np.asarray(Image.open(path).convert("RGB")) / 255 - clear).mean()


def test_a_folder_is_cleared_with_records_and_transmissions(work, hazy, done):
    out = json.loads(done("dehaze", "in", "-o", "out", "--method", "dark-channel", "--transmission", "--json"))
    assert [row["output"] for row in out["images"]] == ["out/a.png", "out/b.jpg"]
    for name in ("a.png", "b.jpg"):
        assert error(work / "out" / name, hazy) < 0.9 * error(work / "in" / name, hazy)
        record = json.loads((work / "out" / f"{name}.json").read_text())
        assert record["options"]["method"] == "dark-channel"
        assert record["inputs"][0]["sha256"]
    T = np.asarray(Image.open(work / "out" / "a.transmission.png"))
    assert T.shape == (40, 64)
    assert T[:5].mean() + 30 < T[-5:].mean()
    assert out["images"][0]["airlight"] == pytest.approx([0.9] * 3, abs=0.1)


def test_a_report_shows_before_and_after_transmission_and_airlight(work, hazy, minimand):
    said = minimand("dehaze", "in", "-o", "out", "--report", "page")
    assert (said.code, "report: page/index.html" in said.err) == (0, True)
    page = (work / "page" / "index.html").read_text()
    assert page.count('class="slider"') == 2
    assert page.count("data:image/png") == 8
    assert "a.png" in page
    assert "airlight (red, green, blue)" in page


@pytest.mark.parametrize("method", ["dark-channel", "color-attenuation"])
def test_a_pattern_and_several_names_and_one_line_each(work, hazy, done, method):
    lines = done("dehaze", "in/*.png", "in/b.jpg", "-o", "out", "--method", method).splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"out/a.png: {method}, 64 x 40, airlight 0.")
    assert sorted(p.name for p in (work / "out").iterdir()) == ["a.png", "a.png.json", "b.jpg", "b.jpg.json"]


def test_strength_nought_changes_nothing(work, hazy, done):
    done("dehaze", "in/a.png", "-o", "out", "--strength", "0")
    assert np.array_equal(np.asarray(Image.open(work / "out" / "a.png")), np.asarray(Image.open(work / "in" / "a.png")))


def test_grey_transparent_printed_and_tiny_pictures_keep_their_kind(work, done):
    (work / "in").mkdir()
    noise = RNG.integers(0, 256, (20, 30, 4), np.uint8)
    kinds = {"l.png": noise[..., 0], "rgba.png": noise, "la.png": noise[..., :2], "dot.png": noise[:1, :1, :3]}
    for name, array in kinds.items():
        Image.fromarray(array).save(work / "in" / name)
    for name, value in (("white.png", 255), ("black.png", 0)):
        Image.fromarray(np.full((9, 7, 3), value, np.uint8)).save(work / "in" / name)
    Image.fromarray(noise[..., :3]).convert("CMYK").save(work / "in" / "cmyk.jpg")
    Image.fromarray(noise[..., :3]).quantize(16).save(work / "in" / "palette.png")
    done("dehaze", "in", "-o", "out")
    for name, array in kinds.items():
        after = np.asarray(Image.open(work / "out" / name))
        assert after.shape == array.shape
        if name in ("rgba.png", "la.png"):
            assert np.array_equal(after[..., -1], array[..., -1])
    for name, value in (("white.png", 255), ("black.png", 0)):
        assert bool((np.asarray(Image.open(work / "out" / name)) == value).all())
    for name in ("cmyk.jpg", "palette.png"):
        assert np.asarray(Image.open(work / "out" / name)).shape == (20, 30, 3)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gone.jpg", "-o", "out"], "gone.jpg: no such file"),
        (["*.gif", "-o", "out"], "no file matches this pattern"),
        (["in/a.png", "-o", "none/out"], "the folder none does not exist"),
        (["in/a.png", "-o", "in/b.jpg"], "is a file, a folder is needed"),
        (["in/a.png", "-o", "in"], "is one of the files to read"),
        (["in/a.png", "-o", "in", "--force"], "is one of the files to read"),
        (["in/a.png", "-o", "old"], "exists already"),
        (["in/a.png", "old/a.png", "-o", "out"], "have one name"),
        (["in/a.png", "-o", "out", "--report", "old"], "is not empty"),
        (["in/a.png", "-o", "out", "--method", "darkchannel"], "no method 'darkchannel'. Did you mean dark-channel?"),
        (["in/a.png", "-o", "out", "--strength", "-1"], "'--strength'"),
        (["text.jpg", "-o", "old"], "text.jpg: cannot be read as a picture"),
    ],
)
def test_mistakes_are_one_line_and_nothing_is_written(work, hazy, refused, words, said):
    (work / "old").mkdir()
    (work / "old" / "a.png").write_bytes((work / "in" / "a.png").read_bytes())
    (work / "text.jpg").write_text("no picture")
    assert said in refused("dehaze", *words)


def test_a_network_is_trained_and_used(work, hazy, done, refused):
    for folder in ("gt", "depth"):
        (work / "scenes" / folder).mkdir(parents=True)
    for k in range(5):
        Image.fromarray(RNG.integers(0, 256, (24, 32, 3), np.uint8)).save(work / "scenes" / "gt" / f"{k}.png")
        Image.fromarray(np.full((24, 32), 9, np.uint8)).save(work / "scenes" / "depth" / f"{k}.png")
    words = ("train", "proximal-dehaze", "--data", "scenes", "--steps", "2", "-o", "net.safetensors", "--depth", "2")
    assert "net.safetensors: proximal-dehaze with 2 stages, validation" in done(*words)
    use = ("dehaze", "in/a.png", "-o", "out", "--method", "proximal-dehaze", "--weights", "net.safetensors")
    assert "out/a.png: proximal-dehaze, 64 x 40" in done(*use)
    assert json.loads((work / "out" / "a.png.json").read_text())["weights"] == "net"
    assert "out/a.png: proximal-dehaze, 64 x 40" in done(*use[:-2], "--force")  # the weights that ship
    assert "takes no weights" in refused(*use[:4], "--method", "dark-channel", "--weights", "net.safetensors")
    assert "--crop" in refused(*words, "--force", "--crop", "16")


def test_one_bad_picture_does_not_stop_the_others(work, hazy, minimand):
    whole = (work / "in" / "b.jpg").read_bytes()
    (work / "in" / "b.jpg").write_bytes(whole[: len(whole) // 2])
    Image.fromarray(RNG.integers(0, 256, (20, 30, 3), np.uint8)).save(work / "in" / "c.png")
    said = minimand("dehaze", "in", "-o", "out")
    assert said.code == 2
    assert said.err.count("minimand: ") == 1
    assert "b.jpg: cannot be read as a picture" in said.err
    assert "1 of 3 pictures failed, the others are done" in said.err
    assert sorted(p.name for p in (work / "out").glob("*[gp]")) == ["a.png", "c.png"]
