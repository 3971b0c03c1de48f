"""ST-Net: second-order pooled spectral descriptors, a learned function of the spectrum, a learned metric."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from minimand.systems.shapes.descriptors import scale_invariant_signature, wave_kernel_signature
from minimand.systems.shapes.laplacian import Eigenpairs
from minimand.systems.shapes.spd import PowerMixture, logarithm, second_order, spectral, vectorise, with_ridge
from minimand.weights import built, load_of

NETWORK = "st-net"  # as cards name it
FREQUENCIES, ENERGIES, WIDTH = 16, 32, 2.0  # of SI-HKS; of WKS, and how wide its kernels are
COLUMNS = FREQUENCIES + ENERGIES
SIZE = COLUMNS + 1
VECTOR = SIZE * (SIZE + 1) // 2
FLOOR = 0.1  # of wave kernel signatures, whose mean is 1, before the logarithm
UNLEARNED = 0.3  # power of the function that `describe` sets beside the learned one

Moments = Float[Tensor, "shapes d d"]  # of d - 1 columns and a constant
Others = Float[Tensor, "shapes others"]  # vectors of another method, wks


def columns_of(pairs: Eigenpairs) -> Float[Tensor, "vertices 49"]:
    """16 columns SI-HKS, 32 of WKS and a constant 1."""
    columns = [
        scale_invariant_signature(pairs, FREQUENCIES),
        wave_kernel_signature(pairs, ENERGIES, width=WIDTH),
        np.ones((len(pairs.areas), 1)),
    ]
    return torch.from_numpy(np.concatenate(columns, axis=1))


def moments(pairs: Eigenpairs) -> Float[Tensor, "49 49"]:
    """M = sum_x a_x f(x) f(x)^T, which holds the means of the columns, too, for one of them is constant."""
    return second_order(columns_of(pairs), torch.from_numpy(pairs.areas))


def log_moments(pairs: Eigenpairs) -> Float[Tensor, "49 49"]:
    """The same of SI-HKS, log(0.1 + WKS), whose kernels are wider, and a constant: for scans from one side."""
    waves = np.log(FLOOR + wave_kernel_signature(pairs, ENERGIES))
    columns = [scale_invariant_signature(pairs, FREQUENCIES), waves, np.ones((len(waves), 1))]
    return second_order(torch.from_numpy(np.concatenate(columns, axis=1)), torch.from_numpy(pairs.areas))


class Mixture(nn.Module):
    """Second-order pooling through a mixture of powers: the head of ST-Net."""

    def __init__(self, columns: int = COLUMNS) -> None:
        super().__init__()
        self.columns, self.numbers = columns, (columns + 1) * (columns + 2) // 2
        self.function = PowerMixture()

    def prepare(self, M: Moments) -> tuple[Tensor, ...]:
        """Eigenvalues and vectors, which no learned number changes."""
        s, U = torch.linalg.eigh(with_ridge(M))
        return s.float(), U.float()

    def forward(self, s: Tensor, U: Tensor) -> Float[Tensor, "shapes numbers"]:
        return vectorise((U * self.function.g(s)[:, None, :]) @ U.mT)


class Fixed(nn.Module):
    """A head that learns nothing: what `function` makes of the moments, so many numbers."""

    def __init__(
        self, function: Callable[[Moments], Float[Tensor, "shapes numbers"]], numbers: int, columns: int = COLUMNS
    ):
        super().__init__()
        self.function, self.numbers, self.columns = function, numbers, columns

    def prepare(self, M: Moments) -> tuple[Tensor, ...]:
        """All there is to do."""
        return (self.function(M).float(),)

    def forward(self, vectors: Tensor) -> Float[Tensor, "shapes numbers"]:
        return vectors


def first_order(M: Moments) -> Float[Tensor, "shapes columns"]:
    """The area means of the columns."""
    return M[:, :-1, -1]


def power(M: Float[Tensor, "shapes d d"], beta: float) -> Float[Tensor, "shapes numbers"]:
    """M^beta as a vector; 0.5 is the square root, 1 leaves M as it is."""
    return vectorise(spectral(with_ridge(M), lambda s: s**beta, lambda s: beta * s ** (beta - 1)))


def log_euclidean(M: Float[Tensor, "shapes d d"]) -> Float[Tensor, "shapes numbers"]:
    """log M as a vector."""
    return vectorise(logarithm(with_ridge(M)))


class STNet(nn.Module):
    """Moments of shapes to points on a sphere where a class lies together: z = W (head(M) - c) / d, made unit.

    The moments are those of columns standardised with the means and deviations of the training shapes; c and d do the
    same for the head's numbers. At birth W is their principal axes. size: numbers of z; head: Mixture is
    ST-Net, Fixed ones are its rivals.
    Source: Yu, Sun, Li (2018), secs. 3 and 4, as far as its parts are known.
    """

    mean: Tensor
    scale: Tensor
    centre: Tensor
    deviation: Tensor
    spread: Tensor

    def __init__(self, size: int = 32, *, head: Mixture | Fixed | None = None):
        super().__init__()
        self.head = head or Mixture()
        numbers, columns = self.head.numbers, self.head.columns
        for name, shape in (("mean", columns), ("scale", columns), ("centre", numbers), ("deviation", numbers)):
            self.register_buffer(name, torch.zeros(shape) if name in ("mean", "centre") else torch.ones(shape))
        self.register_buffer("spread", torch.ones(2))
        self.weight = nn.Parameter(torch.zeros(size, numbers))

    def born(self, M: Moments, others: Others) -> "STNet":
        """Itself, with statistics and principal axes of these training shapes. others: see `describe`."""
        with torch.no_grad():
            self.mean.copy_(M[:, :-1, -1].mean(0))
            variance = M.diagonal(dim1=1, dim2=2)[:, :-1].mean(0) - M[:, :-1, -1].mean(0) ** 2
            self.scale.copy_(variance.clamp_min(1e-12).sqrt())
            vectors = self.head(*self.prepare(M))
            self.centre.copy_(vectors.mean(0))
            self.deviation.copy_(vectors.std(0) + 1e-6)
            whitened = (vectors - self.centre) / self.deviation
            axes = torch.linalg.svd(whitened, full_matrices=False)[2][: len(self.weight)]
            self.weight[: len(axes)] = axes / torch.linalg.vector_norm(whitened @ axes.mT, dim=1).mean()
            for k, unlearned in enumerate((power(self.standardised(M), UNLEARNED), others)):
                self.spread[k] = torch.pdist(unlearned).median()
        return self

    def standardised(self, M: Moments) -> Moments:
        """The moments of the standardised columns: S M S^T, in double precision."""
        mean, scale = self.mean.double(), self.scale.double()
        S = torch.zeros(len(mean) + 1, len(mean) + 1, dtype=torch.float64)
        S[:-1, :-1], S[:-1, -1], S[-1, -1] = torch.diag(1 / scale), -mean / scale, 1
        return S @ M.double() @ S.mT

    def prepare(self, M: Moments) -> tuple[Tensor, ...]:
        """What does not depend on learned numbers, computed once before training."""
        return self.head.prepare(self.standardised(M))

    def embed(self, *prepared: Tensor) -> Float[Tensor, "shapes size"]:
        """Unit vectors of prepared shapes."""
        whitened = (self.head(*prepared) - self.centre) / self.deviation
        return nn.functional.normalize(whitened @ self.weight.mT, dim=1)

    def forward(self, M: Moments) -> Float[Tensor, "shapes size"]:
        return self.embed(*self.prepare(M))

    def describe(self, M: Moments, others: Others, share: float) -> Float[Tensor, "shapes numbers"]:
        """The embedding and, times `share`, the unlearned vectors M^0.3 and `others`, at the scale of training shapes.

        What was learned says little of shapes unlike those of training. Those lie apart from one another by many times
        that scale, so that the unlearned part, which grows with it, rules among them.
        """
        with torch.no_grad():
            unlearned = power(self.standardised(M), UNLEARNED).float() / self.spread[0], others.float() / self.spread[1]
            return torch.cat([self(M), share / 2**0.5 * torch.cat(unlearned, dim=1)], dim=1)


def load_network(source: str) -> tuple[STNet, dict[str, Any]]:
    """A network in evaluation mode and its card, by the name of shipped weights or from a file. Raises InputError."""
    weights = load_of(NETWORK, source, "for shapes")
    return built(STNet, weights), weights.card
