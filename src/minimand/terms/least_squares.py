"""The data term of Gaussian noise."""

from collections.abc import Sequence

import torch
from torch import Tensor

from minimand.algebra import inner, per_channel
from minimand.operator import Identity, Operator
from minimand.operators.conjugate_gradients import conjugate_gradients
from minimand.term import Term

Quadratic = tuple[Operator, Tensor, Tensor | float]  # (D, v, rho), for rho/2 ||D x - v||^2


class LeastSquares(Term):
    """1/2 ||A x - y||^2, the term that ADMM can minimise together with quadratics.

    A: operator; y: measurement, (batch, *data). tol, max_iter: of the conjugate gradients where no closed form
    is known.
    """

    y: Tensor

    def __init__(self, A: Operator, y: Tensor, *, tol: float = 1e-6, max_iter: int = 200):
        super().__init__()
        self.A = A
        self.register_buffer("y", y, persistent=False)
        self.tol, self.max_iter = tol, max_iter
        self._back: tuple[Tensor, int, Tensor] | None = None  # y, its version, A^H y
        self._spectrum: tuple[Tensor, int, bool, Tensor] | None = None  # A^H y, its version, for complex x?, F A^H y

    def items(self, which: slice | Tensor) -> "LeastSquares":
        """The term of these items of the batch alone."""
        return LeastSquares(self.A.items(which), self.y[which], tol=self.tol, max_iter=self.max_iter)

    def forward(self, x: Tensor) -> Tensor:
        residual = self.A(x) - self.y
        return 0.5 * inner(residual, residual)

    def grad(self, x: Tensor) -> Tensor:
        return self.A.normal(x) - self.pulled()

    def pulled(self) -> Tensor:
        """A^H y, kept for the next call unless something in it is learned."""
        version = _version(self.y)
        if self._back is not None and self._back[0] is self.y and self._back[1] == version:
            return self._back[2]
        back = self.A.adjoint(self.y)
        if not any(t.requires_grad for t in (self.y, *self.A.parameters(), *self.A.buffers())):
            self._back = self.y, version, back
        return back

    def prox(self, v: Tensor, t: Tensor | float) -> Tensor:
        return self.minimise([(Identity(), v, 1 / t)], v)

    def minimise(self, quadratics: Sequence[Quadratic], start: Tensor) -> Tensor:
        """argmin_x 1/2 ||A x - y||^2 + sum_i rho_i/2 ||D_i x - v_i||^2; rho_i a number or one a channel of D_i x.

        In closed form where A^H A and all D_i^H D_i are diagonal in Fourier space, or where A A^H = c I and all
        D_i^H D_i = d_i I (matrix inversion lemma); by conjugate gradients from `start` otherwise.
        """
        parts = [D.pull(v, rho) for D, v, rho in quadratics]
        pulled = sum(parts[1:], start=parts[0]) if parts else torch.zeros_like(start)
        symbol = self._symbol(quadratics, start)
        if symbol is not None:
            return self._divide(symbol, pulled, start)
        weight = self._frame_weight(quadratics)
        if weight is not None and self.A.coisometry is not None:
            w = pulled / weight
            return w - (self.A.normal(w) - self.pulled()) / (weight + self.A.coisometry)
        rhs = self.pulled() + pulled

        def normal(x: Tensor) -> Tensor:
            y = self.A.normal(x)
            for D, _, rho in quadratics:
                image = D(x)
                y = y + D.adjoint(per_channel(rho, image) * image)
            return y

        return conjugate_gradients(normal, rhs, start, tol=self.tol, max_iter=self.max_iter)

    def _symbol(self, quadratics: Sequence[Quadratic], x: Tensor) -> Tensor | None:
        """Symbol of A^H A + sum_i rho_i D_i^H D_i, with exact zeros at 1e-6 as the authors of ADMM-Net have it."""
        if x.ndim != 3:
            return None
        size, half = (x.shape[-2], x.shape[-1]), not x.is_complex()
        total = None
        for D, weight in [(self.A, 1.0), *((D, rho) for D, _, rho in quadratics)]:
            part = D.symbol(size, half=half, weight=weight)
            if part is None:
                return None
            part = part.to(x.device, x.real.dtype)
            total = part if total is None else total + part
        assert total is not None
        return torch.where(total == 0, 1e-6, total)

    def _divide(self, symbol: Tensor, pulled: Tensor, x: Tensor) -> Tensor:
        spectrum, inverse = self._data_spectrum(x), symbol.reciprocal()  # a complex product is 10 times faster than /
        if x.is_complex():
            return torch.fft.ifft2((spectrum + torch.fft.fft2(pulled)) * inverse)
        return torch.fft.irfft2((spectrum + torch.fft.rfft2(pulled)) * inverse, s=x.shape[-2:])

    def _data_spectrum(self, x: Tensor) -> Tensor:
        """Transform of A^H y, kept as long as that is."""
        back = self.pulled()
        if self._spectrum is not None:
            source, *kind, spectrum = self._spectrum
            if source is back and kind == [_version(back), x.is_complex()]:
                return spectrum
        if back.is_complex() and not x.is_complex():
            raise ValueError(
                f"LeastSquares with {type(self.A).__name__} reconstructs complex images, got a real start; make it "
                "complex or build the operator for real images: Fourier(mask, real=True)."
            )
        spectrum = torch.fft.fft2(back) if x.is_complex() else torch.fft.rfft2(back)
        seen = self.A.symbol((x.shape[-2], x.shape[-1]), half=not x.is_complex())
        if seen is not None:  # rounding at frequencies that A does not see would weigh as much as a prior of 1e-4
            spectrum = spectrum * (seen.to(spectrum.device) != 0)
        if self._back is not None and self._back[2] is back:
            self._spectrum = back, _version(back), x.is_complex(), spectrum
        return spectrum

    @staticmethod
    def _frame_weight(quadratics: Sequence[Quadratic]) -> Tensor | float | None:
        """sum_i rho_i d_i where every D_i^H D_i = d_i I and every rho_i is one number, else None."""
        total: Tensor | float = 0.0
        for D, _, rho in quadratics:
            if D.tight is None or (isinstance(rho, Tensor) and rho.numel() > 1):
                return None
            total = total + D.tight * (rho.reshape(()) if isinstance(rho, Tensor) else rho)
        return total if quadratics else None

    @classmethod
    def specimens(cls) -> list["LeastSquares"]:
        generator = torch.Generator().manual_seed(0)
        return [cls(Identity(), torch.randn(2, 3, 6, 5, dtype=torch.float64, generator=generator))]


def _version(x: Tensor) -> int:
    """How often x was changed in place."""
    return 0 if x.is_inference() else x._version
