"""Registration of compiled loops as torch operators: with autograd, and shapes for torch.compile and torch.export.

The low-level registration is used because `torch.library.custom_op` imports torch's compiler at the first call, which
costs every command some seconds.
"""

from collections.abc import Callable
from typing import Any

import torch

_LIBRARY = torch.library.Library("minimand", "FRAGMENT")  # lives as long as the process


def register(
    schema: str,
    cpu: Callable[..., Any],
    fake: Callable[..., Any],
    *,
    cuda: Callable[..., Any] | None = None,
    remember: Callable[[Any, tuple[Any, ...], Any], None] | None = None,
    backward: Callable[..., Any] | None = None,
) -> Callable[..., Any]:
    """The operator `minimand::name`, ready to call.

    schema: such as "analysis(Tensor x, Tensor filters) -> Tensor"; cpu, cuda: what computes there; fake: a
    result of the right shape; remember, backward: as in torch.library.register_autograd.
    """
    name = schema.partition("(")[0]
    _LIBRARY.define(schema)
    _LIBRARY.impl(name, cpu, "CPU")
    if cuda is not None:
        _LIBRARY.impl(name, cuda, "CUDA")
    torch.library.register_fake(f"minimand::{name}", fake, lib=_LIBRARY)
    if backward is not None:
        torch.library.register_autograd(f"minimand::{name}", backward, setup_context=remember, lib=_LIBRARY)
    operator: Callable[..., Any] = getattr(torch.ops.minimand, name).default
    return operator
