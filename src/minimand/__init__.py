"""Minimand: energy + algorithm = network."""

from importlib import import_module
from typing import Any

_HOME = {
    "Operator": "operator",
    "Term": "term",
    "Energy": "energy",
    "Step": "step",
    "solve": "loops",
    "Unroll": "loops",
    "Equilibrium": "loops",
    "LeastSquares": "terms",
    "ADMM": "steps",
    "ProximalGradient": "steps",
    "PrimalDual": "steps",
    "Descent": "steps",
}
__all__ = [*_HOME, "__version__"]


def __getattr__(name: str) -> Any:
    """Import the core names on first use (PEP 562), so that `import minimand` and `--help` stay fast."""
    if name == "__version__":
        from importlib.metadata import version

        return version("minimand")
    if name not in _HOME:
        raise AttributeError(f"module 'minimand' has no attribute {name!r}")
    return getattr(import_module(f"minimand.{_HOME[name]}"), name)
