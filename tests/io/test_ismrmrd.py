"""ISMRMRD raw data: lines land where they were measured, and what cannot be read is said in one line."""

import contextlib

import h5py
import numpy as np
import pytest

from minimand.io import InputError, describe, read_kspace

X, Y, COILS = 16, 12, 3


def transform(image, axes=(-2, -1)):
    return np.fft.fftshift(np.fft.fftn(np.fft.ifftshift(image, axes=axes), axes=axes, norm="ortho"), axes=axes)


@pytest.fixture
def full(rng) -> np.ndarray:
    """K-space (coils, y, x) of coil images that vanish towards the edges."""
    rows, columns = np.mgrid[0:Y, 0:X]
    image = np.exp(-((rows - 5) ** 2 + (columns - 7) ** 2) / 8)
    return transform(image * (rng.normal(size=(COILS, 1, 1)) + 1j)).astype(np.complex64)


def lines(kspace, rows=None, **head) -> list[dict]:
    rows = range(kspace.shape[1]) if rows is None else rows
    return [{"samples": kspace[:, y], "kspace_encode_step_1": y, **head} for y in rows]


def refused(path) -> str:
    with pytest.raises(InputError) as caught:
        read_kspace(path)
    text = str(caught.value)
    assert path.name in text
    assert len(text) <= 600
    return text


def test_lines_make_kspace_and_its_mask(tmp_path, write_raw, raw_header, full):
    rows = [0, 2, 4, 5, 6, 7, 8, 10]
    noise = {"samples": np.ones((COILS, 9)), "flags": [19]}
    navigator = {"samples": np.ones((1, 4)), "flags": [23]}
    path = write_raw(tmp_path / "a.h5", [noise, *lines(full, rows), navigator], raw_header((X, Y, 1)))
    scan = read_kspace(path)
    mask = np.zeros((Y, X), bool)
    mask[rows] = True
    np.testing.assert_array_equal(scan.mask, mask)
    np.testing.assert_array_equal(scan.kspace, (full * mask)[None])
    assert (scan.coils, scan.single, scan.noise.shape, scan.calibration) == (COILS, False, (COILS, 9), None)
    said = " ".join(scan.notes)
    assert "8 lines of 3 coils, acceleration 2, a noise scan" in said
    assert "1 navigator" in said


