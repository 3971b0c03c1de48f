"""The energy: a data term and priors g_i(D_i x). A value that owns nothing; steps take it as an argument."""

from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from minimand.operator import Identity, Operator
from minimand.term import Composed, Term


@dataclass(frozen=True)
class Energy:
    """data(x) + sum_i g_i(D_i x); built by `data + weight * (g @ D)`.

    data: the term that knows the measurement. priors: pairs (g_i, D_i), D_i the identity where the prior has none.
    x: a tensor, or a tuple of several unknowns where the terms take such.
    """

    data: Term
    priors: tuple[tuple[Term, Operator], ...] = ()

    def __add__(self, prior: Term) -> "Energy":
        pair = (prior.term, prior.operator) if isinstance(prior, Composed) else (prior, Identity())
        return replace(self, priors=(*self.priors, pair))

    def __call__(self, x: Any) -> Tensor:
        """Value of every item, (batch,)."""
        value: Tensor = self.data(x)
        return sum((g(D(x)) for g, D in self.priors), start=value)

    def grad(self, x: Tensor) -> Tensor:
        """Gradient at x, shaped like x."""
        return sum((D.adjoint(g.grad(D(x))) for g, D in self.priors), start=self.data.grad(x))

    def offers(self) -> frozenset[str]:
        """What every summand has, of "value", "grad" and "prox"."""
        return self.data.offers().intersection(*(g.offers() for g, _ in self.priors))

    def given(self, x: Any) -> "Energy":
        """This energy with the call-dependent parts of its priors fixed for the start x."""
        fixed = ((g.given(self.data, D(x)) if g.varies() else g, D) for g, D in self.priors)
        return replace(self, priors=tuple(fixed))

    def items(self, which: slice | Tensor) -> "Energy":
        """The energy of these items of the batch alone."""
        return replace(self, data=self.data.items(which))
