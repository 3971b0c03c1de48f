"""The authors' own Proximal Dehaze-Nets, and how they are read from the files of their MATLAB code.

Source: Yang and Sun (2018), code in MATLAB, legendongary/Proximal-Dehaze-Net-GPU and -Complete. Their five files are
told apart by the sides of their filters: 7, 5, 3 and 7, 7, 7 pool, filter by the guide and have dark channels of 7 x 7;
3, 3, 3 does neither and has the least channel of every pixel.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from minimand.io import InputError, read_matlab_parts, sha256
from minimand.io.hdf5 import is_hdf5
from minimand.kernels.guided_filter import guided_filter
from minimand.loops import Unroll
from minimand.reconstruction.authors import finite, real
from minimand.steps.haze_splitting import HazeSplitting
from minimand.systems.dehazing.priors import Learned
from minimand.terms.haze import Haze
from minimand.weights import save_weights
from minimand.weights.choice import RESEARCH

AUTHORS = "proximal-dehaze-authors"  # as cards name it
WINDOWS: dict[tuple[int, ...], int] = {(7, 5, 3): 7, (7, 7, 7): 7, (3, 3, 3): 1}  # sides of filters: dark channel's
WIDTH, EPS = 9, 5e-3  # channels; of the guided filter
PARTS = ("net/params", "net/vars")

Image = Float[Tensor, "batch 3 height width"]
Plane = Float[Tensor, "batch height width"]


class Body(nn.Module):
    """(v, P) to one channel: three convolutions with rectifiers, neighbours normalised between them, and a sum.

    sizes: sides of the filters. pooled: every 2 x 2 pixels become their maximum after each rectifier; sides are even.
    """

    def __init__(self, sizes: Sequence[int], pooled: bool):
        super().__init__()
        self.pooled = pooled
        channels = (4, *(WIDTH,) * len(sizes))
        self.convolutions = nn.ModuleList(
            nn.Conv2d(n, m, k, padding=k // 2) for n, m, k in zip(channels, channels[1:], sizes, strict=False)
        )
        self.last = nn.Conv2d(WIDTH, 1, 1)

    def forward(self, v: Plane, P: Image) -> Plane:
        x = torch.cat([v[:, None], P], dim=1)
        for k, convolution in enumerate(self.convolutions):
            if k:  # by (1 + 2e-5 times the sum of squares of 5 channels)^0.75; torch takes their mean
                x = F.local_response_norm(x, 5, alpha=5 * 2e-5, beta=0.75, k=1.0)
            x = F.relu(convolution(x))
            if self.pooled:
                x = F.max_pool2d(x, 2).repeat_interleave(2, 2).repeat_interleave(2, 3)
        return self.last(x)[:, 0]


class Dark(nn.Module):
    """The dark channel of the clear picture, 0 or more."""

    def __init__(self, body: Body):
        super().__init__()
        self.body = body

    def forward(self, v: Plane, P: Image) -> Plane:
        return F.relu(self.body(v, P))


class Clear(nn.Module):
    """The transmission, 0 to 1; where the body pools, filtered by the mean of P in a window of a sixth of its side."""

    def __init__(self, body: Body):
        super().__init__()
        self.body = body

    def forward(self, v: Plane, P: Image) -> Plane:
        T = torch.sigmoid(self.body(v, P))
        return guided_filter(T, P.mean(1), min(T.shape[1:]) // 6 // 2, EPS) if self.body.pooled else T


class AuthorsNet(nn.Module):
    """P, a hazy picture over its airlight, to (Q, T) and the dark channel U of the last stage, as the authors have it.

    sizes: sides of the first three filters of a prior, one of WINDOWS; depth: stages. Sides that are odd get their last
    row or column twice, and lose it again.
    """

    def __init__(self, sizes: Sequence[int] = (7, 7, 7), depth: int = 1):
        super().__init__()
        self.window = WINDOWS[tuple(sizes)]
        pooled = self.window > 1
        dark, clear = Learned(Dark(Body(sizes, pooled)), None), Learned(Clear(Body(sizes, pooled)), None)
        self.unrolled = Unroll(HazeSplitting(alpha=1.0, beta=5.0, gamma=1.0), [dark, clear], depth=depth)

    def forward(self, P: Image) -> HazeSplitting.State:
        height, width = P.shape[-2:]
        P = even(P)
        state: Any = self.unrolled.run(Haze(P, self.window), (P, torch.ones_like(P[:, 0])))
        Q, T = state.x
        return HazeSplitting.State((Q[..., :height, :width], T[..., :height, :width]), state.U[..., :height, :width])


def even(P: Image) -> Float[Tensor, "batch 3 even_height even_width"]:
    """The picture with its last row and column twice where their number is odd."""
    return F.pad(P, (0, P.shape[-1] % 2, 0, P.shape[-2] % 2), mode="replicate")


def is_dehaze_net(path: Path) -> bool:
    """Whether a file holds a network as the authors of Proximal Dehaze-Net store it. Raises InputError."""
    return path.is_file() and is_hdf5(path) and read_matlab_parts(path, PARTS) is not None


def import_dehaze_net(path: Path, output: Path, *, force: bool = False) -> tuple[str, int]:
    """Write the network of an authors' file as weights with a card; returns its name and its number of stages."""
    net, arguments = read_dehaze_net(path)
    depth = arguments["depth"]
    card = {
        "name": output.stem,
        "network": AUTHORS,
        "summary": f"{depth} stage{'s' * (depth > 1)}, imported from {path.name}",
        "arguments": arguments,
        "terms": RESEARCH,
        "source": {"file": path.name, "sha256": sha256(path)},
    }
    save_weights(output, card, net.state_dict(), force=force)
    return AUTHORS, depth


