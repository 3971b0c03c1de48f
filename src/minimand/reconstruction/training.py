"""Training of reconstruction networks on images whose measurement is simulated."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

import torch
from jaxtyping import Num
from torch import Tensor, nn

from minimand.algebra import norm
from minimand.learning.windows import cut, turned
from minimand.metrics import psnr
from minimand.reconstruction.acquisition import Acquisition, Measure, fixed
from minimand.reconstruction.phases import SLOW, as_scanned, smooth_phases
from minimand.terms import LeastSquares


@dataclass(frozen=True)
class Reconstruct:
    """Learn to reconstruct images of maximum magnitude 1 from simulated measurements: a `learning.Task`.

    train: sources of images of any sizes; every image of a mini-batch is drawn from a source drawn first. validation:
    images of any sizes. acquisition: how images are measured; validation images take its trials in turn.
    crop: (height, width) of the windows that mini-batches cut from images (smaller ones are padded with zeros); None
    keeps images whole and lets a mini-batch draw images of one size. Complex images get a shading, a smooth phase and
    noise at every draw. Real ones may: vary: half of them change their sign as slowly, for images that are not
    magnitudes; phase: every other mini-batch becomes complex.
    loss: mean of ||x - t|| / ||t|| (Yang et al. 2016, eq. 10).
    """

    train: Sequence[Sequence[Tensor]]
    validation: Sequence[Tensor]
    acquisition: Acquisition
    batch: int
    seed: int
    crop: tuple[int, int] | None = None
    vary: bool = False
    phase: bool = False

    def loss(self, net: nn.Module, step: int) -> Tensor:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        images = self._draw(generator)
        if images.is_complex() or (self.phase and step % 2):
            images = as_scanned(images, generator)
        elif self.vary:
            images = images * _modulation(images, generator)
        return nmse_loss(net, images, self.acquisition.measure(images, generator))

    def parts(self, net: nn.Module) -> Iterator[Tensor]:
        return self.some_parts(net, 0, 1)

    def some_parts(self, net: nn.Module, first: int, step: int) -> Iterator[Tensor]:
        """Every `step`-th part from `first` on."""
        trials = self.acquisition.trials.values()
        pairs = [(image, trial) for trial in trials for source in self.train for image in source]
        for images, data in islice(_groups(pairs, self.batch), first, None, step):
            yield nmse_loss(net, images, data) * (len(images) / len(pairs))

    def validate(self, net: nn.Module) -> float:
        """Mean PSNR in dB over the validation images."""
        return mean_psnr(net, self.validation, self.acquisition, self.batch)

    def _draw(self, generator: torch.Generator) -> Num[Tensor, "batch height width"]:
        """A mini-batch of whole or cut images, flipped and transposed at random."""
        first = self._pick(self.train, generator)
        alike = self.train
        if self.crop is None:
            alike = [same for source in self.train if (same := [t for t in source if t.shape == first.shape])]
        chosen = [first, *(self._pick(alike, generator) for _ in range(self.batch - 1))]
        size = self.crop or first.shape
        square = size[0] == size[1]
        return torch.stack([cut(turned(t, square, generator), size, generator) for t in chosen])

    @staticmethod
    def _pick(sources: Sequence[Sequence[Tensor]], generator: torch.Generator) -> Tensor:
        source = sources[int(torch.randint(len(sources), (), generator=generator)) if len(sources) > 1 else 0]
        return source[int(torch.randint(len(source), (), generator=generator))]


@torch.no_grad()
def mean_psnr(net: nn.Module, validation: Sequence[Tensor], acquisition: Acquisition, batch: int) -> float:
    """Mean PSNR in dB of a network's images, which are measured by the trials in turn."""
    pairs = zip(validation, cycle(acquisition.trials.values()))
    return float(torch.cat([psnr(net(data), images, peak=1.0) for images, data in _groups(pairs, batch)]).mean())


def nmse_loss(net: nn.Module, images: Tensor, data: LeastSquares) -> Tensor:
    """Mean of ||x - t|| / ||t|| over the images t that were measured."""
    x = net(data)
    return (norm(x - images) / norm(images).clamp_min(1e-6)).mean()


def _groups(pairs: Iterable[tuple[Tensor, Measure]], batch: int) -> Iterator[tuple[Tensor, LeastSquares]]:
    """Images in batches of one size and one way of measuring, in order, each with what is measured of it."""
    groups: dict[tuple[torch.Size, Measure], list[Tensor]] = {}
    for image, measure in pairs:
        groups.setdefault((image.shape, measure), []).append(image)
    for (_, measure), group in groups.items():
        for k in range(0, len(group), batch):
            images = torch.stack(group[k : k + batch])
            yield images, fixed(measure, images)


def _modulation(images: Tensor, generator: torch.Generator) -> Tensor:
    """cos of a smooth random phase for half the images, 1 for the rest: the real part of images with phase."""
    phase = smooth_phases(len(images), (images.shape[-2], images.shape[-1]), generator, SLOW)
    chosen = torch.rand(len(images), 1, 1, generator=generator) < 0.5
    return torch.where(chosen, phase.cos(), 1.0)
