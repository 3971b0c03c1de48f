"""Dense random measurements with orthonormal rows, of small images or block by block."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Num
from torch import Tensor, nn

from minimand.io.limits import max_bytes
from minimand.operator import Operator
from minimand.operators.picks import check_image, row_count


class OrthogonalRows(Operator):
    """y = Q x with orthonormal rows, (batch, height, width) to (batch, rows). A A^H = I.

    matrix: Q, (rows, height * width), real; size: (height, width). Raises ValueError for rows that are not orthonormal
    and for images of another size.
    """

    coisometry = 1.0
    matrix: Tensor

    def __init__(self, matrix: Float[Tensor, "rows pixels"], size: tuple[int, int]):
        super().__init__()
        probe = torch.linspace(-1, 1, len(matrix), dtype=matrix.dtype, device=matrix.device)
        if matrix.shape[1] != size[0] * size[1] or not torch.allclose(matrix @ (probe @ matrix), probe, atol=1e-4):
            raise ValueError(
                f"OrthogonalRows needs orthonormal rows of {size[0]} * {size[1]} numbers, got a matrix of "
                f"{tuple(matrix.shape)}; use random_orthogonal or the rows of torch.linalg.qr(M.T).Q.T."
            )
        self.size = size
        self.register_buffer("matrix", matrix)

    def forward(self, x: Num[Tensor, "batch height width"]) -> Num[Tensor, "batch rows"]:
        check_image("OrthogonalRows", x, self.size)
        return x.flatten(1) @ self.matrix.to(x.dtype).mT

    def adjoint(self, y: Num[Tensor, "batch rows"]) -> Num[Tensor, "batch height width"]:
        return (y @ self.matrix.to(y.dtype)).unflatten(1, self.size)

    @classmethod
    def specimens(cls) -> list["OrthogonalRows"]:
        return [random_orthogonal((5, 6), 0.4, seed=0)]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return (
            torch.randn(batch, *self.size, dtype=torch.complex128, generator=generator),
            torch.randn(batch, len(self.matrix), dtype=torch.complex128, generator=generator),
        )


class Blocks(Operator):
    """Block-wise sensing: every block of an image by the same rows. A A^H = I at every size.

    size: (height, width). sensing: for whole blocks, then, where the sides are no multiples of the block's, for the cut
    blocks on the right, at the bottom and in the corner (those that there are); measurements follow in this order.
    Raises ValueError for sensing that does not fit, and for images of another size. Source: Gan (2007).
    """

    coisometry = 1.0

    def __init__(self, size: tuple[int, int], side: int, sensing: Sequence[OrthogonalRows]):
        super().__init__()
        self.size, self.side = size, side
        tiles = [tile for _, tile in self._regions()]
        if [s.size for s in sensing] != tiles:
            wanted = ", ".join(f"{h}x{w}" for h, w in tiles)
            raise ValueError(f"Blocks of {side} in {size[0]}x{size[1]} pixels need sensing of {wanted}, in this order.")
        self.sensing = nn.ModuleList(sensing)

    def forward(self, x: Num[Tensor, "batch height width"]) -> Num[Tensor, "batch rows"]:
        check_image("Blocks", x, self.size)
        parts = []
        for A, ((rows, columns), (high, wide)) in zip(self.sensing, self._regions(), strict=True):
            tiles = x[:, rows, columns].unflatten(2, (-1, wide)).unflatten(1, (-1, high)).transpose(2, 3)
            parts.append(A(tiles.flatten(0, 2)).reshape(len(x), -1))
        return torch.cat(parts, dim=1)

    def adjoint(self, y: Num[Tensor, "batch rows"]) -> Num[Tensor, "batch height width"]:
        x = torch.zeros(len(y), *self.size, dtype=y.dtype, device=y.device)
        first = 0
        for A, ((rows, columns), (high, wide)) in zip(self.sensing, self._regions(), strict=True):
            assert isinstance(A, OrthogonalRows)
            down, across = (rows.stop - rows.start) // high, (columns.stop - columns.start) // wide
            count = down * across * len(A.matrix)
            tiles = A.adjoint(y[:, first : first + count].reshape(-1, len(A.matrix)))
            tiles = tiles.unflatten(0, (len(y), down, across)).transpose(2, 3)
            x[:, rows, columns] = tiles.reshape(len(y), down * high, across * wide)
            first += count
        return x

    def _regions(self) -> list[tuple[tuple[slice, slice], tuple[int, int]]]:
        """Rows, columns and block of each part of the image that whole blocks of one kind fill."""
        (height, width), side = self.size, self.side
        bands = [[slice(0, n // side * side), slice(n // side * side, n)] for n in (height, width)]
        boxes = [(rows, columns) for rows in bands[0] for columns in bands[1]]
        boxes = [(r, c) for r, c in boxes if r.start < r.stop and c.start < c.stop]
        return [((r, c), (min(side, r.stop - r.start), min(side, c.stop - c.start))) for r, c in boxes]

    @classmethod
    def specimens(cls) -> list["Blocks"]:
        return [random_blocks(size, 0.4, side=3, seed=0) for size in [(6, 9), (7, 5), (2, 4)]]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        x = torch.randn(batch, *self.size, dtype=torch.complex128, generator=generator)
        return x, torch.randn(self(x).shape, dtype=torch.complex128, generator=generator)


def random_orthogonal(size: tuple[int, int], rate: float, *, seed: int) -> OrthogonalRows:
    """max(1, round(rate * pixels)) orthonormal rows, uniformly distributed: Q of a Gaussian matrix.

    Raises ValueError where the matrix would not fit into memory.
    """
    pixels = size[0] * size[1]
    rows = row_count(pixels, rate)
    needed = 3 * rows * pixels * torch.finfo(torch.get_default_dtype()).bits // 8  # Gaussian, Q and LAPACK's copy
    if needed > max_bytes():
        raise ValueError(
            f"{rows} orthogonal rows of {size[0]}x{size[1]} pixels need {needed / 2**30:.1f} GiB to draw, and at most "
            f"{max_bytes() / 2**30:.1f} GiB are used here; use blocks or structural, or a smaller image."
        )
    generator = torch.Generator().manual_seed(seed)
    gauss = torch.randn(pixels, rows, generator=generator, dtype=torch.get_default_dtype())
    return OrthogonalRows(torch.linalg.qr(gauss).Q.mT.contiguous(), size)


def random_blocks(size: tuple[int, int], rate: float, *, side: int = 32, seed: int) -> Blocks:
    """Blocks of side x side pixels, each sensed by the same round(rate * side^2) random orthonormal rows.

    Blocks that the border cuts have rows of their own at the same rate, so that nothing is padded.
    """
    if side < 1:
        raise ValueError(f"Blocks need a side of at least 1 pixel, got {side}.")
    (height, width), cut = size, (size[0] % side, size[1] % side)
    tiles = [(h, w) for h in (side, cut[0]) for w in (side, cut[1])]
    here = [height >= side, cut[0] > 0], [width >= side, cut[1] > 0]
    tiles = [tile for tile, (r, c) in zip(tiles, [(r, c) for r in here[0] for c in here[1]]) if r and c]
    return Blocks(size, side, [random_orthogonal(tile, rate, seed=seed + k) for k, tile in enumerate(tiles)])