def test_readout_oversampling_is_removed(tmp_path, write_raw, raw_header, full):
    image = np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(full, axes=(-2, -1)), norm="ortho"), axes=(-2, -1))
    wide = transform(np.pad(image, [(0, 0), (0, 0), (X // 2, X // 2)]))
    path = write_raw(tmp_path / "a.h5", lines(wide), raw_header((2 * X, Y, 1), (X, Y, 1)))
    scan = read_kspace(path)
    np.testing.assert_allclose(scan.kspace[0], full, atol=1e-5)
    assert scan.mask.all()
    assert scan.source.geometry.spacing == (2.0, 2.0, 2.0)


def test_partial_echoes_and_reversed_lines_lie_at_their_frequencies(tmp_path, write_raw, raw_header, full):
    cut = [{**line, "samples": line["samples"][:, 5:], "center_sample": X // 2 - 5} for line in lines(full)]
    cut[3] = {**cut[3], "samples": cut[3]["samples"][:, ::-1], "flags": [22], "center_sample": 7}
    whole = {"samples": full[:, 2, ::-1], "kspace_encode_step_1": 2, "flags": [22]}
    path = write_raw(tmp_path / "a.h5", [*cut[:2], whole, *cut[3:]], raw_header((X, Y, 1)))
    scan = read_kspace(path)
    expected = full.copy()
    expected[:, [y for y in range(Y) if y != 2], :5] = 0
    np.testing.assert_array_equal(scan.kspace[0], expected)
    np.testing.assert_array_equal(scan.mask, expected[0] != 0)
    assert any("partial echoes" in note for note in scan.notes)


def test_discarded_samples_do_not_count(tmp_path, write_raw, raw_header, full):
    spoilt = full.copy()
    spoilt[..., :3] = spoilt[..., -2:] = 99
    path = write_raw(tmp_path / "a.h5", lines(spoilt, discard_pre=3, discard_post=2), raw_header((X, Y, 1)))
    np.testing.assert_array_equal(read_kspace(path).mask[0], (np.arange(X) >= 3) & (np.arange(X) < X - 2))


def test_averages_are_averaged_and_repetitions_are_images_of_their_own(tmp_path, write_raw, raw_header, full):
    rows = range(0, Y, 2)
    some = [*lines(full), *lines(3 * full, average=1), *lines(5 * full, rows, repetition=1)]
    path = write_raw(tmp_path / "a.h5", some, raw_header((X, Y, 1)))
    scan = read_kspace(path)
    np.testing.assert_allclose(scan.kspace[0], 2 * full, rtol=1e-6)
    np.testing.assert_allclose(scan.kspace[1, :, ::2], 5 * full[:, ::2], rtol=1e-6)
    assert scan.mask.shape == (2, Y, X)
    assert any("FILE:averaged" in note for note in scan.notes)
    mean = read_kspace(f"{path}:averaged")
    np.testing.assert_allclose(mean.kspace[0, :, ::2], 3 * full[:, ::2], rtol=1e-6)
    np.testing.assert_array_equal(read_kspace(f"{path}:kspace[1]").mask, scan.mask[1:])


def test_slices_lie_where_their_positions_say(tmp_path, write_raw, raw_header, full):
    some = [line for k in (1, 0) for line in lines((k + 1) * full, slice=k, position=(0, 0, 7 * k))]
    scan = read_kspace(write_raw(tmp_path / "a.h5", some, raw_header((X, Y, 1))))
    np.testing.assert_array_equal(scan.kspace, np.stack([full, 2 * full]))
    affine = scan.source.geometry.affine
    np.testing.assert_allclose(affine[:3, :3], [[0, -2, 0], [-2, 0, 0], [0, 0, 7]])
    np.testing.assert_allclose(affine @ [Y // 2, X // 2, 0, 1], [0, 0, 0, 1])


def test_calibration_lines_count_for_the_image_where_the_header_says_so(tmp_path, write_raw, raw_header, full):
    some = [*lines(full, range(0, Y, 2)), *lines(full, [5, 7], flags=[20]), *lines(full, [6], flags=[20, 21])]
    within = read_kspace(write_raw(tmp_path / "a.h5", some, raw_header((X, Y, 1))))
    assert within.mask[:, 0].sum() == 8
    assert within.calibration is None
    apart = read_kspace(write_raw(tmp_path / "b.h5", some, raw_header((X, Y, 1), calibration="separate")))
    assert apart.mask[:, 0].sum() == 6
    assert sorted(np.flatnonzero(apart.calibration[0, 0, :, 0])) == [5, 7]
    assert any("2 calibration lines apart" in note or "3 calibration lines apart" in note for note in apart.notes)


@pytest.mark.parametrize("whole", [True, False])
def test_a_third_dimension_becomes_slices(tmp_path, write_raw, raw_header, rng, whole):
    z = 4
    volume = rng.normal(size=(COILS, z, Y, X)) + 1j
    kspace = transform(volume, axes=(-3, -2, -1)).astype(np.complex64)
    places = [(k, y) for k in range(z) for y in range(Y) if whole or (k + y) % 2 == 0]
    some = [{"samples": kspace[:, k, y], "kspace_encode_step_1": y, "kspace_encode_step_2": k} for k, y in places]
    scan = read_kspace(write_raw(tmp_path / "a.h5", some, raw_header((X, Y, z))))
    if whole:
        np.testing.assert_allclose(scan.kspace, transform(volume.swapaxes(0, 1)), atol=1e-5)
        assert scan.mask.shape == (Y, X)
    else:
        hybrid = transform(volume.transpose(3, 0, 2, 1))
        np.testing.assert_allclose(scan.kspace, np.where(scan.mask, hybrid, 0), atol=1e-5)
        assert scan.mask.mean() == 0.5
    assert scan.source.geometry is not None


def test_it_is_described(tmp_path, write_raw, raw_header, full):
    found = describe(write_raw(tmp_path / "a.h5", lines(full), raw_header((X, Y, 1))))
    assert found["format"] == "ISMRMRD"
    assert [a["name"] for a in found["arrays"]] == ["kspace", "averaged"]


BOMB = "<!DOCTYPE a [<!ENTITY b 'bb'><!ENTITY c '&b;&b;'>]>"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda h: h(trajectory="spiral"), "trajectory 'spiral', only cartesian"),
        (lambda h: h(trajectory="epi"), "phase correction"),
        (lambda h: h(encodings=2), "2 encodings"),
        (lambda h: h().replace("<ismrmrd", f"{BOMB}<ismrmrd", 1), "never expanded"),
        (lambda h: h()[:200], "XML header is damaged"),
        (lambda h: "", "XML header is damaged"),
        (lambda h: h(more="<a>" * 100 + "</a>" * 100), "nested deeper"),
        (lambda h: h(more="<!--" + "x" * 5_000_000 + "-->"), "bytes"),
        (lambda h: h().replace("<x>16", "<x>-16"), "whole number"),
        (lambda h: h().replace("<x>16", "<x>99999"), "2 to 8192 points"),
        (lambda h: h().replace("<x>16", "<x>8"), "does not fit into the encoded matrix of 8"),
        (lambda h: h().replace("<y>12", "<y>10"), "outside the encoded matrix of 10"),
        (lambda h: "<a/>", "0 encodings"),
        (lambda h: "<a><encoding/></a>", "no encodedSpace/matrixSize"),
    ],
)
def test_a_header_that_cannot_be_read_is_refused(tmp_path, write_raw, raw_header, full, change, said):
    header = change(lambda **words: raw_header((X, Y, 1), **words))
    assert said in refused(write_raw(tmp_path / "a.h5", lines(full), header))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda some: [{**line, "flags": [19]} for line in some], "none of its 12 acquisitions is flagged as image"),
        (lambda some: [*some[:3], {**some[3], "flags": [22]}, {**some[4], "flags": [24]}], "EPI"),
        (lambda some: [*some[:3], {**some[3], "samples": some[3]["samples"][:2]}], "have 2, 3 coils"),
        (lambda some: [*some[:3], {**some[3], "number_of_samples": 15}], "acquisition 3 declares"),
        (lambda some: [*some[:3], {**some[3], "kspace_encode_step_1": 40}], "line 40 along y"),
        (lambda some: [*some[:3], {**some[3], "center_sample": 2}], "does not fit"),
        (lambda some: [*some[:3], {**some[3], "samples": some[3]["samples"] * np.nan}], "acquisition 3 has NaN"),
        (lambda some: [{**line, "samples": 0 * line["samples"]} for line in some], "zero everywhere"),
        (lambda some: [], "has 0 acquisitions"),
    ],
)
def test_lines_that_make_no_image_are_refused(tmp_path, write_raw, raw_header, full, spoil, said):
    assert said in refused(write_raw(tmp_path / "a.h5", spoil(lines(full)), raw_header((X, Y, 1))))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_file(tmp_path, write_raw, raw_header, full, share):
    path = write_raw(tmp_path / "a.h5", lines(full), raw_header((X, Y, 1)))
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    refused(path)


def test_a_file_without_its_header_or_with_two_tables(tmp_path, write_raw, raw_header, full):
    path = write_raw(tmp_path / "a.h5", lines(full), raw_header((X, Y, 1)))
    with h5py.File(path, "a") as file:
        file["more/data"] = file["dataset/data"][:]
    assert "holds 2 tables" in refused(path)
    with h5py.File(path, "a") as file:
        del file["more"], file["dataset/xml"]
    assert "no header dataset/xml" in refused(path)
    with h5py.File(path, "a") as file:
        file["dataset/xml"] = h5py.ExternalLink("other.h5", "/xml")
    assert "external link" in refused(path)


def test_a_header_that_is_damaged_or_too_long(tmp_path, write_raw, raw_header, full):
    header = raw_header((X, Y, 1)).replace("<x>32</x>", "<x>wide</x>")
    path = write_raw(tmp_path / "a.h5", lines(full), header)
    assert "encodedSpace/fieldOfView_mm/x = 'wide'" in refused(path)
    with h5py.File(path, "a") as file:
        del file["dataset/xml"]
        file.create_dataset("dataset/xml", (1,), f"S{2**22 + 1}")
    assert "XML header is longer than 4194304 bytes; it is damaged" in refused(path)


def test_changed_bytes_give_kspace_or_one_line(tmp_path, write_raw, raw_header, full):
    path = write_raw(tmp_path / "a.h5", lines(full), raw_header((X, Y, 1)))
    content = path.read_bytes()
    for place in range(0, len(content), max(1, len(content) // 150)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :])
        with contextlib.suppress(InputError):
            assert read_kspace(path).kspace.ndim == 4


def test_the_simulated_phantom(data):
    scan = read_kspace(data / "mri" / "kspace" / "ismrmrd_grappa2_1rep.h5")
    assert scan.kspace.shape == (1, 4, 256, 256)
    assert scan.mask[:, 0].sum() == 142
    assert scan.noise.shape == (4, 256)


def test_the_reference_library_reads_the_same_samples(data):
    ismrmrd = pytest.importorskip("ismrmrd", reason="needs the package ismrmrd, the extra `dev`")
    path = data / "mri" / "kspace" / "ismrmrd_grappa2_1rep.h5"
    scan, raw = read_kspace(path), ismrmrd.Dataset(path, "dataset", mode="r")
    for i in range(raw.number_of_acquisitions()):
        line = raw.read_acquisition(i)
        if line.is_flag_set(ismrmrd.ACQ_IS_NOISE_MEASUREMENT):
            np.testing.assert_array_equal(scan.noise, line.data)
        else:
            np.testing.assert_array_equal(scan.kspace[0, :, line.idx.kspace_encode_step_1], line.data)
    raw.close()
