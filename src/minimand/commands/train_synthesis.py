"""`minimand train mr-ct`: learn to make CT from MR."""

from typing import Annotated

from typer import Option

from minimand.commands import train_options as has
from minimand.commands.options import Force, Json, Seed

FOLDER = "FOLDER|heads:A-B"


def train_synthesis(
    mr: Annotated[str, Option(metavar=FOLDER, help="MR: NIfTI volumes, folders of pictures, or virtual heads A to B.")],
    ct: Annotated[str, Option(metavar=FOLDER, help="CT, likewise; not of the same subjects, but for --method paired.")],
    output: has.Weights,
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
    pace: has.Pace = 1.0,
    seed: Seed = 0,
    every: Annotated[int, Option(metavar="N", help="Steps between checkpoints.", min=1)] = 100,
    licence: has.Licence = "",
    research: has.Research = False,
    threads: has.Threads = None,
    resume: has.Resume = False,
    json: Json = False,
    force: Force = False,
) -> None:
    """Learn to make CT from MR: `minimand train mr-ct --mr mr/ --ct ct/ -o mine.safetensors` needs no pairs.

    There is no truth to choose the best step by: the running mean at the last step is written.
    """
    from minimand.commands.console import print_json, require_one_of
    from minimand.commands.training import begin, end_if_stopped
    from minimand.systems.synthesis.cyclegan import METHODS, NETWORK
    from minimand.systems.synthesis.learn import Plan, train

    require_one_of("method", method, tuple(METHODS))
    run = begin(output, licence, research, resume=resume, force=force, threads=threads)
    window = has.side_lengths(crop)
    plan = Plan(mr, ct, method, width, blocks, steps, batch, window, structure, pace, seed, every)
    done = train(plan, run)
    end_if_stopped(done, run)
    if json:
        print_json({"output": str(output), "network": NETWORK, "method": method, "steps": steps, "loss": done.loss})
    else:
        print(f"{output}: {NETWORK} by {method}, {steps} steps, last loss {done.loss:.3f}")
