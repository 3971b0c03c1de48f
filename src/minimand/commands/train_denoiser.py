"""`minimand train foe`, `nlr-mrf` and `dncnn`: learn a denoiser from clean pictures."""

from typing import Annotated

from typer import Option

from minimand.commands import train_options as has
from minimand.commands.training import Common, named, trains

LEAST, MOST = 0.01, 1e4  # noise, white being 255


@trains
def train_denoiser(
    common: Common,
    data: has.Data,
    sigma: Annotated[
        str, Option(metavar="S|S:S", help="Noise to take away, such as 25, or the least and the most; white is 255.")
    ],
    validate: has.Validate = None,
    depth: Annotated[
        int | None, Option(metavar="N", help="Stages of foe and nlr-mrf, layers of dncnn [default: 5, 5 and 8].", min=1)
    ] = None,
    filters: Annotated[
        int | None, Option(metavar="N", help="Filters of a stage or layer [default: 24, 24 and 40].", min=1)
    ] = None,
    size: Annotated[int | None, Option(metavar="N", help="Side of a filter, odd [default: 5, 5 and 3].", min=3)] = None,
    group: Annotated[
        int | None, Option(metavar="N", help="nlr-mrf: similar pixels that an expert looks at [default: 3].", min=1)
    ] = None,
    points: Annotated[
        int | None, Option(metavar="N", help="nlr-mrf: control points of an influence [default: 31].", min=3)
    ] = None,
    local: Annotated[
        int | None,
        Option(metavar="N", help="nlr-mrf: stages on single pixels before the similar ones are found [default: 0]."),
    ] = None,
    shared: Annotated[
        bool, Option("--shared", help="foe, nlr-mrf: the same numbers at every step, those of one energy.")
    ] = False,
    bfloat16: Annotated[
        bool,
        Option("--bfloat16", help="Compute in bfloat16: dncnn learns in half the time, where the CPU can."),
    ] = False,
    steps: has.Steps = 4000,
    batch: has.Batch = 4,
    accumulate: has.Accumulate = 1,
    crop: has.Crop = None,
    every: has.Every = 100,
    start: has.Start = None,
) -> None:
    """Learn to denoise: `minimand train foe --data pictures/ --sigma 25 -o mine.safetensors`."""
    from minimand.systems.restoration.learn import Plan, train

    run = common.begin(accumulate=accumulate)
    plan = Plan(
        named(), data, _levels(sigma), validate or (), depth, filters, size, shared, steps, batch,
        has.side_lengths(crop), common.pace, common.seed, every, start, bfloat16, group, points, local,
    )  # fmt: skip
    common.end_images(train(plan, run), run, plan.network, plan.arguments["depth"])


def _levels(text: str) -> tuple[float, float]:
    """The least and the most noise in `25` or `5:55`. Raises InputError."""
    from minimand.io import InputError

    try:
        numbers = [float(word) for word in text.split(":")]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 2) or not LEAST <= numbers[0] <= numbers[-1] <= MOST:
        raise InputError(
            f"--sigma {text}: write the noise, such as 25, or least and most, 5:55, {LEAST:g} to {MOST:g}."
        )
    return numbers[0], numbers[-1]
