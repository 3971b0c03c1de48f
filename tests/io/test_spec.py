"""Specs are taken apart as typed, unless a file of that very name exists."""

import pytest

from minimand.io import InputError, parse_spec, read_array, write_array
from minimand.io.spec import choose, index_text


@pytest.mark.parametrize(
    ("text", "file", "key", "index"),
    [
        ("a.npy", "a.npy", None, None),
        ("a.npz:image", "a.npz", "image", None),
        ("a.npz:image[0:60]", "a.npz", "image", slice(0, 60)),
        ("a.npy[3]", "a.npy", None, 3),
        ("a.npy[-1]", "a.npy", None, -1),
        ("a.npy[10:20:2]", "a.npy", None, slice(10, 20, 2)),
        ("a.nii.gz[:5]", "a.nii.gz", None, slice(None, 5)),
        ("a.h5:group/array", "a.h5", "group/array", None),
        ("C:\\scans\\a.npz:image", "C:\\scans\\a.npz", "image", None),
        ("C:\\scans\\a.npy", "C:\\scans\\a.npy", None, None),
        ("nosuffix:key", "nosuffix:key", None, None),
    ],
)
def test_a_spec_is_file_key_and_slice(text, file, key, index):
    spec = parse_spec(text)
    assert (str(spec.path), spec.key, spec.index) == (file, key, index)


def test_an_existing_file_wins_over_the_syntax(tmp_path, rng):
    for name in ("scan[3].npy", "scan:a.npy", "scan[3]"):
        (tmp_path / name).touch()
        assert parse_spec(tmp_path / name).path == tmp_path / name
    array = rng.normal(size=(2, 4, 4))
    write_array(tmp_path / "odd:name[1].npz", array)
    assert (read_array(f"{tmp_path}/odd:name[1].npz:image[1]").array == array[1]).all()


@pytest.mark.parametrize("text", ["a.npy[]", "a.npy[x]", "a.npy[1:2:3:4]", "a.npy[1.5]", "a.npy[0:9:0]", "a.npy[1,2]"])
def test_a_malformed_slice_is_refused(text):
    with pytest.raises(InputError, match=r"slice|step"):
        parse_spec(text)


@pytest.mark.parametrize("index", [None, 3, slice(0, 60), slice(None, None, 2)])
def test_an_index_is_printed_as_it_was_typed(index):
    assert parse_spec("a.npy" + index_text(index)).index == index


def test_without_a_key_the_only_array_a_preferred_one_or_the_only_plane_is_meant(tmp_path):
    plane, line = ((4, 4), "float64"), ((4,), "int32")
    assert choose(tmp_path, None, (), {"a": line}) == "a"
    assert choose(tmp_path, None, ("b", "c"), {"a": plane, "c": plane}) == "c"
    assert choose(tmp_path, None, (), {"a": plane, "scale": line}) == "a"
    with pytest.raises(InputError, match=r"which array.*a \(4, 4\) float64, b"):
        choose(tmp_path, None, (), {"a": plane, "b": plane})


def test_a_wrong_key_names_the_nearest_and_lists_the_rest(tmp_path):
    with pytest.raises(InputError, match=r"no array 'imag'\. Did you mean image\? It holds image .*, mask"):
        choose(tmp_path, "imag", (), {"image": ((4, 4), "float64"), "mask": ((4, 4), "bool")})


def test_a_slice_counts_entries_of_the_leading_axis(tmp_path, rng):
    array = rng.normal(size=(6, 4, 5))
    write_array(tmp_path / "a.npy", array)
    for index in (2, -1, slice(1, 4), slice(None, None, -2)):
        assert (read_array(f"{tmp_path}/a.npy{index_text(index)}").array == array[index]).all()


@pytest.mark.parametrize(("index", "words"), [("[4:4]", "takes none"), ("[9]", "outside the 6"), ("[-7]", "outside")])
def test_a_slice_outside_the_stack_is_refused(tmp_path, rng, index, words):
    write_array(tmp_path / "a.npy", rng.normal(size=(6, 4, 5)))
    with pytest.raises(InputError, match=words):
        read_array(f"{tmp_path}/a.npy{index}")


def test_a_single_image_has_no_stack_to_slice(tmp_path, rng):
    write_array(tmp_path / "a.npy", rng.normal(size=(4, 5)))
    with pytest.raises(InputError, match="no stack"):
        read_array(f"{tmp_path}/a.npy[0]")
