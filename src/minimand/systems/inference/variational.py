"""Variational autoencoders, and inference by iterations that learned: the same bound, two ways to its beliefs."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from minimand.loops import Unroll
from minimand.step import Step
from minimand.steps import IterativeInference
from minimand.terms import Evidence
from minimand.terms.evidence import Beliefs, drawn_noise

SAMPLES = 4  # of the latents, from which gradients come

Images = Float[Tensor, "images pixels"]


class Autoencoder(nn.Module):
    """Encoder, images -> beliefs in one pass, and decoder, latents -> logits of pixels: two layers each."""

    def __init__(self, pixels: int = 784, latents: int = 20, width: int = 500):
        super().__init__()
        self.latents = latents
        self.encoder = nn.Sequential(nn.Linear(pixels, width), nn.ReLU(), nn.Linear(width, 2 * latents))
        self.decoder = nn.Sequential(nn.Linear(latents, width), nn.ReLU(), nn.Linear(width, pixels))

    def forward(self, y: Images) -> Beliefs:
        """What the encoder believes: mean and log variance."""
        return self.encoder(y).unflatten(1, (2, self.latents))


@dataclass(frozen=True)
class LearnBound:
    """Learn encoder and decoder by the bound of images drawn from grey ones, pixel by pixel: a `learning.Task`.

    train: from 0 to 1; held_out: binary. Validation: the bound in nats.
    """

    train: Images
    held_out: Float[Tensor, "held pixels"]
    batch: int = 128
    seed: int = 0

    def loss(self, net: Autoencoder, step: int) -> Tensor:
        y, generator = _drawn(self.train, self.batch, self.seed, step)
        noise = torch.randn(1, len(y), net.latents, generator=generator)
        return Evidence(net.decoder, y, noise)(net(y)).mean()

    def parts(self, net: Autoencoder) -> Iterator[Tensor]:
        yield self.loss(net, 0)

    def validate(self, net: Autoencoder) -> float:
        return float(bound(net.decoder, self.held_out, net(self.held_out)).mean())


@dataclass(frozen=True)
class LearnInference:
    """Learn to infer with a decoder that stays, by the mean bound after every step, from what the encoder believes."""

    model: Autoencoder
    train: Images
    held_out: Float[Tensor, "held pixels"]
    batch: int = 64
    seed: int = 0

    def loss(self, net: Unroll, step: int) -> Tensor:
        y, generator = _drawn(self.train, self.batch, self.seed, step)
        noise = torch.randn(SAMPLES + 1, len(y), self.model.latents, generator=generator)
        parts = noise.split([SAMPLES, 1])  # judged by the noise that was seen, steps would fit it
        seen, judge = (Evidence(self.model.decoder, y, part) for part in parts)
        states = net.trace(seen, self.model(y).detach())
        return torch.stack([judge(state.x).mean() for state in states]).mean()

    def parts(self, net: Unroll) -> Iterator[Tensor]:
        yield self.loss(net, 0)

    def validate(self, net: Unroll) -> float:
        x = infer(net, self.model, self.held_out)
        return float(bound(self.model.decoder, self.held_out, x).mean())


def inference_network(model: Autoencoder, depth: int = 5, width: int = 256, rate: float = 0.01) -> Unroll:
    """Steps of iterative inference that share their numbers, born as gradient descent."""
    step: Step = IterativeInference(2 * model.latents, width, rate=rate, detach=True)
    return Unroll(step, depth=depth, tied=True)


def infer(net: Unroll, model: Autoencoder, y: Images) -> Beliefs:
    """Beliefs after the steps of `net` from those of the encoder."""
    found: Tensor = net(Evidence(model.decoder, y, drawn_noise(SAMPLES, model.latents, 1, len(y))), model(y).detach())
    return found.detach()


@torch.no_grad()
def bound(decode: nn.Module, y: Images, x: Beliefs, samples: int = 8, seed: int = 2) -> Float[Tensor, " images"]:
    """The ELBO of every image in nats, a mean over samples of the latents that nothing was fitted to."""
    return -Evidence(decode, y, drawn_noise(samples, x.shape[2], seed, len(y)))(x)


def _drawn(images: Images, batch: int, seed: int, step: int) -> tuple[Float[Tensor, "drawn pixels"], torch.Generator]:
    """Mini-batch number `step`, each pixel 1 with its grey value as the probability, and the generator after it."""
    generator = torch.Generator().manual_seed(1_000_003 * seed + step)
    chosen = images[torch.randint(len(images), (batch,), generator=generator)]
    return torch.bernoulli(chosen, generator=generator), generator
