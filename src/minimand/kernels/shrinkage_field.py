"""A field of learned shrinkage: filters, one curve a channel, filters back; the prior's pull in ADMM-CSNet.

    u_c[n] = bias_c + sum_p sum_m analysis_cp[m] x_p[n + m]        z_c = S_c(u_c)
    y_p[n] = sum_c sum_m synthesis_cp[m] z_c[n + m]

Both are cross-correlations of the same size with centred filters of an odd size; x and z are continued by zeros, or
periodically. S_c is piecewise linear with control points equally spaced from -reach to reach and the slopes `outer`
beyond them (constants, 1 each in ADMM-CSNet); an outside sample gives no gradient to the end points, as in
`piecewise_linear`. Source: Yang et al. (2020), ADMM-CSNet, eqs. 12-14, in the authors' code.
"""

from importlib.util import find_spec
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from minimand.kernels import shrinkage_field_cpu
from minimand.kernels.register import register
from minimand.kernels.simd import SIZES

Image = Float[Tensor, "batch planes height width"]
Bank = Float[Tensor, "channels planes size size"]
COMPILED = (torch.float32, torch.float64)
DEVICES = ("cpu", "cuda") if find_spec("triton") and torch.version.hip is None else ("cpu",)


def shrinkage_field(
    x: Image,
    analysis: Bank,
    bias: Float[Tensor, " channels"],
    values: Float[Tensor, "channels points"],
    synthesis: Bank,
    *,
    reach: float = 1.0,
    outer: Float[Tensor, "channels 2"] | None = None,
    circular: bool = False,
) -> Image:
    """y as above, shaped like x; compiled on CPUs, and on NVIDIA's GPUs where triton is installed, for filters of 3, 5
    or 7 pixels in single or double precision; plain torch elsewhere.
    """
    slopes = values.new_ones(len(values), 2) if outer is None else outer
    if x.device.type in DEVICES and analysis.shape[-1] in SIZES and x.dtype in COMPILED:
        tensors = [t.contiguous() for t in (x, analysis, bias, values, synthesis)]
        y: Tensor = _field(*tensors, reach, slopes.contiguous(), circular)
        return y
    return shrinkage_field_reference(x, analysis, bias, values, synthesis, reach, slopes, circular)


def _forward_cuda(*arguments: Any) -> Tensor:
    from minimand.kernels import shrinkage_field_triton  # only here: importing triton takes a while

    return shrinkage_field_triton.forward(*arguments)


def _backward_cuda(*arguments: Any) -> tuple[Tensor, ...]:
    from minimand.kernels import shrinkage_field_triton

    return shrinkage_field_triton.backward(*arguments)


_ARGUMENTS = (
    "Tensor x, Tensor analysis, Tensor bias, Tensor values, Tensor synthesis, float reach, Tensor outer, bool circular"
)

_field_backward = register(
    f"shrinkage_field_backward(Tensor grad, {_ARGUMENTS}) -> (Tensor, Tensor, Tensor, Tensor, Tensor)",
    shrinkage_field_cpu.backward,
    lambda grad, x, analysis, bias, values, synthesis, *rest: tuple(
        torch.empty_like(t) for t in (x, analysis, bias, values, synthesis)
    ),
    cuda=_backward_cuda,
)


def _remember(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    *tensors, ctx.reach, outer, ctx.circular = inputs
    ctx.save_for_backward(*tensors, outer)


def _differentiate(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    *tensors, outer = ctx.saved_tensors
    grads = _field_backward(grad.contiguous(), *tensors, ctx.reach, outer, ctx.circular)
    return *grads, None, None, None


_field = register(
    f"shrinkage_field({_ARGUMENTS}) -> Tensor",
    shrinkage_field_cpu.forward,
    lambda x, *rest: torch.empty_like(x),
    cuda=_forward_cuda,
    remember=_remember,
    backward=_differentiate,
)


def shrinkage_field_reference(
    x: Image, analysis: Bank, bias: Tensor, values: Tensor, synthesis: Bank, reach: float, outer: Tensor, circular: bool
) -> Image:
    """The same by torch's convolutions and gathers: what the compiled forms are held against."""
    u = F.conv2d(_continued(x, analysis, circular), analysis, bias)
    z = _curves(u.flatten(2), values, reach, outer).reshape(u.shape)
    return F.conv2d(_continued(z, synthesis, circular), synthesis.transpose(0, 1))


def _continued(x: Tensor, filters: Tensor, circular: bool) -> Tensor:
    margin = (filters.shape[-1] // 2,) * 4
    return F.pad(x, margin, mode="circular") if circular else F.pad(x, margin)


def _curves(u: Tensor, values: Tensor, reach: float, outer: Tensor) -> Tensor:
    last = values.shape[1] - 1
    position = (u + reach) * (last / (2 * reach))
    k = position.detach().nan_to_num().clamp(0, last - 1).long()
    left, right = (torch.gather(values.expand(u.shape[0], -1, -1), 2, i) for i in (k, k + 1))
    ends = values.detach()
    below = ends[:, :1] + outer[:, :1] * (u + reach)
    above = ends[:, -1:] + outer[:, 1:] * (u - reach)
    inside = left + (right - left) * (position - k)
    return torch.where(position < 0, below, torch.where(position >= last, above, inside))
