"""Many outputs in one folder: checked before anything is written, and the folder is made."""

import pytest

from minimand.io import InputError, check_outputs


@pytest.fixture
def two(tmp_path):
    """Files a.png and b.png to read."""
    for name in ("a.png", "b.png"):
        (tmp_path / name).touch()
    return tmp_path


def test_every_job_gets_its_paths_and_the_folder_is_made(two):
    out = two / "out"
    found = check_outputs(out, [(two / "a.png", ["a.png", "a.map.png"]), (two / "b.png", ["b.png"])])
    assert found == [[out / "a.png", out / "a.map.png"], [out / "b.png"]]
    assert out.is_dir()


@pytest.mark.parametrize(
    ("folder", "names", "said"),
    [
        ("out", [["c.png"], ["c.png"]], "have one name"),
        (".", [["a.png"], ["c.png"]], "is one of the files to read"),
        ("a.png", [["c.png"], ["d.png"]], "is a file, a folder is needed"),
        ("none/out", [["c.png"], ["d.png"]], "does not exist"),
        ("old", [["c.png"], ["d.png"]], "exists already"),
        ("records", [["c.png"], ["d.png"]], "exists already"),
    ],
)
def test_what_would_be_lost_or_mixed_up_is_refused(two, folder, names, said):
    for name in ("old/d.png", "records/c.png.json"):
        (two / name).parent.mkdir()
        (two / name).touch()
    jobs = list(zip([two / "a.png", two / "b.png"], names))
    with pytest.raises(InputError, match=said):
        check_outputs(two / folder, jobs)
    assert not (two / "out").exists()


def test_what_exists_is_replaced_when_asked(two):
    (two / "old").mkdir()
    (two / "old" / "a.png").touch()
    assert check_outputs(two / "old", [(two / "a.png", ["a.png"])], force=True) == [[two / "old" / "a.png"]]
