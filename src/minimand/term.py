"""Terms of an energy: value, gradient and proximal map, each where it is known."""

from typing import TYPE_CHECKING, Any, Self

import torch
from torch import Tensor, nn

from minimand.operator import Operator
from minimand.parameters import Positive

if TYPE_CHECKING:
    from minimand.energy import Energy


class Term(nn.Module):
    """One summand g of an energy. Any of value, gradient and prox may be absent; asking for what is absent is a
    TypeError.

    What was measured is held in buffers, so that `term.to(device)` moves it, and is no part of what is saved.

    convex: False where the prox is that of no convex function (denoisers), so that it may expand distances.

    Terms combine: `0.005 * (L21() @ Gradient())` is a weighted term of D x, `data + prior` an Energy.
    own_points: not every x of the right shape is a point, but parameters or probabilities that `example` can draw.
    """

    convex: bool = True
    own_points = False

    def forward(self, x: Any) -> Tensor:
        """g(x) of every item, shape (batch,)."""
        raise self.lacks("value")

    def grad(self, x: Tensor) -> Tensor:
        """Gradient of g at x, shaped like x (df/dRe + i df/dIm where x is complex): by autograd unless a term knows
        better.
        """
        if "value" not in self.offers():
            raise self.lacks("grad")
        create_graph = torch.is_grad_enabled()  # read before enable_grad, or every gradient would build a graph
        with torch.enable_grad():
            point = x if x.requires_grad else x.detach().requires_grad_()
            (gradient,) = torch.autograd.grad(self(point).sum(), point, create_graph=create_graph)
        return gradient

    def prox(self, v: Tensor, t: Tensor | float) -> Tensor:
        """argmin_x g(x) + ||x - v||^2 / (2 t), shaped like v; t > 0 broadcasts against v."""
        raise self.lacks("prox")

    def offers(self) -> frozenset[str]:
        """Which of "value", "grad" and "prox" this term has."""
        kind = type(self)
        value, grad = kind.forward is not Term.forward, kind.grad is not Term.grad
        return frozenset(
            name
            for name, known in [("value", value), ("grad", grad or value), ("prox", kind.prox is not Term.prox)]
            if known
        )

    def given(self, data: "Term", x: Any) -> "Term":
        """This term with its call-dependent parts fixed for the data and start at hand; loops call it once."""
        return self

    def varies(self) -> bool:
        """Whether `given` may change this term; loops ask first, for D x costs an application of D."""
        return type(self).given is not Term.given

    def items(self, which: slice | Tensor) -> "Term":
        """The term of these items of a batch alone: itself, unless it holds data."""
        return self

    @classmethod
    def specimens(cls) -> list[Self]:
        """Small instances of this class on which the laws are tested (none: the term needs more than numbers)."""
        return []

    def example(self, batch: int, generator: torch.Generator) -> Any:
        """A random point that this instance takes, in double precision."""
        return torch.randn(batch, 3, 6, 5, dtype=torch.float64, generator=generator)

    def lacks(self, what: str) -> TypeError:
        """The error for what this term does not have, naming what it has."""
        there = ", ".join(sorted(self.offers())) or "nothing"
        return TypeError(f"{type(self).__name__} has no {what}; it offers: {there}.")

    def __rmul__(self, weight: float) -> "Term":
        return Scaled(self, weight)

    def __matmul__(self, operator: Operator) -> "Term":
        return Composed(self, operator)

    def __add__(self, prior: "Term") -> "Energy":
        from minimand.energy import Energy

        return Energy(self) + prior


class Scaled(Term):
    """weight * g, with a positive weight that can be learned."""

    weight = Positive()

    def __init__(self, term: Term, weight: float | Tensor):
        super().__init__()
        self.term = term
        self.weight = weight

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * self.term(x)

    def grad(self, x: Tensor) -> Tensor:
        return self.weight * self.term.grad(x)

    def prox(self, v: Tensor, t: Tensor | float) -> Tensor:
        return self.term.prox(v, self.weight * t)

    def offers(self) -> frozenset[str]:
        return self.term.offers()

    def varies(self) -> bool:
        return self.term.varies()

    def given(self, data: Term, x: Tensor) -> Term:
        term = self.term.given(data, x)
        if term is self.term:
            return self
        fixed = Scaled(term, 1.0)
        fixed.log_weight = self.log_weight  # the same number, so that it still learns
        return fixed


class Composed(Term):
    """g(D x). Its prox is known where D D^H = c I: v + D^H (prox_{c t g}(D v) - D v) / c (Combettes and Pesquet 2011,
    table 1).
    """

    def __init__(self, term: Term, operator: Operator):
        super().__init__()
        self.term, self.operator = term, operator

    def forward(self, x: Tensor) -> Tensor:
        value: Tensor = self.term(self.operator(x))
        return value

    def grad(self, x: Tensor) -> Tensor:
        return self.operator.adjoint(self.term.grad(self.operator(x)))

    def prox(self, v: Tensor, t: Tensor | float) -> Tensor:
        c = self.operator.coisometry
        if c is None:
            raise self.lacks("prox")
        image = self.operator(v)
        return v + self.operator.adjoint(self.term.prox(image, c * t) - image) / c

    def offers(self) -> frozenset[str]:
        return self.term.offers() if self.operator.coisometry else self.term.offers() - {"prox"}

    def varies(self) -> bool:
        return self.term.varies()

    def given(self, data: Term, x: Tensor) -> Term:
        term = self.term.given(data, self.operator(x))
        return self if term is self.term else Composed(term, self.operator)

    def __rmul__(self, weight: float) -> Term:
        return Composed(Scaled(self.term, weight), self.operator)

    def __matmul__(self, operator: Operator) -> Term:
        return Composed(self.term, self.operator @ operator)
