"""The rules of fusion by name, the learned one among them."""

from collections.abc import Mapping
from typing import Any

from minimand.io import InputError
from minimand.systems.segmentation.direct import DIRECT, load_direct, rule_of
from minimand.systems.segmentation.fusion import FUSION, Rule
from minimand.systems.segmentation.network import NETWORK, load_network, shipped_networks
from minimand.systems.segmentation.patchmatch import patch_match
from minimand.systems.segmentation.svm import svm

RULES: Mapping[str, Rule] = {**FUSION, "patch-match": patch_match, "svm": svm}
METHODS = (*RULES, NETWORK, *DIRECT)
WEIGHING = ("joint", "patch", "patch-match", NETWORK)  # those whose votes are weights of the atlases at every voxel


def get_rule(method: str, weights: str | None = None) -> tuple[Rule, dict[str, Any]]:
    """The rule of this name, and the card of its weights (empty for classical ones).

    Raises InputError for weights where none are needed, and for a network without any.
    """
    if method in RULES:
        if weights is not None:
            raise InputError(f"{method} takes no weights; leave out --weights, or choose {NETWORK}.")
        return RULES[method], {}
    if method in DIRECT:
        if weights is None:
            raise InputError(
                f"{method} learns its kind of images: name weights with --weights FILE, or make some: minimand train "
                f"{method} --atlases FOLDER."
            )
        direct, card = load_direct(method, weights)
        return rule_of(direct), card
    if weights is None:
        known = ", ".join(shipped_networks())
        raise InputError(
            f"{NETWORK} learns its kind of atlases: name weights with --weights NAME|FILE ({known or 'none'} ship), "
            f"or make some: minimand train {NETWORK} --atlases FOLDER."
        )
    net, card = load_network(weights)
    return net.rule, card
