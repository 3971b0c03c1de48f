"""Priors of the haze energy by their proximal maps: the guided filter, and networks in front of a classical prior."""

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from minimand.kernels.guided_filter import guided_filter
from minimand.term import Term

Image = Float[Tensor, "batch channel height width"]
Plane = Float[Tensor, "batch height width"]


class Guided(Term):
    """Transmissions from 0 to 1 with the edges of the picture: prox(v) is the guided filter of v, cut to 0..1.

    The guide is the mean of the channels of P, the picture of the data term. radius: of the filter in pixels; eps: the
    variance of the guide below which a window counts as flat. Source: He, Sun, Tang (2013).
    """

    convex = False

    def __init__(self, radius: int = 6, eps: float = 1e-3):
        super().__init__()
        self.radius, self.eps = radius, eps

    def given(self, data: Any, x: Any) -> Term:
        return At(self, data.P)

    def near(self, v: Plane, P: Image, t: Tensor | float) -> Plane:
        """The prox beside the picture P."""
        return guided_filter(v.clamp(0, 1), P.mean(1), self.radius, self.eps)

    def prox(self, v: Tensor, t: Tensor | float) -> Tensor:
        raise self.lacks("prox without a picture to go by; it comes from `given`")


class Learned(Term):
    """prox(v) = prox of `base` at net(v, P): a network that has learned where a classical prior should be applied.

    net: a module called on v, (batch, height, width), and P, the picture of the data term; the identity at birth, so
    that an untrained prior is its base. base: None where the network is all there is.
    """

    convex = False

    def __init__(self, net: nn.Module, base: Term | None):
        super().__init__()
        self.net, self.base = net, base

    def given(self, data: Any, x: Any) -> Term:
        return At(self, data.P)

    def near(self, v: Plane, P: Image, t: Tensor | float) -> Plane:
        """The prox beside the picture P."""
        moved: Tensor = self.net(v, P)
        if self.base is None:
            return moved
        return self.base.near(moved, P, t) if isinstance(self.base, Guided) else self.base.prox(moved, t)

    def prox(self, v: Tensor, t: Tensor | float) -> Tensor:
        raise self.lacks("prox without a picture to go by; it comes from `given`")


class At(Term):
    """A prior beside the picture at hand."""

    convex = False

    def __init__(self, prior: Guided | Learned, P: Image):
        super().__init__()
        self.prior, self.P = prior, P

    def prox(self, v: Tensor, t: Tensor | float) -> Tensor:
        return self.prior.near(v, self.P, t)


class Correction(nn.Module):
    """v + a smooth correction that dilated convolutions read off (v, P) at a quarter of the size; 0 at birth.

    The guided filter brings back the edges, so a quarter is enough, at a sixteenth of the work, and with filters of
    3 x 3 a pixel sees 60 others to each side. How much of what is pale is haze is seen in the whole picture only: mean
    and maximum of the features over it are fed back to every pixel. width: channels. size: side of a filter, odd.
    """

    SHRINK, DILATIONS = 4, (1, 2, 4, 8)

    def __init__(self, width: int = 16, size: int = 3):
        super().__init__()
        channels = (4, *(width,) * len(self.DILATIONS))
        self.convolutions = nn.ModuleList(
            nn.Conv2d(n, m, size, padding=d * (size // 2), dilation=d, padding_mode="replicate")
            for n, m, d in zip(channels, channels[1:], self.DILATIONS, strict=False)
        )
        self.whole = nn.Linear(2 * width, width)
        self.last = nn.Conv2d(width, 1, 1, bias=False)
        nn.init.zeros_(self.last.weight)

    def forward(self, v: Plane, P: Image) -> Plane:
        height, width = v.shape[-2:]
        small = (-(-height // self.SHRINK), -(-width // self.SHRINK))
        x = F.adaptive_avg_pool2d(torch.cat([v.clamp(0, 1)[:, None], P], dim=1), small)
        for convolution in self.convolutions:
            x = F.relu(convolution(x))
        whole = self.whole(torch.cat([x.mean((2, 3)), x.amax((2, 3))], dim=1))
        x = F.relu(x + whole[..., None, None])
        return v + F.interpolate(self.last(x), size=(height, width), mode="bilinear")[:, 0]
