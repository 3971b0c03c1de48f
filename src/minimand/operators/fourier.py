"""The Fourier operator of Cartesian MRI."""

import torch
from jaxtyping import Bool, Complex, Num
from torch import Tensor

from minimand.operator import Operator


class Fourier(Operator):
    """Undersampled unitary Fourier transform, y = M F x (single-coil Cartesian MRI). A A^H = I on sampled k-space.

    mask: True where k-space is sampled, (height, width) or one an item, zero frequency at [0, 0].
    real: the operator acts on real images and its adjoint takes the real part (transpose for the real inner product).
    Raises ValueError for a mask that is not boolean, and when image and mask differ in size.
    Source: Lustig, Donoho, Pauly (2007).
    """

    mask: Tensor
    power: Tensor

    def __init__(self, mask: Bool[Tensor, "*batch height width"], *, real: bool = False):
        super().__init__()
        if mask.dtype != torch.bool:
            raise ValueError(f"Fourier needs a boolean mask, got {mask.dtype}; use mask != 0 where it holds 0 and 1.")
        self.real = real
        self.register_buffer("mask", mask)
        power = mask.to(torch.get_default_dtype())
        self.register_buffer("power", (power + mirror(power)) / 2 if real else power, persistent=False)

    def forward(self, x: Num[Tensor, "batch height width"]) -> Complex[Tensor, "batch height width"]:
        if x.shape[-2:] != self.mask.shape[-2:]:
            raise ValueError(
                f"Fourier samples images of {tuple(self.mask.shape[-2:])} pixels, got x of shape {tuple(x.shape)}; "
                "crop x or build the mask for this size."
            )
        if self.real and x.is_complex():
            raise ValueError("Fourier(mask, real=True) takes real images, got complex ones; use Fourier(mask).")
        return self.mask * torch.fft.fft2(x, norm="ortho")

    def adjoint(self, y: Complex[Tensor, "batch height width"]) -> Num[Tensor, "batch height width"]:
        x = torch.fft.ifft2(self.mask * y, norm="ortho")
        return x.real if self.real else x

    def symbol(self, size: tuple[int, int], *, half: bool = False, weight: Tensor | float = 1.0) -> Tensor | None:
        power = self.power[..., : size[1] // 2 + 1] if half else self.power
        return power if isinstance(weight, float) and weight == 1.0 else weight * power.double()

    def items(self, which: slice | Tensor) -> "Fourier":
        return self if self.mask.ndim == 2 else Fourier(self.mask[which], real=self.real)

    def selected(self, keep: Bool[Tensor, "batch height width"]) -> "Fourier":
        return Fourier(self.mask & (keep[0] if len(keep) == 1 else keep), real=self.real)

    @classmethod
    def specimens(cls) -> list["Fourier"]:
        generator = torch.Generator().manual_seed(0)
        masks = [torch.rand(size, generator=generator) < 0.4 for size in [(6, 5), (7, 8), (3, 4, 4)]]
        return [cls(mask, real=real) for mask in masks for real in (False, True)]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        batch = self.mask.shape[0] if self.mask.ndim == 3 else batch
        shape = (batch, *self.mask.shape[-2:])
        dtype = torch.float64 if self.real else torch.complex128
        return (
            torch.randn(shape, dtype=dtype, generator=generator),
            torch.randn(shape, dtype=torch.complex128, generator=generator),
        )


def mirror(power: Tensor) -> Tensor:
    """The value at -k for every frequency k."""
    return power.flip((-2, -1)).roll((1, 1), (-2, -1))
