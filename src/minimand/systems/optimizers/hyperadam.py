"""HyperAdam: an ensemble of Adams whose decay rates and weights a recurrent cell chooses, coordinate by coordinate."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from minimand.kernels.hyperadam import Numbers, compiled, moment_pass, state_pass
from minimand.systems.optimizers.cells import Linear, LSTMCell
from minimand.systems.optimizers.learned import LearnedStep, Norm

CANDIDATES = 20  # J
LEARNED_AT = 15_930  # coordinates of the paper's meta-training
CHUNK = 4096  # coordinates that are worked on together outside the compiled loops
EPS = 1e-24  # under the root: fp32 and bf16 hold it, fp16 does not

Field = Float[Tensor, "batch J p"]


class Memory(NamedTuple):
    """What HyperAdam remembers: 6 J numbers a coordinate, all 0 at the start."""

    h: Tensor  # state s of the recurrent cell, (batch, J, p), as all of them
    c: Tensor
    m: Tensor  # first and second moments of every candidate
    v: Tensor
    B: Tensor  # their bias factors, 1 - beta^t and 1 - gamma^t where the rates are constant
    G: Tensor


class StateCell(nn.Module):
    """The task's state: an LSTM of J units on u = ELU(Wp g + bp)."""

    def __init__(self, J: int):
        super().__init__()
        self.preprocess, self.lstm = Linear(1, J), LSTMCell(J, J)

    def forward(self, g: Float[Tensor, "batch 1 p"], h: Field, c: Field) -> tuple[Field, Field]:
        return self.lstm(F.elu(self.preprocess(g)), h, c)


class AdamCell(nn.Module):
    """The moment field: J candidates, each an Adam whose decay rates beta and gamma are chosen anew at every step."""

    def __init__(self, J: int):
        super().__init__()
        self.gates = Linear(2 * J, 2 * J)

    def forward(
        self, g: Float[Tensor, "batch 1 p"], s: Field, m_before: Field, memory: Memory
    ) -> tuple[Field, Field, Field, Field, Field]:
        """m, v, B, G and the moment field; s and m_before are the normalised inputs of the gates."""
        beta, gamma = torch.sigmoid(self.gates(torch.cat([s, m_before], 1))).chunk(2, 1)
        m = g + beta * (memory.m - g)
        v = g.square() + gamma * (memory.v - g.square())
        B, G = 1 + beta * (memory.B - 1), 1 + gamma * (memory.G - 1)
        return m, v, B, G, m / (B + EPS) / (v / (G + EPS) + EPS).sqrt()


class WeightCell(nn.Module):
    """The weights of the candidates: rho = ELU(s Wq + bq), down to -1 and not normalised."""

    def __init__(self, J: int):
        super().__init__()
        self.linear = Linear(J, J)

    def forward(self, s: Field) -> Field:
        return F.elu(self.linear(s))


