"""`minimand weights`: networks that ship, and the authors'."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from minimand.commands.options import Force, Json

weights = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Networks that ship, their cards, and import of the authors'."
)


def list_weights(json: Json = False) -> None:
    """List the networks that ship: with their sampling and validation figures; then those for research, if at hand."""
    from minimand.commands.console import note, print_json
    from minimand.weights import cards_of, research, shipped_cards

    cards, others = shipped_cards(), cards_of(research())
    if json:
        print_json({"weights": cards, **({"research": others} if others else {})})
        return
    if not cards:
        note("no networks ship with this installation; make one by minimand train, or import one.")
    for name, card in cards.items():
        print(f"{name}: {card['network']}, {card['numbers']} numbers; {card.get('summary', '')}")
    for name, card in others.items():
        print(f"{name} (research): {card['network']}, {card['numbers']} numbers; {card.get('summary', '')}")


def show_weights(
    name: Annotated[str, Argument(metavar="NAME|FILE", help="Shipped name or file.")], json: Json = False
) -> None:
    """Print the card of a network: training data, command, seed, figures, hash; in JSON either way."""
    from minimand.commands.console import print_json
    from minimand.weights import load_weights

    card = load_weights(name).card
    if json:
        print_json(card)
    else:
        from json import dumps

        print(dumps(card, indent=1))


def import_weights(
    file: Annotated[
        Path, Argument(metavar="FILE", help="The authors' network: a .mat v7.3 file, or the PyTorch port's .pth.")
    ],
    output: Annotated[Path, Option("-o", "--output", metavar="FILE", help="Weights to write, .safetensors.")],
    json: Json = False,
    force: Force = False,
) -> None:
    """Import a network of the authors: `minimand weights import net-stage7.mat -o stage7.safetensors`.

    ADMM-Nets, ADMM-CSNets and Proximal Dehaze-Nets are told apart by what the file holds.
    """
    from minimand.commands.console import print_json
    from minimand.reconstruction.import_weights import import_network
    from minimand.systems.dehazing.authors import import_dehaze_net, is_dehaze_net
    from minimand.weights import check_weights

    check_weights(output, force)
    importing = import_dehaze_net if is_dehaze_net(file) else import_network
    network, depth = importing(file, output, force=force)
    if json:
        print_json({"output": str(output), "network": network, "depth": depth})
    else:
        print(f"{output}: {network} with {depth} full stages from {file.name}")


for name, command in (("list", list_weights), ("show", show_weights), ("import", import_weights)):
    weights.command(name, short_help=f"{(command.__doc__ or '').partition(':')[0]}.")(command)
