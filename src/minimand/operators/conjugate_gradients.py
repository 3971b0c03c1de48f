"""Conjugate gradients on a batch of independent linear systems."""

from collections.abc import Callable

import torch
from torch import Tensor

from minimand.algebra import inner, norm, per_item


def conjugate_gradients(
    normal: Callable[[Tensor], Tensor], b: Tensor, start: Tensor, *, tol: float = 1e-6, max_iter: int = 200
) -> Tensor:
    """Solve normal(x) = b for a symmetric positive definite map, every item until ||residual|| <= tol ||b||.

    Differentiable through its iterations. Source: Nocedal and Wright (2006), algorithm 5.2.
    """
    x, residual = start, b - normal(start)
    direction, power = residual, inner(residual, residual)
    goal = (tol * norm(b)) ** 2
    for _ in range(max_iter):
        active = power > goal
        if not bool(active.any()):
            break
        image = normal(direction)
        curvature = inner(direction, image)
        length = torch.where(active, power / torch.where(active, curvature, 1), 0)
        x = x + per_item(length, x) * direction
        residual = residual - per_item(length, x) * image
        new_power = inner(residual, residual)
        turn = torch.where(active, new_power / torch.where(active, power, 1), 0)
        direction = residual + per_item(turn, x) * direction
        power = torch.where(active, new_power, power)
    return x
