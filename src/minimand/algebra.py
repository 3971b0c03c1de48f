"""Algebra on batches of independent items: inner products, norms and the leaves of a state."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Shaped
from torch import Tensor


def inner(x: Shaped[Tensor, "batch *shape"], y: Shaped[Tensor, "batch *shape"]) -> Float[Tensor, " batch"]:
    """Real inner product Re <x, y> of every item."""
    product = x.conj() * y if x.is_complex() or y.is_complex() else x * y
    return product.real.flatten(1).sum(1)


def norm(x: Shaped[Tensor, "batch *shape"]) -> Float[Tensor, " batch"]:
    """Euclidean norm of every item."""
    parts = (
        torch.view_as_real(x.resolve_conj()) if x.is_complex() else x
    )  # torch's own complex norm is 200 times slower
    return torch.linalg.vector_norm(parts.flatten(1), dim=1)


def per_item(values: Shaped[Tensor, " batch"], like: Shaped[Tensor, "batch *shape"]) -> Tensor:
    """View one number an item so that it broadcasts against `like`."""
    return values.reshape(-1, *(1,) * (like.ndim - 1))


def per_channel(number: Tensor | float, like: Tensor) -> Tensor | float:
    """View a number, or one a channel (axis 1 of `like`), so that it broadcasts against `like`."""
    if isinstance(number, Tensor) and number.ndim == 1:
        return number.reshape(-1, *(1,) * (like.ndim - 2))
    return number


def on_parts(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Apply a real map to x, or to its real and its imaginary part alike (twice the batch) where x is complex."""
    if not x.is_complex():
        return f(x)
    real, imag = f(torch.cat([x.real, x.imag])).chunk(2)
    return torch.complex(real, imag)


def leaves(state: Any) -> list[Tensor]:
    """All tensors of a nested tuple, in order."""
    if isinstance(state, Tensor):
        return [state]
    return [leaf for part in state for leaf in leaves(part)]


def rebuild(state: Any, values: list[Tensor]) -> Any:
    """A copy of the nested tuple `state` whose leaves are `values`, in the order of `leaves`."""
    remaining = iter(values)

    def build(part: Any) -> Any:
        if isinstance(part, Tensor):
            return next(remaining)
        parts = [build(p) for p in part]
        return type(part)(*parts) if hasattr(part, "_fields") else tuple(parts)

    return build(state)


def keep_finished(active: Tensor, new: Any, old: Any) -> Any:
    """The new state for active items, the old one for finished items."""
    pairs = zip(leaves(new), leaves(old), strict=True)
    return rebuild(new, [torch.where(per_item(active, a), a, b) for a, b in pairs])


def relative_change(new: Any, old: Any) -> Float[Tensor, " batch"]:
    """Length of the last move of the whole state over the length of the state, for every item (0 for a state of zeros).

    Counters (integer leaves) do not count.
    """
    pairs = [(a, b) for a, b in zip(leaves(new), leaves(old), strict=True) if a.is_floating_point() or a.is_complex()]
    moved = torch.stack([norm(a - b) for a, b in pairs]).norm(dim=0)
    length = torch.stack([norm(a) for a, _ in pairs]).norm(dim=0)
    return torch.where(moved == 0, moved, moved / length)
