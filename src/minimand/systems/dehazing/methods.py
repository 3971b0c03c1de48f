"""The methods by name, networks among them."""

from typing import Any

from jaxtyping import Float
from torch import Tensor

from minimand.io import InputError
from minimand.systems.dehazing.authors import AuthorsNet, even
from minimand.systems.dehazing.classical import Seen
from minimand.systems.dehazing.dehaze import CLASSICAL, Method
from minimand.systems.dehazing.haze import estimate_airlight
from minimand.systems.dehazing.network import NETWORK, SIDE, ProximalDehaze, load_any_network
from minimand.weights import cards_of, research, shipped
from minimand.weights.choice import RESEARCH

METHODS = (NETWORK, *CLASSICAL)


def usual_weights(weights: str | None) -> str:
    """Name or file of the weights that are asked for: that with the best validation of those that ship where none are.

    Raises InputError where there are none.
    """
    if weights not in (None, RESEARCH):
        return str(weights)
    files = shipped() if weights is None else research()
    cards = {name: card for name, card in cards_of(files).items() if card.get("network") == NETWORK}
    if cards:
        return str(files[max(cards, key=lambda name: cards[name].get("validation", {}).get("psnr", 0.0))])
    folder = "none ship" if weights is None else "none is in weights-research"
    raise InputError(
        f"{NETWORK}: {folder}; name weights with --weights NAME|FILE|research, or make some: minimand train {NETWORK}."
    )


def get_method(name: str, weights: str | None = None) -> tuple[Method, dict[str, Any]]:
    """The method of this name, and the card of its weights (empty for classical ones).

    weights: name or file, or research; those that ship for it unless given. Raises InputError for an unknown name, and
    for weights where none are needed or none fit.
    """
    if name in CLASSICAL:
        if weights is not None:
            raise InputError(f"{name} takes no weights; leave out --weights, or choose {NETWORK}.")
        return CLASSICAL[name], {}
    if name != NETWORK:
        raise InputError(f"there is no method {name!r} for dehazing; there are {', '.join(METHODS)}.")
    net, card = load_any_network(usual_weights(weights))
    return network_method(net), card


def network_method(net: ProximalDehaze | AuthorsNet) -> Method:
    """A network as a method: airlight as in the authors' code, transmission of the last stage.

    The authors' own networks are not reduced to `SIDE` and look for the airlight in the picture with even sides.
    """

    def see(I: Float[Tensor, "1 3 height width"]) -> Seen:
        A = estimate_airlight(even(I) if isinstance(net, AuthorsNet) else I)
        return Seen(A, net(I / A[..., None, None]).x[1])

    return Method(see) if isinstance(net, AuthorsNet) else Method(see, SIDE)
