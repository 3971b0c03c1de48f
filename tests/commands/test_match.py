"""`minimand match`: points and shapes in, pairs and a picture out."""

import json

import numpy as np
import pytest
from PIL import Image

RNG = np.random.default_rng(0)


@pytest.fixture
def points(work, monkeypatch):
    """a.npy and b.npy: the same 8 points, b turned by a right angle, 1.5 times as large, reversed, and 2 others."""
    monkeypatch.setenv("MINIMAND_CACHE", str(work / "cache"))
    a = RNG.standard_normal((8, 2))
    b = np.concatenate([1.5 * a[::-1] @ [[0, 1], [-1, 0]], RNG.standard_normal((2, 2))])
    np.save(work / "a.npy", a)
    np.save(work / "b.npy", b)
    return work


def test_points_are_paired_whatever_turn_and_scale(points, done):
    found = json.loads(done("match", "a.npy", "b.npy", "--json", "--picture", "pairs.png"))
    assert [(pair["a"], pair["b"]) for pair in found["pairs"]] == [(k, 7 - k) for k in range(8)]
    assert found["method"] == "tensor"
    with Image.open(points / "pairs.png") as picture:
        assert picture.width > picture.height
    back = json.loads(done("match", "b.npy", "a.npy", "--json"))
    assert [(pair["b"], pair["a"]) for pair in back["pairs"]] == [(k, 7 - k) for k in reversed(range(8))]


def test_a_surface_is_paired_with_itself(points, done):
    t = np.linspace(0, np.pi, 14)[1:-1]
    ring = np.exp(2j * np.pi * np.arange(16) / 16)
    rows = [(0.5 * np.sin(s) * z.real, 0.5 * np.sin(s) * z.imag * (1 + s / 4), 2 * np.cos(s)) for s in t for z in ring]
    a = np.arange(12 * 16).reshape(12, 16)
    p, q, r, s = a[:-1], a[1:], np.roll(a[1:], -1, 1), np.roll(a[:-1], -1, 1)
    faces = np.concatenate([np.stack(f, 2).reshape(-1, 3) for f in ((p, q, r), (p, r, s))])
    text = "".join(f"v {x} {y} {z}\n" for x, y, z in rows) + "".join(
        f"f {i + 1} {j + 1} {k + 1}\n" for i, j, k in faces
    )
    for name in ("a.obj", "b.obj"):
        (points / name).write_text(text)
    found = json.loads(done("match", "a.obj", "b.obj", "--points", "8", "--json", "--picture", "pairs.png"))
    assert len(found["pairs"]) == 8
    assert all(pair["a"] == pair["b"] for pair in found["pairs"])


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["a.npy", "gone.npy"], "gone.npy: no such file"),
        (["a.npy", "flat.npy"], "points are finite numbers"),
        (["a.npy", "nan.npy"], "points are finite numbers"),
        (["a.npy", "b.npy", "--method", "magic"], "there is no method 'magic'"),
        (["a.npy", "tri.off"], "one is a surface and one is points"),
        (["tri.off", "tri.off", "--method", "tensor"], "surfaces are matched by mean-field"),
        (["a.npy", "b.npy", "--picture", "none/x.png"], "the folder none does not exist"),
    ],
)
def test_bad_input(points, refused, words, text):
    np.save(points / "flat.npy", np.zeros(4))
    np.save(points / "nan.npy", np.full((4, 2), np.nan))
    (points / "tri.off").write_text("OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n")
    assert text in refused("match", *words)
