"""NIfTI: header fields that lie, and scales and affines that make no sense."""

import struct

import nibabel
import numpy as np

FILE = "scan.nii"


def seed(path) -> None:
    image = nibabel.Nifti1Image(np.arange(60, dtype=np.int16).reshape(3, 4, 5), np.diag([2.0, 2, 3, 1]))
    nibabel.save(image, path)


def field(at: int, format: str, *values):
    """The case of other values in the header, `at` bytes from its start."""

    def write(path) -> None:
        data = bytearray(path.read_bytes())
        struct.pack_into("<" + format, data, at, *values)
        path.write_bytes(data)

    return write


def both(*cases):
    """The case of several."""
    return lambda path: [case(path) for case in cases]


def second(change):
    """The case of a NIfTI-2 file with a change."""

    def write(path) -> None:
        nibabel.save(nibabel.Nifti2Image(np.ones((3, 4, 5), np.int16), np.eye(4)), path)
        change(path)

    return write


def coloured(path) -> None:
    voxels = np.zeros((3, 4, 5), [("R", "u1"), ("G", "u1"), ("B", "u1")])
    nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), path)


NAN, INF = float("nan"), float("inf")
CASES = {
    "header of 347 bytes": field(0, "i", 347),
    "header of 0 bytes": field(0, "i", 0),
    "no axis": field(40, "h", 0),
    "eight axes": field(40, "h", 8),
    "minus three axes": field(40, "h", -3),
    "size 0": field(42, "h", 0),
    "size -3": field(42, "h", -3),
    "all sizes 0": field(42, "3h", 0, 0, 0),
    "two sizes negative": field(42, "2h", -3, -4),
    "too many rows": field(42, "h", 32767),
    "beyond all memory": field(42, "3h", 32767, 32767, 32767),
    "seven axes of 32767": field(40, "8h", 7, *[32767] * 7),
    "one slice more": field(46, "h", 6),
    "a time axis that is not there": field(40, "5h", 4, 3, 4, 5, 9),
    "type 0": field(70, "h", 0),
    "type of bits": field(70, "h", 1),
    "type 9999": field(70, "h", 9999),
    "type -4": field(70, "h", -4),
    "colour": coloured,
    "colour by number": field(70, "2h", 128, 24),
    "double voxels": field(70, "2h", 64, 64),
    "voxels far away": field(108, "f", 1e9),
    "voxels at no place": field(108, "f", NAN),
    "voxels at infinity": field(108, "f", INF),
    "voxels beyond the end": field(108, "f", 400),
    "slope infinite": field(112, "f", INF),
    "intercept infinite": field(112, "2f", 2, INF),
    "intercept not a number": field(112, "2f", 2, NAN),
    "affine infinite": field(280, "f", INF),
    "affine not a number": field(292, "f", NAN),
    "affine kilometres away": field(292, "f", 1e12),
    "all of the affine infinite": field(280, "12f", *[INF] * 12),
    "offset of the quaternion infinite": both(field(252, "2h", 1, 0), field(268, "f", INF)),
    "quaternion longer than 1": both(field(252, "2h", 1, 0), field(256, "3f", 5, 5, 5)),
    "magic of a pair": lambda path: field(344, "4s", b"ni1\0")(path) or path.write_bytes(path.read_bytes()[:352]),
    "second: header of 541 bytes": second(field(0, "i", 541)),
    "second: slope that makes values infinite": second(field(176, "2d", 1.7e308, 1.7e308)),
    "second: affine infinite": second(field(400, "d", INF)),
    "second: beyond all memory": second(field(24, "3q", 2**40, 2**40, 2**40)),
    "second: negative": second(field(24, "q", -3)),
    "second: overflow to the right size": second(field(24, "3q", 2**62, 4, 30)),
    "second: eight axes": second(field(16, "q", 8)),
    "second: voxels far away": second(field(168, "q", 2**50)),
    "second: cut": lambda path: second(lambda p: p.write_bytes(p.read_bytes()[:-3]))(path),
    "a byte less": lambda path: path.write_bytes(path.read_bytes()[:-1]),
}  # fmt: skip


def test_it_is_refused_in_one_line(case, never_read):
    never_read(case)


def test_an_affine_that_cannot_be_inverted_is_left_out_with_a_note(spoiled, minimand):
    path = spoiled(field(280, "12f", *[0.0] * 12))
    said = minimand("inspect", path)
    assert said.code == 0
    assert "cannot be inverted" in said.out
    assert "affine" not in said.out.replace("its affine", "")
