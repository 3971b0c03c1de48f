"""Learned shrinkage: ISTA whose matrices are numbers of the step."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from minimand.energy import Energy
from minimand.operators import Identity, Matrix
from minimand.parameters import Positive
from minimand.step import Step
from minimand.steps.refusal import refusal
from minimand.term import Term
from minimand.terms import L1, LeastSquares


class LISTA(Step):
    """z <- prox_{t g}(W y + S z): a layer of learned ISTA. Source: Gregor and LeCun (2010), eq. 4.

    dictionary: D, (n, m). Born with W = rate D^T, S = I - rate D^T D and t = rate for each of the m codes, which is
    ISTA on 1/2 ||D z - y||^2 + g(z). rate: at most 1 / ||D||^2, which it is unless given. W, S and t are learned: one
    set for all layers where the network is tied, as in the source. Takes LeastSquares of vectors, (batch, n), and one
    prior on z itself with a prox.
    """

    threshold = Positive()

    class State(NamedTuple):
        x: Tensor  # codes, (batch, m)

    def __init__(self, dictionary: Float[Tensor, "n m"], rate: float | None = None):
        super().__init__()
        rate = safe_rate(dictionary) if rate is None else rate
        codes = dictionary.shape[1]
        self.W = nn.Parameter((rate * dictionary.mT).contiguous())
        self.S = nn.Parameter(torch.eye(codes).to(dictionary) - rate * dictionary.mT @ dictionary)
        self.threshold = torch.full((codes,), rate)

    def init(self, energy: Energy, x: Tensor) -> State:
        _code_of("LISTA", energy, self.W.mT.shape)
        return self.State(x)

    def forward(self, energy: Energy, s: State) -> State:
        data, prior = _code_of("LISTA", energy, self.W.mT.shape)
        return self.State(prior.prox(data.y @ self.W.mT + s.x @ self.S.mT, self.threshold))

    @classmethod
    def specimens(cls) -> list["LISTA"]:
        return [cls(_square())]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Energy, Tensor]:
        return _planted(_square(), batch, generator)


class CoupledLISTA(Step):
    """z <- prox_{t g}(z - W^T (D z - y)): learned ISTA with one matrix a layer, D being that of the data.

    Born with W = rate D and t = rate, which is ISTA; rate, t and what it takes: as in LISTA. As z converges to a true
    code, any layer's W + S has this form. Source: Chen, Liu, Wang, Yin (2018), eq. 15.
    """

    threshold = Positive()

    class State(NamedTuple):
        x: Tensor  # codes, (batch, m)

    def __init__(self, dictionary: Float[Tensor, "n m"], rate: float | None = None):
        super().__init__()
        rate = safe_rate(dictionary) if rate is None else rate
        self.W = nn.Parameter((rate * dictionary).contiguous())  # L-BFGS needs plain strides
        self.threshold = torch.full(dictionary.shape[1:], rate)

    def init(self, energy: Energy, x: Tensor) -> State:
        _code_of("CoupledLISTA", energy, self.W.shape)
        return self.State(x)

    def forward(self, energy: Energy, s: State) -> State:
        data, prior = _code_of("CoupledLISTA", energy, self.W.shape)
        return self.State(prior.prox(s.x - (data.A(s.x) - data.y) @ self.W, self.threshold))

    @classmethod
    def specimens(cls) -> list["CoupledLISTA"]:
        return [cls(_square())]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Energy, Tensor]:
        return _planted(_square(), batch, generator)


def safe_rate(dictionary: Float[Tensor, "n m"]) -> float:
    """1 / ||D||^2, the longest step for which ISTA is sure to descend."""
    return 1 / float(torch.linalg.matrix_norm(dictionary, ord=2)) ** 2


def _code_of(name: str, energy: Energy, size: torch.Size) -> tuple[LeastSquares, Term]:
    """The data term and the one prior. Raises TypeError where they are not those of sparse codes of this size."""
    data = energy.data
    matrix = data.A.matrix.shape if isinstance(data, LeastSquares) and isinstance(data.A, Matrix) else None
    if not isinstance(data, LeastSquares) or matrix != size:
        found = f"a matrix of {tuple(matrix)}" if matrix else type(data).__name__
        raise refusal(name, f"LeastSquares with a matrix of {tuple(size)}, got {found}", energy)
    if len(energy.priors) != 1:
        raise refusal(name, f"exactly one prior, got {len(energy.priors)}", energy)
    prior, D = energy.priors[0]
    if not isinstance(D, Identity) or "prox" not in prior.offers():
        raise refusal(name, f"a prior on the codes themselves with a prox, got {type(prior).__name__}", energy)
    return data, prior


def _square() -> Tensor:
    """A small dictionary with an inverse."""
    return torch.eye(4) + 0.2 * torch.randn(4, 4, generator=torch.Generator().manual_seed(0))


def _planted(D: Tensor, batch: int, generator: torch.Generator) -> tuple[Energy, Tensor]:
    """Sparse coding and its minimiser z: D^T (y - D z) is a subgradient of 0.2 ||z||_1 there."""
    z = torch.randn(batch, D.shape[1], generator=generator)
    z = torch.where(z.abs() > 0.5, z, 0)
    slope = torch.where(z == 0, 0.5, z.sign())
    y = z @ D.mT + 0.2 * torch.linalg.solve(D.mT, slope.mT).mT
    return LeastSquares(Matrix(D), y) + 0.2 * L1(), z
