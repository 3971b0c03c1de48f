"""What can be done with a step: repeat it (`solve`), unroll it (`Unroll`) or take its fixed point (`Equilibrium`)."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint as rematerialise

from minimand.algebra import keep_finished, leaves, rebuild, relative_change
from minimand.energy import Energy
from minimand.step import Step
from minimand.term import Term

Problem = Energy | Term | Sequence[Energy] | Sequence[Term]


class Solution(NamedTuple):
    """What `solve` found. A diverged item has a change that is not finite and converged = False."""

    x: Any  # the minimiser, shaped like the start
    iterations: Tensor  # how many steps each item took, (batch,)
    energies: Tensor | None  # energy at the start and after every step, (steps + 1, batch), where asked for
    change: Tensor  # relative change of the whole state in the last step, (batch,)
    converged: Tensor  # whether each item stopped by `tol`, (batch,)
    state: Any  # the last state: start from it to go on


def solve(
    step: Step, energy: Problem, x: Any, *, max_iter: int = 100, tol: float = 1e-4, energies: bool = False
) -> Solution:
    """Repeat `step` from x (a point or a state) until the relative change of the whole state is at most `tol`.

    Items of a batch stop one by one; a finished one is frozen. `energy` may be a sequence, one for each iteration
    (mini-batches). tol=0 runs all iterations. Builds no graph. Raises TypeError for an energy the step cannot handle.
    """
    with torch.no_grad():
        problems = [_energy(e) for e in energy] if isinstance(energy, Sequence) else [_energy(energy)]
        if not problems:
            raise ValueError("solve needs at least one energy, got an empty sequence.")
        state = _start(step, problems[0], x)
        point = leaves(state)[0]
        problems = [e.given(state[0]) for e in problems]
        steps = min(max_iter, len(problems)) if isinstance(energy, Sequence) else max_iter
        active = torch.ones(point.shape[0], dtype=torch.bool, device=point.device)
        iterations = torch.zeros_like(active, dtype=torch.int64)
        change = torch.full(active.shape, torch.inf, device=point.device)
        values = [problems[0](state[0])] if energies and "value" in problems[0].offers() else None
        for k in range(steps):
            problem = problems[k if len(problems) > 1 else 0]
            new = step(problem, state)
            if not bool(active.all()):
                new = keep_finished(active, new, state)
            iterations = iterations + active
            if tol > 0 or k == steps - 1:
                change = torch.where(active, relative_change(new, state).to(change), change)
                active = active & (change > tol)  # a change that is not a number stops the item, too
            state = new
            if values is not None:
                values.append(problem(state[0]))
            if not bool(active.any()):
                break
        recorded = torch.stack(values) if values is not None else None
        return Solution(state[0], iterations, recorded, change, change <= tol, state)


class Stage(nn.Module):
    """One iteration of a network with its own numbers: a step and the priors it works on."""

    def __init__(self, step: Step, prior: Sequence[Term]):
        super().__init__()
        self.step = deepcopy(step)
        self.prior = nn.ModuleList(deepcopy(term) for term in prior)

    def energy(self, data: Term) -> Energy:
        """The energy of this stage for the data at hand."""
        energy = Energy(data)
        for term in self.prior:
            assert isinstance(term, Term)
            energy = energy + term
        return energy


class Unroll(nn.Module):
    """`depth` iterations of a step as a network, called on a data term: untrained, it equals `solve`.

    prior: a term or several; step and priors are copied for every stage (one copy for all where tied), so that training
    leaves the caller's own alone. checkpoint: recompute the activations of every so many stages in the backward pass.
    last: a step applied once after the stages, with its own numbers, on the last stage's energy.
    """

    def __init__(
        self,
        step: Step,
        prior: Term | Sequence[Term] | None = None,
        *,
        depth: int,
        tied: bool = False,
        checkpoint: int | None = None,
        last: Step | None = None,
    ):
        super().__init__()
        if depth < 1:
            raise ValueError(f"Unroll needs a depth of at least 1, got {depth}.")
        priors = _priors(prior)
        self.depth, self.tied, self.checkpoint = depth, tied, checkpoint
        self.stages = nn.ModuleList(Stage(step, priors) for _ in range(1 if tied else depth))
        self.last = deepcopy(last)

    def forward(self, data: Term | Sequence[Term], x: Any) -> Any:
        """The x of the last stage. data: the data term, or one for every stage; x: a point or a state to start from."""
        return self.run(data, x)[0]

    def run(self, data: Term | Sequence[Term], x: Any) -> Any:
        """The last state: start from it to go on (truncated back-propagation)."""
        return self._run(data, x, None)

    def trace(self, data: Term | Sequence[Term], x: Any) -> list[Any]:
        """The state after every stage, the partial last one included."""
        states: list[Any] = []
        self._run(data, x, states)
        return states

    def _run(self, data: Term | Sequence[Term], x: Any, states: list[Any] | None) -> Any:
        energies = self._energies(data)
        state = _start(self._step(0), energies[0], x)
        energies = [e.given(state[0]) for e in energies]
        moves = [(self._step(k), energies[k]) for k in range(self.depth)]
        if self.last is not None:
            moves.append((self.last, energies[-1]))
        length = self.checkpoint if self.checkpoint and torch.is_grad_enabled() else None
        if length and states is None:
            for first in range(0, len(moves), length):
                state = rematerialise(_advance, moves[first : first + length], state, use_reentrant=False)
            return state
        for step, energy in moves:
            state = step(energy, state)
            if states is not None:
                states.append(state)
        return state

    def _step(self, k: int) -> Step:
        stage = self.stages[0 if self.tied else k]
        assert isinstance(stage, Stage)
        return stage.step

    def _energies(self, data: Term | Sequence[Term]) -> list[Energy]:
        if isinstance(data, Sequence) and len(data) != self.depth:
            raise ValueError(f"Unroll has {self.depth} stages and was given {len(data)} data terms; give one for each.")
        terms = list(data) if isinstance(data, Sequence) else [data] * self.depth
        stages = [s for s in self.stages if isinstance(s, Stage)] * (self.depth if self.tied else 1)
        return [stage.energy(term) for stage, term in zip(stages, terms, strict=True)]


class Equilibrium(nn.Module):
    """The fixed point of a step as a network, differentiated implicitly: memory of one step, whatever the iterations.

    With s = f(s) the gradient solves w = v + (df/ds)^T w by fixed-point iterations (Bai, Kolter, Koltun 2019, eq. 10).
    """

    def __init__(
        self, step: Step, prior: Term | Sequence[Term] | None = None, *, tol: float = 1e-5, max_iter: int = 200
    ):
        super().__init__()
        self.stage = Stage(step, _priors(prior))
        self.tol, self.max_iter = tol, max_iter

    def forward(self, data: Term, x: Any) -> Any:
        """The x of the fixed point reached from the point or state x."""
        step, energy = self.stage.step, self.stage.energy(data)
        with torch.no_grad():
            start = _start(step, energy, x)
        energy = energy.given(start[0])
        found = solve(step, energy, start, max_iter=self.max_iter, tol=self.tol).state
        if not torch.is_grad_enabled():
            return found[0]
        point = rebuild(found, [_free(leaf) for leaf in leaves(found)])
        inputs = [leaf for leaf in leaves(point) if leaf.requires_grad]
        with torch.enable_grad():
            inside = step(energy, point)  # the graph of one step at the fixed point, for df/ds
            outputs = [b for a, b in zip(leaves(point), leaves(inside), strict=True) if a.requires_grad]
            outside = step(energy, found)  # the same step, for the gradient of the numbers
        live = [b for a, b in zip(leaves(point), leaves(outside), strict=True) if a.requires_grad]
        passed = _Implicit.apply(outputs, inputs, self.tol, self.max_iter, *live)  # type: ignore[no-untyped-call]
        values = iter(passed)
        return rebuild(outside, [next(values) if a.requires_grad else a for a in leaves(point)])[0]


class _Implicit(torch.autograd.Function):
    """The identity on the state, whose backward pass turns v into w = v + (df/ds)^T w."""

    @staticmethod
    def forward(ctx: Any, outputs: list[Tensor], inputs: list[Tensor], tol: float, max_iter: int, *live: Tensor) -> Any:
        ctx.outputs, ctx.inputs, ctx.tol, ctx.max_iter = outputs, inputs, tol, max_iter
        return tuple(leaf.clone() for leaf in live)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        first = [torch.zeros_like(o) if g is None else g for o, g in zip(ctx.outputs, grads, strict=True)]
        w = first
        for _ in range(ctx.max_iter):
            back = torch.autograd.grad(ctx.outputs, ctx.inputs, w, retain_graph=True, allow_unused=True)
            new = [v if b is None else v + b for v, b in zip(first, back, strict=True)]
            change = relative_change(tuple(new), tuple(w))
            w = new
            if bool((change <= ctx.tol).all()):
                break
        return None, None, None, None, *w


def _advance(moves: list[tuple[Step, Energy]], state: Any) -> Any:
    for step, energy in moves:
        state = step(energy, state)
    return state


def _free(leaf: Tensor) -> Tensor:
    return leaf.detach().requires_grad_() if leaf.is_floating_point() or leaf.is_complex() else leaf


def _energy(problem: Energy | Term) -> Energy:
    return problem if isinstance(problem, Energy) else Energy(problem)


def _start(step: Step, energy: Energy, x: Any) -> Any:
    return x if isinstance(x, step.State) else step.init(energy, x)


def _priors(prior: Term | Sequence[Term] | None) -> tuple[Term, ...]:
    if prior is None:
        return ()
    return (prior,) if isinstance(prior, Term) else tuple(prior)
