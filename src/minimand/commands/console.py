"""What commands share at the console: notes on stderr, tables and JSON on stdout, names in options."""

import difflib
import json
import math
import sys
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

typed: ContextVar[Sequence[str]] = ContextVar("typed", default=())  # the words of the command line, for cards


def note(text: str) -> None:
    """One line for the user, on stderr."""
    print(f"note: {text}", file=sys.stderr)


def require_one_of(what: str, name: str, names: Sequence[str]) -> None:
    """Raise InputError for a name that is not among the known ones, with the nearest."""
    from minimand.io import InputError

    if name not in names:
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.3)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise InputError(f"there is no {what} {name!r}.{hint} Known: {', '.join(names)}.")


def print_json(value: Mapping[str, Any]) -> None:
    """One JSON object on stdout; a number that is not finite (the PSNR of a perfect image) is null."""
    print(json.dumps(_finite(value), allow_nan=False, default=str))


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _finite(v) for name, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def print_scores(title: str, methods: Mapping[str, Mapping[str, float]]) -> None:
    """The table of means, methods down, figures across."""
    width = max(len(name) for name in (*methods, "method"))
    print(title)
    print(f"{'method':<{width}}  {'NMSE':>7}  {'PSNR dB':>7}  {'SSIM':>6}  {'seconds':>8}")
    for name, row in methods.items():
        print(f"{name:<{width}}  {row['nmse']:7.4f}  {row['psnr']:7.2f}  {row['ssim']:6.4f}  {row['seconds']:8.4f}")


def count(n: int, noun: str) -> str:
    """`1 slice`, `2 slices`."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def methods_of(text: str) -> list[str]:
    """The names in `a,b,c`, each once. Raises InputError for an unknown or missing one."""
    from minimand.io import InputError
    from minimand.reconstruction.methods import require_known

    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise InputError("--methods names no method; write --methods zero-filled,tv,admm-net.")
    for name in names:
        require_known(name)
    return list(dict.fromkeys(names))


def device_of(name: str) -> "torch.device":
    """The device of --device: auto takes the GPU where there is one. Raises InputError where it is not there."""
    import torch

    from minimand.io import InputError

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name not in ("cpu", "cuda"):
        raise InputError(f"--device {name}: choose auto, cpu or cuda.")
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("--device cuda: this machine offers no CUDA device to torch; choose auto or cpu.")
    return torch.device(name)


def network_of(weights: str | None, methods: Sequence[str]) -> str | None:
    """The method that --weights applies to, by their card. Raises InputError where it is not among the methods."""
    from minimand.io import InputError
    from minimand.reconstruction.methods import method_of
    from minimand.weights import load_weights

    if weights is None:
        return None
    network = method_of(load_weights(weights).card)
    if network not in methods:
        raise InputError(
            f"--weights {weights}: are for {network}, which is not among the methods {', '.join(methods)}."
        )
    return network
