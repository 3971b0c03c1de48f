"""Archives of many files: only what is wanted comes out, nowhere but into its folder, and not too much of it."""

import zipfile

import pytest

from minimand.app import archive
from minimand.app.archive import safe, unpack
from minimand.app.out import Source
from minimand.io import InputError


def packed(folder, **files):
    """An archive in which `__` of the names is a slash."""
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name.replace("__", "/"), content)
    return Source(folder / "a.zip", "mine.zip")


def test_files_of_wanted_kinds_come_out_in_their_folders(out, tmp_path):
    source = packed(tmp_path, **{"set__images__a.nii": b"1", "set__labels__a.nii": b"2", "set__note.txt": b"3"})
    folder = unpack(source, out, (".nii",))
    assert folder.is_relative_to(out.folder)
    assert {str(p.relative_to(folder)) for p in folder.rglob("*.*")} == {"images/a.nii", "labels/a.nii"}


@pytest.mark.parametrize(
    "name",
    ["../../x.nii", "/etc/x.nii", "a/../../x.nii", "..\\..\\x.nii", "C:\\x.nii", "a\nb/x.nii", "x" * 99 + ".nii"],
)
def test_no_name_leads_out_of_the_folder(out, tmp_path, name):
    place = safe(name)
    assert place is not None
    assert ".." not in place.parts
    assert not place.is_absolute()
    folder = unpack(packed(tmp_path, **{name: b"1"}), out, (".nii",))
    (file,) = [path for path in folder.rglob("*") if path.is_file()]
    assert file.resolve().is_relative_to(folder.resolve())
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["a.zip"]


def test_what_is_hidden_stays(out, tmp_path):
    assert safe("__MACOSX/._a.nii") is None
    with pytest.raises(InputError, match="no file of these kinds"):
        unpack(packed(tmp_path, **{".git__a.nii": b"1"}), out, (".nii",))


def test_a_bomb_is_cut_off(out, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MOST_BYTES", 2**20)
    with pytest.raises(InputError, match="unpacks to more than"):
        unpack(packed(tmp_path, **{"a.nii": bytes(2**21)}), out, (".nii",))


def test_too_many_files_and_two_of_one_name_are_refused(out, tmp_path, monkeypatch):
    with pytest.raises(InputError, match="two files"):
        unpack(packed(tmp_path, **{"x__b__a.nii": b"1", "y__b__a.nii": b"1"}), out, (".nii",))
    monkeypatch.setattr(archive, "MOST_FILES", 2)
    (out.folder / "unpacked").rename(out.folder / "before")
    with pytest.raises(InputError, match="more than 2 files"):
        unpack(packed(tmp_path, **{f"{k}.nii": b"1" for k in range(3)}), out, (".nii",))


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 broken"])
def test_what_is_no_archive_is_said(out, tmp_path, content):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(InputError, match="cannot be read as"):
        unpack(Source(tmp_path / "a.zip", "mine.zip"), out, (".nii",))
