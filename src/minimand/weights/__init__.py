"""Weights: safetensors files with a JSON card, those that ship and a user's own."""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from minimand.io import InputError, atomic_writer, check_output, write_text_atomic

SHIPPED = Path(__file__).parent
FORMAT = "minimand-weights-1"
Net = TypeVar("Net", bound=nn.Module)


@dataclass(frozen=True)
class Weights:
    """Numbers of a network and its card: network, arguments, sampling, data, licence, command, figures, versions."""

    name: str
    card: dict[str, Any]
    state: dict[str, Tensor]


def shipped() -> dict[str, Path]:
    """Name and file of every network that ships."""
    return {path.stem: path for path in sorted(SHIPPED.glob("*.safetensors"))}


def research() -> dict[str, Path]:
    """Name and file of every network for research use: in the folder MINIMAND_RESEARCH, or in weights-research of the
    repository. None of them is in the wheel.
    """
    folder = Path(os.environ.get("MINIMAND_RESEARCH", SHIPPED.parents[2] / "weights-research"))
    return {path.stem: path for path in sorted(folder.glob("*.safetensors"))}


def cards_of(files: Mapping[str, Path]) -> dict[str, dict[str, Any]]:
    """The cards beside these files, by the same names. Raises InputError where one cannot be read."""
    cards = {}
    for name, path in files.items():
        try:
            cards[name] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{path.with_suffix('.json')}: the card of these weights cannot be read.") from error
    return cards


def shipped_cards() -> dict[str, dict[str, Any]]:
    """Name and card of every network that ships."""
    return cards_of(shipped())


def check_weights(path: Path, force: bool = False) -> None:
    """Raise InputError where `save_weights` could not write: call this before long work."""
    if path.suffix != ".safetensors":
        raise InputError(f"{path}: weights are written as .safetensors; name the output so.")
    check_output(path, force)
    check_output(path.with_suffix(".json"), force)


def save_weights(path: Path, card: dict[str, Any], state: dict[str, Tensor], *, force: bool = False) -> None:
    """Write `path` (.safetensors, the card inside) and the card beside it as .json, atomically."""
    from safetensors.torch import save

    check_weights(path, force)
    state = {name: value.detach().contiguous() for name, value in state.items()}
    card = {"format": FORMAT, **card, "numbers": sum(v.numel() for v in state.values()), "sha256": digest(state)}
    data = save(state, {"card": json.dumps(card, sort_keys=True)})
    with atomic_writer(path, force=force) as file:
        file.write(data)
    write_text_atomic(path.with_suffix(".json"), json.dumps(card, indent=1) + "\n", force=force)


def load_weights(source: str | Path) -> Weights:
    """Weights by the name of a shipped network or from a file; checked for hash and finiteness, never run as code.

    Raises InputError where the file is missing, is not ours or is damaged.
    """
    path = shipped().get(str(source), Path(source))
    card, state = _read(path, source)
    if card.get("format") != FORMAT or not isinstance(card.get("arguments"), dict):
        raise InputError(
            f"{source}: is a safetensors file, but not one of Minimand (no card inside); see minimand weights."
        )
    if digest(state) != card.get("sha256"):
        raise InputError(
            f"{source}: the numbers do not match the hash on the card: the file is damaged; fetch it again."
        )
    for name, value in state.items():
        if not bool(torch.isfinite(value).all()):
            raise InputError(f"{source}: {name} has values that are not finite; train or fetch the weights again.")
    return Weights(path.stem, card, state)


def load_of(network: str, source: str, task: str) -> Weights:
    """`load_weights` of a network that is asked for. task: what weights are to be named for, if these are of another.
    Raises InputError.
    """
    weights = load_weights(source)
    if weights.card.get("network") != network:
        raise InputError(f"{source}: is {weights.card.get('network')}, not {network}; name weights {task}.")
    return weights


def built(make: Callable[..., Net], weights: Weights) -> Net:
    """What `make` makes of the card's arguments, with the numbers, in evaluation mode; it learns no more.

    Raises InputError where card and numbers do not fit together.
    """
    try:
        net = make(**weights.card["arguments"])
        if any(value.dtype == torch.float64 for value in weights.state.values()):
            net = net.double()
        net.load_state_dict(weights.state)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{weights.name}: numbers and card do not fit together ({reason}).") from error
    return net.eval().requires_grad_(False)


def _read(path: Path, source: str | Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        known = ", ".join(shipped()) or "none"
        raise InputError(f"{source}: no such weights; name a .safetensors file or one that ships ({known}).")
    try:
        with safe_open(str(path), framework="pt") as file:
            card = json.loads((file.metadata() or {}).get("card", "{}"))
            return card if isinstance(card, dict) else {}, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, ValueError, OSError, RecursionError) as error:
        raise InputError(f"{source}: is no readable .safetensors file ({error}).") from error


def digest(state: dict[str, Tensor]) -> str:
    """sha256 over names, types, shapes and bytes of all numbers, in order of the names."""
    total = hashlib.sha256()
    for name, value in sorted(state.items()):
        total.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        total.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return total.hexdigest()
