"""How fast does haze come off? Airlight, transmission and clear picture at 620 x 460, and at 12 megapixels with the
memory that takes; kernels beside their plain torch references. One thread.

Accuracy first: on haze made by the haze equation each method must take away more than half of the squared error.
"""

import resource
from functools import partial

import torch
from _record import report, timed

from minimand.kernels.dark_channel import dark_channel, dark_channel_reference
from minimand.systems.dehazing.dehaze import CLASSICAL, dehaze
from minimand.systems.dehazing.haze import add_haze, transmission
from minimand.systems.dehazing.methods import network_method
from minimand.systems.dehazing.network import ProximalDehaze

BARS = {(460, 620): 0.25, (3000, 4000): 10.0}  # seconds


def scene(high: int, wide: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Blocks of strong colour under haze that thickens upwards, the top a sky of nothing but haze."""
    generator = torch.Generator().manual_seed(0)
    blocks = torch.rand(3, 23, 31, generator=generator) * (torch.rand(3, 23, 31, generator=generator) < 0.5)
    rows, columns = torch.arange(high) * 23 // high, torch.arange(wide) * 31 // wide
    J = blocks[:, rows][:, :, columns]
    T = transmission(torch.linspace(1.2, 0.1, high)[None, :, None].expand(1, high, wide), 1.0).clone()
    T[:, : high // 23] = 0
    A = torch.tensor([[0.9, 0.9, 0.95]])
    return add_haze(J[None], T, A)[0], torch.where(T > 0, J, A[0, :, None, None])


def main() -> None:
    methods = {**CLASSICAL, "proximal-dehaze, 2 stages, untrained": network_method(ProximalDehaze(2).eval())}
    for size, bar in BARS.items():
        I, J = scene(*size)
        before = float((I - J).square().mean())
        for name, method in methods.items():
            error = float((dehaze(I, method).J - J).square().mean())
            assert error < 0.5 * before, f"{name} leaves {error / before:.2f} of the squared error"
            figures = timed(partial(dehaze, I, method), 5 if size[0] < 1000 else 1)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            report(
                "dehazing", f"{name}, {size[1]} x {size[0]}", **figures,
                bar=bar, error_left=round(error / before, 3), peak_gib=round(peak, 2),
            )  # fmt: skip
    P = scene(460, 620)[0][None]
    assert torch.equal(dark_channel(P, 15)[0], dark_channel_reference(P, 15)[0])
    for name, run in (("compiled", dark_channel), ("torch", dark_channel_reference)):
        report("dehazing", f"dark channel of 620 x 460, window 15, {name}", **timed(partial(run, P, 15), 3))


if __name__ == "__main__":
    main()
