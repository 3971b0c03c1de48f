"""Numbers of steps and terms that must stay positive while they are learned."""

from typing import Any, overload

import torch
from torch import Tensor, nn


class Positive:
    """A positive number (or tensor) of a module, stored as the parameter `log_<name>` and read through an exponential.

    Used at class level, `rho = Positive()`, and set in the constructor, `self.rho = 0.2`. Raises ValueError for a value
    that is not positive and finite.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, module: None, owner: type) -> "Positive": ...
    @overload
    def __get__(self, module: nn.Module, owner: type) -> Tensor: ...
    def __get__(self, module: nn.Module | None, owner: type) -> "Tensor | Positive":
        if module is None:
            return self
        log: Tensor = getattr(module, f"log_{self.name}")
        return log.exp()

    def __set__(self, module: nn.Module, value: Any) -> None:
        number = torch.as_tensor(value, dtype=torch.get_default_dtype())
        if not bool((torch.isfinite(number) & (number > 0)).all()):
            raise ValueError(f"{type(module).__name__}.{self.name} must be positive and finite, got {value}.")
        module.register_parameter(f"log_{self.name}", nn.Parameter(number.detach().log()))
