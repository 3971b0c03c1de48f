"""Photographs come back as they were, in every format, with what is no colour."""

import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from minimand.io import InputError
from minimand.io.photographs import read_photograph, write_photograph

RNG = np.random.default_rng(3)
MODES = {"L": (1, False), "RGB": (3, False), "LA": (1, True), "RGBA": (3, True)}
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def noise(high, wide, channels, kind=np.uint8):
    return RNG.integers(0, np.iinfo(kind).max + 1, (high, wide, channels)).astype(kind)


def again(path, tmp_path):
    """A photograph, and what comes back when it was written once more."""
    photo = read_photograph(path)
    write_photograph(tmp_path / f"again{path.suffix}", photo)
    return photo, read_photograph(tmp_path / f"again{path.suffix}")


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("mode", MODES)
def test_eight_bits_keep_every_value_profile_and_orientation(tmp_path, suffix, mode):
    channels, alpha = MODES[mode]
    exif = Image.Exif()
    exif[274], exif[306] = 6, "2020:01:02 03:04:05"
    array = noise(5, 7, channels + alpha)
    Image.fromarray(array[..., 0] if array.shape[2] == 1 else array).save(
        tmp_path / f"a{suffix}", exif=exif, icc_profile=PROFILE, dpi=(300, 300)
    )
    photo, back = again(tmp_path / f"a{suffix}", tmp_path)
    turned = suffix == ".tif"  # by Pillow
    array = np.rot90(array, -1) if turned else array
    assert np.array_equal(photo.pixels, array[..., :channels])
    assert (photo.alpha is not None) == alpha
    assert not alpha or np.array_equal(photo.alpha, array[..., -1])
    assert np.array_equal(back.pixels, photo.pixels)
    assert (back.profile, back.orientation, photo.orientation) == (PROFILE, *((1, 1) if turned else (6, 6)))
    with Image.open(back.path) as file:
        assert file.getexif()[306] == "2020:01:02 03:04:05"
    assert back.resolution == pytest.approx((300, 300), abs=0.1)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_sixteen_bits_stay_sixteen_in_tiff(tmp_path, channels):
    array, colour = noise(6, 5, channels, np.uint16), channels > 2
    tifffile.imwrite(
        tmp_path / "a.tif", array if channels > 1 else array[..., 0], photometric="rgb" if colour else "minisblack",
        extrasamples=["unassalpha"] if channels in (2, 4) else None, iccprofile=PROFILE,
        extratags=[(274, 3, 1, 8, True)],
        planarconfig="contig" if channels > 1 else None,
    )  # fmt: skip
    photo, back = again(tmp_path / "a.tif", tmp_path)
    assert photo.white == 65535
    assert np.array_equal(photo.pixels, array[..., : 3 if colour else 1])
    assert np.array_equal(back.pixels, photo.pixels)
    assert channels in (1, 3) or np.array_equal(back.alpha, array[..., -1])
    assert (back.profile, back.orientation) == (PROFILE, 8)


def test_sixteen_bits_of_grey_stay_sixteen_in_png(tmp_path):
    array = noise(6, 5, 1, np.uint16)
    Image.fromarray(array[..., 0]).save(tmp_path / "a.png")
    photo, back = again(tmp_path / "a.png", tmp_path)
    assert np.array_equal(photo.pixels, array)
    assert np.array_equal(back.pixels, array)


def test_a_jpeg_keeps_its_look_and_exif(tmp_path):
    ramp = np.broadcast_to(np.linspace(0, 255, 64).astype(np.uint8)[:, None, None], (64, 48, 3))
    exif = Image.Exif()
    exif[274] = 3
    Image.fromarray(ramp).save(tmp_path / "a.jpg", exif=exif, icc_profile=PROFILE, quality=95)
    photo, back = again(tmp_path / "a.jpg", tmp_path)
    assert (back.format, back.orientation, back.profile) == ("JPEG", 3, PROFILE)
    assert np.abs(back.pixels.astype(int) - photo.pixels.astype(int)).max() <= 3


def test_palettes_become_colours_with_their_transparency(tmp_path):
    picture = Image.new("P", (2, 2))
    picture.putdata([0, 1, 2, 1])
    picture.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    picture.save(tmp_path / "a.png", transparency=1)
    photo = read_photograph(tmp_path / "a.png")
    assert photo.pixels[0, 0].tolist() == [255, 0, 0]
    assert photo.alpha is not None
    assert photo.alpha.tolist() == [[255, 0], [255, 0]]


def test_printers_colours_become_rgb_and_that_is_said(tmp_path):
    Image.fromarray(noise(8, 8, 3)).convert("CMYK").save(tmp_path / "a.jpg", icc_profile=PROFILE)
    photo = read_photograph(tmp_path / "a.jpg")
    assert (photo.pixels.shape, photo.profile) == ((8, 8, 3), b"")
    assert "CMYK became RGB, without its colour profile" in photo.notes[0]


def test_numbers_become_levels_and_are_cut(tmp_path):
    Image.fromarray(noise(1, 3, 3)).save(tmp_path / "a.png")
    photo = read_photograph(tmp_path / "a.png")
    assert photo.painted(photo.unit()).pixels.tolist() == photo.pixels.tolist()
    assert photo.painted(np.array([[[-1.0, 0.5, 2.0]]])).pixels.tolist() == [[[0, 128, 255]]]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"hello", "cannot be read as a picture"), (b"", "cannot be read as a picture"), (None, "no such file")],
)
def test_what_is_no_picture_is_told(tmp_path, content, said):
    if content is not None:
        (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_photograph(tmp_path / "a.jpg")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_a_truncated_picture_is_told(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    Image.fromarray(noise(40, 40, 3)).save(path)
    path.write_bytes(path.read_bytes()[:-900])
    with pytest.raises(InputError, match="truncated"):
        read_photograph(path)


def test_sixteen_bit_colour_png_is_refused_and_float_tiff(tmp_path):
    head = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
    Image.fromarray(noise(2, 2, 3)).save(tmp_path / "a.png")
    whole = bytearray((tmp_path / "a.png").read_bytes())
    assert whole.startswith(head)
    whole[24] = 16
    whole[29:33] = zlib.crc32(whole[12:29]).to_bytes(4, "big")
    (tmp_path / "a.png").write_bytes(whole)
    with pytest.raises(InputError, match="would lose half its bits"):
        read_photograph(tmp_path / "a.png")
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 4), np.float32))
    with pytest.raises(InputError, match="holds float32"):
        read_photograph(tmp_path / "a.tif")
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 4, 4), np.uint16), photometric="separated")
    with pytest.raises(InputError, match=r"a\.tif: is SEPARATED of 4 channels; save it as RGB"):
        read_photograph(tmp_path / "a.tif")


def test_a_folder_is_no_picture(tmp_path):
    with pytest.raises(InputError, match="is a folder or a device"):
        read_photograph(tmp_path)
