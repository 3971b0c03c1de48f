"""The card of a trained network: what it is, what it was learned from and how well it does."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from minimand.io import Images
from minimand.reconstruction.acquisition import Acquisition
from minimand.reconstruction.compare import compare

LOSS = "mean ||x - t|| / ||t||"
HELD_OUT = "mean ||A2 x - y2|| / ||y2||, l1 and l2, over held-out measurements y2, x from the others; no truth"
PHASES = (
    "made, not measured: smooth random phases and weak noise on the magnitudes of real images; complex images keep "
    "their own beside"
)


def describe(
    network: str,
    arguments: Mapping[str, int],
    sampling: Sequence[str],
    rates: Sequence[float],
    sizes: Sequence[tuple[int, int]],
    *,
    loss: str = LOSS,
    training: Mapping[str, Any],
    validation: Mapping[str, Any],
) -> dict[str, Any]:
    """The card without its name. rates, sizes: of what was learned or chosen on; their extremes become `suits` (share
    of the measurements) and `sides` (pixels). validation: with `score`, in dB.
    """
    depth, ways = arguments["depth"], sorted(set(sampling))
    score = f"{validation['psnr']:.2f} dB" if "psnr" in validation else f"{validation['heldout']:.2f} dB held out"
    return {
        "network": network,
        "summary": f"{depth} stage{'s' * (depth > 1)}, {', '.join(ways) or 'as measured'}; validation {score}",
        "arguments": dict(arguments),
        "sampling": ways,
        "suits": [min(rates), max(rates)],
        "sides": [min(map(min, sizes)), max(map(max, sizes))],
        "loss": loss,
        "training": dict(training),
        "validation": dict(validation),
    }


def figures(network: str, spec: str, images: Images, acquisition: Acquisition, weights: Path) -> list[dict[str, Any]]:
    """Mean scores of a network, TV and zero-filling on test images measured in each way."""
    rows, peaks = [], acquisition.peaks(images) if acquisition.peaks else None
    for text, trial in sorted(acquisition.trials.items()):
        methods = ["zero-filled", "tv", network]
        done = compare(images.arrays, trial, methods, weights=str(weights), network=network, peaks=peaks)
        means = {name: {k: round(v, 4) for k, v in row.items()} for name, row in done.table().items()}
        rows.append({"images": spec, "count": len(images), "mask": text, **means})
    return rows


def origin(start: Mapping[str, Any]) -> dict[str, Any] | None:
    """The training that a start came from, as its card tells it."""
    return start.get("training") or ({"command": start["command"]} if "command" in start else None)
