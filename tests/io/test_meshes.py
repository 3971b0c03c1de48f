"""Meshes in each format, as written by hand and by trimesh's rules, and files that are cut, damaged or hostile."""

import struct

import numpy as np
import pytest

from minimand.io import InputError
from minimand.io.meshes import read_mesh

CORNERS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.5]])
FACES = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]])
POINTS = "\n".join(" ".join(map(str, v)) for v in CORNERS.tolist())
ROWS = "\n".join("3 " + " ".join(map(str, f)) for f in FACES.tolist())
OFF = f"OFF\n# a tetrahedron\n4 4 6\n{POINTS}\n{ROWS}\n"
OBJ = "o thing\n" + "".join(f"v {x} {y} {z}\n" for x, y, z in CORNERS.tolist())
OBJ += "vn 0 0 1\n" + "".join(f"f {a + 1}/1/1 {b + 1}//1 {c - 4}\n" for a, b, c in FACES.tolist())
HEAD = (
    "ply\nformat {} 1.0\ncomment made by hand\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\n"
)
HEAD += "property uchar red\nelement face 4\nproperty list uchar int vertex_indices\nend_header\n"
PLY = HEAD.format("ascii") + "\n".join(p + " 255" for p in POINTS.split("\n")) + f"\n{ROWS}\n"
STL = "solid thing\n" + "".join(
    "facet normal 0 0 1\n outer loop\n"
    + "".join(f"  vertex {x} {y} {z}\n" for x, y, z in CORNERS[f]) + " endloop\nendfacet\n"
    for f in FACES
) + "endsolid thing\n"  # fmt: skip


def binary_ply(order):
    name = {"<": "binary_little_endian", ">": "binary_big_endian"}[order]
    body = b"".join(struct.pack(order + "fffB", *v, 7) for v in CORNERS)
    return HEAD.format(name).encode() + body + b"".join(struct.pack(order + "Biii", 3, *f) for f in FACES)


def binary_stl():
    rows = [struct.pack("<12fH", 0, 0, 1, *CORNERS[f].ravel(), 0) for f in FACES]
    return b"solid, says the head".ljust(80) + struct.pack("<I", len(rows)) + b"".join(rows)


def mesh(tmp_path, name, content):
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_mesh(file)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.off", OFF), ("A.OFF", OFF.replace("OFF\n", "OFF ").replace("# a tetrahedron\n", "")),
        ("c.off", "C" + OFF.replace("0\n", "0 255 0 0 255\n").replace("3 0 2 1", "3 0 2 1 9 9 9")), ("a.obj", OBJ),
        ("a.ply", PLY), ("b.ply", binary_ply("<")), ("c.ply", binary_ply(">")), ("crlf.off", OFF.replace("\n", "\r\n")),
    ],
)  # fmt: skip
def test_a_tetrahedron_in_every_format(tmp_path, name, content):
    found = mesh(tmp_path, name, content)
    np.testing.assert_array_equal(found.vertices, CORNERS)
    np.testing.assert_array_equal(found.faces, FACES)
    assert (found.vertices.dtype, found.notes) == (np.float64, ())


@pytest.mark.parametrize("content", [STL, STL.upper().replace("SOLID", "solid", 1), binary_stl()])
def test_stl_files_have_corners_for_every_triangle(tmp_path, content):
    found = mesh(tmp_path, "a.stl", content)
    np.testing.assert_array_equal(found.vertices[found.faces], CORNERS[FACES])


def test_polygons_become_fans_and_points_without_faces_stay_points(tmp_path):
    square = "OFF\n4 1 0\n0 0 0\n1 0 0\n1 1 0\n0 1 0\n4 0 1 2 3\n"
    assert mesh(tmp_path, "a.off", square).faces.tolist() == [[0, 1, 2], [0, 2, 3]]
    mixed = binary_ply("<").replace(b"element face 4", b"element face 5") + struct.pack("<Biiii", 4, 0, 1, 2, 3)
    assert mesh(tmp_path, "a.ply", mixed).faces.tolist() == [*FACES.tolist(), [0, 1, 2], [0, 2, 3]]
    assert mesh(tmp_path, "b.off", f"OFF\n4 0 0\n{POINTS}\n").faces.shape == (0, 3)
    assert mesh(tmp_path, "b.obj", OBJ.partition("vn")[0]).faces.shape == (0, 3)


