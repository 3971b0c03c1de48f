"""Training of denoising networks on clean pictures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from minimand.learning.windows import cut, turned
from minimand.metrics import psnr


@dataclass(frozen=True)
class Denoise:
    """Learn to take away Gaussian noise of standard deviation `sigma`: a `learning.Task`.

    train, validation: grey pictures of any sizes, in grey levels where white is 255, as sigma. crop: (height, width) of
    the windows that mini-batches cut. loss: mean over windows of the root mean square error over sigma.
    """

    train: Sequence[Tensor]
    validation: Sequence[Tensor]
    sigma: float
    batch: int
    crop: tuple[int, int]
    seed: int

    def loss(self, net: nn.Module, step: int) -> Tensor:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        chosen = torch.randint(len(self.train), (self.batch,), generator=generator).tolist()
        square = self.crop[0] == self.crop[1]
        clean = torch.stack([cut(turned(self.train[k], square, generator), self.crop, generator) for k in chosen])
        return self._error(net, clean, generator)

    def parts(self, net: nn.Module) -> Iterator[Tensor]:
        for k, clean in enumerate(self.train):
            yield self._error(net, clean[None], torch.Generator().manual_seed(k)) / len(self.train)

    @torch.no_grad()
    def validate(self, net: nn.Module) -> float:
        """Mean PSNR in dB over the validation pictures, peak 255; picture k has the noise of seed k."""
        scores = []
        for k, clean in enumerate(self.validation):
            noisy = clean[None] + self.sigma * torch.randn(clean.shape, generator=torch.Generator().manual_seed(k))
            scores.append(psnr(net(noisy, self._level(noisy)), clean[None], peak=255.0))
        return float(torch.cat(scores).mean())

    def _error(self, net: nn.Module, clean: Float[Tensor, "batch height width"], generator: torch.Generator) -> Tensor:
        noisy = clean + self.sigma * torch.randn(clean.shape, generator=generator)
        error = (net(noisy, self._level(noisy)) - clean) / self.sigma
        return error.square().flatten(1).mean(1).sqrt().mean()

    def _level(self, images: Tensor) -> Float[Tensor, " batch"]:
        return images.new_full((len(images),), self.sigma)
