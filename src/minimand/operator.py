"""Linear operators: the A of a data term and the D of a prior."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any, Self

import torch
from torch import Tensor, nn

from minimand.algebra import norm, per_channel, per_item


class Operator(nn.Module, ABC):
    """A linear map between batches, with its adjoint for the real inner product. Composes with `@`.

    tight: c where A^H A = c I (orthonormal bases, tight frames), else None.
    coisometry: c where A A^H = c I (undersampled unitary transforms), else None.
    """

    tight: float | None = None
    coisometry: float | None = None

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """A x, item by item."""

    @abstractmethod
    def adjoint(self, y: Tensor) -> Tensor:
        """A^H y, item by item."""

    @classmethod
    @abstractmethod
    def specimens(cls) -> list[Self]:
        """Small instances of this class on which the laws are tested."""

    @abstractmethod
    def example(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """A random pair (x, y) of the sizes that this instance takes, in double precision."""

    def symbol(self, size: tuple[int, int], *, half: bool = False, weight: Tensor | float = 1.0) -> Tensor | None:
        """Fourier symbol of A^H W A on images of `size`, real, (height, width), or None where it is not diagonal there.

        half: only the columns that `torch.fft.rfft2` keeps. weight: W, a number or one number a channel of A x.
        """
        return None

    def pull(self, v: Tensor, weight: Tensor | float) -> Tensor:
        """A^H W v; weight: W, a number or one number a channel of v."""
        return self.adjoint(per_channel(weight, v) * v)

    def normal(self, x: Tensor) -> Tensor:
        """A^H A x."""
        return self.adjoint(self(x))

    def items(self, which: slice | Tensor) -> "Operator":
        """The operator on these items of a batch alone: itself, unless every item has numbers of its own."""
        return self

    def selected(self, keep: Tensor) -> "Operator":
        """The operator with zeros in place of measurements outside `keep`, bool, (batch or 1, *data)."""
        return Selected(self, keep)

    def seen_by(self, symbol: Callable[..., Tensor | None], size: tuple[int, int], half: bool) -> Tensor | None:
        """Symbol of B^H S B on images of `size`, B this operator and S what has the symbol `symbol(size, half=...)` on
        its results; None where it is not diagonal there.
        """
        return None

    def norm(self, iterations: int = 100) -> float:
        """Largest singular value, by power iterations from a fixed start on the sizes of `example`."""
        x = self.example(1, torch.Generator().manual_seed(0))[0]
        with torch.no_grad():
            for _ in range(iterations):
                length = norm(x)
                x = x / per_item(torch.where(length > 0, length, 1), x)
                x = self.normal(x)
            return float(norm(x).sqrt().max())

    def __matmul__(self, inner: "Operator") -> "Operator":
        return Composition(self, inner)


class Composition(Operator):
    """The product A B: first B, then A."""

    def __init__(self, outer: Operator, inner: Operator):
        super().__init__()
        self.outer, self.inner = outer, inner
        if outer.tight and inner.tight:
            self.tight = outer.tight * inner.tight
        if outer.coisometry and inner.coisometry:
            self.coisometry = outer.coisometry * inner.coisometry

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.outer(self.inner(x))
        return y

    def adjoint(self, y: Tensor) -> Tensor:
        return self.inner.adjoint(self.outer.adjoint(y))

    def items(self, which: slice | Tensor) -> "Composition":
        return Composition(self.outer.items(which), self.inner.items(which))

    def selected(self, keep: Tensor) -> "Composition":
        return Composition(self.outer.selected(keep), self.inner)

    @classmethod
    def specimens(cls) -> list["Composition"]:
        return [cls(Identity(), Identity())]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        x = self.inner.example(batch, generator)[0]
        y = self(x)
        return x, torch.randn(y.shape, dtype=y.dtype, generator=generator)

    def symbol(self, size: tuple[int, int], *, half: bool = False, weight: Tensor | float = 1.0) -> Tensor | None:
        if self.outer.tight is not None and not (isinstance(weight, Tensor) and weight.numel() > 1):
            return self.inner.symbol(size, half=half, weight=weight * self.outer.tight)
        return self.inner.seen_by(partial(self.outer.symbol, weight=weight), size, half)


class Selected(Operator):
    """A with zeros in place of some measurements, y = keep * (A x). A A^H = c I stays so on what is kept.

    keep: bool, (batch or 1, *data).
    """

    keep: Tensor

    def __init__(self, A: Operator, keep: Tensor):
        super().__init__()
        self.A, self.coisometry = A, A.coisometry
        self.register_buffer("keep", keep)

    def forward(self, x: Tensor) -> Tensor:
        return self.keep * self.A(x)

    def adjoint(self, y: Tensor) -> Tensor:
        return self.A.adjoint(self.keep * y)

    def items(self, which: slice | Tensor) -> "Selected":
        return Selected(self.A.items(which), self.keep[which] if len(self.keep) > 1 else self.keep)

    def selected(self, keep: Tensor) -> "Operator":
        return self.A.selected(self.keep & keep)

    @classmethod
    def specimens(cls) -> list["Selected"]:
        generator = torch.Generator().manual_seed(0)
        return [cls(Identity(), torch.rand(1, 6, 5, generator=generator) < 0.6)]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        x, y = self.A.example(len(self.keep) if len(self.keep) > 1 else batch, generator)
        return x, self.keep * y


class Identity(Operator):
    """x itself, also where x is a tuple of several unknowns."""

    tight = 1.0
    coisometry = 1.0

    def forward(self, x: Any) -> Any:
        return x

    def adjoint(self, y: Tensor) -> Tensor:
        return y

    @classmethod
    def specimens(cls) -> list["Identity"]:
        return [cls()]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        x, y = torch.randn(2, batch, 6, 5, dtype=torch.float64, generator=generator)
        return x, y

    def symbol(self, size: tuple[int, int], *, half: bool = False, weight: Tensor | float = 1.0) -> Tensor | None:
        return constant_symbol(size, half, weight)


def constant_symbol(size: tuple[int, int], half: bool, weight: Tensor | float) -> Tensor | None:
    """Symbol of weight * I: what a tight frame has everywhere; None for one weight a channel."""
    if isinstance(weight, Tensor) and weight.numel() > 1:
        return None
    height, width = size
    columns = width // 2 + 1 if half else width
    number = weight if isinstance(weight, Tensor) else torch.tensor(weight, dtype=torch.float64)
    return number.reshape(1, 1).expand(height, columns)
