"""`minimand train hyperadam|rnnprop|dmoptimizer`: learn to optimize."""

from pathlib import Path


def train_optimizer(
    rule: str, data: list[str], output: Path, *, optimizees: list[str] | None, validate: list[str] | None,
    horizons: list[int] | None, learners: int, steps: int, pace: float, seed: int, every: int, start: str | None,
    licence: str, command: str, resume: bool, force: bool, json: bool,
) -> None:  # fmt: skip
    """Meta-train a rule on the pictures in a folder and write its weights; Ctrl-C leaves a checkpoint."""
    from minimand.commands.console import note, print_json
    from minimand.commands.progress import training_progress
    from minimand.io import InputError
    from minimand.reconstruction.learn import check_run
    from minimand.systems.optimizers.learn import HELD_OUT, HORIZONS, USUAL, MetaPlan, meta_train

    if len(data) != 1:
        raise InputError(f"{rule} takes one --data, the folder of MNIST's files, got {len(data)}.")
    checkpoint = check_run(output, resume=resume, force=force)
    plan = MetaPlan(
        rule, tuple(optimizees or USUAL), tuple(validate or HELD_OUT), tuple(horizons or HORIZONS), learners,
        steps=steps, pace=pace, seed=seed, every=every, start=start,
    )  # fmt: skip
    done = meta_train(
        plan, Path(data[0]), output, checkpoint,
        command=command, resume=resume, force=force, licence=licence, watch=training_progress,
    )  # fmt: skip
    if done.stopped:
        note(f"stopped at step {done.step} of {done.steps}; {checkpoint} keeps it: add --resume to go on")
        raise KeyboardInterrupt
    if json:
        print_json({"output": str(output), "rule": rule, "validation_db": done.best, "step": done.best_step})
    else:
        print(f"{output}: {rule}, late losses {-done.best:.2f} dB at meta-update {done.best_step}")
