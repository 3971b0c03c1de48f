"""`minimand doctor`: what this installation can do here."""

import platform
import time
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from minimand.commands.options import Json

EXTRAS = {  # by distribution
    "distributed": "many scans on many processes (extra batch)",
    "finufft": "k-space off the grid (extra nufft)",
    "fastapi": "the web page (extra app)",
    "onnxruntime": "exported networks (extra export)",
    "triton": "kernels on GPUs",
}
CLOSE = 1e-5


def doctor(json: Json = False) -> None:
    """Look at the installation: `minimand doctor` tells versions, threads, GPU, kernels, extras and networks."""
    from minimand.commands.console import print_json
    from minimand.commands.progress import working
    from minimand.io.limits import free_bytes
    from minimand.io.record import versions
    from minimand.kernels import threads
    from minimand.weights import shipped

    with working("compiling a kernel"):
        kernel = check_kernel()
    found: dict[str, Any] = {
        "versions": versions(),
        "system": f"{platform.system()} {platform.machine()}",
        "memory_free_gib": round(free_bytes() / 2**30, 1),
        "threads": {"torch": _torch_threads(), "kernels": threads.count()},
        "gpu": _gpu(),
        "kernel": kernel,
        "extras": {name: _installed(name) for name in EXTRAS},
        "networks": list(shipped()),
    }
    if json:
        print_json(found)
        return
    extras = found.pop("extras")
    for name, value in found.items():
        print(f"{name.replace('_', ' ')}: {_text(value)}")
    for name, what in EXTRAS.items():
        print(f"for {what}: {name} {extras[name] or 'is not installed'}")


def check_kernel() -> dict[str, Any]:
    """The shrinkage field, compiled, against plain torch: largest difference, seconds with and without compiling."""
    import torch

    from minimand.kernels.shrinkage_field import shrinkage_field, shrinkage_field_reference

    generator = torch.Generator().manual_seed(0)
    x = torch.randn(1, 1, 64, 64, generator=generator)
    filters = 0.2 * torch.randn(2, 8, 1, 5, 5, generator=generator)
    values = torch.randn(8, 31, generator=generator)
    bias, slopes = torch.zeros(8), torch.ones(8, 2)
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        y = shrinkage_field(x, filters[0], bias, values, filters[1])
        seconds.append(round(time.perf_counter() - start, 4))
    plain = shrinkage_field_reference(x, filters[0], bias, values, filters[1], 1.0, slopes, False)
    difference = float((y - plain).abs().max() / plain.abs().max())
    return {"equal": difference <= CLOSE, "difference": difference, "first_seconds": seconds[0], "seconds": seconds[1]}


def _torch_threads() -> int:
    import torch

    return torch.get_num_threads()


def _gpu() -> str | None:
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else None


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _text(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {each}" for name, each in value.items())
    return ", ".join(value) if isinstance(value, list) else "none" if value is None else str(value)
