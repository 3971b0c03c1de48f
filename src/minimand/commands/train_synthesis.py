"""`minimand train mr-ct`: learn to make CT from MR."""

from typing import Annotated

from typer import Option

from minimand.commands import train_options as has
from minimand.commands.training import Common, trains

FOLDER = "FOLDER|heads:A-B"


@trains
def train_synthesis(
    common: Common,
    mr: Annotated[str, Option(metavar=FOLDER, help="MR: NIfTI volumes, folders of pictures, or virtual heads A to B.")],
    ct: Annotated[str, Option(metavar=FOLDER, help="CT, likewise; not of the same subjects, but for --method paired.")],
    method: Annotated[
        str, Option(metavar="NAME", help="cycle, structure, paired, cycle-position or structure-random.")
    ] = "structure",
    width: Annotated[int, Option(metavar="N", help="Channels of the networks at full size.", min=1)] = 8,
    blocks: Annotated[int, Option(metavar="N", help="Residual blocks of the generators.", min=0)] = 4,
    steps: Annotated[int, Option(metavar="N", help="Steps of Adam, one mini-batch each.", min=1)] = 4000,
    batch: has.Batch = 2,
    crop: has.Crop = None,
    structure: Annotated[
        float | None, Option(metavar="X", help="Weight of the structure loss, where the method has one.", min=0)
    ] = None,
    every: Annotated[int, Option(metavar="N", help="Steps between checkpoints.", min=1)] = 100,
) -> None:
    """Learn to make CT from MR: `minimand train mr-ct --mr mr/ --ct ct/ -o mine.safetensors` needs no pairs.

    There is no truth to choose the best step by: the running mean at the last step is written.
    """
    from minimand.commands.console import require_one_of
    from minimand.systems.synthesis.cyclegan import METHODS, NETWORK
    from minimand.systems.synthesis.learn import Plan, train

    require_one_of("method", method, tuple(METHODS))
    run = common.begin()
    window = has.side_lengths(crop)
    plan = Plan(mr, ct, method, width, blocks, steps, batch, window, structure, common.pace, common.seed, every)
    done = train(plan, run)
    line = f"{NETWORK} by {method}, {steps} steps, last loss {done.loss:.3f}"
    common.end(done, run, line, {"network": NETWORK, "method": method, "steps": steps, "loss": done.loss})
