"""Meshes: heads that lie, corners that are not there, coordinates that are no numbers."""

import struct
from pathlib import Path

import pytest

POINTS = "0 0 0\n1 0 0\n0 1 0\n0 0 1\n"
OFF = f"OFF\n4 4 0\n{POINTS}3 0 1 2\n3 0 1 3\n3 0 2 3\n3 1 2 3\n"
OBJ = "".join(f"v {line}\n" for line in POINTS.splitlines()) + "f 1 2 3\nf 1 2 4\nf 1 3 4\nf 2 3 4\n"
HEAD = (
    "ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\nelement face 4\n"
    "property list uchar int vertex_indices\nend_header\n"
)
PLY = HEAD + POINTS + "3 0 1 2\n3 0 1 3\n3 0 2 3\n3 1 2 3\n"
TEXTS = {".off": OFF, ".obj": OBJ, ".ply": PLY}
STL = bytes(80) + struct.pack("<I", 2) + (struct.pack("<12f", *range(12)) + b"\0\0") * 2


def told(pairs):
    """Cases that replace one text by another."""
    return {f"{old.strip()!r} to {new.strip()[:30]!r}": (old, new) for old, new in pairs}


WORDS = ("nan", "inf", "-inf", "x", "1e999", "1,5", "0x10", "--1", "", "1e", "½")
CASES = {
    ".off": told([
        *[("1 0 0\n", f"{word} 0 0\n") for word in WORDS],
        *[("3 1 2 3\n", f"3 1 2 {word}\n") for word in ("4", "-1", "99999999999999999999", "x", "1.5", "", "nan")],
        *[("4 4 0\n", f"{head}\n") for head in (
            "5 4 0", "4 5 0", "0 0 0", "-4 4 0", "4 -4 0", "4", "x 4 0", "1e9 4 0", "2000000000 4 0",
            "4 2000000000 0", "",
            "99999999999999999999 4 0", "4.5 4 0", "nan 4 0",
        )],
        *[("3 1 2 3\n", f"{count} 1 2 3\n") for count in ("4", "-3", "1000000", "x", "2000000000")],
        ("OFF\n", "FFO\n"), ("OFF\n", ""), ("3 1 2 3\n", ""), ("0 0 1\n", ""), (OFF, "OFF\n"), (OFF, "OFF\n4 4 0\n"),
    ]),
    ".obj": told([
        *[("v 1 0 0\n", f"v {word} 0 0\n") for word in WORDS if word != "1e999"], ("v 1 0 0\n", "v 1e999 0 0\n"),
        *[("f 2 3 4\n", f"f 2 3 {word}\n") for word in (
            "5", "0", "-9", "99999999999999999999", "x", "1.5", "nan",
        )],
        *[("f 2 3 4\n", f"f {word} 3 4\n") for word in ("5", "0", "-9", "9" * 20, "x", "1.5", "nan", "//")],
        *[("v 0 1 0\n", f"v 0 {word} 0\n") for word in ("nan", "inf", "x", "1,5")],
        *[("v 0 0 1\n", f"v 0 0 {word}\n") for word in ("nan", "inf", "x", "1,5")],
        ("v 0 0 1\n", ""), ("v 0 0 1\n", "v 0 0\n"), ("v 0 0 1\n", "v\n"), (OBJ, "f 1 2 3\n"), (OBJ, "# nothing\n"),
        (OBJ, ""), (OBJ, "vn 0 0 1\n"),
    ]),
    ".ply": told([
        *[("1 0 0\n", f"{word} 0 0\n") for word in WORDS],
        *[("3 1 2 3\n", f"3 1 2 {word}\n") for word in ("4", "-1", "99999999999999999999", "x", "")],
        *[("element vertex 4\n", f"element vertex {n}\n") for n in ("5", "0", "-4", "x", "", "2" * 10, "1e3")],
        *[("element face 4\n", f"element face {n}\n") for n in ("5", "-4", "x", "2000000000", "9" * 40)],
        *[("ascii 1.0\n", f"{word}\n") for word in ("ascii", "binary_little_endian 1.0", "pdp 1.0", "")],
        ("ply\n", "plx\n"), ("ply\n", ""), ("end_header\n", ""), ("property float x\n", ""),
        ("property float x\n", "property floot x\n"), ("property float x\n", "property list uchar float x\n"),
        ("property list uchar int vertex_indices\n", "property list uchar int\n"),
        ("3 1 2 3\n", ""), ("3 1 2 3\n", "9 1 2 3\n"),
        (PLY, HEAD),
    ]),
}  # fmt: skip
SOLIDS = {
    **{f"cut to {n} bytes": STL[:n] for n in (0, 1, 40, 79, 80, 83, 84, 100, 133, 134, 183)},
    **{f"{n} triangles": STL[:80] + struct.pack("<I", n) + STL[84:] for n in (0, 1, 3, 2**31, 2**32 - 1, 2**24)},
    **{
        f"{value} as a coordinate at {at}": STL[:at] + struct.pack("<f", value) + STL[at + 4 :]
        for value in (float("nan"), float("inf"), float("-inf"))
        for at in (96, 104, 112, 146, 166)
    },
    "a byte more": STL + b"x",
    "text that ends early": b"solid a\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\n",
    "text without an end": b"solid a\nfacet\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendfacet\n",
    "two corners": b"solid a\nfacet\nvertex 0 0 0\nvertex 1 0 0\nendfacet\nendsolid\n",
    "four corners": b"solid a\nfacet\n" + b"vertex 0 0 0\n" * 4 + b"endfacet\nendsolid\n",
    "words for numbers": b"solid a\nfacet\n" + b"vertex a b c\n" * 3 + b"endfacet\nendsolid\n",
    "text of nothing": b"solid a\nendsolid\n",
    "a web page": b"<html><body>not found</body></html>" * 4,
}


def write(name: str, content: bytes) -> Path:
    Path("given").mkdir()
    path = Path("given", name)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("suffix", "name"), [(suffix, name) for suffix, cases in CASES.items() for name in cases])
def test_a_mesh_of_text_is_refused_in_one_line(suffix, name, refused):
    old, new = CASES[suffix][name]
    assert TEXTS[suffix].count(old) >= 1
    path = write(f"scan{suffix}", TEXTS[suffix].replace(old, new, 1).encode())
    assert "scan" in refused("match", path, path, "--picture", "pairs.png")


@pytest.mark.parametrize("name", SOLIDS)
def test_a_mesh_of_facets_is_refused_in_one_line(name, refused):
    path = write("scan.stl", SOLIDS[name])
    assert "scan" in refused("match", path, path, "--picture", "pairs.png")


def test_there_are_forty_of_each():
    assert {suffix: len(cases) >= 40 for suffix, cases in CASES.items()} == dict.fromkeys(TEXTS, True)
    assert len(SOLIDS) >= 40
