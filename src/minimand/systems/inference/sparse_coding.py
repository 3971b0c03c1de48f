"""Codes of image patches, by iterations and by networks that learned them: how far each is after how many layers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from minimand.energy import Energy
from minimand.io import read_images
from minimand.learning.dictionary import sparse_codes
from minimand.loops import Unroll, solve
from minimand.operators import Matrix
from minimand.step import Step
from minimand.steps import LISTA, CoupledLISTA, ProximalGradient
from minimand.steps.lista import safe_rate
from minimand.terms import L1, LeastSquares

FLAT = 0.02  # standard deviation, white being 1, below which a patch is left out

Patches = Float[Tensor, "patches pixels"]
Codes = Float[Tensor, "patches atoms"]


def standard_patches(files: Sequence[Path], each: int, size: int, seed: int) -> Patches:
    """`each` random patches of every 8-bit picture, without their mean, of length 1; flat ones are left out."""
    rng, found = np.random.default_rng(seed), []
    for array in (array for file in files for array in read_images(file).arrays):
        rows, columns = (rng.integers(0, n - size + 1, each) for n in array.shape)
        found += [array[r : r + size, c : c + size].ravel() / 255 for r, c in zip(rows, columns)]
    y = torch.from_numpy(np.stack(found)).float()
    y = y - y.mean(1, keepdim=True)
    y = y[y.std(1) > FLAT]
    return y / y.norm(dim=1, keepdim=True)


@dataclass(frozen=True)
class SparseCoding:
    """1/2 ||D z - y||^2 + weight ||z||_1 for a dictionary D, (n, m), with the networks born as its ISTA."""

    D: Float[Tensor, "n m"]
    weight: float

    def energy(self, y: Patches) -> Energy:
        """The energy of the codes of these patches."""
        return LeastSquares(Matrix(self.D), y) + self.weight * L1()

    def start(self, y: Patches) -> Codes:
        """Codes that are zero."""
        return torch.zeros(len(y), self.D.shape[1], dtype=y.dtype)

    def codes(self, y: Patches, max_iter: int = 2000) -> Codes:
        """The minimisers, by FISTA to a relative change of 1e-6 or as far as it gets; 2000 patches at a time."""
        return torch.cat(
            [sparse_codes(self.D, part, self.weight, max_iter=max_iter, tol=1e-6) for part in y.split(2000)]
        )

    def network(self, kind: str, depth: int, *, tied: bool = False) -> Unroll:
        """LISTA, its coupled form, or ISTA with a learned step length a layer (Ablin et al. 2019, "step"): all born as
        ISTA. The weight of the prior stays as it is.
        """
        born: dict[str, Step] = {
            "lista": LISTA(self.D), "coupled": CoupledLISTA(self.D), "step": ProximalGradient(safe_rate(self.D))
        }  # fmt: skip
        return Unroll(born[kind], (self.weight * L1()).requires_grad_(False), depth=depth, tied=tied)

    def after(self, step: Step, y: Patches, iterations: int) -> Codes:
        """The codes after so many iterations of a classical step."""
        return solve(step, self.energy(y), self.start(y), max_iter=iterations, tol=0.0).x


def code_error(z: Codes, best: Codes) -> float:
    """Squared distance from the best codes over their squared length, both summed over all patches."""
    return float((z - best).detach().square().sum() / best.square().sum())


@dataclass
class CodeTask:
    """Learn to give the best codes z of the patches y: Gregor and LeCun's loss. Validation: minus the error in dB."""

    problem: SparseCoding
    y: Patches
    z: Codes
    held_out: tuple[Float[Tensor, "held_out pixels"], Float[Tensor, "held_out atoms"]]
    batch: int = 256
    seed: int = 0

    def loss(self, net: nn.Module, step: int) -> Tensor:
        pick = _picks(len(self.y), self.batch, self.seed, step)
        return self._error(net, self.y[pick], self.z[pick]) * len(self.y) / self.batch

    def parts(self, net: nn.Module) -> Iterator[Tensor]:
        for y, z in zip(self.y.split(2000), self.z.split(2000)):
            yield self._error(net, y, z)

    def validate(self, net: nn.Module) -> float:
        y, best = self.held_out
        with torch.no_grad():
            return -10 * float(np.log10(code_error(run(net, self.problem, y), best)))

    def _error(self, net: nn.Module, y: Patches, z: Codes) -> Tensor:
        """The part of these patches in the error on all."""
        return (run(net, self.problem, y) - z).square().sum() / self.z.square().sum()


@dataclass
class EnergyTask:
    """Learn to lower the energy itself, without codes: Sprechmann et al. (2015). Validation: minus the mean energy."""

    problem: SparseCoding
    y: Patches
    held_out: Float[Tensor, "held_out pixels"]
    batch: int = 256
    seed: int = 0

    def loss(self, net: nn.Module, step: int) -> Tensor:
        pick = _picks(len(self.y), self.batch, self.seed, step)
        return self._energy(net, self.y[pick]).mean()

    def parts(self, net: nn.Module) -> Iterator[Tensor]:
        for y in self.y.split(2000):
            yield self._energy(net, y).sum() / len(self.y)

    def validate(self, net: nn.Module) -> float:
        with torch.no_grad():
            return -float(self._energy(net, self.held_out).mean())

    def _energy(self, net: nn.Module, y: Patches) -> Tensor:
        return self.problem.energy(y)(run(net, self.problem, y))


def run(net: nn.Module, problem: SparseCoding, y: Patches) -> Codes:
    """The codes that a network gives, from zero."""
    return net(problem.energy(y).data, problem.start(y))


def _picks(count: int, batch: int, seed: int, step: int) -> Tensor:
    """Which examples mini-batch number `step` has."""
    return torch.randint(count, (batch,), generator=torch.Generator().manual_seed(1_000_003 * seed + step))