def read_dehaze_net(path: Path) -> tuple[AuthorsNet, dict[str, Any]]:
    """The network in a .mat v7.3 file of the authors, and the arguments it is made with.

    Layer l of stage s lies in filtU_sl, biasU_sl, filtT_sl and biasT_sl; the logarithms of the weights of the energy in
    alpha_s, beta_s and gamma_s, which are those of the untrained network where the file has none. Raises InputError.
    """
    numbers = read_numbers(path)
    depth = sum(re.fullmatch(r"filtU_\d1", name) is not None for name in numbers)
    learned = any(name.startswith("alpha_") for name in numbers)
    try:
        sizes = [numbers[f"filtU_1{k}"].shape[0] for k in (1, 2, 3)]
        if tuple(sizes) not in WINDOWS:
            raise ValueError(f"filters with sides of {sizes}, not of {' or '.join(map(str, WINDOWS))}")
        if depth > 1 and not learned:
            raise ValueError("several stages, whose weights of the energy the file does not tell")
        net = AuthorsNet(sizes, depth)
        state = net.state_dict()
        for stage in range(depth):
            for k, prior in enumerate("UT"):
                _put_prior(state, f"unrolled.stages.{stage}.prior.{k}.", numbers, prior, stage + 1)
            for weight in ("alpha", "beta", "gamma") if learned else ():
                finite(state, f"unrolled.stages.{stage}.step.log_{weight}", numbers[f"{weight}_{stage + 1}"])
    except KeyError as error:
        raise InputError(f"{path}: has no {error.args[0]}, so that it is no Proximal Dehaze-Net.") from error
    except (IndexError, ValueError) as error:
        raise InputError(f"{path}: is no Proximal Dehaze-Net that is known: {error}.") from error
    net.load_state_dict(state)
    return net.eval().requires_grad_(False), {"sizes": sizes, "depth": depth}


def read_numbers(path: Path) -> dict[str, np.ndarray]:
    """The parameters of a file by name: net.params names them and says which of net.vars each is, counted from 1."""
    parts: Any = read_matlab_parts(path, PARTS)
    try:
        params, values = parts
        numbers = [int(number) for each in params["var"] for number in np.ravel(each)]
        return {str(name): real(values[number - 1]) for name, number in zip(params["name"], numbers, strict=True)}
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path}: holds no network of the authors (no readable net.params and net.vars).") from error


def _put_prior(state: dict[str, Tensor], place: str, numbers: dict[str, np.ndarray], prior: str, stage: int) -> None:
    """Put the filters and biases of one prior into its place of a state dict. Raises KeyError and ValueError."""
    layers = [f"net.body.convolutions.{k}" for k in range(3)] + ["net.body.last"]
    for k, layer in enumerate(layers, 1):
        filters = numbers[f"filt{prior}_{stage}{k}"]
        filters = filters.reshape(filters.shape + (1,) * (4 - filters.ndim))  # MATLAB drops the last axes of length 1
        finite(state, f"{place}{layer}.weight", filters.transpose(3, 2, 0, 1))
        finite(state, f"{place}{layer}.bias", numbers[f"bias{prior}_{stage}{k}"])
