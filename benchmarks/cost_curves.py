"""How does time grow with the size of the problem: pixels, coils, stages, atlases, triangles?

Everything is made up, so that no data are needed. `growth` is the exponent p of seconds ~ n^p between the smallest and
the largest of a row: 1 is in proportion. Filters and threads are in `shrinkage_field`, scans and workers in
`batch_workers`.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from _record import report, timed
from shapes import torus
from torch import Tensor

from minimand import LeastSquares
from minimand.operators import Fourier, Sense
from minimand.operators.sampling import parse_mask
from minimand.reconstruction.admm_csnet import ADMMCSNet
from minimand.reconstruction.methods import CLASSICAL, get_method
from minimand.reconstruction.phantoms import phantom
from minimand.systems.mri.coils import ring
from minimand.systems.segmentation.fusion import patch_based
from minimand.systems.segmentation.registration import Effort, register
from minimand.systems.shapes.laplacian import eigenpairs

NAME, RUNS = "cost_curves", 3


def main() -> None:
    for method in ("tv", "admm-csnet"):
        curve(f"{method}, side of a real image", (64, 128, 256, 512), partial(reconstruction, method))
    curve("sense-wavelet of 128 x 128, coils", (4, 8, 16, 32), coils)
    curve("ADMM-CSNet of 32 filters on 128 x 128, stages", (5, 10, 20), stages)
    curve("96 x 96 pixels, registered and fused by patches, atlases", (5, 10, 20), atlases)
    curve("100 eigenpairs, rows of a torus of 2 n^2 triangles", (32, 64, 128), lambda n: eigen(*torus(n)))


def curve(result: str, sizes: tuple[int, ...], make: Callable[[int], Callable[[], Any]]) -> None:
    """A row of seconds by size."""
    found = {str(n): timed(make(n), RUNS) for n in sizes}
    first, last = (found[str(n)]["seconds"] for n in (sizes[0], sizes[-1]))
    report(NAME, result, **found, growth=round(math.log(last / first) / math.log(sizes[-1] / sizes[0]), 2))


def head(n: int) -> Tensor:
    return phantom((n, n), torch.Generator().manual_seed(0))[None]


def reconstruction(method: str, n: int) -> Callable[[], Tensor]:
    A = Fourier(parse_mask("radial:0.2", (n, n), seed=0), real=True)
    data = LeastSquares(A, A(head(n)))
    run = get_method(method)
    return lambda: run.run(data)


def coils(n: int) -> Callable[[], Tensor]:
    mask = parse_mask("random:0.3", (128, 128), seed=0)
    A = Sense(mask, ring((128, 128), n, 1.4, 0.3)[None])
    data = LeastSquares(A, A(head(128).to(torch.complex64)))
    return lambda: CLASSICAL["sense-wavelet"](data)


def stages(n: int) -> Callable[[], Tensor]:
    A = Fourier(parse_mask("radial:0.2", (128, 128), seed=0), real=True)
    data, net = LeastSquares(A, A(head(128))), ADMMCSNet(depth=n, filters=32).eval().requires_grad_(False)
    return lambda: net(data)


def atlases(n: int) -> Callable[[], Tensor]:
    generator = torch.Generator().manual_seed(0)
    target, *images = (phantom((96, 96), generator)[None] for _ in range(n + 1))
    labels = torch.stack([torch.stack([x <= 0.5, x > 0.5]).float() for x in images])

    def run() -> Tensor:
        register(target, torch.stack(images), effort=Effort())
        return patch_based(target, torch.stack(images), labels)

    return run


def eigen(vertices: Any, faces: Any) -> Callable[[], Any]:
    return lambda: eigenpairs(vertices, faces)


if __name__ == "__main__":
    main()
