"""What commands share at the console: notes and progress on stderr, tables and JSON on stdout."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def note(text: str) -> None:
    """One line for the user, on stderr."""
    print(f"note: {text}", file=sys.stderr)


def print_json(value: Mapping[str, Any]) -> None:
    """One JSON object on stdout."""
    print(json.dumps(value, allow_nan=False, default=str))


def print_scores(title: str, methods: Mapping[str, Mapping[str, float]]) -> None:
    """The table of means, methods down, figures across."""
    width = max(len(name) for name in (*methods, "method"))
    print(title)
    print(f"{'method':<{width}}  {'NMSE':>7}  {'PSNR dB':>7}  {'SSIM':>6}  {'seconds':>8}")
    for name, row in methods.items():
        print(f"{name:<{width}}  {row['nmse']:7.4f}  {row['psnr']:7.2f}  {row['ssim']:6.4f}  {row['seconds']:8.3f}")


@contextmanager
def counting(label: str, total: int) -> Iterator[Callable[[str, int], None]]:
    """A bar on stderr that counts images; shown only on a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(label, total=total)
        yield lambda text, done: bar.update(task, description=f"{label} {text}", completed=done)


def methods_of(text: str) -> list[str]:
    """The names in `a,b,c`. Raises InputError for an unknown, missing or repeated one."""
    from minimand.io import InputError
    from minimand.systems.mri.methods import require_known

    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise InputError("--methods names no method; write --methods zero-filled,tv,admm-net.")
    for name in names:
        require_known(name)
    return list(dict.fromkeys(names))


def sampling(spec: str, seed: int) -> "Callable[[tuple[int, int]], torch.Tensor]":
    """Masks by size, zero frequency at [0, 0], from `radial:R`, `cartesian:R`, `random:R`, `full` or FILE[:KEY].

    Raises InputError for a bad spec or file at once, and later for a file of another size than the image.
    """
    import torch

    from minimand.io import InputError, fit_mask, read_mask
    from minimand.operators.sampling import KINDS, parse_mask

    looks_like_file = Path(spec.partition(":")[0]).suffix != "" or Path(spec).exists()
    if spec.partition(":")[0] in KINDS or not looks_like_file:
        parse_mask(spec, (16, 16), seed=seed)
        return lambda size: parse_mask(spec, size, seed=seed)
    mask = read_mask(spec)
    if mask.ndim == 2 and mask[0, 0] and not mask[mask.shape[0] // 2, mask.shape[1] // 2]:
        raise InputError(f"{spec}: zero frequency seems to lie at [0, 0]; files have it in the centre: apply fftshift.")
    return lambda size: torch.fft.ifftshift(torch.from_numpy(fit_mask(mask, spec, 1, size)))


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
    from minimand.weights import load_weights

    if weights is None:
        return None
    network = str(load_weights(weights).card.get("network"))
    if network not in methods:
        raise InputError(
            f"--weights {weights}: are for {network}, which is not among the methods {', '.join(methods)}."
        )
    return network
