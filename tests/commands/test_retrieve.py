"""`minimand retrieve`: a collection of small shapes, found again by query and by class."""

import json

import numpy as np
import pytest
from PIL import Image

from minimand.systems.shapes.surface import divided


@pytest.fixture
def shapes(work, monkeypatch):
    """Long boxes and flat ones, three each, in the folder `shapes`."""
    monkeypatch.setenv("MINIMAND_CACHE", str(work / "cache"))
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])
    vertices, faces = divided(*divided(*divided(corners, faces)))
    for label, size in (("long", (1, 1, 5)), ("flat", (4, 4, 0.4))):
        (work / "shapes" / label).mkdir(parents=True)
        for k in range(3):
            write(work / "shapes" / label / f"{k}.off", vertices * size * (1, 1 + 0.05 * k, 1), faces)
    meshes = [(vertices * (1, 1 + k, 1 + 0.1 * j), faces) for k in range(5) for j in range(2)]
    np.savez(
        work / "made.npz", names=np.arange(10).astype(str), labels=np.repeat(np.arange(5).astype(str), 2),
        voff=len(vertices) * np.arange(11), V=np.concatenate([v for v, _ in meshes]),
        foff=len(faces) * np.arange(11), F=np.concatenate([f for _, f in meshes]),
    )  # fmt: skip
    return work / "shapes"


def write(path, vertices, faces):
    rows = [" ".join(map(str, v)) for v in vertices.tolist()] + [f"3 {a} {b} {c}" for a, b, c in faces.tolist()]
    path.write_text(f"OFF\n{len(vertices)} {len(faces)} 0\n" + "\n".join(rows) + "\n")


def test_classes_are_scored_with_the_five_figures_and_nothing_else(shapes, done):
    figures = json.loads(done("retrieve", "--collection", "shapes", "--evaluate", "--method", "shape-dna", "--json"))
    assert list(figures) == ["nn", "first_tier", "second_tier", "e_measure", "dcg"]
    assert (figures["nn"], figures["first_tier"]) == (100, 100)
    assert "E-M cannot exceed 11.76" in done(
        "retrieve", "--collection", "shapes", "--evaluate", "--method", "shape-dna"
    )


def test_a_query_ranks_the_collection_with_a_sheet_and_a_page(shapes, work, done):
    (work / "query.off").write_text((shapes / "flat" / "1.off").read_text())
    found = json.loads(
        done("retrieve", "query.off", "--collection", "shapes", "--top", "4", "--method", "wks", "--json",
             "--sheet", "sheet.png", "--report", "page")
    )  # fmt: skip
    assert [row["rank"] for row in found["results"]] == [1, 2, 3, 4]
    assert found["results"][0]["file"] == "flat/1.off"
    assert found["results"][0]["distance"] == pytest.approx(0, abs=1e-3)
    assert [row["class"] for row in found["results"]] == ["flat"] * 3 + ["long"]
    with Image.open(work / "sheet.png") as sheet:
        assert sheet.width > 2 * sheet.height
    page = (work / "page" / "index.html").read_text()
    assert page.count("data:image/png") == 5
    assert "flat/1.off" in page


def test_a_shape_of_the_collection_does_not_find_itself(shapes, minimand):
    said = minimand("retrieve", "shapes/flat/1.off", "--collection", "shapes", "--json", "--method", "shape-dna")
    results = json.loads(said.out)["results"]
    assert len(results) == 5
    assert "flat/1.off" not in [row["file"] for row in results]
    assert "left out of its own list" in said.err


def test_a_scan_from_one_side_is_compared_with_views(shapes, work, done, monkeypatch):
    monkeypatch.setattr("minimand.systems.shapes.views.VIEWS", 2)
    half = [line for line in (shapes / "long" / "2.off").read_text().splitlines() if line.startswith("3 ")]
    vertices = (shapes / "long" / "2.off").read_text().splitlines()[2 : -len(half)]
    (work / "scan.off").write_text("\n".join(["OFF", f"{len(vertices)} {len(half) // 2} 0", *vertices, *half[::2]]))
    found = json.loads(done("retrieve", "scan.off", "--collection", "shapes", "--partial", "--json"))
    assert found["method"] == "log-wks, 2 views"
    assert len(found["results"]) == 6
    said = done("retrieve", "--collection", "shapes", "--partial", "--evaluate", "--json")
    assert json.loads(said)["nn"] == 100


def test_a_bad_file_in_the_collection_is_said_and_the_rest_is_found(shapes, minimand):
    text = (shapes / "long" / "0.off").read_text()
    (shapes / "long" / "cut.off").write_text(text[: len(text) // 2])
    said = minimand("retrieve", "--collection", "shapes", "--evaluate", "--method", "shape-dna", "--json")
    assert said.code == 0
    assert json.loads(said.out)["nn"] == 100
    assert "left out: " in said.err
    assert "cut.off: ends after" in said.err


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["gone.off"], "gone.off: no such file"),
        ([], "name a shape to look for"),
        (["shapes/flat/0.off", "--evaluate"], "name a shape to look for"),
        (["--evaluate", "--sheet", "a.png"], "leave them out with --evaluate"),
        (["shapes/flat/0.off", "--method", "wsk"], "Did you mean wks"),
        (["shapes/flat/0.off", "--method", "wks", "--weights", "x"], "wks takes no weights"),
        (["shapes/flat/0.off", "--sheet", "none/a.png"], "the folder none does not exist"),
        (["shapes"], "a file is needed"),
        (["nan.off"], "nan.off: vertex 1 is"),
        (["cut.off"], "cut.off: ends after"),
        (["line.off"], "line.off: holds no triangle with an area"),
    ],
)
def test_bad_input(shapes, work, refused, words, text):
    (work / "nan.off").write_text("OFF\n3 1 0\n0 0 0\nnan 0 0\n1 1 1\n3 0 1 2\n")
    (work / "cut.off").write_text("OFF\n2 1 0\n0 0 0\n")
    (work / "line.off").write_text("OFF\n3 1 0\n0 0 0\n1 1 1\n2 2 2\n3 0 1 2\n")
    assert text in refused("retrieve", *words, "--collection", "shapes")


def test_the_network_that_ships_is_the_default_and_one_of_ones_own_has_its_own_index(shapes, work, done):
    assert json.loads(done("retrieve", "--collection", "shapes", "--evaluate", "--json"))["nn"] == 100
    done("train", "st-net", "--data", "made.npz", "-o", "w.safetensors", "--steps", "4", "--size", "3")
    found = done("retrieve", "--collection", "shapes", "--evaluate", "--weights", "w.safetensors", "--json")
    assert json.loads(found)["nn"] == 100
    assert len(list((work / "cache" / "indices").iterdir())) == 2


@pytest.mark.parametrize("folder", ["none", "empty"])
def test_folders_without_shapes(shapes, work, refused, folder):
    (work / "empty").mkdir()
    assert "shapes" in refused("retrieve", "--collection", folder, "--evaluate")
