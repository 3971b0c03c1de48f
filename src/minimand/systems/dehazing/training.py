"""What Proximal Dehaze-Net learns: clear picture, transmission and dark channel of scenes that haze was made in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor, nn

from minimand.kernels.dark_channel import dark_channel
from minimand.systems.dehazing.dehaze import dehaze
from minimand.systems.dehazing.haze import estimate_airlight, transmission
from minimand.systems.dehazing.methods import network_method
from minimand.systems.dehazing.network import SIDE
from minimand.systems.dehazing.scenes import Scene, draw, hazy, smaller
from minimand.systems.dehazing.variation import JOINED, between, joined, part, varied

LEVELS = ((0.8, 1.0), (1.4, 0.85))  # density and airlight of the haze that validation is in

Picture = Float[Tensor, "batch channel height width"]


@dataclass(frozen=True)
class Dehazing:
    """Learn from haze drawn anew in every mini-batch: a `learning.Task`.

    Scenes are learned from in variations, at the size that the network works on, and validated as they are. The loss
    adds up
    mean absolute errors: three times that of the clear picture, and those of transmission and dark channel, which is
    the authors' sum but for a factor; the clear picture is not divided by the airlight. Validation is the mean PSNR
    over its scenes in two kinds of haze.
    """

    train: Sequence[Scene]
    validation: Sequence[Scene]
    batch: int
    seed: int

    def loss(self, net: nn.Module, step: int) -> Tensor:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        drawn = self._draw(generator)
        P, A, J, T = (torch.stack(parts) for parts in zip(*drawn, strict=True))
        state = net(P)
        Q, found = state.x
        dark = dark_channel(J / A[..., None, None], net.window)[0]  # type: ignore[arg-type]
        return 3 * (Q * A[..., None, None] - J).abs().mean() + (found - T).abs().mean() + (state.U - dark).abs().mean()

    def parts(self, net: nn.Module) -> Iterator[Tensor]:
        raise TypeError("dehazing draws its haze, so there is no whole training set; leave out full-batch steps.")

    def validate(self, net: nn.Module) -> float:
        """Mean PSNR in dB over the validation scenes."""
        method = network_method(net)  # type: ignore[arg-type]
        scores = [-10 * torch.log10((dehaze(I, method).J - J).square().mean()) for I, J in self._trials]
        return float(torch.stack(scores).mean())

    @cached_property
    def _trials(self) -> list[tuple[Tensor, Tensor]]:
        pairs = [(s, beta, light) for s in self.validation for beta, light in LEVELS]
        return [(hazy(s, beta, torch.full((3,), light)), s.clear) for s, beta, light in pairs]

    @cached_property
    def _large(self) -> list[Scene]:
        """Twice as large as the network needs, to take parts of."""
        return [smaller(scene, 2 * SIDE) for scene in self.train]

    def _draw(self, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
        """(P, A, J, T) of each picture of a mini-batch, all of one size: A as it is estimated, not as it was drawn."""

        def lot(n: int) -> int:
            return int(torch.randint(n, (), generator=generator))

        height, width = smaller(self._large[lot(len(self._large))], SIDE).depth.shape
        for _ in range(self.batch):
            one, other = (
                varied(part(self._large[lot(len(self._large))], (height, width), generator), generator)
                for _ in range(2)
            )
            scene = joined(one, other, generator) if between(0.0, 1.0, generator) < JOINED else one
            I, beta, _ = draw(scene, generator)
            A = estimate_airlight(I[None])[0]
            yield I / A[:, None, None], A, scene.clear, transmission(scene.depth[None], beta)[0]
