"""Large images tile by tile, so that memory does not grow with them."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

SIDE, MARGIN = 1024, 40  # pixels of a tile, and around it

Planes = Float[Tensor, "batch height width"]
Denoise = Callable[[Tensor, Tensor], Tensor]


def by_tiles(denoise: Denoise, side: int = SIDE, margin: int = MARGIN) -> Denoise:
    """The same map, tiles of side x side pixels at a time, each seen with `margin` pixels of its surroundings.

    Exact where no result depends on pixels further away; images of one tile with its margins go through whole.
    """

    def tiled(x: Planes, sigma: Float[Tensor, " batch"]) -> Planes:
        height, width = x.shape[-2:]
        if max(height, width) <= side + 2 * margin:
            return denoise(x, sigma)
        found = torch.empty_like(x)
        for top in range(0, height, side):
            for left in range(0, width, side):
                first, start = max(0, top - margin), max(0, left - margin)
                part = x[:, first : top + side + margin, start : left + side + margin]
                inner = denoise(part, sigma)[:, top - first :, left - start :][:, :side, :side]
                found[:, top : top + side, left : left + side] = inner
        return found

    return tiled
