"""The bilateral filter: linear in what it filters, whatever the guide whose edges it keeps."""

import torch
from jaxtyping import Float
from torch import Tensor

from minimand.operator import Operator
from minimand.operators.gaussian_kernel import Features, WindowKernel

Images = Float[Tensor, "batch height width"]


class JointBilateral(Operator):
    """Weighted means over a window, weights falling with distance in space and in the guide's values.

    y_i = sum_j k_ij x_j / sum_j k_ij, k_ij = exp(-|p_i - p_j|^2 / 2 position^2 - |I_i - I_j|^2 / 2 value^2).
    guide: I, (batch, channels, height, width), or one for all; position in pixels, value in units of the guide, radius
    of the window in pixels. Source: Tomasi and Manduchi (1998); Petschnigg et al. (2004) for another image as guide.
    """

    guide: Tensor
    total: Tensor

    def __init__(self, guide: Features, position: float, value: float, radius: int):
        super().__init__()
        rows, columns = (torch.arange(n).to(guide) / position for n in guide.shape[-2:])
        place = torch.stack(torch.meshgrid(rows, columns, indexing="ij")).expand(len(guide), -1, -1, -1)
        self.position, self.value, self.radius = position, value, radius
        self.register_buffer("guide", guide)
        self.kernel: Operator = WindowKernel(torch.cat([place, guide / value], 1), radius, self_weight=1.0)
        self.register_buffer("total", self.kernel(torch.ones_like(guide[:, :1]))[:, 0])

    def forward(self, x: Images) -> Images:
        y: Tensor = self.kernel(x[:, None])
        return y[:, 0] / self.total.to(x)

    def adjoint(self, y: Images) -> Images:
        x: Tensor = self.kernel((y / self.total.to(y))[:, None])
        return x[:, 0]

    def items(self, which: slice | Tensor) -> "JointBilateral":
        part = self.guide[which] if len(self.guide) > 1 else self.guide
        return JointBilateral(part, self.position, self.value, self.radius)

    @classmethod
    def specimens(cls) -> list["JointBilateral"]:
        guide = torch.rand(3, 2, 6, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        return [cls(guide[:1], 1.5, 0.3, 2), cls(guide, 2.0, 0.5, 3)]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        items = len(self.total) if len(self.total) > 1 else batch
        x, y = torch.randn(2, items, 6, 5, dtype=torch.float64, generator=generator)
        return x, y


def bilateral(x: Images, position: float, value: float, radius: int) -> Images:
    """The bilateral filter: `JointBilateral` with the image itself as its guide."""
    y: Tensor = JointBilateral(x[:, None], position, value, radius)(x)
    return y
