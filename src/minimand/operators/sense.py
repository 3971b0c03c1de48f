"""The operator of Cartesian MRI with several receive coils."""

import torch
from jaxtyping import Bool, Complex
from torch import Tensor

from minimand.operator import Operator, constant_symbol


class Sense(Operator):
    """Coil-weighted, undersampled unitary Fourier transform, y_c = M F (S_c x). ||A||^2 is at most `bound`.

    mask: True where k-space is sampled, (height, width) or one an item, zero frequency at [0, 0]. maps: coil
    sensitivities S_c, (batch or 1, coil, height, width); several sets of them, (batch or 1, set, coil, height, width),
    are summed over and take images (batch, set, height, width) (soft SENSE).
    bound: the largest sum of |S_c|^2 over coils and sets.
    Raises ValueError for a mask that is not boolean, maps that are not complex, and where mask, maps and images differ
    in size. Source: Pruessmann et al. (1999, 2001); sets: Uecker et al. (2014), eq. 15.
    """

    mask: Tensor
    maps: Tensor
    kept: Tensor  # the mask as numbers, which multiply faster
    conjugate: Tensor

    def __init__(self, mask: Bool[Tensor, "*batch height width"], maps: Complex[Tensor, "..."]):
        super().__init__()
        if mask.dtype != torch.bool:
            raise ValueError(f"Sense needs a boolean mask, got {mask.dtype}; use mask != 0 where it holds 0 and 1.")
        if maps.ndim not in (4, 5) or not maps.is_complex():
            raise ValueError(
                "Sense needs complex coil maps (batch or 1, coil, height, width), got "
                f"{maps.dtype} of shape {tuple(maps.shape)}."
            )
        if maps.shape[-2:] != mask.shape[-2:]:
            raise ValueError(
                f"Sense got coil maps of {tuple(maps.shape[-2:])} pixels and a mask of {tuple(mask.shape[-2:])}; "
                "estimate the maps at the size of the scan."
            )
        power = maps.abs().square().sum(-3)
        self.bound = float(power.max() if maps.ndim == 4 else power.sum(1).max())
        if bool(mask.all()) and maps.ndim == 4 and float(power.max() - power.min()) <= 1e-6 * float(power.max()):
            self.tight = float(power.mean())
        self.register_buffer("mask", mask)
        self.register_buffer("maps", maps)
        self.register_buffer("kept", mask.to(maps.real.dtype).unsqueeze(-3), persistent=False)
        self.register_buffer("conjugate", maps.conj().resolve_conj(), persistent=False)

    def forward(self, x: Complex[Tensor, "batch *set height width"]) -> Complex[Tensor, "batch coil height width"]:
        return self.kept * torch.fft.fft2(self._spread(x), norm="ortho")

    def adjoint(self, y: Complex[Tensor, "batch coil height width"]) -> Complex[Tensor, "batch *set height width"]:
        return self._combine(torch.fft.ifft2(self.kept * y, norm="ortho"))

    def normal(self, x: Tensor) -> Tensor:
        """A^H A x."""
        return self._combine(torch.fft.ifft2(self.kept * torch.fft.fft2(self._spread(x))))

    @property
    def seen(self) -> Tensor:
        """Where any coil sees anything, (batch or 1, *set, height, width), boolean."""
        return (self.maps != 0).any(-3)

    def _spread(self, x: Tensor) -> Tensor:
        """The image as every coil sees it."""
        if x.shape[-2:] != self.maps.shape[-2:] or x.ndim != self.maps.ndim - 1:
            raise ValueError(
                f"Sense with maps of shape {tuple(self.maps.shape)} takes images of {tuple(self.maps.shape[-2:])} "
                f"pixels{', one a set' * (self.maps.ndim == 5)}, got x of shape {tuple(x.shape)}."
            )
        coils = self.maps * x.unsqueeze(-3)
        return coils if self.maps.ndim == 4 else coils.sum(1)

    def _combine(self, coils: Tensor) -> Tensor:
        """sum_c conj(S_c) x_c."""
        return (self.conjugate * (coils if self.maps.ndim == 4 else coils.unsqueeze(1))).sum(-3)

    def symbol(self, size: tuple[int, int], *, half: bool = False, weight: Tensor | float = 1.0) -> Tensor | None:
        return None if self.tight is None else constant_symbol(size, half, self.tight * weight)

    def items(self, which: slice | Tensor) -> "Sense":
        mask = self.mask[which] if self.mask.ndim == 3 else self.mask
        maps = self.maps[which] if len(self.maps) > 1 else self.maps
        return self if mask is self.mask and maps is self.maps else Sense(mask, maps)

    @classmethod
    def specimens(cls) -> list["Sense"]:
        generator = torch.Generator().manual_seed(0)

        def drawn(*shape: int) -> Tensor:
            return torch.randn(*shape, dtype=torch.complex128, generator=generator)

        mask, masks = (torch.rand(size, generator=generator) < 0.5 for size in [(6, 5), (3, 4, 5)])
        full, unit = torch.ones(4, 3, dtype=torch.bool), drawn(1, 2, 4, 3)
        unit = unit / unit.abs().square().sum(1, keepdim=True).sqrt()
        several = [cls(mask, drawn(1, 3, 6, 5)), cls(masks, drawn(3, 2, 4, 5)), cls(mask, drawn(1, 2, 3, 6, 5))]
        return [*several, cls(full, unit)]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        fixed = max(len(self.maps), len(self.mask) if self.mask.ndim == 3 else 1)
        batch = fixed if fixed > 1 else batch
        *sets, coils, height, width = self.maps.shape[1:]
        shapes = (batch, *sets, height, width), (batch, coils, height, width)
        x, y = (torch.randn(shape, dtype=torch.complex128, generator=generator) for shape in shapes)
        return x, y
