"""`minimand train admm-net` and `admm-csnet`: learn to reconstruct images from measurements."""

from typing import TYPE_CHECKING, Annotated

from typer import Option

from minimand.commands import train_options as has
from minimand.commands.options import MASKS
from minimand.commands.training import Common, named, trains

if TYPE_CHECKING:
    from minimand.reconstruction.acquisition import Acquisition


@trains
def train_network(
    common: Common,
    data: has.Data,
    mask: Annotated[list[str] | None, Option(metavar="SPEC|FILE", help=f"{MASKS}; repeatable, drawn in turn.")] = None,
    operator: Annotated[
        list[str] | None,
        Option(metavar="SPEC", help="In place of --mask: hadamard:R, diffraction:R, ...; repeatable, drawn in turn."),
    ] = None,
    validate: has.Validate = None,
    test: Annotated[
        list[str] | None, Option(metavar="IMAGES", help="Images for figures on the card, never learned from.")
    ] = None,
    depth: Annotated[
        int | None, Option(metavar="N", help="Full stages [default: 9 of admm-net, 7 of admm-csnet].", min=1)
    ] = None,
    filters: Annotated[
        int | None, Option(metavar="N", help="Filters of a stage [default: 8 of admm-net, 32 of admm-csnet].", min=1)
    ] = None,
    size: Annotated[
        int | None, Option(metavar="N", help="Side of a filter, odd [default: 3 of admm-net, 5 of admm-csnet].", min=3)
    ] = None,
    self_supervised: Annotated[
        bool,
        Option(
            "--self-supervised",
            help="Learn without truth: --data are scans as they were measured, or, with --mask or --operator, images "
            "that are measured once; a part of each measurement is predicted from the rest.",
        ),
    ] = False,
    steps: has.Steps = 4000,
    minutes: Annotated[
        float | None,
        Option(metavar="X", help="Instead of --steps: as many as fit, by the time of the first few.", min=0.01),
    ] = None,
    full: Annotated[
        int, Option(metavar="N", help="Rounds of five full-batch L-BFGS iterations afterwards.", min=0)
    ] = 0,
    batch: has.Batch = 4,
    accumulate: has.Accumulate = 1,
    crop: has.Crop = None,
    vary: Annotated[bool, Option("--vary", help="Also learn on images with signs and slow phases.")] = False,
    phase: Annotated[bool, Option("--phase", help="Every other mini-batch is complex, with slow phases.")] = False,
    complex_: Annotated[
        bool, Option("--complex", help="Learn complex images; real ones get smooth random phases.")
    ] = False,
    coils: Annotated[
        int | None,
        Option(metavar="N", help="Simulate coil data of up to N coils (and one scan of four of one coil).", min=2),
    ] = None,
    every: has.Every = 100,
    start: has.Start = None,
) -> None:
    """Learn to reconstruct: `minimand train admm-csnet --data scans/ --mask radial:0.2 -o w.safetensors`."""
    from dataclasses import replace

    from minimand.reconstruction.learn import train
    from minimand.reconstruction.plan import Plan

    run = common.begin(accumulate=accumulate)
    ways = _ways(mask, operator, coils, bare=self_supervised, complex_=complex_)
    plan = Plan(
        data, mask or operator or (), validate or (), test or (), named(), depth, filters, size,
        self_supervised, steps, minutes, full, batch, has.side_lengths(crop), vary, phase, complex_, common.pace,
        common.seed, every, start,
    )  # fmt: skip
    plan = replace(plan, free=bool(operator or coils), coils=coils)
    done = train(plan, ways, run)
    heldout = self_supervised and not (validate and (mask or operator))
    common.end_images(done, run, plan.network, plan.arguments["depth"], heldout=heldout)


def _ways(
    mask: list[str] | None, operator: list[str] | None, coils: int | None, *, bare: bool, complex_: bool
) -> "Acquisition":
    """How images are measured; bare: data are measurements, which need none. Raises InputError."""
    from minimand.io import InputError
    from minimand.systems.imaging.acquisition import acquisition as sensing
    from minimand.systems.mri.acquisition import acquisition as sampling

    if bool(mask) == bool(operator) and not (bare and not mask):
        got = "both" if mask else "neither"
        raise InputError(f"train needs --mask (k-space of scans) or --operator (natural images), got {got}.")
    if coils and not (mask and complex_):
        raise InputError("--coils simulates coil data of complex images; add --mask and --complex.")
    return sensing(operator) if operator else sampling(mask or [], coils)
