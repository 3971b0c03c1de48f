"""Deep Fusion Net: label fusion in which the distance between voxels is learned.

    feature layer   F(x): the same convolutions for the target and for every atlas
    shift, distance, weight and voting layer: `minimand.kernels.label_fusion`
    loss layer      E = 1/|T| sum_p || y_p - L_p ||^2

Widths and training are our own choices. Source: Yang, Sun, Li, Wang, Xu (2016), Deep Fusion Net for multi-atlas
segmentation; talk.
"""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from minimand.kernels.label_fusion import fuse_labels
from minimand.parameters import Positive
from minimand.systems.segmentation.fusion import Images, Labels, Target, Votes, where_undecided
from minimand.weights import built, load_of, shipped_cards

NETWORK = "deep-fusion"


class DeepFusion(nn.Module):
    """y = the labels of all atlases in windows of radius `reach`, weighted by exp(-|| gain (F_p - G_q) ||^2).

    dimensions: 2 for images, 3 for volumes; channels: of the features; width: of the layers before; dilations: of the
    convolutions after the first one. A feature looks `receptive` voxels beyond its own. Untrained it is a majority
    vote, blurred a little by random features. patch: with a radius, the patch round a voxel stands before these
    features, as filters that learn too, and the others are born 0: untrained it is patch-based fusion with one scale.
    """

    gain = Positive()

    def __init__(
        self, dimensions: int, *, channels: int = 16, width: int = 32, dilations: Sequence[int] = (1, 2, 2),
        reach: int = 3, patch: int = 0,
    ):  # fmt: skip
        super().__init__()
        self.arguments = {
            "dimensions": dimensions, "channels": channels, "width": width, "dilations": list(dilations),
            "reach": reach, "patch": patch,
        }  # fmt: skip
        self.window = (reach if dimensions == 3 else 0, reach, reach)
        self.receptive = 2 + sum(dilations)
        self.flat = dimensions == 2
        self.features = feature_layers(dimensions, channels, width, dilations)
        self.patch = patch_layer(dimensions, patch) if patch else None
        if patch:
            for p in self.features[-1].parameters():
                nn.init.zeros_(p)
        self.gain = 3.0 if patch else 5.0

    def embed(self, images: Images) -> Float[Tensor, "atlas channel depth height width"]:
        """gain F of every image, from 0 to 1."""
        x = images if self.flat else images[:, None]
        F = self.features(x) if self.patch is None else torch.cat([self.patch(x), self.features(x)], 1)
        return self.gain * (F[:, :, None] if self.flat else F)

    def forward(
        self, target: Target, images: Images, labels: Labels, wanted: Bool[Tensor, "depth height width"]
    ) -> Votes:
        """The votes y where wanted, 0 elsewhere."""
        F = self.embed(torch.cat([target[None], images]))
        return fuse_labels(F[0], F[1:], labels, self.window, wanted=wanted)

    def rule(self, target: Target, images: Images, labels: Labels) -> Votes:
        """The network as a rule of fusion, on the voxels that are not decided anyway.

        Raises ValueError for volumes where it learned images, and the other way round.
        """
        if self.flat != (len(target) == 1):
            learned = {True: "images", False: "volumes"}[self.flat]
            raise ValueError(f"this network learned {learned}, the target is of {tuple(target.shape)} voxels.")
        return where_undecided(self, self.window, self.receptive, target, images, labels)


def feature_layers(dimensions: int, channels: int, width: int, dilations: Sequence[int]) -> nn.Sequential:
    """Convolutions with rectifiers between them: 5 wide, then 3 wide with these dilations, the last one linear."""
    conv = {2: nn.Conv2d, 3: nn.Conv3d}[dimensions]
    layers: list[nn.Module] = [conv(1, width, 5, padding=2)]
    for k, dilation in enumerate(dilations):
        last = k == len(dilations) - 1
        layers += [nn.ReLU(), conv(width, channels if last else width, 3, padding=dilation, dilation=dilation)]
    return nn.Sequential(*layers)


def patch_layer(dimensions: int, radius: int) -> nn.Module:
    """A convolution that is born with the patch round a voxel as its channels."""
    side = 2 * radius + 1
    conv = {2: nn.Conv2d, 3: nn.Conv3d}[dimensions]
    layer = conv(1, side**dimensions, side, padding=radius, padding_mode="replicate", bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.eye(side**dimensions).view_as(layer.weight))
    return layer


def voting_loss(votes: Votes, truth: Votes, wanted: Bool[Tensor, "depth height width"]) -> Float[Tensor, ""]:
    """The loss layer, over the voxels that are wanted."""
    return ((votes - truth).square().sum(0) * wanted).sum() / wanted.sum()


def feature_distance(
    net: DeepFusion, target: Target, images: Images, region: Bool[Tensor, "depth height width"]
) -> Float[Tensor, " atlas"]:
    """|| F(T) - F(X) || over a region for every atlas: the nearest are those to take."""
    F = net.embed(torch.cat([target[None], images]))[..., region]
    return (F[1:] - F[0]).flatten(1).norm(dim=1)


def load_network(source: str) -> tuple[DeepFusion, dict[str, Any]]:
    """A network in evaluation mode and its card, by the name of shipped weights or from a file. Raises InputError."""
    weights = load_of(NETWORK, source, "for segmentation")
    return built(DeepFusion, weights), weights.card


def shipped_networks() -> list[str]:
    """Names of the fusion networks that ship."""
    return [name for name, card in shipped_cards().items() if card.get("network") == NETWORK]
