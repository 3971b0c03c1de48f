"""The tensors in a file of torch.save, read without running what is pickled there."""

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import InputError, reading

if TYPE_CHECKING:
    from torch import Tensor

MOST_BYTES = 64 * 2**20  # of the numbers
MOST_PICKLED = 4 * 2**20  # bytes of the pickle that says how the numbers make tensors


def read_torch_state(path: str | Path) -> dict[str, "Tensor"]:
    """Name and tensor of a state dict saved by torch.save (1.6 or later), on the CPU.

    Sizes are checked first; torch's restricted unpickler then refuses everything that could run code. Raises InputError
    for other files, for compressed archives and for anything beside named dense tensors.
    """
    import torch
    from torch import Tensor

    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file.")
    with reading(path, "PyTorch file of tensors alone"):
        _check_archive(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(state, dict):
        raise InputError(f"{path}: is no state dict of a PyTorch network; save net.state_dict().")
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, Tensor) or value.layout != torch.strided:
            raise InputError(f"{path}: holds {name!r} beside named dense tensors; save net.state_dict() alone.")
        if value.numel() * value.element_size() > MOST_BYTES:
            raise InputError(f"{path}: {name} declares shape {tuple(value.shape)}, more than the file can hold.")
    return dict(state)


def _check_archive(path: Path) -> None:
    """Raise InputError where the archive unfolds into more than it weighs, or is larger than networks read here."""
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    pickled = sum(entry.file_size for entry in entries if entry.filename.endswith(".pkl"))
    if unpacked > MOST_BYTES or pickled > MOST_PICKLED:
        raise InputError(
            f"{path}: unpacks to more than {MOST_BYTES >> 20} MiB, or {MOST_PICKLED >> 20} MiB beside its numbers; "
            "no network read here does."
        )
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries) or unpacked > path.stat().st_size:
        raise InputError(f"{path}: is compressed, which torch.save never does; save the state dict again.")
