"""What measurements a classical method is for, and the scale at which its numbers mean the same for every scan."""

from torch import Tensor

from minimand.algebra import per_item
from minimand.energy import Energy
from minimand.io import InputError
from minimand.loops import solve
from minimand.operators import Fourier, Sense
from minimand.reconstruction.admm_net import peak, scaled
from minimand.step import Step
from minimand.term import Term
from minimand.terms import LeastSquares


def require_kspace(method: str, data: LeastSquares) -> None:
    """Raise InputError, naming a method that can, unless the data are k-space of one coil."""
    if isinstance(data.A, Sense):
        raise InputError(f"{method} is for k-space of one coil, these data have several; use sense-tv.")
    if not isinstance(data.A, Fourier):
        raise InputError(f"{method} is for k-space, not for the operator {type(data.A).__name__}; use tv.")


def minimised(data: LeastSquares, prior: Term | tuple[Term, ...], step: Step, *, max_iter: int, tol: float) -> Tensor:
    """argmin_x 1/2 ||A x - y||^2 + prior(x) from A^H y, where the zero-filled image has maximum magnitude 1."""
    start = data.pulled()
    scale = peak(start)
    energy = Energy(scaled(data, scale))
    for term in prior if isinstance(prior, tuple) else (prior,):
        energy = energy + term.to(start.device)
    x: Tensor = solve(step.to(start.device), energy, start / per_item(scale, start), max_iter=max_iter, tol=tol).x
    return x * per_item(scale, x)
