"""What is optimized: small networks whose parameters are one flat vector, several learners at once.

An optimizee gives a start and, at every step, a new energy: the loss on a fresh mini-batch. Source of all of them: Wang
et al. (2019), sec. 5 and supplement.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import pi, prod

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Generator, Tensor

from minimand.systems.optimizers.data import Pictures
from minimand.term import Term

BATCH = 128  # examples in a mini-batch
SPREAD = 0.1  # of the first parameters, normal
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": torch.sigmoid,
    "relu": F.relu,
    "elu": F.elu,
    "tanh": torch.tanh,
}

Parameters = Float[Tensor, "learners p"]


class Optimizee(ABC):
    """A network without parameters of its own. shapes: those of its weights and biases, in the order of the vector."""

    shapes: Sequence[tuple[int, ...]]

    @property
    def size(self) -> int:
        """p, the number of parameters."""
        return sum(prod(shape) for shape in self.shapes)

    def begin(self, learners: int, generator: Generator) -> Parameters:
        """Random parameters, all N(0, 0.1^2)."""
        return SPREAD * torch.randn(learners, self.size, generator=generator)

    @abstractmethod
    def energy(self, learners: int, generator: Generator) -> Term:
        """The loss on a mini-batch of 128 for each learner."""

    def parts(self, x: Parameters) -> list[Tensor]:
        """The weights and biases in the vector, each (learners, *shape)."""
        pieces = x.split([prod(shape) for shape in self.shapes], 1)
        return [piece.reshape(-1, *shape) for piece, shape in zip(pieces, self.shapes)]


class Classifier(Optimizee):
    """A network that tells the class of a picture."""

    def __init__(self, pictures: Pictures):
        self.pictures = pictures

    @abstractmethod
    def logits(self, x: Parameters, images: Tensor, keep: Sequence[Tensor] = ()) -> Float[Tensor, "learners n classes"]:
        """Scores of the classes; images: (learners, n, channels, height, width). keep: units left by dropout."""

    def energy(self, learners: int, generator: Generator) -> "CrossEntropy":
        chosen = torch.randint(len(self.pictures.y), (learners, BATCH), generator=generator)
        return CrossEntropy(self, self.pictures.x[chosen], self.pictures.y[chosen], self.dropped(learners, generator))

    def dropped(self, learners: int, generator: Generator) -> Sequence[Tensor]:
        """What dropout leaves in this mini-batch, 0 or 1, one tensor a hidden layer; none without dropout."""
        return ()


class CrossEntropy(Term):
    """Mean cross-entropy of each learner, in nats."""

    def __init__(self, net: Classifier, images: Tensor, labels: Tensor, keep: Sequence[Tensor] = ()):
        super().__init__()
        self.net, self.images, self.labels, self.keep = net, images, labels, keep

    def forward(self, x: Parameters) -> Float[Tensor, " learners"]:
        scores = self.net.logits(x, self.images, self.keep)
        return F.cross_entropy(scores.transpose(1, 2), self.labels, reduction="none").mean(1)


class MLP(Classifier):
    """`depth` hidden layers of 20 sigmoid, relu, elu or tanh units; 15,910 parameters at depth 1."""

    def __init__(self, pictures: Pictures, depth: int = 1, activation: str = "sigmoid"):
        super().__init__(pictures)
        widths = [pictures.x[0].numel(), *[20] * depth, 10]
        self.shapes = [shape for a, b in pairwise(widths) for shape in ((a, b), (1, b))]
        self.activation = ACTIVATIONS[activation]

    def logits(self, x: Parameters, images: Tensor, keep: Sequence[Tensor] = ()) -> Tensor:
        a, (*hidden, W, b) = images.flatten(2), self.parts(x)
        for V, c in zip(hidden[::2], hidden[1::2]):
            a = self.activation(torch.baddbmm(c, a, V))
        return torch.baddbmm(b, a, W)


class CNN(Classifier):
    """Blocks of 3 x 3 convolutions with ReLU, each block followed by 2 x 2 max-pooling, then fully connected layers.

    CNN-1: blocks ((16, 16),), hidden (). CNN-2: blocks ((16, 16), (32, 32)), hidden (64,). normalise: mean and variance
    over the batch, per pixel and channel, after every convolution's ReLU, without numbers of its own. dropout: half of
    the hidden units of fully connected layers are left out while learning.
    """

    def __init__(
        self, pictures: Pictures, blocks: Sequence[Sequence[int]], hidden: Sequence[int] = (), *,
        normalise: bool = False, dropout: bool = False,
    ):  # fmt: skip
        super().__init__(pictures)
        channels, height, width = pictures.x.shape[1:]
        self.blocks, self.hidden, self.normalise, self.dropout = blocks, hidden, normalise, dropout
        shapes: list[tuple[int, ...]] = []
        for block in blocks:
            for out in block:
                shapes += [(out, channels, 3, 3), (out,)]
                channels = out
            height, width = height // 2, width // 2
        widths = [channels * height * width, *hidden, 10]
        self.shapes = shapes + [shape for a, b in pairwise(widths) for shape in ((a, b), (1, b))]

    def logits(self, x: Parameters, images: Tensor, keep: Sequence[Tensor] = ()) -> Tensor:
        learners, n = images.shape[:2]
        parts = iter(self.parts(x))
        a = images.transpose(0, 1).flatten(1, 2)  # the learners are groups of channels
        for block in self.blocks:
            for _ in block:
                W, b = next(parts), next(parts)
                a = F.relu(F.conv2d(a, W.flatten(0, 1), b.flatten(), padding=1, groups=learners))
                if self.normalise:
                    a = (a - a.mean(0)) / (a.var(0, correction=0) + 1e-5).sqrt()
            a = F.max_pool2d(a, 2)
        a = a.reshape(n, learners, -1).transpose(0, 1)
        for k in range(len(self.hidden)):
            W, b = next(parts), next(parts)
            a = F.relu(torch.baddbmm(b, a, W))
            a = 2 * a * keep[k] if keep else a
        W, b = parts
        return torch.baddbmm(b, a, W)

    def dropped(self, learners: int, generator: Generator) -> list[Tensor]:
        widths = self.hidden if self.dropout else ()
        return [torch.randint(2, (learners, BATCH, width), generator=generator) for width in widths]


class LSTM(Optimizee):
    """`layers` LSTMs of 20 units that predict the next value of a noisy sine from ten; 1,781 parameters for one layer.

    Values A sin(w k + phi), k = 0..9, A in [0, 10], w in [0, pi/2], phi in [0, 2 pi], uniform; noise: its standard
    deviation. The last h of the last layer makes the prediction for k = 10; the loss is the mean squared error.
    """

    def __init__(self, layers: int = 1, noise: float = 0.1):
        self.layers, self.noise = layers, noise
        self.shapes = [s for k in range(layers) for s in ((20 if k else 1, 80), (20, 80), (1, 80))]
        self.shapes += [(20, 1), (1, 1)]

    def energy(self, learners: int, generator: Generator) -> "SineError":
        A, w, phi = torch.rand(3, learners, BATCH, 1, generator=generator) * torch.tensor([10, pi / 2, 2 * pi]).reshape(
            3, 1, 1, 1
        )
        values = A * torch.sin(w * torch.arange(11) + phi)
        noise = self.noise * torch.randn(values[..., :10].shape, generator=generator)
        return SineError(self, values[..., :10] + noise, values[..., 10:])

    def predict(self, x: Parameters, values: Float[Tensor, "learners n 10"]) -> Float[Tensor, "learners n 1"]:
        parts = self.parts(x)
        sequence = list(values.unsqueeze(-1).unbind(2))
        for k in range(self.layers):
            Wx, Wh, b = parts[3 * k : 3 * k + 3]
            h = c = values.new_zeros(*values.shape[:2], 20)
            for t, value in enumerate(sequence):
                i, j, f, o = (torch.baddbmm(b, value, Wx) + h @ Wh).chunk(4, -1)
                c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(j)
                h = torch.sigmoid(o) * torch.tanh(c)
                sequence[t] = h
        return torch.baddbmm(parts[-1], h, parts[-2])


class SineError(Term):
    """Mean squared error of the predictions of each learner."""

    def __init__(self, net: LSTM, values: Tensor, truth: Tensor):
        super().__init__()
        self.net, self.values, self.truth = net, values, truth

    def forward(self, x: Parameters) -> Float[Tensor, " learners"]:
        return (self.net.predict(x, self.values) - self.truth).square().flatten(1).mean(1)


class Disguised(Term):
    """A loss in other coordinates beside a convex function, so that a rule does not learn one landscape by heart.

    f(c_w w) + mean_k min((c_z z_k - eta_k)^2, 10) of x = (w, z): random scaling and convex combination.
    scales: c, (learners, p + k); eta: (learners, k). Source: Lv, Jiang, Li (2017), secs. 4.1-4.2.
    """

    def __init__(self, loss: Term, scales: Tensor, eta: Tensor):
        super().__init__()
        self.loss, self.scales, self.eta = loss, scales, eta

    def forward(self, x: Parameters) -> Float[Tensor, " learners"]:
        k = self.eta.shape[1]
        w, z = (self.scales * x).split([x.shape[1] - k, k], 1)
        value: Tensor = self.loss(w)
        return value + (z - self.eta).square().clamp_max(10).mean(1)
