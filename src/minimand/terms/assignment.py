"""The energy of matching two sets of points: who is whom, and how well pairs and triples agree."""

import itertools

import torch
from jaxtyping import Float, Int
from scipy.spatial import cKDTree
from torch import Tensor

from minimand.parameters import Positive
from minimand.term import Term

ROUNDS = 30  # of Sinkhorn's normalisation

Matches = Float[Tensor, "batch left right"]


class Assignment(Term):
    """sum_ia x_ia (cost_ia + tau log x_ia) over x >= 0 whose rows and columns sum to 1 at most: soft assignments.

    left, right: the points to match, (batch, left, d) and (batch, right, e), d and e as they like: pairs and triples
    look at distances within each set. cost: of each match by itself, (batch, left, right), zero unless given. tau:
    temperature. x: (batch, left, right), positive. Source: Gold and Rangarajan (1996).
    """

    own_points = True
    left: Tensor
    right: Tensor
    cost: Tensor

    def __init__(
        self,
        left: Float[Tensor, "batch left d"],
        right: Float[Tensor, "batch right e"],
        cost: Matches | None = None,
        tau: float = 0.1,
    ):
        super().__init__()
        if left.shape[0] != right.shape[0]:
            raise ValueError(f"Assignment needs as many left as right sets, got {left.shape[0]} and {right.shape[0]}.")
        self.tau = tau
        if cost is None:
            cost = left.new_zeros(left.shape[0], left.shape[1], right.shape[1])
        for name, given in (("left", left), ("right", right), ("cost", cost)):
            self.register_buffer(name, given, persistent=False)

    def forward(self, x: Matches) -> Float[Tensor, " batch"]:
        return (x * self.cost + self.tau * torch.special.xlogy(x, x)).flatten(1).sum(1)

    def minimise_with(self, slope: Matches) -> Matches:
        """argmin_x of this term + <slope, x>, the sums being 1 on the smaller side and equal on the other."""
        logs = -(self.cost + slope) / self.tau
        few = min(logs.shape[1:])
        for _ in range(ROUNDS):
            logs = logs - logs.logsumexp(1, keepdim=True) + torch.tensor(few / logs.shape[2]).log().to(logs)
            logs = logs - logs.logsumexp(2, keepdim=True) + torch.tensor(few / logs.shape[1]).log().to(logs)
        return logs.exp()

    def even(self) -> Matches:
        """The start that prefers nothing."""
        return torch.full_like(self.cost, 1 / max(self.cost.shape[1:]))

    def items(self, which: slice | Tensor) -> "Assignment":
        return Assignment(self.left[which], self.right[which], self.cost[which], self.tau)

    @classmethod
    def specimens(cls) -> list["Assignment"]:
        return [cls(*_points(2), torch.rand(2, 4, 5, generator=torch.Generator().manual_seed(1)))]

    def example(self, batch: int, generator: torch.Generator) -> Matches:
        return _matches(batch, generator)


class PairAffinity(Term):
    """-1/2 sum_ia sum_jb K_ia,jb x_ia x_jb: how well distances agree.

    K = exp(-(|p_i - p_j| - |q_a - q_b|)^2 / 2 width^2), width in the units of the points, learned. A match does not
    speak for itself nor for another of its point. K is made for the points at hand by `given`.
    Source: Leordeanu and Hebert (2005), sec. 4.
    """

    own_points = True
    width = Positive()
    K: Tensor | None

    def __init__(self, width: float = 0.1):
        super().__init__()
        self.width = width
        self.register_buffer("K", None, persistent=False)

    def given(self, data: Term, x: Matches) -> "PairAffinity":
        if not isinstance(data, Assignment):
            raise TypeError(f"PairAffinity needs a data term with points (Assignment), got {type(data).__name__}.")
        p, q = distances(data.left), distances(data.right)
        K = torch.exp(-((p[:, :, None, :, None] - q[:, None, :, None, :]) ** 2) / (2 * self.width**2))
        K = K * _others(p)[:, None, :, None] * _others(q)[None, :, None, :]
        return self._with(K.flatten(3, 4).flatten(1, 2))

    def forward(self, x: Matches) -> Float[Tensor, " batch"]:
        return 0.5 * (x * self.grad(x)).flatten(1).sum(1)

    def grad(self, x: Matches) -> Matches:
        """-K x. Raises TypeError before `given`."""
        if self.K is None:
            raise TypeError("PairAffinity has no matrix before it is given points: energy.given(x) does it.")
        return -(self.K @ x.flatten(1)[:, :, None]).reshape(x.shape)

    def items(self, which: slice | Tensor) -> "PairAffinity":
        return self if self.K is None else self._with(self.K[which])

    def _with(self, K: Tensor) -> "PairAffinity":
        term = PairAffinity()
        del term.log_width
        term.log_width, term.K = self.log_width, K  # the same number, so that it still learns
        return term

    @classmethod
    def specimens(cls) -> list["PairAffinity"]:
        data = Assignment.specimens()[0]
        return [cls(0.5).given(data, data.cost)]

    def example(self, batch: int, generator: torch.Generator) -> Matches:
        return _matches(batch, generator)


