"""The training run of CycleGAN: from folders of MR and CT to the weights of the generator to CT."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from minimand.io import InputError
from minimand.learning import Progress, Run
from minimand.learning.checkpoint import load_checkpoint, save_checkpoint
from minimand.learning.fit import polite_interrupt, require_same
from minimand.systems.synthesis.cyclegan import METHODS, NETWORK, CycleGAN
from minimand.systems.synthesis.intensity import Range, ct_range, unit_mr
from minimand.systems.synthesis.networks import MULTIPLE
from minimand.systems.synthesis.pairs import patients_of
from minimand.systems.synthesis.subjects import Subject, above_air, read_subjects, require_alike, virtual_subjects
from minimand.systems.synthesis.training import Training, Unhealthy

LEAST_SIDE = 32  # pixels that a judge needs
USE = "research and demonstration; no medical device"


@dataclass(frozen=True)
class Plan:
    """mr, ct: folders, `heads:FIRST-LAST` or `patients:N,N`. method: a name in METHODS. width, blocks: of the networks.
    window: sides of what is learned on, None for whole slices. structure: weight of the structure loss, where the
    method has one. every: steps between checkpoints. pace: of learning.
    """

    mr: str
    ct: str
    method: str = "structure"
    width: int = 8
    blocks: int = 4
    steps: int = 4000
    batch: int = 2
    window: tuple[int, int] | None = None
    structure: float | None = None
    pace: float = 1.0
    seed: int = 0
    every: int = 100


def train(plan: Plan, run: Run) -> Progress:
    """Train as planned and write the running mean of the generator to CT: that of the last step, for without pairs
    there is nothing to choose by.

    Raises InputError for data that do not fit, and, where training fails on the way (a loss that is not finite, a
    judge that tells everything), ArithmeticError after the weights of the last checkpoint are written.
    """
    run.check()
    mr, ct = subjects_of(plan)
    values = ct_range(ct)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    inputs = [_whole(unit_mr(s)).to(device) for s in mr]
    targets = [_whole(values.unit(s.volume)).to(device) for s in ct]
    sides = _window(plan, inputs + targets)
    torch.manual_seed(plan.seed)
    method = METHODS[plan.method]
    structure = method.structure if plan.structure is None or not method.structure else plan.structure
    net = CycleGAN(plan.width, plan.blocks, structure=structure).to(device)
    training = Training(
        net, inputs, targets, method.pick,
        steps=plan.steps, batch=plan.batch, window=plan.window, pace=plan.pace, seed=plan.seed,
    )  # fmt: skip
    progress, failure = _go(training, plan, run)
    if progress.stopped:
        return progress
    if progress.step:
        net.to_ct.load_state_dict(training.average)
        run.save(net.to_ct, _card(plan, progress, failure, values, sides, structure, (mr, ct)))
    if failure:
        kept = f"{run.output} has the weights of step {progress.step}" if progress.step else "nothing is written"
        raise ArithmeticError(f"{failure}; {kept}.")
    return progress


def subjects_of(plan: Plan) -> tuple[list[Subject], list[Subject]]:
    """MR and CT to learn from, checked to fit each other. Raises InputError."""
    mr, ct = _subjects(plan.mr, "mr"), [above_air(subject) for subject in _subjects(plan.ct, "ct")]
    for subject in (*mr, *ct):
        if len(subject.volume) < 2:
            raise InputError(f"{subject.name}: has one slice; a volume of several is needed, to know where each lies.")
    require_alike([*mr, *ct])
    if plan.method == "paired" and [s.volume.shape for s in mr] != [s.volume.shape for s in ct]:
        counts = [f"{len(kind)} volumes of {sum(len(s.volume) for s in kind)} slices" for kind in (mr, ct)]
        raise InputError(
            f"--method paired: {plan.mr} has {counts[0]}, {plan.ct} has {counts[1]}; for pairs both must be alike, "
            "volume by volume."
        )
    return mr, ct


def _subjects(source: str, kind: str) -> list[Subject]:
    return virtual_subjects(source, kind) or patients_of(source, kind) or read_subjects(source)


def _go(training: Training, plan: Plan, run: Run) -> tuple[Progress, str | None]:
    """Step by step to the end, to Ctrl-C (`stopped`) or to a failure, which is told; then the training stands where
    the last checkpoint was made.
    """
    options: dict[str, Any] = {**asdict(plan), "window": list(plan.window) if plan.window else None}
    now = Progress(steps=plan.steps)
    good = training.snapshot()
    if run.resume:
        saved = load_checkpoint(run.checkpoint)
        require_same(saved.get("run", options), options, run.checkpoint)
        now.step, good = _restore(training, saved, run)
    with run.watch(plan.steps) as show, polite_interrupt() as asked:
        reached = now.step
        while now.step < plan.steps and not now.stopped:
            try:
                now.loss = training.step(now.step)
            except Unhealthy as failure:
                training.average, now.step = good, reached
                return now, str(failure)
            now.step += 1
            now.stopped = asked.is_set()
            if now.stopped or now.step % plan.every == 0 or now.step == plan.steps:
                save_checkpoint(run.checkpoint, {"run": options, "step": now.step, "training": training.state()})
                good, reached = training.snapshot(), now.step
            show(now)
    return now, None


def _restore(training: Training, saved: dict[str, Any], run: Run) -> tuple[int, dict[str, Tensor]]:
    try:
        training.restore(saved["training"])
        return int(saved["step"]), training.snapshot()
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{run.checkpoint}: is of another network or run ({reason}); start without --resume."
        ) from error


def _card(
    plan: Plan,
    progress: Progress,
    failure: str | None,
    values: Range,
    sides: tuple[int, int],
    structure: float,
    subjects: tuple[Sequence[Subject], Sequence[Subject]],
) -> dict[str, Any]:
    first = next((s for s in subjects[0] if s.spacing), None)
    grid = {"spacing": first.spacing, "orientation": first.orientation} if first else {}
    slices = [sum(len(s.volume) for s in kind) for kind in subjects]
    return {
        "network": NETWORK,
        "method": plan.method,
        "summary": f"by {plan.method}, {progress.step} steps; {sides[0]} x {sides[1]} pixels",
        "use": USE,
        "arguments": {"width": plan.width, "blocks": plan.blocks},
        "range": [values.low, values.high],
        "window": list(sides),
        **grid,
        "loss": "L_GAN (least squares) + 10 L_cycle" + (f" + {structure:g} L_structure (MIND)" if structure else ""),
        "training": {
            "seed": plan.seed, "steps": progress.step, "mr": plan.mr, "ct": plan.ct, "stopped": failure,
            "subjects": [len(kind) for kind in subjects], "slices": slices, "loss": _plain(progress.loss),
            "notes": sorted({note for kind in subjects for s in kind for note in s.notes}),
        },
        "validation": {},
    }  # fmt: skip


def _plain(loss: float) -> float | None:
    return round(loss, 4) if math.isfinite(loss) else None


def _whole(volume: Tensor) -> Tensor:
    """The volume with background added to sides that are no multiples of 4."""
    down, right = (-n % MULTIPLE for n in volume.shape[1:])
    return F.pad(volume, (0, right, 0, down), value=-1.0)


def _window(plan: Plan, volumes: Sequence[Tensor]) -> tuple[int, int]:
    """The sides that are learned on. Raises InputError."""
    sizes = sorted({(int(v.shape[1]), int(v.shape[2])) for v in volumes})
    least = min(size[0] for size in sizes), min(size[1] for size in sizes)
    sides = plan.window or least
    if plan.window is None and len(sizes) > 1:
        raise InputError(f"slices are of {' and '.join(f'{h} x {w}' for h, w in sizes)} pixels; add --crop N.")
    if min(sides) < LEAST_SIDE or any(side % MULTIPLE for side in sides):
        raise InputError(f"networks learn on sides of {LEAST_SIDE} or more, multiples of {MULTIPLE}, not {sides}.")
    if sides[0] > least[0] or sides[1] > least[1]:
        raise InputError(f"--crop {sides[0]}x{sides[1]}: the smallest slices have {least[0]} x {least[1]} pixels.")
    return sides
