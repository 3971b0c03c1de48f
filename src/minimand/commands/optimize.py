"""`minimand optimize`: learned optimizers and hand-made ones on one task, side by side."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from minimand.commands.options import Force, Json, Seed

if TYPE_CHECKING:
    from minimand.systems.optimizers.optimizees import Optimizee


def optimize(
    task: Annotated[str, Option(metavar="NAME", help="mlp, mlp-3-relu, cnn-1, lstm, ...")] = "mlp",
    rules: Annotated[
        str,
        Option(metavar="A,B", help="hyperadam, rnnprop, dmoptimizer[:FILE][*FACTOR]; adam, sgd, ...[:RATE]."),
    ] = "adam,hyperadam",
    data: Annotated[
        Path | None,
        Option(metavar="FOLDER", help="Folder of MNIST's files [default: MINIMAND_DATA or ../shared/data]."),
    ] = None,
    output: Annotated[Path | None, Option("-o", "--output", metavar="FILE", help="Curves to draw, .png.")] = None,
    steps: Annotated[int, Option(metavar="N", help="Steps of every run.", min=1, max=1_000_000)] = 100,
    runs: Annotated[int, Option(metavar="N", help="Runs of every rule, each from a start of its own.", min=1)] = 10,
    tune: Annotated[bool, Option("--tune", help="Search the rates of the hand-made rules first.")] = False,
    seed: Seed = 0,
    json: Json = False,
    force: Force = False,
) -> None:
    """Compare optimizers: `minimand optimize --task mlp-relu --rules adam,hyperadam -o curves.png`.

    All rules start at the same places and see the same mini-batches. The loss is that on the last mini-batch.
    """
    from minimand.commands.console import count, print_json
    from minimand.io import InputError, atomic_writer, check_output
    from minimand.systems.optimizers.curves import curves_png
    from minimand.systems.optimizers.data import data_folder
    from minimand.systems.optimizers.race import race, rules_of, summary
    from minimand.systems.optimizers.registry import make_optimizee

    if output is not None:
        if output.suffix != ".png":
            raise InputError(f"{output}: curves are drawn as .png; name the output so.")
        check_output(output, force)
    optimizee = make_optimizee(task, data or data_folder())
    if tune:
        rules = _tuned(rules, optimizee)
    racers = rules_of(rules, task)
    losses = race(racers, optimizee, steps=steps, runs=runs, seed=seed, show=tenths())
    found = {name: summary(values) for name, values in losses.items()}
    if output is not None:
        with atomic_writer(output, force=force) as file:
            file.write(curves_png(losses, f"{task}, {count(runs, 'run')}"))
    if json:
        print_json({"task": task, "parameters": optimizee.size, "steps": steps, "runs": runs, "rules": found})
        return
    print(f"{task}, {optimizee.size} parameters, loss at step {steps}, {count(runs, 'run')}")
    print(f"{'rule':<24}  {'loss':>8}  {'std err':>7}  {'last ten':>8}")
    for name, row in found.items():
        print(f"{name:<24}  {row['loss']:8.4f}  {row['error']:7.4f}  {row['late']:8.4f}")


def tenths() -> Callable[[str, int, int], None]:
    """Something that notes, for each rule, every tenth of its steps once."""
    from minimand.commands.console import note

    told: set[tuple[str, int]] = set()

    def show(name: str, done: int, whole: int) -> None:
        tenth = 10 * done // whole
        if (name, tenth) not in told:
            told.add((name, tenth))
            note(f"{name}: {10 * tenth} %")

    return show


def _tuned(rules: str, optimizee: "Optimizee") -> str:
    """The list of rules with a rate searched for each hand-made one that has none."""
    from minimand.commands.console import note
    from minimand.systems.optimizers.rivals import RIVALS, tune

    def tuned(name: str) -> str:
        def show(rate: float, loss: float) -> None:
            note(f"{name}:{rate:.6g} has the late loss {loss:.4f}")

        return f"{name}:{next(iter(tune(name, optimizee, show))):.6g}"

    names = [name.strip() for name in rules.split(",")]
    return ",".join(tuned(name) if name in RIVALS else name for name in names)


def print_losses(table: Mapping[str, Any], *, json: bool) -> None:
    """A table of losses: each rule's, with the standard error, beside the published one."""
    _print_tasks(table, "loss (standard error)", _loss, json=json)


def print_accuracies(table: Mapping[str, Any], *, json: bool) -> None:
    """Loss, top-1 and top-2 of each rule on test pictures, beside the published ones."""
    _print_tasks(table, "loss, top-1, top-2 %", _accuracies, json=json)


def _print_tasks(table: Mapping[str, Any], what: str, cell: Callable[[Any, Any], str], *, json: bool) -> None:
    """A line for every rule, a column for every task. cell: of what was found and what was published, or None."""
    from minimand.commands.console import print_json

    if json:
        print_json(table)
        return
    print(f"{table['table']}, ours on {table['on']}: {what} / published; {table['source']}")
    lines = [["method", *table["rows"][0]["tasks"]]]
    for row in table["rows"]:
        cells = [
            found.get("unavailable") or cell(found, row["published"].get(column))
            for column, found in row["tasks"].items()
        ]
        lines.append([row["method"], *cells])
    width = max(22, *(len(text) for line in lines for text in line[1:]))
    for first, *cells in lines:
        print(" ".join([f"{first:<20}", *(f"{text:>{width}}" for text in cells)]))


def _accuracies(found: Mapping[str, float], published: Mapping[str, float]) -> str:
    return f"{_three(found)} / {_three(published)}"


def _three(found: Mapping[str, float]) -> str:
    return f"{found['loss']:.3f} {found['top1']:.2f} {found['top2']:.2f}"


def _loss(found: Mapping[str, Any], published: float | None) -> str:
    return f"{found['loss']:.3f} ({found['error']:.3f}) / {'-' if published is None else f'{published:.3f}'}"
