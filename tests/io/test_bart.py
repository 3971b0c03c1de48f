"""BART pairs: column-major with named dimensions; a pair that disagrees is refused."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.extra import numpy as hnp

from minimand.io import InputError, read_array, read_kspace, write_array


def write_pair(path, array: np.ndarray) -> None:
    """As BART does it: the array's axes are BART's dimensions."""
    path.with_suffix(".hdr").write_text("# Dimensions\n" + " ".join(map(str, array.shape)) + " \n# Creator\nBART\n")
    array.astype("<c8").ravel(order="F").tofile(path.with_suffix(".cfl"))


@given(shape=hnp.array_shapes(min_dims=2, max_dims=4, min_side=2, max_side=5))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_round_trip_is_exact(tmp_path, shape):
    rng = np.random.default_rng(0)
    array = (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(np.complex64)
    write_array(tmp_path / "a.cfl", array, force=True)
    stored = read_array(tmp_path / "a.hdr")
    np.testing.assert_array_equal(stored.array, array)
    write_array(tmp_path / "b.cfl", stored.array, like=stored, force=True)
    assert (tmp_path / "b.cfl").read_bytes() == (tmp_path / "a.cfl").read_bytes()


@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((1, 6, 5, 3), ("coil", "phase1", "phase2")),
        ((6, 5, 1, 3), ("coil", "readout", "phase1")),
        ((6, 1, 5), ("readout", "phase2")),
        ((1, 6, 5, 1, 2), ("maps", "phase1", "phase2")),
        ((6, 5, 4), ("phase2", "readout", "phase1")),
    ],
)
def test_rows_and_columns_are_the_first_two_long_image_dimensions(tmp_path, rng, shape, axes):
    array = (rng.normal(size=shape) + 1j).astype(np.complex64)
    write_pair(tmp_path / "a.cfl", array)
    stored = read_array(tmp_path / "a.cfl")
    assert stored.axes == axes
    squeezed = array.squeeze()
    expected = squeezed if squeezed.ndim == 2 else np.moveaxis(squeezed, -1, 0)
    np.testing.assert_array_equal(stored.array, expected)


def test_the_coil_dimension_makes_coils_and_the_slice_dimension_slices(tmp_path, rng):
    array = rng.normal(size=(1, 6, 5, 3, *[1] * 9, 2)) + 1j
    write_pair(tmp_path / "a.cfl", array)
    scan = read_kspace(tmp_path / "a.cfl")
    assert (scan.kspace.shape, scan.coils, scan.single) == ((2, 3, 6, 5), 3, False)
    np.testing.assert_allclose(scan.kspace[1, 2], array[0, :, :, 2, ..., 1].squeeze(), rtol=1e-6)


def test_three_dimensional_kspace_is_no_stack_of_slices(tmp_path, rng):
    write_pair(tmp_path / "a.cfl", rng.normal(size=(6, 5, 4, 3)) + 1j)
    with pytest.raises(InputError, match="3-D k-space"):
        read_kspace(tmp_path / "a.cfl")


@pytest.mark.parametrize(
    "header", ["", "# Dimensions\n", "# Dimensions\n4 -4\n", "# Dimensions\n4 x\n", "# Command\n4 4\n"]
)
def test_a_header_without_dimensions_is_refused(tmp_path, header):
    (tmp_path / "a.hdr").write_text(header)
    (tmp_path / "a.cfl").write_bytes(bytes(128))
    with pytest.raises(InputError, match="BART header"):
        read_array(tmp_path / "a.cfl")


@pytest.mark.parametrize("size", [0, 120, 136])
def test_a_size_that_is_not_the_header_s_is_refused(tmp_path, size):
    (tmp_path / "a.hdr").write_text("# Dimensions\n4 4\n")
    (tmp_path / "a.cfl").write_bytes(bytes(size))
    with pytest.raises(InputError, match="declares 4 x 4 complex64"):
        read_array(tmp_path / "a.cfl")


def test_half_a_pair_is_no_array(tmp_path):
    (tmp_path / "a.cfl").write_bytes(bytes(128))
    with pytest.raises(InputError, match=r"a\.hdr: no such file"):
        read_array(tmp_path / "a.cfl")


def test_either_half_counts_as_an_existing_output(tmp_path):
    (tmp_path / "a.hdr").touch()
    with pytest.raises(InputError, match="exists already"):
        write_array(tmp_path / "a.cfl", np.eye(3) + 0j)
    assert not (tmp_path / "a.cfl").exists()


def test_a_header_that_cannot_be_written_takes_the_data_with_it(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError("no space left")

    monkeypatch.setattr("minimand.io.bart._header_text", refuse)
    with pytest.raises(InputError, match="no space"):
        write_array(tmp_path / "a.cfl", np.eye(3) + 0j)
    assert not list(tmp_path.iterdir())
