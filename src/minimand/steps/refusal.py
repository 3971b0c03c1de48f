"""What a step says to an energy that it cannot handle: what it needs, what it got, and which step would work."""

from minimand.energy import Energy
from minimand.term import Composed


def refusal(step: str, needs: str, energy: Energy) -> TypeError:
    """The error of a step that needs what the energy does not have."""
    able = who_can(energy)
    advice = f"use {' or '.join(able)}" if able else "no step can: give its terms what they lack"
    return TypeError(f"{step} needs {needs}; {advice}.")


def who_can(energy: Energy) -> list[str]:
    """Names of the general steps that can handle the energy, the fastest first."""
    data, terms = energy.data.offers(), [g for g, _ in energy.priors]
    split = bool(terms) and all("prox" in g.offers() for g in terms)
    alone = len(terms) == 1 and "prox" in Composed(*energy.priors[0]).offers()
    able = {
        "ADMM": split and hasattr(energy.data, "minimise"),
        "ProximalGradient": alone and "grad" in data,
        "SplitADMM": split and "prox" in data,
        "NestedFISTA": split and "grad" in data,
        "PrimalDual": split and "prox" in data,
        "Descent": "grad" in energy.offers(),
    }
    return [name for name, can in able.items() if can]
