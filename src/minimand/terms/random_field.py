"""The energy of a dense random field over labels, as mean field sees it: of probabilities instead of labels."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from minimand.operator import Operator
from minimand.operators import DenseKernel, WindowKernel
from minimand.term import Term

Probabilities = Float[Tensor, "batch labels height width"]
Picture = Float[Tensor, "pictures channels rows columns"]  # of the size of the logits, which Unary checks


class Unary(Term):
    """E_Q[unary energy] - entropy of Q: sum_i sum_l Q_il (log Q_il - U_il), least at Q = softmax(U).

    logits: U, what each pixel says for itself, (batch, labels, height, width). picture: what the pairwise terms look
    at, (batch, channels, height, width). x: Q, positive, summing to 1 over the labels.
    Source: Kraehenbuehl and Koltun (2011), sec. 3; Zheng et al. (2015), U = -psi_u.
    """

    own_points = True
    logits: Tensor
    picture: Tensor

    def __init__(self, logits: Probabilities, picture: Picture):
        super().__init__()
        if picture.shape[0] != logits.shape[0] or picture.shape[2:] != logits.shape[2:]:
            raise ValueError(
                f"Unary needs logits and picture of one size, got {tuple(logits.shape)} and {tuple(picture.shape)}."
            )
        self.register_buffer("logits", logits, persistent=False)
        self.register_buffer("picture", picture, persistent=False)

    def forward(self, x: Probabilities) -> Float[Tensor, " batch"]:
        return (torch.special.xlogy(x, x) - x * self.logits).flatten(1).sum(1)

    def minimise_with(self, slope: Probabilities) -> Probabilities:
        """argmin_Q of this term + <slope, Q>."""
        return torch.softmax(self.logits - slope, 1)

    def items(self, which: slice | Tensor) -> "Unary":
        return Unary(self.logits[which], self.picture[which])

    @classmethod
    def specimens(cls) -> list["Unary"]:
        generator = torch.Generator().manual_seed(0)
        logits = torch.randn(2, 3, 4, 5, dtype=torch.float64, generator=generator)
        return [cls(logits, torch.rand(2, 3, 4, 5, dtype=torch.float64, generator=generator))]

    def example(self, batch: int, generator: torch.Generator) -> Probabilities:
        return _probabilities(batch, (3, 4, 5), generator)


class Pairwise(Term):
    """sum_{i<j} sum_ll' mu_ll' k_ij Q_il Q_jl': what neighbours say about each other's labels.

    k_ij = exp(-|p_i - p_j|^2 / 2 position^2 - |I_i - I_j|^2 / 2 colour^2), with positions in pixels and the picture I
    as it comes with `Unary`; colour None: positions alone. radius: window in pixels, None for all pairs. mu: learned,
    symmetric, born as `strength` for labels that differ (Potts). The kernel is built for each picture by `given`.
    The compatibilities of CRF-RNN need not be symmetric; those that are not come from no energy. Source: Kraehenbuehl
    and Koltun (2011), eqs. 2 and 3; Zheng et al. (2015), sec. 4.
    """

    own_points = True

    def __init__(
        self,
        labels: int,
        position: float,
        colour: float | None = None,
        *,
        radius: int | None = 5,
        strength: float = 1.0,
    ):
        super().__init__()
        self.position, self.colour, self.radius = position, colour, radius
        self.compatibility = nn.Parameter(strength * (1 - torch.eye(labels)))
        self.kernel: Operator | None = None

    @property
    def mu(self) -> Float[Tensor, "labels labels"]:
        """The symmetric compatibilities."""
        return 0.5 * (self.compatibility + self.compatibility.mT)

    def given(self, data: Term, x: Probabilities) -> "Pairwise":
        if not isinstance(data, Unary):
            raise TypeError(f"Pairwise needs a data term with a picture (Unary), got {type(data).__name__}.")
        features = self._features(data.picture)
        kernel = DenseKernel(features) if self.radius is None else WindowKernel(features, self.radius)
        return self._with(kernel)

    def forward(self, x: Probabilities) -> Float[Tensor, " batch"]:
        return 0.5 * (x * self.grad(x)).flatten(1).sum(1)

    def grad(self, x: Probabilities) -> Probabilities:
        """mu K x, the messages: what speaks against each label at each pixel. Raises TypeError before `given`."""
        if self.kernel is None:
            raise TypeError(
                "Pairwise has no kernel before it is given a picture: energy.given(x) does it, as loops do."
            )
        return torch.einsum("lk,bkhw->blhw", self.mu.to(x), self.kernel(x))

    def items(self, which: slice | Tensor) -> "Pairwise":
        return self if self.kernel is None else self._with(self.kernel.items(which))

    def _with(self, kernel: Operator) -> "Pairwise":
        """The same term, its numbers included, with a kernel."""
        labels = len(self.compatibility)
        term = Pairwise(labels, self.position, self.colour, radius=self.radius)
        del term.compatibility  # or a plain tensor, as functional calls have it, could not take its place
        term.compatibility, term.kernel = self.compatibility, kernel
        return term

    def _features(self, picture: Picture) -> Float[Tensor, "items features height width"]:
        rows, columns = (torch.arange(n).to(picture) / self.position for n in picture.shape[-2:])
        place = torch.stack(torch.meshgrid(rows, columns, indexing="ij")).expand(len(picture), -1, -1, -1)
        return place[:1] if self.colour is None else torch.cat([place, picture / self.colour], 1)

    @classmethod
    def specimens(cls) -> list["Pairwise"]:
        data = Unary.specimens()[0]
        terms = [cls(3, 2.0, 0.3, radius=2), cls(3, 1.5, radius=None, strength=0.4)]
        return [term.given(data, data.logits) for term in terms]

    def example(self, batch: int, generator: torch.Generator) -> Probabilities:
        return _probabilities(batch, (3, 4, 5), generator)


def _probabilities(batch: int, size: tuple[int, int, int], generator: torch.Generator) -> Probabilities:
    return torch.softmax(torch.randn(batch, *size, dtype=torch.float64, generator=generator), 1)
