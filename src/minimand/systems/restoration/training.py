"""Training of denoising networks on clean pictures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from minimand.algebra import per_item
from minimand.learning.windows import cut, turned
from minimand.metrics import psnr


@dataclass(frozen=True)
class Denoise:
    """Learn to take away Gaussian noise of standard deviations between two, evenly on a logarithmic scale: a
    `learning.Task`.

    train, validation: grey pictures of any sizes, in grey levels where white is 255, as sigma: (least, most), which may
    be equal. crop: (height, width) of the windows that mini-batches cut. bfloat16: what the network computes on
    mini-batches has 8 bits of mantissa, its numbers keep theirs. loss: mean over windows of the root mean square error
    over the noise.
    """

    train: Sequence[Tensor]
    validation: Sequence[Tensor]
    sigma: tuple[float, float]
    batch: int
    crop: tuple[int, int]
    seed: int
    bfloat16: bool = False

    def loss(self, net: nn.Module, step: int) -> Tensor:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        chosen = torch.randint(len(self.train), (self.batch,), generator=generator).tolist()
        square = self.crop[0] == self.crop[1]
        clean = torch.stack([cut(turned(self.train[k], square, generator), self.crop, generator) for k in chosen])
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            return self._error(net, clean, generator)

    def parts(self, net: nn.Module) -> Iterator[Tensor]:
        for k, clean in enumerate(self.train):
            yield self._error(net, clean[None], torch.Generator().manual_seed(k)) / len(self.train)

    @torch.no_grad()
    def validate(self, net: nn.Module) -> float:
        """Mean PSNR in dB over the validation pictures, peak 255; picture k has the noise of seed k, its level the next
        from the least to the most.
        """
        scores = []
        levels = self._levels(torch.linspace(0, 1, len(self.validation)))
        for k, clean in enumerate(self.validation):
            noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(k))
            scores.append(psnr(net((clean + levels[k] * noise)[None], levels[k : k + 1]), clean[None], peak=255.0))
        return float(torch.cat(scores).mean())

    def _error(self, net: nn.Module, clean: Float[Tensor, "batch height width"], generator: torch.Generator) -> Tensor:
        levels = self._levels(torch.rand(len(clean), generator=generator))
        noisy = clean + per_item(levels, clean) * torch.randn(clean.shape, generator=generator)
        return ((net(noisy, levels) - clean).square().flatten(1).mean(1).sqrt() / levels).mean()

    def _levels(self, place: Float[Tensor, " batch"]) -> Float[Tensor, " batch"]:
        """Noise levels at places between the least (0) and the most (1)."""
        least, most = self.sigma
        return least * (most / least) ** place
