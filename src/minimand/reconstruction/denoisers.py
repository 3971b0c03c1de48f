"""The denoising networks: fields of experts in steps of gradient descent, and a residual convolutional network."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Num
from torch import Tensor, nn

from minimand.algebra import per_item
from minimand.io import InputError
from minimand.loops import Unroll
from minimand.operators import Identity
from minimand.reconstruction.tiles import by_tiles
from minimand.steps import Descent
from minimand.terms import FieldOfExperts, LeastSquares, NonLocalExperts
from minimand.weights import Weights, built, cards_of, load_weights

Images = Num[Tensor, "batch *channels height width"]  # real or complex, or of three colours
Denoise = Callable[[Tensor, Tensor], Tensor]  # images and their noise, (batch,), in the same units -> images


class FoE(nn.Module):
    """x after `depth` steps of gradient descent on 1/2 ||x - y||^2 / sigma^2 + sum_k sum_p rho_k((f_k * x)_p / sigma)
    from x = y, with filters, influence functions and step lengths of every step its own, or of all the same (`shared`).

    Images are continued by reflection. Source: Sun and Tappen (2011); Chen and Pock (2017), with free influence.
    """

    def __init__(self, depth: int = 5, filters: int = 24, size: int = 5, *, shared: bool = False):
        super().__init__()
        self.unrolled = Unroll(Descent(0.2), FieldOfExperts(filters, size), depth=depth, tied=shared)
        self.margin = 2 * (size - 1)

    def forward(
        self, y: Float[Tensor, "batch height width"], sigma: Float[Tensor, " batch"]
    ) -> Float[Tensor, "batch height width"]:
        """The images without their noise of standard deviation sigma."""
        return descended([self.unrolled], y, sigma, self.margin)


class NLRMRF(nn.Module):
    """As FoE, of experts that look at `group` similar places at once: a non-local range field.

    local: the first so many of the `depth` steps look at single places, as those of FoE, and the similar ones are found
    in what they leave; where there are none, in y. Raises ValueError unless a step is left. Source: Sun and Tappen
    (2011), with numbers of their own for every step and free influence.
    """

    def __init__(
        self,
        depth: int = 5,
        filters: int = 24,
        size: int = 5,
        *,
        group: int = 3,
        points: int = 31,
        local: int = 0,
        shared: bool = False,
    ):
        super().__init__()
        if not 0 <= local < depth:
            raise ValueError(f"of {depth} steps {depth - 1} at most can look at single places, got local={local}.")
        prior = NonLocalExperts(filters, size, group, points=points)
        self.before: Unroll | None = None
        if local:
            self.before = Unroll(Descent(0.2), FieldOfExperts(filters, size), depth=local, tied=shared)
        self.unrolled = Unroll(Descent(0.2), prior, depth=depth - local, tied=shared)
        self.margin = 2 * (size - 1)

    def forward(
        self, y: Float[Tensor, "batch height width"], sigma: Float[Tensor, " batch"]
    ) -> Float[Tensor, "batch height width"]:
        """The images without their noise of standard deviation sigma."""
        parts = [self.unrolled] if self.before is None else [self.before, self.unrolled]
        return descended(parts, y, sigma, self.margin)


def descended(
    parts: Sequence[Unroll], y: Float[Tensor, "batch height width"], sigma: Float[Tensor, " batch"], margin: int
) -> Float[Tensor, "batch height width"]:
    """What descents, one after the other, make of images in units of their noise, continued by reflection for so many
    pixels.
    """
    scale = per_item(sigma, y)
    x = wide = reflected(y / scale, margin)
    for unrolled in parts:
        x = unrolled(LeastSquares(Identity(), wide), x)
    return scale * x[..., margin:-margin, margin:-margin]


class DnCNN(nn.Module):
    """y minus what `depth` convolutions of `filters` channels take for noise, ReLUs between them, in units of sigma.

    Source: Zhang et al. (2017), without batch normalisation.
    """

    def __init__(self, depth: int = 8, filters: int = 40, size: int = 3):
        super().__init__()
        if depth < 2 or size % 2 == 0:
            raise ValueError(f"DnCNN needs 2 convolutions or more of an odd size, got {depth} of size {size}.")
        channels = [1, *[filters] * (depth - 1), 1]
        layers = [nn.Conv2d(a, b, size, padding=size // 2) for a, b in pairwise(channels)]
        for layer in layers:
            nn.init.kaiming_normal_(layer.weight)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        with torch.no_grad():
            layers[-1].weight.mul_(0.1)  # close to the identity at birth
        self.first = nn.Sequential(*[module for layer in layers[:-1] for module in (layer, nn.ReLU())])
        self.last = layers[-1]
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # convolutions are faster so

    def forward(
        self, y: Float[Tensor, "batch height width"], sigma: Float[Tensor, " batch"]
    ) -> Float[Tensor, "batch height width"]:
        """The images without their noise of standard deviation sigma."""
        scale = per_item(sigma, y)
        mean = y.mean((-2, -1), keepdim=True)
        z = ((y - mean) / scale).unsqueeze(1)
        return y - scale * self.last(self.first(z)).squeeze(1)


Denoiser = FoE | NLRMRF | DnCNN
NETWORKS: dict[str, type[FoE] | type[NLRMRF] | type[DnCNN]] = {"foe": FoE, "nlr-mrf": NLRMRF, "dncnn": DnCNN}
USUAL = {
    "foe": {"depth": 5, "filters": 24, "size": 5},
    "nlr-mrf": {"depth": 5, "filters": 24, "size": 5, "group": 3, "points": 31, "local": 0},
    "dncnn": {"depth": 8, "filters": 40, "size": 3},
}


def make(name: str, arguments: Mapping[str, Any]) -> Denoiser:
    """An untrained network, random numbers from torch's own generator. Raises InputError for bad arguments."""
    try:
        return NETWORKS[name](**arguments)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: {error}") from error


