"""Sampling rates as text."""


def parse_rate(what: str, spec: str, kind: str, text: str) -> float:
    """The rate in (0, 1] that `0.2` or `20%` means, as `text` in the spec of a mask or operator of some kind.

    Raises ValueError, one line, naming what the spec is and what to write instead.
    """
    number = text.strip()
    percent = number.endswith("%")
    try:
        rate = float(number.removesuffix("%")) / (100 if percent else 1)
    except ValueError:
        raise ValueError(
            f"{what} {spec!r}: needs a rate in (0, 1], got {text!r}; write {kind}:0.2 or {kind}:20%."
        ) from None
    if not 0 < rate <= 1:
        meant = f"{kind}:{rate:g}%" if 1 < rate <= 100 and not percent else f"{kind}:0.2 or {kind}:20%"
        raise ValueError(f"{what} {spec!r}: the rate must be in (0, 1], got {number}; write {meant}.")
    return rate
