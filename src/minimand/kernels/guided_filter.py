"""The guided filter: an image smoothed so that its edges are those of another one.

Around every pixel the output is an affine function of the guide, q = a I + b, fitted to p by ridge regression:

    a = (mean(I p) - mean(I) mean(p)) / (mean(I^2) - mean(I)^2 + eps),    b = mean(p) - a mean(I),

and since a pixel lies in many windows, a and b are averaged once more.
Source: He, Sun, Tang (2013), eqs. (5), (6), (8).
"""

from jaxtyping import Float
from torch import Tensor

from minimand.kernels.box_filter import box_mean

Plane = Float[Tensor, "batch height width"]


def guided_filter(p: Plane, guide: Plane, radius: int, eps: float) -> Plane:
    """p smoothed along the edges of the guide; the time does not depend on the radius.

    eps: variance of the guide below which a window counts as flat, in its units squared, positive.
    """
    a, b = guided_coefficients(p, guide, radius, eps)
    return a * guide + b


def guided_coefficients(p: Plane, guide: Plane, radius: int, eps: float) -> tuple[Plane, Plane]:
    """The averaged a and b of every pixel. They are smooth: enlarged, they filter a larger picture by a small one
    (He and Sun 2015). Raises ValueError where eps is not positive.
    """
    if eps <= 0:
        raise ValueError(f"a guided filter needs a positive eps, got {eps}.")
    mean_p, mean_guide = box_mean(p, radius), box_mean(guide, radius)
    variance = box_mean(guide * guide, radius) - mean_guide * mean_guide
    a = (box_mean(guide * p, radius) - mean_guide * mean_p) / (variance.clamp_min(0) + eps)
    return box_mean(a, radius), box_mean(mean_p - a * mean_guide, radius)
