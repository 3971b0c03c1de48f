"""Pictures: integers are kept or refused, never wrapped around; floats are scaled and it is said how."""

import struct
import zlib

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from minimand.io import InputError, read_array, read_images, write_array

QUIET = [HealthCheck.function_scoped_fixture]


@given(
    array=hnp.arrays(st.sampled_from(["u1", "u2"]), hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=6))
)
@settings(max_examples=30, suppress_health_check=QUIET)
def test_png_and_tiff_keep_8_and_16_bit_integers(tmp_path, array):
    for name in ("a.png", "a.tif"):
        write_array(tmp_path / name, array, force=True)
        stored = read_array(tmp_path / name).array
        np.testing.assert_array_equal(stored, array)
        assert stored.dtype == array.dtype


@given(array=hnp.arrays("<i8", (2, 3), elements=st.integers(-(2**40), 2**40)))
@settings(max_examples=40, suppress_health_check=QUIET)
def test_integers_that_do_not_fit_are_refused_and_never_wrap(tmp_path, array):
    fits = array.min() >= 0 and array.max() <= 65535
    for name in ("a.png", "a.tif"):
        (tmp_path / name).unlink(missing_ok=True)
        if fits:
            write_array(tmp_path / name, array)
            np.testing.assert_array_equal(read_array(tmp_path / name).array, array)
        else:
            with pytest.raises(InputError, match=r"a\.(png|tif): integers from 0 to 65535"):
                write_array(tmp_path / name, array)
            assert not (tmp_path / name).exists()


@pytest.mark.parametrize("top", [1e-30, 1.0, 65535.5, 1e300])
def test_floats_and_complex_numbers_become_scaled_magnitudes_in_png(tmp_path, rng, top):
    array = top * np.exp(1j * rng.random((5, 6))) * rng.random((5, 6))
    note = write_array(tmp_path / "a.png", array)
    pixels = read_array(tmp_path / "a.png").array
    assert pixels.dtype == np.uint16
    assert "65535 stands for" in note
    np.testing.assert_allclose(pixels, 65535 * np.abs(array) / np.abs(array).max(), atol=0.5)


def test_a_mask_becomes_black_and_white(tmp_path):
    write_array(tmp_path / "a.png", np.eye(3, dtype=bool))
    np.testing.assert_array_equal(read_array(tmp_path / "a.png").array, 255 * np.eye(3))


def test_tiff_keeps_floats_and_stacks(tmp_path, rng):
    stack = rng.normal(size=(3, 4, 5)).astype(np.float32)
    write_array(tmp_path / "a.tif", stack)
    np.testing.assert_array_equal(read_array(tmp_path / "a.tif").array, stack)
    write_array(tmp_path / "b.tif", stack * 1j)
    np.testing.assert_array_equal(read_array(tmp_path / "b.tif").array, np.abs(stack))
    with pytest.raises(InputError, match="beyond it"):
        write_array(tmp_path / "c.tif", 1e300 * stack.astype(np.float64))


@pytest.mark.parametrize("array", [np.ones((3, 4, 5)), np.full((4, 4), np.nan), np.full((4, 4), np.inf), np.ones(4)])
def test_what_png_cannot_hold_is_refused(tmp_path, array):
    with pytest.raises(InputError, match=r"PNG (holds one image|cannot hold NaN)"):
        write_array(tmp_path / "a.png", array)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif"])
def test_colour_is_kept_as_channels_and_becomes_luminance_as_an_image(tmp_path, rng, name):
    colour = rng.integers(0, 255, (8, 9, 3), dtype=np.uint8)
    Image.fromarray(colour).save(tmp_path / name)
    stored = read_array(tmp_path / name)
    assert stored.channels
    images = read_images(tmp_path / name)
    np.testing.assert_allclose(images.arrays[0], stored.array @ [0.2989, 0.5870, 0.1140], rtol=1e-3)
    assert "luminance" in images.notes[0]
    if name != "a.jpg":
        write_array(tmp_path / f"b{name}", stored.array, like=stored)
        np.testing.assert_array_equal(read_array(tmp_path / f"b{name}").array, colour)


def test_transparency_and_palettes_are_read_as_they_look(tmp_path, rng):
    grey = rng.integers(0, 255, (4, 5), dtype=np.uint8)
    Image.fromarray(np.stack([grey, 255 - grey], -1)).save(tmp_path / "a.png")
    stored = read_array(tmp_path / "a.png")
    np.testing.assert_array_equal(stored.array, grey)
    assert "transparency" in stored.notes[0]
    Image.fromarray(grey).convert("RGB").convert("P").save(tmp_path / "b.png")
    assert read_array(tmp_path / "b.png").array.shape == (4, 5, 3)
    Image.fromarray(grey).convert("RGB").convert("P").save(tmp_path / "c.png", transparency=3)
    assert "transparency" in read_array(tmp_path / "c.png").notes[0]
    colour = rng.integers(0, 255, (4, 5, 4), dtype=np.uint8)
    Image.fromarray(colour).save(tmp_path / "d.tif")
    stored = read_array(tmp_path / "d.tif")
    np.testing.assert_array_equal(stored.array, colour[..., :3])
    assert "the fourth channel was dropped" in stored.notes[0]


def png(width: int, height: int, depth: int, colour: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")


def test_sizes_that_overflow_and_16_bit_colour_are_refused(tmp_path):
    (tmp_path / "a.png").write_bytes(png(2**31 - 1, 2**31 - 1, 16, 0))
    with pytest.raises(InputError, match=r"a\.png"):
        read_array(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(png(2, 2, 16, 2))
    with pytest.raises(InputError, match="16-bit colour"):
        read_array(tmp_path / "b.png")


def test_what_the_library_says_about_a_damaged_tiff_becomes_a_note(tmp_path, capfd):
    tifffile.imwrite(tmp_path / "a.tif", np.ones((4, 5), np.uint8), software="x" * 40, photometric="minisblack")
    content = (tmp_path / "a.tif").read_bytes()
    place = content.index((305).to_bytes(2, "little") + (2).to_bytes(2, "little")) + 8
    (tmp_path / "a.tif").write_bytes(content[:place] + b"\xff\xff\xff\x7f" + content[place + 4 :])
    assert "305" in read_array(tmp_path / "a.tif").notes[0]
    assert capfd.readouterr().err == ""


def test_only_the_first_series_of_a_tiff_is_read_and_it_is_said(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(np.ones((4, 5), np.uint8), photometric="minisblack")
        writer.write(np.ones((6, 7), np.uint16), photometric="minisblack")
    stored = read_array(tmp_path / "a.tif")
    assert stored.array.shape == (4, 5)
    assert "1 further series" in stored.notes[0]
