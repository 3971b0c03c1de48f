"""K-space from any file, with its mask; what is wrong with it is said in one line."""

import h5py
import numpy as np
import pytest

from minimand.io import InputError, read_kspace, write_array


def save(path, kspace, **siblings):
    write_array(path, kspace, key="kspace", siblings=siblings)
    return path


@pytest.fixture
def mask(rng) -> np.ndarray:
    mask = rng.random((24, 20)) > 0.5
    mask[8:16, 6:14] = True
    return mask


@pytest.mark.parametrize(
    ("lead", "shape", "coils", "single"),
    [((), (1, 24, 20), None, True), ((3,), (3, 24, 20), None, False), ((3, 2), (3, 2, 24, 20), 2, False)],
)
@pytest.mark.parametrize("suffix", [".npz", ".h5", ".mat"])
def test_axes_are_slices_coils_rows_columns(tmp_path, kspace, mask, suffix, lead, shape, coils, single):
    scan = read_kspace(save(tmp_path / f"k{suffix}", np.broadcast_to(kspace * mask, (*lead, 24, 20)), mask=mask))
    assert (scan.kspace.shape, scan.coils, scan.single) == (shape, coils, single)
    np.testing.assert_array_equal(scan.mask, mask)
    assert scan.notes == []


def test_a_fastmri_file_is_read_with_its_columns(tmp_path, kspace):
    columns = np.arange(20) % 2 == 0
    columns[8:12] = True
    with h5py.File(tmp_path / "file1.h5", "w") as file:
        file["kspace"] = np.stack([kspace * columns] * 3).astype(np.complex64)
        file["mask"] = columns.astype(np.float32)
        file["reconstruction_rss"] = np.ones((3, 20, 20), np.float32)
        file["ismrmrd_header"] = "<xml/>"
    scan = read_kspace(tmp_path / "file1.h5")
    assert scan.kspace.dtype == np.complex64
    np.testing.assert_array_equal(scan.mask, np.broadcast_to(columns, (24, 20)))


def test_the_mask_comes_from_the_argument_else_the_file_else_the_zeros(tmp_path, kspace, mask):
    path = save(tmp_path / "k.npz", kspace * mask, mask=mask)
    other = mask.copy()
    other[0, 0] = ~other[0, 0]
    write_array(tmp_path / "m.npy", other)
    np.testing.assert_array_equal(read_kspace(path).mask, mask)
    np.testing.assert_array_equal(read_kspace(path, other).mask, other)
    np.testing.assert_array_equal(read_kspace(path, str(tmp_path / "m.npy")).mask, other)
    inferred = read_kspace(save(tmp_path / "plain.npy", np.stack([0 * kspace, kspace * mask])))
    np.testing.assert_array_equal(inferred.mask, mask & (kspace != 0))
    assert "no mask given" in inferred.notes[0]


def test_slices_take_their_own_masks(tmp_path, kspace, mask):
    masks = np.stack([mask, ~mask, mask | True])
    path = save(tmp_path / "k.npz", kspace * masks, mask=masks)
    np.testing.assert_array_equal(read_kspace(f"{path}:kspace[1:]").mask, masks[1:])
    np.testing.assert_array_equal(read_kspace(f"{path}:kspace[1]").mask, masks[1:2])


def test_energy_outside_the_mask_is_worth_a_note(tmp_path, kspace, mask):
    scan = read_kspace(save(tmp_path / "k.npy", kspace), mask)
    assert "lies outside the mask" in scan.notes[0]


@pytest.mark.parametrize("size", [(24, 20), (23, 21)])
def test_a_zero_frequency_in_the_corner_is_worth_a_note(tmp_path, image, size):
    image = np.pad(image, 2)[: size[0], : size[1]]
    corner = np.fft.fft2(image)
    assert any("zero frequency" in n for n in read_kspace(save(tmp_path / "corner.npy", corner)).notes)
    centred = save(tmp_path / "centred.npy", np.fft.fftshift(corner))
    assert not any("zero frequency" in n for n in read_kspace(centred).notes)


def bad(kspace: np.ndarray, value: complex) -> np.ndarray:
    kspace = np.stack([kspace, kspace])
    kspace[1, 2, 3:5] = value
    return kspace


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda k: k.real, "must be complex, found float64"),
        (lambda k: np.stack([k.real, k.imag], -1), "real and imaginary parts"),
        (lambda k: bad(k, np.nan), r"has 2 NaN or infinite values of 960, the first at \(1, 2, 3\)"),
        (lambda k: bad(k, np.inf), "has 2 NaN or infinite"),
        (lambda k: 0 * k, "zero everywhere"),
        (lambda k: np.zeros((0, 24, 20), complex), "empty"),
        (lambda k: k[:1], "2 x 2 or more"),
        (lambda k: k[0], "two axes or more"),
        (lambda k: k[None, None, None], r"got shape \(1, 1, 1, 24, 20\)"),
    ],
)
def test_kspace_that_cannot_be_reconstructed_is_refused(tmp_path, kspace, change, words):
    path = save(tmp_path / "k.npz", change(kspace))
    with pytest.raises(InputError, match=words):
        read_kspace(path)


def test_a_mask_of_another_size_says_both_sizes(tmp_path, kspace):
    with pytest.raises(InputError, match="size 20 x 24, the k-space 24 x 20"):
        read_kspace(save(tmp_path / "k.npy", kspace), np.ones((20, 24), bool))
    with pytest.raises(InputError, match=r"a\.npz:mask: the mask has size 5 x 6"):
        read_kspace(save(tmp_path / "a.npz", kspace, mask=np.ones((5, 6))))


def test_images_in_place_of_k_space_are_worth_a_note(tmp_path, image):
    inner = np.zeros((60, 70), complex)
    inner[10:50, 8:62] = np.random.default_rng(0).random((40, 54))
    path = save(tmp_path / "images.npy", inner)
    assert any("looks like images" in note for note in read_kspace(path).notes)
    assert not any("looks like images" in note for note in read_kspace(path, np.ones((60, 70), bool)).notes)
    path = save(tmp_path / "kspace.npy", np.fft.fftshift(np.fft.fft2(image)))
    assert not any("looks like images" in note for note in read_kspace(path).notes)
