"""Checkpoints: nested states of networks and optimizers in one safetensors file, no pickle."""

import hashlib
import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from minimand.io import InputError, atomic_writer
from minimand.weights import digest


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write nested dicts, lists, tensors and plain numbers atomically over `path`."""
    tensors: dict[str, Tensor] = {}
    meta = json.dumps(_pack(state, tensors))
    with atomic_writer(path, force=True) as file:
        file.write(save(tensors, {"checkpoint": meta, "sha256": _seal(meta, tensors)}))


def load_checkpoint(path: Path) -> dict[str, Any]:
    """What `save_checkpoint` wrote. Raises InputError where the file is no checkpoint or is damaged."""
    try:
        with safe_open(str(path), framework="pt") as file:
            card = file.metadata() or {}
            # copies, for the order of a sum depends on how memory is aligned: a run must go on bit for bit
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
        if card["sha256"] != _seal(card["checkpoint"], tensors):
            raise ValueError("its numbers do not match their hash")
        state: dict[str, Any] = _unpack(json.loads(card["checkpoint"]), tensors)
        return state
    except FileNotFoundError:
        raise InputError(f"{path}: there is no checkpoint to resume from; start without --resume.") from None
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise InputError(f"{path}: is no checkpoint or is damaged ({error}); start without --resume.") from error


def _seal(meta: str, tensors: dict[str, Tensor]) -> str:
    return hashlib.sha256((meta + digest(tensors)).encode()).hexdigest()


def _pack(value: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, Tensor):
        name = f"t{len(tensors)}"
        tensors[name] = value.detach().contiguous().clone()
        return {"tensor": name}
    if isinstance(value, dict):
        return {"dict": [[key, _pack(v, tensors)] for key, v in value.items()]}
    if isinstance(value, (list, tuple)):
        return {"list": [_pack(v, tensors) for v in value]}
    return {"value": value}


def _unpack(packed: Any, tensors: dict[str, Tensor]) -> Any:
    ((kind, value),) = packed.items()
    if kind == "tensor":
        return tensors[value]
    if kind == "dict":
        return {key: _unpack(v, tensors) for key, v in value}
    if kind == "list":
        return [_unpack(v, tensors) for v in value]
    return value