class TripleAffinity(Term):
    """-1/6 sum T_ia,jb,kc x_ia x_jb x_kc: how well the sines of triangles' angles agree, whatever their scale.

    T = exp(-sum of squared differences of the three sines / 2 width^2), for every triangle of the left set and the
    `nearest` of the right one. width: of sines, learned. Source: Duchenne, Bach, Kweon, Ponce (2011), secs. 2 and 5.
    """

    own_points = True
    width = Positive()
    T: Tensor | None
    where: Tensor | None

    def __init__(self, width: float = 0.1, nearest: int = 100):
        super().__init__()
        self.width, self.nearest = width, nearest
        self.register_buffer("T", None, persistent=False)
        self.register_buffer("where", None, persistent=False)

    def given(self, data: Term, x: Matches) -> "TripleAffinity":
        if not isinstance(data, Assignment):
            raise TypeError(f"TripleAffinity needs a data term with points (Assignment), got {type(data).__name__}.")
        left = torch.tensor(list(itertools.combinations(range(x.shape[1]), 3)), device=x.device)
        right = torch.tensor(list(itertools.permutations(range(x.shape[2]), 3)), device=x.device)
        squares, near = [], []
        for p, q in zip(sines(data.left, left), sines(data.right, right), strict=True):
            found = cKDTree(q.numpy(force=True)).query(p.numpy(force=True), min(self.nearest, len(right)))[1]
            near.append(torch.from_numpy(found).to(x.device))
            squares.append(((p[:, None] - q[near[-1]]) ** 2).sum(2).flatten())
        corners = left[None, :, None] * x.shape[2] + right[torch.stack(near)]  # matches as places in x, (b, l, n, 3)
        T = torch.exp(-torch.stack(squares) / (2 * self.width**2))
        return self._with(T, corners.flatten(1, 2))

    def forward(self, x: Matches) -> Float[Tensor, " batch"]:
        return (x * self.grad(x)).flatten(1).sum(1) / 3

    def grad(self, x: Matches) -> Matches:
        """-1/2 of T applied to x twice. Raises TypeError before `given`."""
        if self.T is None or self.where is None:
            raise TypeError("TripleAffinity has no tensor before it is given points: energy.given(x) does it.")
        a, b, c = self.where.unbind(2)
        flat = x.flatten(1)
        u, v, w = (flat.gather(1, place) for place in (a, b, c))
        slope = torch.zeros_like(flat)
        for place, others in ((a, v * w), (b, u * w), (c, u * v)):
            slope = slope.scatter_add(1, place, self.T * others)
        return -slope.reshape(x.shape)

    def items(self, which: slice | Tensor) -> "TripleAffinity":
        return self if self.T is None or self.where is None else self._with(self.T[which], self.where[which])

    def _with(self, T: Tensor, where: Int[Tensor, "batch triples 3"]) -> "TripleAffinity":
        term = TripleAffinity(nearest=self.nearest)
        del term.log_width
        term.log_width, term.T, term.where = self.log_width, T, where
        return term

    @classmethod
    def specimens(cls) -> list["TripleAffinity"]:
        data = Assignment.specimens()[0]
        return [cls(0.5, nearest=20).given(data, data.cost)]

    def example(self, batch: int, generator: torch.Generator) -> Matches:
        return _matches(batch, generator)


def distances(points: Float[Tensor, "batch n d"]) -> Float[Tensor, "batch n n"]:
    """Distances within each set."""
    return torch.linalg.vector_norm(points[:, :, None] - points[:, None], dim=3)


def sines(points: Float[Tensor, "batch n d"], triples: Int[Tensor, "t 3"]) -> Float[Tensor, "batch t 3"]:
    """The sine of the angle at each corner of each triangle; 0 where corners coincide."""
    p = points[:, triples]
    found = []
    for k in range(3):
        u, v = p[:, :, (k + 1) % 3] - p[:, :, k], p[:, :, (k + 2) % 3] - p[:, :, k]
        lengths = (u.square().sum(2) * v.square().sum(2)).clamp_min(1e-24)
        cosine = (u * v).sum(2) / lengths.sqrt()
        found.append((1 - cosine.square()).clamp_min(0).sqrt())
    return torch.stack(found, 2)


def _others(d: Float[Tensor, "batch n n"]) -> Float[Tensor, "n n"]:
    return 1 - torch.eye(d.shape[-1], dtype=d.dtype, device=d.device)


def _points(batch: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    left = torch.randn(batch, 4, 2, dtype=torch.float64, generator=generator)
    return left, torch.randn(batch, 5, 2, dtype=torch.float64, generator=generator)


def _matches(batch: int, generator: torch.Generator) -> Matches:
    return torch.rand(batch, 4, 5, dtype=torch.float64, generator=generator)
