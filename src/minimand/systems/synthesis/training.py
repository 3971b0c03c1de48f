"""The training of CycleGAN: generators and judges in turn, from slices that need not belong together."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from minimand.learning.windows import cut
from minimand.systems.synthesis.cyclegan import CycleGAN
from minimand.systems.synthesis.networks import Image
from minimand.systems.synthesis.selection import Pick

RATE, BETAS = 2e-4, (0.5, 0.999)  # of Adam
POOL = 50  # made images that a judge is shown again
AVERAGE = 0.995  # of the running mean of the generator
MEMORY, PATIENCE, COLLAPSED = 0.99, 200, 0.005  # of the judges' losses: running mean, steps until it counts, its least


class Unhealthy(ArithmeticError):
    """Training cannot go on from here; the message says why and from which step."""


class Training:
    """One run in memory: networks, both optimizers, pools of made images and the running mean of the generator to CT.

    mr, ct: volumes from -1 to 1, (slices, height, width) each; window: sides of what is learned on, None for whole
    slices, which must then be of one size; steps: of the whole run: the rate is constant in its first half and falls
    to 0 in its second. On a CUDA device networks compute in bfloat16. Every step follows from `seed`, its number and
    the state.
    """

    def __init__(
        self,
        net: CycleGAN,
        mr: Sequence[Tensor],
        ct: Sequence[Tensor],
        pick: Pick,
        *,
        steps: int,
        batch: int = 2,
        window: tuple[int, int] | None = None,
        pace: float = 1.0,
        seed: int = 0,
    ):
        self.net, self.mr, self.ct, self.pick = net, mr, ct, pick
        self.steps, self.batch, self.window, self.pace, self.seed = steps, batch, window, pace, seed
        self.adams = [torch.optim.Adam(list(part), lr=RATE, betas=BETAS) for part in (net.generators(), net.judges())]
        self.average = {name: value.detach().clone() for name, value in net.to_ct.state_dict().items()}
        self.pools: list[list[Tensor]] = [[], []]
        self.health = [0.25, 0.25]

    def step(self, number: int) -> float:
        """Teach the generators, then the judges; returns the generators' loss. Raises Unhealthy."""
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + number)
        mr, ct = self._draw(generator)
        for adam in self.adams:
            adam.param_groups[0]["lr"] = RATE * self.pace * min(1.0, 2 * (1 - number / self.steps))
        of_generators, of_judges = self.adams
        self._judges_learn(False)
        with torch.autocast(mr.device.type, torch.bfloat16, enabled=mr.device.type == "cuda"):
            loss, made_mr, made_ct = self.net.generator_loss(mr, ct)
        of_generators.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        of_generators.step()
        self._judges_learn(True)
        made = [self._from_pool(k, images, generator) for k, images in enumerate((made_mr, made_ct))]
        with torch.autocast(mr.device.type, torch.bfloat16, enabled=mr.device.type == "cuda"):
            judged = self.net.judge_losses(mr, ct, made[0], made[1])
        of_judges.zero_grad()
        sum(judged, torch.zeros((), device=mr.device)).backward()  # type: ignore[no-untyped-call]
        of_judges.step()
        self._check(number, float(loss.detach()), [float(value.detach()) for value in judged])
        self._average(number)
        return float(loss.detach())

    def state(self) -> dict[str, Any]:
        """What the next step follows from, for a checkpoint."""
        return {
            "net": self.net.state_dict(),
            "average": self.average,
            "adams": [adam.state_dict() for adam in self.adams],
            "pools": self.pools,
            "health": self.health,
        }

    def snapshot(self) -> dict[str, Tensor]:
        """A copy of the running mean of the generator to CT."""
        return {name: value.clone() for name, value in self.average.items()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state`. Raises KeyError, RuntimeError, TypeError or ValueError where it is of another network."""
        device = next(self.net.parameters()).device
        self.net.load_state_dict(state["net"])
        for adam, saved in zip(self.adams, state["adams"], strict=True):
            adam.load_state_dict(saved)
        self.average = {name: value.to(device) for name, value in state["average"].items()}
        self.pools = [[image.to(device) for image in pool] for pool in state["pools"]]
        self.health = state["health"]

    def _draw(self, generator: torch.Generator) -> tuple[Image, Image]:
        """A mini-batch of MR slices and the CT slices that they meet."""
        of_mr, of_ct = ([len(volume) for volume in kind] for kind in (self.mr, self.ct))
        drawn = []
        for _ in range(self.batch):
            volume = _random(len(self.mr), generator)
            at = volume, _random(of_mr[volume], generator)
            beside = self.pick(at, of_mr, of_ct, generator)
            both = self.mr[at[0]][at[1]], self.ct[beside[0]][beside[1]]
            drawn.append(both if self.window is None else _windows(*both, self.window, generator))
        mr, ct = (torch.stack(kind)[:, None] for kind in zip(*drawn))
        return mr, ct

    def _from_pool(self, kind: int, images: Image, generator: torch.Generator) -> Image:
        """The images, every other one exchanged for one made earlier. Source: Zhu et al. (2017), sec. 4."""
        pool, shown = self.pools[kind], []
        for image in images:
            if len(pool) < POOL:
                pool.append(image.clone())
            elif _random(2, generator):
                old = _random(POOL, generator)
                image, pool[old] = pool[old], image.clone()
            shown.append(image)
        return torch.stack(shown)

    def _judges_learn(self, learn: bool) -> None:
        for parameter in self.net.judges():
            parameter.requires_grad_(learn)

    def _check(self, number: int, loss: float, judged: list[float]) -> None:
        """Raise Unhealthy where a loss is not finite or a judge has nothing left to learn from the generator."""
        if not all(math.isfinite(value) for value in (loss, *judged)):
            raise Unhealthy(f"the loss at step {number} is not finite; a lower --pace may help")
        self.health = [MEMORY * old + (1 - MEMORY) * new for old, new in zip(self.health, judged)]
        if number >= PATIENCE and min(self.health) < COLLAPSED:
            kind = ("MR", "CT")[self.health.index(min(self.health))]
            raise Unhealthy(f"the judge of {kind} tells all images by step {number}: the generators learn no more")

    def _average(self, number: int) -> None:
        keep = min(AVERAGE, (1 + number) / (10 + number))
        for name, value in self.net.to_ct.state_dict().items():
            if not bool(torch.isfinite(value).all()):
                raise Unhealthy(f"numbers of the generator are not finite after step {number}; a lower --pace may help")
            self.average[name].lerp_(value, 1 - keep)


def _windows(
    mr: Tensor, ct: Tensor, size: tuple[int, int], generator: torch.Generator
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """A random window of each; of both at the same place where they are of one size."""
    if mr.shape == ct.shape:
        return tuple(cut(torch.stack([mr, ct]), size, generator))  # type: ignore[return-value]
    return cut(mr, size, generator), cut(ct, size, generator)


def _random(count: int, generator: torch.Generator) -> int:
    return int(torch.randint(count, (), generator=generator))
