"""Coded diffraction: the Fourier transform of an image behind a random phase plate, at random frequencies."""

import torch
from jaxtyping import Complex, Int, Num
from torch import Tensor

from minimand.operator import Operator
from minimand.operators.picks import check_image, check_picks, row_count, spread


class Diffraction(Operator):
    """y = S F (plate * x), F unitary, S the rows `picks` of the flattened transform. A A^H = I on complex images.

    plate: unit-modulus phases, (height, width). picks: frequencies, 0 is zero frequency.
    real: the operator acts on real images and its adjoint takes the real part. A A^T is then no multiple of I (random
    phases mix each frequency with the others, and there are twice as many real numbers as picks): `LeastSquares`
    minimises by conjugate gradients, in few steps, for the eigenvalues other than 0 lie well inside (0, 1).
    Raises ValueError for a plate that is not of unit modulus, wrong picks and images of another size.
    Source: Candes, Li, Soltanolkotabi (2015); rows as in Yang et al. (2020), sec. 5.4.
    """

    plate: Tensor
    picks: Tensor
    picked: Tensor

    def __init__(self, plate: Complex[Tensor, "height width"], picks: Int[Tensor, " rows"], *, real: bool = False):
        super().__init__()
        check_picks("Diffraction", picks, plate.numel())
        if not bool(((plate.abs() - 1).abs() < 1e-4).all()):
            raise ValueError("Diffraction needs a plate of unit modulus; use torch.polar with a modulus of 1.")
        self.real = real
        self.coisometry = None if real else 1.0
        self.register_buffer("plate", plate)
        self.register_buffer("picks", picks)
        picked = torch.zeros(plate.numel(), dtype=torch.bool, device=picks.device).index_fill(0, picks, True)
        self.register_buffer("picked", picked.reshape(plate.shape), persistent=False)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the images."""
        height, width = self.plate.shape
        return height, width

    def forward(self, x: Num[Tensor, "batch height width"]) -> Complex[Tensor, "batch rows"]:
        check_image("Diffraction", x, self.plate.shape)
        if self.real and x.is_complex():
            raise ValueError("Diffraction(..., real=True) takes real images, got complex ones; leave real out.")
        plane = torch.fft.fft2(self._plate(x) * x, norm="ortho")
        return plane.flatten(1).index_select(1, self.picks)

    def adjoint(self, y: Complex[Tensor, "batch rows"]) -> Num[Tensor, "batch height width"]:
        plane = spread(y, self.picks, self.plate.numel()).unflatten(1, self.plate.shape)
        x = self._plate(y).conj() * torch.fft.ifft2(plane, norm="ortho")
        return x.real if self.real else x

    def normal(self, x: Num[Tensor, "batch height width"]) -> Num[Tensor, "batch height width"]:
        check_image("Diffraction", x, self.plate.shape)
        plate = self._plate(x)
        back = plate.conj() * torch.fft.ifft2(self.picked * torch.fft.fft2(plate * x))
        return back.real if self.real else back

    def on_complex(self) -> "Diffraction":
        """The same measurement, of complex images: with orthonormal rows."""
        return Diffraction(self.plate, self.picks)

    def _plate(self, like: Tensor) -> Tensor:
        """The plate in the precision of the data."""
        return self.plate.to(torch.complex128 if like.real.dtype == torch.float64 else torch.complex64)

    @classmethod
    def specimens(cls) -> list["Diffraction"]:
        return [random_diffraction((5, 6), 0.4, seed=0, real=real) for real in (False, True)]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        dtype = torch.float64 if self.real else torch.complex128
        return (
            torch.randn(batch, *self.plate.shape, dtype=dtype, generator=generator),
            torch.randn(batch, len(self.picks), dtype=torch.complex128, generator=generator),
        )


def random_diffraction(size: tuple[int, int], rate: float, *, seed: int, real: bool = False) -> Diffraction:
    """Phases and max(1, round(rate * pixels)) frequencies drawn at random, zero frequency always among them."""
    pixels = size[0] * size[1]
    generator = torch.Generator().manual_seed(seed)
    angle = 2 * torch.pi * torch.rand(size, generator=generator, dtype=torch.get_default_dtype())
    others = 1 + torch.randperm(pixels - 1, generator=generator)
    picks = torch.cat([torch.zeros(1, dtype=others.dtype), others])[: row_count(pixels, rate)]
    return Diffraction(torch.polar(torch.ones_like(angle), angle), picks, real=real)