def build(weights: Weights) -> Denoiser:
    """The network of a card with its numbers, in evaluation mode. Raises InputError where they do not fit together."""
    name = str(weights.card.get("network"))
    if name not in NETWORKS:
        raise InputError(f"{weights.name}: is of the network {name}, no denoiser; those are {', '.join(NETWORKS)}.")
    kind: Callable[..., Denoiser] = NETWORKS[name]
    return built(kind, weights)


def load_denoiser(source: str, device: torch.device | str = "cpu") -> tuple[Denoise, dict[str, Any]]:
    """What a network makes of images on a device and their noise, and its card, by the name of shipped weights or from
    a file.

    Raises InputError where they are of no denoiser.
    """
    weights = load_weights(source)
    net = build(weights).to(device)

    @torch.no_grad()
    def run(x: Tensor, sigma: Tensor) -> Tensor:
        denoised: Tensor = net.to(x.dtype)(x, sigma)
        return denoised

    return plane_by_plane(by_tiles(run)), weights.card


def plane_by_plane(denoise: Denoise) -> Denoise:
    """A denoiser of real grey images, for colours and for real and imaginary parts as well."""

    def whole(x: Images, sigma: Float[Tensor, " batch"]) -> Images:
        parts = torch.view_as_real(x.resolve_conj()).movedim(-1, 1).contiguous() if x.is_complex() else x
        planes = parts.reshape(-1, *parts.shape[-2:])
        each = sigma.to(planes.dtype).repeat_interleave(len(planes) // len(x))
        found = denoise(planes, each).reshape(parts.shape)
        return torch.view_as_complex(found.movedim(1, -1).contiguous()) if x.is_complex() else found

    return whole


def suiting(network: str, level: float, files: Mapping[str, Path]) -> Path:
    """The file of the network that learned noise nearest to `level` (of white 255), of those given; of two that
    learned it the one that learned less else. Raises InputError for none.
    """
    cards = cards_of(files)
    learned = {name: noise_of(card) for name, card in cards.items() if card.get("network") == network}
    if not learned:
        raise InputError(
            f"no {network} is at hand; make one: minimand train {network} --data PICTURES --sigma {level:.3g} "
            "-o mine.safetensors, and name it with --weights; or take --weights research where that folder is."
        )

    def far(name: str) -> tuple[float, float]:
        least, most = learned[name]
        return max(least / level, level / most, 1.0), most / least

    return files[min(learned, key=far)]


def of_any_noise(files: Mapping[str, Path]) -> str | None:
    """The name of the network that learned the widest range of noise, of those given; None where each learned one."""
    ranges = {name: noise_of(card) for name, card in cards_of(files).items() if card.get("network") in NETWORKS}
    wide = {name: most / least for name, (least, most) in ranges.items() if most > least}
    return max(wide, key=lambda name: wide[name]) if wide else None


def noise_of(card: Mapping[str, Any]) -> tuple[float, float]:
    """The least and the most noise that the network of a card learned, white being 255."""
    least, most = card["sigma"] if isinstance(card["sigma"], list) else [card["sigma"]] * 2
    return float(least), float(most)


def rate(parameter: str) -> float:
    """Learning rate of a parameter by its name (plain choices, not searched)."""
    if parameter.startswith(("first", "last")):
        return 1e-3
    return 3e-3 if parameter.endswith("values") else 1e-2


def reflected(x: Tensor, margin: int) -> Tensor:
    """The image with `margin` pixels of its mirror image on every side, whatever its size."""

    def places(length: int) -> Tensor:
        place = torch.arange(-margin, length + margin).remainder(2 * length)
        return torch.minimum(place, 2 * length - 1 - place)

    rows, columns = (places(length).to(x.device) for length in x.shape[-2:])
    return x[..., rows[:, None], columns]
