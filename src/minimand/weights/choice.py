"""Which network a way of measuring calls for, among those that ship and those for research."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from minimand.io import InputError
from minimand.weights import cards_of, research, shipped

RESEARCH = "research"  # what --weights says for them, and their cards as `terms`


def usual_weights(network: str, sampling: str) -> str:
    """Name of the shipped network for compressive measurements such as `hadamard:0.3`: of their kind, at the nearest
    rate. Raises InputError where none ships.
    """
    name = suiting(cards_of(shipped()), network, sampling)
    if name is None:
        raise InputError(
            f"no {network} ships for {sampling}; name weights with --weights NAME|FILE (or research), or make some: "
            f"minimand train {network} --data free-pictures --operator {sampling} --crop 64 -o mine.safetensors."
        )
    return name


def research_weights(network: str, sampling: str) -> Path:
    """File of the network for research use that suits: of the same kind of sampling, at the nearest rate.

    Raises InputError where the folder is not at hand (it is no part of the wheel) or holds none that suits.
    """
    found = research()
    if not found:
        raise InputError(
            "--weights research: no weights-research folder is at hand (it lies in the repository, not in the wheel); "
            "name it with MINIMAND_RESEARCH."
        )
    name = suiting(cards_of(found), network, sampling)
    if name is None:
        raise InputError(f"--weights research: holds no {network} for {sampling}; it holds {', '.join(found)}.")
    return found[name]


def suiting(cards: Mapping[str, Mapping[str, Any]], network: str, sampling: str) -> str | None:
    """The name of the card of a network that learned this kind of sampling, at the nearest rate; None: none did."""
    kind, rate = _kind_and_rate(sampling)
    near = []
    for name, card in cards.items():
        learned = [_kind_and_rate(text) for text in card.get("sampling", ())]
        distances = [abs(r - rate) for k, r in learned if k == kind]
        if card.get("network") == network and distances:
            near.append((min(distances), name))
    return min(near)[1] if near else None


def terms_of(card: Mapping[str, Any]) -> str | None:
    """What a user must know about a network trained on data for research use; None for the others."""
    if card.get("terms") != RESEARCH:
        return None
    licence = card.get("training", {}).get("licence", "")
    return f"{card.get('name')}: weights for research use{f' ({licence})' if licence else ''}"


def _kind_and_rate(sampling: str) -> tuple[str, float]:
    """`hadamard:30%` as ("hadamard", 0.3); rate 1 where none can be read."""
    kind, _, text = sampling.partition(":")
    number = text.partition(":")[0].strip()
    try:
        return kind, float(number.removesuffix("%")) / (100 if number.endswith("%") else 1)
    except ValueError:
        return kind, 1.0
