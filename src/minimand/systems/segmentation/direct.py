"""Networks that label an image by itself, without atlases: what label fusion is compared with.

`cnn` has the features of Deep Fusion Net and one more layer that says the label; `unet` is a small U-Net of three
levels (Ronneberger, Fischer, Brox, 2015). Widths are our own choice.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from minimand.systems.segmentation.fusion import Images, Labels, Rule, Target, Votes
from minimand.systems.segmentation.network import feature_layers
from minimand.weights import built, load_of

Pictures = Float[Tensor, "batch 1 height width"]
Scores = Float[Tensor, "batch label height width"]


class Cnn(nn.Module):
    """Scores of `labels` labels for every pixel, from the 13 pixels round it."""

    def __init__(self, labels: int, *, channels: int = 12, width: int = 16):
        super().__init__()
        self.arguments = {"labels": labels, "channels": channels, "width": width}
        self.features = feature_layers(2, channels, width, (1, 2, 4, 4))
        self.say = nn.Conv2d(channels, labels, 1)

    def forward(self, images: Pictures) -> Scores:
        return self.say(torch.relu(self.features(images)))


class UNet(nn.Module):
    """Scores of `labels` labels for every pixel; `width` filters at the finest of three levels, twice as many below."""

    def __init__(self, labels: int, *, width: int = 16):
        super().__init__()
        self.arguments = {"labels": labels, "width": width}
        sizes = [width, 2 * width, 4 * width]
        self.down = nn.ModuleList(_block(a, b) for a, b in pairwise([1, *sizes]))
        self.up = nn.ModuleList(_block(b + a, a) for a, b in pairwise(sizes))
        self.say = nn.Conv2d(width, labels, 1)

    def forward(self, images: Pictures) -> Scores:
        height, width = images.shape[2:]
        x = F.pad(images, (0, -width % 4, 0, -height % 4), mode="replicate")
        skipped = []
        for k, block in enumerate(self.down):
            x = block(F.max_pool2d(x, 2) if k else x)
            skipped.append(x)
        for block, beside in zip(reversed(self.up), reversed(skipped[:-1]), strict=True):
            x = block(torch.cat([F.interpolate(x, scale_factor=2.0), beside], 1))
        return self.say(x)[..., :height, :width]


DIRECT: dict[str, type[Cnn] | type[UNet]] = {"cnn": Cnn, "unet": UNet}


def rule_of(net: Cnn | UNet) -> Rule:
    """The network as a rule of fusion that takes no notice of the atlases.

    Raises ValueError for volumes, and where the atlases have another number of labels.
    """

    def rule(target: Target, images: Images, labels: Labels) -> Votes:
        if len(target) > 1:
            raise ValueError(f"this network learned images, the target is of {tuple(target.shape)} voxels.")
        if labels.shape[1] != net.say.out_channels:
            raise ValueError(f"this network learned {net.say.out_channels} labels, the atlases have {labels.shape[1]}.")
        return torch.softmax(net(target[None]), 1).movedim(0, 1)

    return rule


def load_direct(method: str, source: str) -> tuple[Cnn | UNet, dict[str, Any]]:
    """A network in evaluation mode and its card, by the name of shipped weights or from a file. Raises InputError."""
    weights = load_of(method, source, "of that network")
    make: Callable[..., Cnn | UNet] = DIRECT[method]
    return built(make, weights), weights.card


def _block(ins: int, outs: int) -> nn.Sequential:
    first, second = nn.Conv2d(ins, outs, 3, padding=1), nn.Conv2d(outs, outs, 3, padding=1)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU())
