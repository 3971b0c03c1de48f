"""The learned rules as torch optimizers: `HyperAdam(model.parameters())` in place of `torch.optim.Adam(...)`."""

import math
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.optim import Optimizer

from minimand.algebra import leaves
from minimand.systems.optimizers.dmoptimizer import DMoptimizerStep
from minimand.systems.optimizers.hyperadam import HyperAdamStep
from minimand.systems.optimizers.learned import LearnedStep
from minimand.systems.optimizers.rnnprop import RNNpropStep
from minimand.systems.optimizers.rules import load_rule

Parameters = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]


class LearnedOptimizer(Optimizer):
    """What the three share. All parameters with a gradient are one vector: HyperAdam's norms go over all groups.

    lr: length of the moves, that of the rule unless given. weight_decay: decoupled, p <- p (1 - lr weight_decay) before
    the move. weights: those that ship for the rule, a file, or a rule of one's own. half_memory: what is remembered is
    kept in bfloat16. A parameter without a gradient is left alone; where any gradient is NaN or infinite, the whole
    step is skipped with a warning (`skipped` counts them) and nothing changes. Half-precision parameters are moved in
    single precision. Raises InputError for weights of another rule, ValueError for numbers out of range, TypeError for
    complex parameters, RuntimeError for sparse gradients.
    """

    rule_class: ClassVar[type[LearnedStep]]

    def __init__(
        self, params: Parameters, lr: float | None = None, *, weight_decay: float = 0.0,
        weights: str | Path | LearnedStep | None = None, half_memory: bool = False,
    ):  # fmt: skip
        name = self.rule_class.name
        if isinstance(weights, LearnedStep):
            if not isinstance(weights, self.rule_class):
                raise TypeError(
                    f"{type(self).__name__} takes a {self.rule_class.__name__}, got {type(weights).__name__}."
                )
            self.rule = weights
        else:
            self.rule = load_rule(name, None if weights is None else str(weights))[0]
        rate = abs(self.rule.rate) if lr is None else lr
        self.half_memory, self.skipped = half_memory, 0
        super().__init__(params, {"lr": rate, "weight_decay": weight_decay})

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters with their own lr and weight_decay, as in torch."""
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        for key in ("lr", "weight_decay"):
            if not (math.isfinite(float(group[key])) and group[key] >= 0):
                raise ValueError(f"{type(self).__name__} needs {key} >= 0 and finite, got {group[key]}.")
        for p in group["params"]:
            if not p.is_floating_point():
                raise TypeError(f"{type(self).__name__} learns real numbers, got a parameter of {p.dtype}.")

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move the parameters by the gradients that are there. closure: computes them and returns the loss."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        fed = [(group, p) for group in self.param_groups for p in group["params"] if p.grad is not None]
        gradients = [self._gradient(p) for _, p in fed]
        if not fed or not self._finite(gradients):
            return loss
        for device in {p.device for _, p in fed}:
            if next(self.rule.parameters()).device != device:
                self.rule = self.rule.to(device)
        memories = [self._memory(p) for _, p in fed]
        moves = self.rule.advance(list(zip(gradients, memories, strict=True)))
        for (group, p), move in zip(fed, moves, strict=True):
            if group["weight_decay"]:
                p.mul_(1 - group["lr"] * group["weight_decay"])
            p.sub_((math.copysign(group["lr"], self.rule.rate) * move).reshape(p.shape).to(p.dtype))
        return loss

    def memory_bytes(self) -> int:
        """Bytes that are remembered, or will be after the first step, for the parameters at hand."""
        count = sum(p.numel() for group in self.param_groups for p in group["params"])
        return count * sum(part.numel() for part in self._start(1)) * (2 if self.half_memory else 4)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As in torch. Raises ValueError for the state of another optimizer or of other parameters; nothing is changed
        then.
        """
        ids = [k for group in state_dict["param_groups"] for k in group["params"]]
        own = [p for group in self.param_groups for p in group["params"]]
        saved = {k: (p, state_dict["state"][k]) for k, p in zip(ids, own) if k in state_dict["state"]}
        for p, state in saved.values():
            found = [tuple(part.shape) for part in state.get("memory", ())]
            if found != [tuple(part.shape) for part in self._start(p.numel(), meta=True)]:
                raise ValueError(
                    f"{type(self).__name__} cannot go on from this state: it is of another optimizer or of other "
                    "parameters; load one of its own."
                )
        super().load_state_dict(state_dict)
        for p, state in saved.values():  # torch casts to the type of the parameter: take what was saved
            self.state[p]["memory"] = [part.detach().clone().to(p.device) for part in state["memory"]]

    def _gradient(self, p: Tensor) -> Tensor:
        assert p.grad is not None
        if p.grad.is_sparse:
            raise RuntimeError(f"{type(self).__name__} takes dense gradients, got a sparse one; make the layer dense.")
        return p.grad.detach().to(next(self.rule.parameters()).dtype).reshape(1, -1).contiguous()

    def _finite(self, gradients: list[Tensor]) -> bool:
        if all(bool(torch.isfinite(g).all()) for g in gradients):
            return True
        self.skipped += 1
        warnings.warn(
            f"{type(self).__name__}: a gradient is NaN or infinite; the step was skipped ({self.skipped} so far).",
            stacklevel=3,
        )
        return False

    def _memory(self, p: Tensor) -> Any:
        state = self.state[p]
        if "memory" not in state:
            dtype = torch.bfloat16 if self.half_memory else next(self.rule.parameters()).dtype
            state["memory"] = [part.to(p.device, dtype) for part in self._start(p.numel())]
        kind: Any = type(self.rule.remember(torch.zeros(1, 0)))
        return kind(*state["memory"])

    def _start(self, p: int, *, meta: bool = False) -> list[Tensor]:
        return leaves(self.rule.remember(torch.empty(1, p, device="meta" if meta else "cpu")))


class HyperAdam(LearnedOptimizer):
    """An ensemble of 20 Adams with learned, task-adaptive rates and weights. It remembers 120 numbers a parameter, 480
    bytes (Adam: 8); `half_memory` halves that, and `memory_bytes()` says what it comes to.

        optimizer = HyperAdam(model.parameters())

    The weights that ship were meta-trained on small networks, for runs of 100 to 200 steps.
    Source: Wang et al. (2019); see `HyperAdamStep`.
    """

    rule_class = HyperAdamStep


class RNNprop(LearnedOptimizer):
    """Adam and RMSProp weighed by a recurrent network; 83 numbers a parameter. Source: Lv, Jiang, Li (2017)."""

    rule_class = RNNpropStep


class DMoptimizer(LearnedOptimizer):
    """The first learned optimizer; 80 numbers a parameter. Source: Andrychowicz et al. (2016)."""

    rule_class = DMoptimizerStep