def test_an_obj_file_whose_last_line_has_no_end_is_read_with_a_word(tmp_path):
    assert "may be cut" in mesh(tmp_path, "a.obj", OBJ.rstrip()).notes[0]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.off", OFF[: len(OFF) // 2], "ends after 3 of 4 vertices"),
        ("a.off", OFF.rpartition("\n3 ")[0], "ends after 3 of 4 faces"),
        ("a.off", OFF.rstrip()[:-2], "face 3 has 2 of 3 corners"),
        ("a.off", "OFF\n4 4 6\n0 0 0\n1 0\n" + OFF, "vertex 1 has 2 coordinates"),
        ("a.off", OFF.replace("0.0 1.5", "0.0 nan"), "vertex 3 is .* not finite"),
        ("a.off", OFF.replace("3 2 0 3", "3 2 0 4"), "triangle 3 has corners .2, 0, 4., but there are 4 vertices"),
        ("a.off", OFF.replace("4 4 6", "4 4000000000 6"), "declares 4000000000 faces, but has"),
        ("a.off", OFF.replace("4 4 6", "-4 4 6"), "declares -4 vertices"),
        ("a.off", OFF.replace("1.5", "1,5"), "cannot be read as OFF"),
        ("a.off", "solid\n", "does not begin with OFF"),
        ("a.off", "", "does not begin with OFF"),
        ("a.off", b"OFF BINARY\n\0\0\0\4", "OFF BINARY is not read"),
        ("a.obj", b"v 0 0 0\n\0\xff", "no text"),
        ("a.off", "OFF\n0 0 0\n", "holds no vertex"),
        ("a.obj", OBJ[: OBJ.index("f ") + 12], "line 7 of 7|fewer than 3 corners"),
        ("a.obj", OBJ.replace("v 1.0 0.0 0.0", "v 1.0 0.0"), "line 3 of 10, 'v 1.0 0.0', is no vertex"),
        ("a.obj", OBJ + "f 1 2 9\n", "triangle 4 has corners"),
        ("a.obj", OBJ + "f 1 2 0\n", "triangle 4 has corners"),
        ("a.ply", PLY[: len(PLY) - 20], "ends after 2 of 4 of element face|too few numbers"),
        ("a.ply", PLY.replace("element vertex 4", "element vertex 4000000000000"), "declares 4000000000000 vertex"),
        ("a.ply", binary_ply("<")[:-5], "ends within element face"),
        ("a.ply", binary_ply("<")[:-60], "ends within element vertex|ends within element face"),
        ("a.ply", PLY.replace("float z", "float w"), "declares no vertices with x, y and z"),
        ("a.ply", PLY.replace("ascii", "ebcdic"), "of no known format"),
        ("a.ply", "ply\nformat ascii 1.0\n", "no PLY head"),
        ("a.stl", STL[: len(STL) // 2], "ends without endsolid"),
        ("a.stl", STL.replace("  vertex 0.0 0.0 0.0\n", "", 1), "does not have three vertices"),
        ("a.stl", binary_stl()[:-7], "it is cut, damaged or no STL file"),
        ("a.stl", b"", "it is cut, damaged or no STL file"),
    ],
)  # fmt: skip
def test_cut_and_damaged_files_are_told_in_one_line(tmp_path, name, content, said):
    with pytest.raises(InputError, match=said) as error:
        mesh(tmp_path, name, content)
    assert name in str(error.value)


def test_names_that_are_no_meshes(tmp_path):
    (tmp_path / "horse.off").write_text(OFF)
    (tmp_path / "note.txt").write_text("")
    for name, said in (("hores.off", "Did you mean horse.off"), ("note.txt", "formats are .off .obj"), (".", "a file")):
        with pytest.raises(InputError, match=said):
            read_mesh(tmp_path / name)


def test_a_file_larger_than_memory_is_not_opened(tmp_path, monkeypatch):
    (tmp_path / "a.off").write_text(OFF)
    monkeypatch.setattr("minimand.io.meshes.free_bytes", lambda: 8 * 50)
    with pytest.raises(InputError, match="too large to read"):
        read_mesh(tmp_path / "a.off")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.obj", OBJ, "has more than 3 vertices or faces"),
        ("a.stl", binary_stl(), "has 4 triangles, at most 3 are read"),
        ("a.ply", PLY, "declares 4 vertex, at most 3 are read"),
        ("a.off", OFF, "declares 4 vertices, at most 3 are read"),
    ],
)
def test_more_than_is_read_should_be_simplified(tmp_path, monkeypatch, name, content, said):
    for module in ("meshes", "obj", "stl"):
        monkeypatch.setattr(f"minimand.io.{module}.MOST", 3)
    with pytest.raises(InputError, match=f"{name}: {said}; simplify the mesh"):
        mesh(tmp_path, name, content)
