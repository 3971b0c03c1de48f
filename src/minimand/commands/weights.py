"""`minimand weights`: networks that ship, and the authors'."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

weights = typer.Typer(
    no_args_is_help=True, help="Networks that ship, their cards, and import of the authors' networks."
)


@weights.command("list")
def list_weights(json: Annotated[bool, Option("--json", help="Print one JSON object.")] = False) -> None:
    """List the networks that ship, with their sampling and validation figures."""
    from minimand.commands.console import print_json
    from minimand.weights import shipped_cards

    cards = shipped_cards()
    if json:
        print_json({"weights": cards})
        return
    for name, card in cards.items():
        depth = card["arguments"].get("depth")
        print(f"{name}: {card['network']}, {depth} stages, {card['numbers']} numbers; {card.get('summary', '')}")


@weights.command("show")
def show_weights(name: Annotated[str, Argument(help="Shipped name or file.")]) -> None:
    """Print the card of a network: training data, command, seed, figures, hash."""
    import json

    from minimand.weights import load_weights

    print(json.dumps(load_weights(name).card, indent=1))


@weights.command("import")
def import_weights(
    file: Annotated[Path, Argument(help="The authors' network, an HDF5 .mat file.")],
    output: Annotated[Path, Option("-o", "--output", help="Weights to write, .safetensors.")],
    force: Annotated[bool, Option(help="Replace an existing output.")] = False,
) -> None:
    """Import a network of the authors: `minimand weights import net-stage7.mat -o stage7.safetensors`."""
    from minimand.systems.mri.authors import import_admm_net

    depth = import_admm_net(file, output, force=force)
    print(f"{output}: admm-net with {depth} full stages from {file.name}")