class HyperAdamStep(LearnedStep):
    """x <- x - rate sum_j rho_j mhat_j: J Adams with learned rates and weights. p is free.

    candidates: J. size_invariant: the three norms are taken as those of 15,930 coordinates, the size that the paper
    learned at, whatever p is; without it, inputs shrink with the root of p. Born as the mean of J Adams with
    beta from 0.2 to 0.9, gamma from 0.9 to 0.999 and the rate 0.03. Weights are stored (out, in).
    Source: Wang et al. (2019), eqs. 3-9, in the authors' code (both inputs of the AdamCell normalised, those of the
    LSTM not).
    """

    name = "hyperadam"
    rate = 0.005

    def __init__(self, candidates: int = CANDIDATES, *, size_invariant: bool = True):
        super().__init__()
        J = candidates
        self.candidates, self.size_invariant = J, size_invariant
        self.state_cell, self.adam_cell, self.weight_cell = StateCell(J), AdamCell(J), WeightCell(J)
        beta, gamma = 1 - torch.logspace(-0.0969, -1, J), 1 - torch.logspace(-1, -3, J)
        with torch.no_grad():
            self.state_cell.preprocess.W.mul_(1000)  # its input is about 1 / sqrt(p)
            self.state_cell.lstm.b.copy_(remembering(J))
            self.adam_cell.gates.W.zero_()
            self.adam_cell.gates.b.copy_(torch.cat([beta, gamma]).logit()[:, None])
            self.weight_cell.linear.W.zero_()
            self.weight_cell.linear.b.fill_(0.03 / (self.rate * J))

    def prepare(self) -> None:
        """Leave to meta-training what gradients that count as constants can tell: how far to go, by coordinate and
        time. They know of no curvature and would always have more momentum, so that the decay rates stay and the
        candidates' weights move together.
        """
        self.adam_cell.requires_grad_(False)
        for p in self.weight_cell.parameters():
            p.register_hook(lambda grad: grad.mean(0, keepdim=True).expand_as(grad))

    def remember(self, x: Float[Tensor, "batch p"]) -> Memory:
        batch, p = x.shape
        return Memory(*(x.new_zeros(batch, self.candidates, p) for _ in Memory._fields))

    def update(
        self, g: Float[Tensor, "batch p"], memory: Memory, norm: Norm | None = None
    ) -> tuple[Float[Tensor, "batch p"], Memory]:
        norm, row = norm or self.norm, g.unsqueeze(1)
        unit_g, unit_m = 1 / norm(row), 1 / norm(memory.m)
        h, c = self.state_cell(row * unit_g, memory.h, memory.c)
        m, v, B, G, mhat = self.adam_cell(row, h / norm(h), memory.m * unit_m, memory)
        return (self.weight_cell(h) * mhat).sum(1), Memory(h, c, m, v, B, G)

    @torch.no_grad()
    def advance(
        self, pieces: Sequence[tuple[Float[Tensor, "batch _"], Memory]], norm: Norm | None = None
    ) -> list[Float[Tensor, "batch _"]]:
        norm = norm or self.norm
        unit_g, unit_m = 1 / norm(*(g.unsqueeze(1) for g, _ in pieces)), 1 / norm(*(memory.m for _, memory in pieces))
        for g, memory in pieces:
            for part, stored in chunks(g, memory):
                self._advance_state(part, unit_g, stored)
        unit_h = 1 / norm(*(memory.h for _, memory in pieces))
        moves = []
        for g, memory in pieces:
            done = [self._advance_moments(part, unit_h, unit_m, stored) for part, stored in chunks(g, memory)]
            moves.append(torch.cat(done, 1))
        return moves

    def scale(self, p: int) -> float:
        return LEARNED_AT / max(1, p) if self.size_invariant else 1.0

    def _advance_state(self, g: Tensor, unit_g: Tensor, memory: Memory) -> None:
        h, c = (part.to(g.dtype).contiguous() for part in memory[:2])  # themselves, where nothing is to be done
        if compiled(g):
            state_pass(self.numbers(), g, unit_g, h, c)
        else:
            h, c = self.state_cell(g.unsqueeze(1) * unit_g, h, c)
        store(memory[:2], (h, c))

    def _advance_moments(self, g: Tensor, unit_h: Tensor, unit_m: Tensor, memory: Memory) -> Tensor:
        h, _, *moments = (part.to(g.dtype).contiguous() for part in memory)
        if compiled(g):
            move = moment_pass(self.numbers(), g, h, unit_h, unit_m, moments)
        else:
            *moments, mhat = self.adam_cell(g.unsqueeze(1), h * unit_h, moments[0] * unit_m, Memory(h, h, *moments))
            move = (self.weight_cell(h) * mhat).sum(1)
        store(memory[2:], moments)
        return move

    def numbers(self) -> Numbers:
        """The learned numbers as the compiled passes take them."""
        layers = self.state_cell.preprocess, self.state_cell.lstm, self.adam_cell.gates, self.weight_cell.linear
        return [a.detach().contiguous() for layer in layers for a in (layer.W, layer.b[:, 0])]


def remembering(J: int) -> Tensor:
    """Biases (4 J, 1) with which the cells remember 1 to 100 steps; every other one, left alone, tells the time.

    Source: Tallec, Ollivier (2018), sec. 3, for the forget and input gates.
    """
    keep, told = torch.logspace(0, 2, J).log(), torch.ones(J)
    told[1::2] = 0
    return torch.cat([-keep, told, keep - 1, torch.zeros(J)])[:, None]


def chunks(g: Float[Tensor, "batch n"], memory: Memory) -> Iterator[tuple[Tensor, Memory]]:
    """The whole where the loops take it as it is, else parts that stay in the cache; views of it."""
    whole = compiled(g) and memory.h.dtype == g.dtype
    size = max(1, g.shape[1]) if whole else CHUNK
    for first in range(0, max(1, g.shape[1]), size):
        part = slice(first, first + size)
        yield g[:, part].contiguous(), Memory(*(stored[..., part] for stored in memory))


def store(stored: Sequence[Tensor], new: Sequence[Tensor]) -> None:
    """Put the new numbers where the old ones are, unless they are there."""
    for old, value in zip(stored, new, strict=True):
        if value.data_ptr() != old.data_ptr():
            old.copy_(value)
