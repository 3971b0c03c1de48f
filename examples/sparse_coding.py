"""How fast codes come: ISTA, FISTA and networks that learned them, by the number of iterations or layers.

Dictionary and networks learn from patches of train400 (1..360), stop where 361..400 are best, and are measured on
bsd68_dev.
"""

import torch
from gallery import Sheet
from matplotlib.figure import Figure

from minimand.learning import fit
from minimand.learning.dictionary import energy_dictionary
from minimand.loops import Unroll
from minimand.steps import FISTA, ProximalGradient
from minimand.steps.lista import safe_rate
from minimand.systems.inference.sparse_coding import (
    CodeTask,
    EnergyTask,
    SparseCoding,
    code_error,
    run,
    standard_patches,
)  # fmt: skip

SIZE, ATOMS, WEIGHT, DEEPEST = 8, 64, 0.01, 7
ITERATIONS = (1, 2, 3, 5, 7, 10, 14, 21, 35, 50, 70)
LABELS = {
    "lista": "LISTA, learned codes", "energy": "LISTA, learned the energy", "coupled": "coupled LISTA, learned codes",
    "step": "step-LISTA, learned the energy",
}  # fmt: skip


def main() -> None:
    sheet = Sheet("sparse-coding", __doc__, data=True)
    sheet.number("--each", 50, 4, "patches a picture to learn from")
    sheet.number("--steps", 1000, 20, "Adam steps for every depth")
    sheet.number("--full", 10, 0, "rounds of L-BFGS after them")
    options = sheet.options()
    files = sorted((options.data / "images" / "train400").glob("*.png"))
    y = standard_patches(files[:360], options.each, SIZE, seed=0)
    chosen = standard_patches(files[360:], 30, SIZE, seed=1)
    tested = standard_patches(sorted((options.data / "images" / "bsd68_dev").glob("*.png")), 40, SIZE, seed=2)
    start = y[torch.randperm(len(y), generator=torch.Generator().manual_seed(0))[:ATOMS]].mT
    problem = SparseCoding(energy_dictionary(y, start, WEIGHT, steps=options.steps // 10), WEIGHT)
    z, best_chosen, best = problem.codes(y, 300), problem.codes(chosen, 500), problem.codes(tested)
    sheet.tell("problem", patches=len(y), tested=len(tested), used=round(float((best != 0).sum(1).float().mean()), 1))
    floor = float(problem.energy(tested)(best).detach().mean())
    curves: dict[str, dict[int, tuple[float, float]]] = {}

    def measure(name: str, layers: int, found: torch.Tensor) -> None:
        above = float(problem.energy(tested)(found).detach().mean()) / floor - 1
        curves.setdefault(name, {})[layers] = code_error(found, best), above
        sheet.tell(name, layers=layers, code_error=round(code_error(found, best), 5), energy_above=round(above, 5))

    rate = safe_rate(problem.D)
    for name, step in (("ISTA", ProximalGradient(rate)), ("FISTA", FISTA(rate))):
        for k in ITERATIONS:
            measure(name, k, problem.after(step, tested, k))
    codes = CodeTask(problem, y, z, (chosen, best_chosen))
    energy = EnergyTask(problem, y, chosen)
    plan = [("lista", "lista", codes, (1, 2, 4, 7)), ("energy", "lista", energy, (1, 2, 4, 7))]
    plan += [("coupled", "coupled", codes, (DEEPEST,)), ("step", "step", energy, (DEEPEST,))]
    for name, kind, task, depths in plan:
        before = None
        for depth in depths:
            net = problem.network(kind, depth)
            if before is not None:
                deepen(net, before)
            fit(
                net,
                task,
                steps=options.steps,
                full=options.full,
                rate=lambda name: 4e-3,
                every=max(1, options.steps // 5),
            )
            with torch.no_grad():
                measure(LABELS[name], depth, run(net, problem, tested))
            before = net
    sheet.save(draw(curves), dpi=110)


def deepen(net: Unroll, shallow: Unroll) -> None:
    """The first stages begin as those of the shallow network."""
    for stage, source in zip(net.stages, shallow.stages):
        stage.load_state_dict(source.state_dict())


def draw(curves: dict[str, dict[int, tuple[float, float]]]) -> Figure:
    """Error of the codes and energy above the least, by iterations or layers."""
    figure = Figure(figsize=(9.6, 3.8), layout="constrained")
    for axes, part, label in zip(figure.subplots(1, 2), (0, 1), ("error of the codes", "energy above the least")):
        for name, points in curves.items():
            axes.loglog(list(points), [value[part] for value in points.values()], marker="o", markersize=3, label=name)
        axes.set_xlabel("iterations or layers")
        axes.set_title(label, fontsize=10)
        axes.grid(linewidth=0.4)
    axes.legend(fontsize=7)
    return figure


if __name__ == "__main__":
    main()
