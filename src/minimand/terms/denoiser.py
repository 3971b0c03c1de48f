"""Any denoiser as a prior."""

from collections.abc import Callable

import torch
from jaxtyping import Num
from torch import Tensor

from minimand.algebra import per_item
from minimand.term import Term
from minimand.terms.sparse import soft_threshold


class Denoiser(Term):
    """A term known by its prox only: prox(v, t) is v without noise of variance t, by a denoiser of your choice.

    denoise: (images, standard deviations (batch,)) -> images, a function or a network; its numbers are not of this term
    and stay as they are. weight * Denoiser(...) denoises for variance weight * t. Real and complex images as the
    denoiser takes them; t: a number, or one an item. Nothing is claimed about convexity; where the denoiser is a
    proximal map, ADMM and its like solve the convex problem. Source: Venkatakrishnan, Bouman, Wohlberg (2013);
    Meinhardt et al. (2017).
    """

    convex = False

    def __init__(self, denoise: Callable[[Tensor, Tensor], Tensor]):
        super().__init__()
        self._denoise = (denoise,)  # in a tuple, so that a network in it is no part of this module

    def prox(self, v: Num[Tensor, "batch *image"], t: Tensor | float) -> Num[Tensor, "batch *image"]:
        variance = torch.as_tensor(t, dtype=v.real.dtype, device=v.device).flatten()
        if variance.numel() not in (1, len(v)):
            raise ValueError(f"Denoiser takes one t, or one an item, got {variance.numel()} for {tuple(v.shape)}.")
        return self._denoise[0](v, variance.sqrt().expand(len(v)))

    @classmethod
    def specimens(cls) -> list["Denoiser"]:
        return [cls(lambda v, sigma: soft_threshold(v, per_item(sigma.square(), v)))]
