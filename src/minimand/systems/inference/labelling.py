"""A label for every pixel of a picture: a small convolutional classifier, and a random field behind it that learns with
it (CRF-RNN).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from minimand.loops import Unroll
from minimand.parameters import Positive
from minimand.steps import MeanField
from minimand.systems.inference.label_scores import confusion, mean_iou
from minimand.systems.inference.streets import LABELS, VOID, Streets
from minimand.terms import Pairwise, Unary

GREY = 0.45  # what pictures are compared to
LEAST = 1e-30  # probability of a label in a loss, at least: those that are surely wrong still learn
CHUNK = 8  # pictures labelled at once

Pictures = Float[Tensor, "batch 3 height width"]
Logits = Float[Tensor, "batch labels height width"]


class Classifier(nn.Module):
    """What each pixel says for itself: logits by convolutions at a quarter of the resolution, the last five `dilated`,
    then enlarged bilinearly.

    width: channels. As the networks that CRF-RNN stands on it sees far and draws edges coarsely. Source: Long,
    Shelhamer, Darrell (2015), in small.
    """

    def __init__(self, width: int = 32, labels: int = len(LABELS), dilated: tuple[int, ...] = (1, 2, 4, 8, 1)):
        super().__init__()
        half = width // 2
        layers = [*_layer(3, half, stride=2), *_layer(half, width, stride=2)]
        for apart in dilated:
            layers += _layer(width, width, dilation=apart)
        self.body = nn.Sequential(*layers)
        self.head = nn.Conv2d(width, labels, 1)

    def forward(self, picture: Pictures) -> Logits:
        coarse = self.head(self.body(picture - GREY))
        logits: Tensor = F.interpolate(coarse, size=picture.shape[-2:], mode="bilinear", align_corners=False)
        return logits


def _layer(before: int, after: int, stride: int = 1, dilation: int = 1) -> list[nn.Module]:
    convolution = nn.Conv2d(before, after, 3, stride, padding=dilation, dilation=dilation, bias=False)
    return [convolution, nn.GroupNorm(max(1, after // 8), after), nn.ReLU()]


@dataclass(frozen=True)
class Ties:
    """Of the two kernels of a random field: widths in pixels and in colour (white being 1), windows, strengths of the
    Potts compatibilities that it is born with. Chosen behind one classifier on 30 scenes that were not learned from,
    of twelve settings and then six.
    """

    position: float = 3.0
    colour: float = 0.1
    near: float = 1.5
    radius: int = 5
    near_radius: int = 2
    appearance: float = 0.3
    smoothness: float = 0.05

    def terms(self, labels: int = len(LABELS)) -> tuple[Pairwise, Pairwise]:
        """The appearance and the smoothness term."""
        alike = Pairwise(labels, self.position, self.colour, radius=self.radius, strength=self.appearance)
        return alike, Pairwise(labels, self.near, radius=self.near_radius, strength=self.smoothness)


class RandomFieldNetwork(nn.Module):
    """log Q / temperature after `depth` steps of mean field from what the classifier says; classifier, compatibilities
    and temperature learn together. Just built it is the classifier with a random field behind it (the post-hoc CRF), at
    temperature 1.

    Neighbours err alike, mean field counts them as so many witnesses, and so Q is too sure of itself; the temperature
    takes that out of the loss and changes no label. Source: Zheng et al. (2015), with the field cut off at windows and
    symmetric compatibilities; Guo et al. (2017) for the temperature.
    """

    temperature = Positive()

    def __init__(self, classifier: nn.Module, ties: Ties, depth: int = 5):
        super().__init__()
        self.classifier = classifier
        self.field = Unroll(MeanField(), ties.terms(), depth=depth, tied=True)
        self.temperature = 1.0

    def forward(self, picture: Pictures) -> Logits:
        logits = self.classifier(picture)
        Q: Tensor = self.field(Unary(logits, picture), torch.softmax(logits, 1))
        return Q.clamp_min(LEAST).log() / self.temperature


@dataclass(frozen=True)
class LearnLabels:
    """Learn labels by cross-entropy, pictures mirrored half the time: a `learning.Task`.

    weights: of the labels in the loss. Validation: mean IoU in percent.
    """

    train: Streets
    chosen: Streets
    weights: Float[Tensor, " labels"]
    batch: int = 8
    seed: int = 0

    def loss(self, net: nn.Module, step: int) -> Tensor:
        generator = torch.Generator().manual_seed(1_000_003 * self.seed + step)
        some = torch.randint(len(self.train.names), (self.batch,), generator=generator)
        x, t = self.train.pictures[some], self.train.labels[some]
        mirrored = torch.rand(self.batch, generator=generator) < 0.5
        x = torch.where(mirrored[:, None, None, None], x.flip(-1), x)
        t = torch.where(mirrored[:, None, None], t.flip(-1), t)
        return F.cross_entropy(net(x), t, self.weights, ignore_index=VOID)

    def parts(self, net: nn.Module) -> Iterator[Tensor]:
        yield self.loss(net, 0)

    def validate(self, net: nn.Module) -> float:
        return 100 * mean_iou(confusion(labelled(net, self.chosen.pictures), self.chosen.labels))


@torch.no_grad()
def labelled(net: nn.Module, pictures: Pictures) -> Tensor:
    """The most likely label of every pixel, (batch, height, width)."""
    return torch.cat([net(some).argmax(1) for some in pictures.split(CHUNK)])


def balanced(streets: Streets, power: float = 0.5) -> Float[Tensor, " labels"]:
    """Weights of labels: the frequency of the middle one over their own, to a power."""
    counts = torch.bincount(streets.labels.flatten(), minlength=VOID + 1)[:VOID].float().clamp_min(1)
    return (counts.median() / counts) ** power
