"""Files of torch.save from someone else: tensors are read, nothing is run, nothing unfolds."""

import os
import zipfile
from pathlib import Path

import pytest
import torch

from minimand.io import InputError, read_torch_state


def rewritten(path, change, compression=zipfile.ZIP_STORED):
    """The archive with every entry passed through change(name, content)."""
    with zipfile.ZipFile(path) as archive:
        entries = [(name, change(name, archive.read(name))) for name in archive.namelist()]
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in entries:
            archive.writestr(name, content)


def test_a_state_comes_back(tmp_path):
    path = tmp_path / "net.pth"
    state = {"a": torch.randn(3, 4), "b": torch.arange(5)}
    torch.save(state, path)
    found = read_torch_state(path)
    assert list(found) == ["a", "b"]
    assert all(torch.equal(found[name], value) for name, value in state.items())


def test_other_files_are_none(tmp_path):
    path = tmp_path / "net.pth"
    with pytest.raises(InputError, match="no such file"):
        read_torch_state(path)
    path.write_bytes(b"something else")
    with pytest.raises(InputError, match="cannot be read as PyTorch file of tensors alone"):
        read_torch_state(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("image.npy", b"")
    with pytest.raises(InputError, match="cannot be read as PyTorch file of tensors alone"):
        read_torch_state(path)


class Harmful:
    """Makes a folder where it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_code_in_a_pickle_is_refused_and_not_run(tmp_path):
    path, mark = tmp_path / "net.pth", tmp_path / "run"
    torch.save({"a": torch.zeros(2), "b": Harmful(mark)}, path)
    with pytest.raises(InputError, match=r"net\.pth: cannot be read as PyTorch file of tensors alone") as refusal:
        read_torch_state(path)
    assert "\n" not in str(refusal.value)
    assert not Path(mark).exists()


def test_a_whole_network_is_refused(tmp_path):
    path = tmp_path / "net.pth"
    torch.save(torch.nn.Linear(2, 2), path)
    with pytest.raises(InputError, match=r"net\.pth: "):
        read_torch_state(path)


def test_a_truncated_file_is_refused(tmp_path):
    path = tmp_path / "net.pth"
    torch.save({"a": torch.randn(1000)}, path)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(InputError, match="damaged, truncated"):
        read_torch_state(path)


def test_numbers_that_are_not_there_are_refused(tmp_path):
    path = tmp_path / "net.pth"
    torch.save({"a": torch.randn(1000)}, path)
    rewritten(path, lambda name, content: content[:400] if "/data/" in name else content)
    with pytest.raises(InputError, match="cannot be read as PyTorch file of tensors alone"):
        read_torch_state(path)


def test_a_compressed_archive_is_refused_before_it_unfolds(tmp_path):
    path = tmp_path / "net.pth"
    torch.save({"a": torch.zeros(10**6)}, path)
    rewritten(path, lambda name, content: content, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 10**5
    with pytest.raises(InputError, match="is compressed"):
        read_torch_state(path)


def test_a_large_file_is_refused_by_its_size_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("minimand.io.torch_state.MOST_BYTES", 2**20)
    torch.save({"a": torch.zeros(2**19)}, tmp_path / "net.pth")
    with pytest.raises(InputError, match="unpacks to more than 1 MiB"):
        read_torch_state(tmp_path / "net.pth")


@pytest.mark.parametrize(
    "state", [[torch.zeros(2)], torch.zeros(2), {"a": 1}, {1: torch.zeros(2)}, {"a": torch.zeros(2).to_sparse()}]
)
def test_anything_but_named_dense_tensors_is_refused(tmp_path, state):
    torch.save(state, tmp_path / "net.pth")
    with pytest.raises(InputError, match=r"net\.pth: .*save net\.state_dict\(\)"):
        read_torch_state(tmp_path / "net.pth")


def test_a_view_that_repeats_a_number_endlessly_is_refused(tmp_path):
    torch.save({"a": torch.zeros(1).expand(10**9)}, tmp_path / "net.pth")
    with pytest.raises(InputError, match="more than the file can hold"):
        read_torch_state(tmp_path / "net.pth")
