"""The tab for CT from MR: a virtual head, whose CT is known, or an MR volume."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from minimand.app.downloads import download
from minimand.app.out import Out, Source
from minimand.app.tab_mri import chosen
from minimand.io import InputError
from minimand.systems.synthesis.heads import virtual_head
from minimand.systems.synthesis.intensity import Range, unit_mr
from minimand.systems.synthesis.subjects import Subject, read_volume
from minimand.systems.synthesis.synthesize import load_network, sides_of, synthesize, usual_weights
from minimand.systems.synthesis.template import made_template

MOST = 40_000_000  # voxels
TRUE, MADE = "true CT", "CT made from MR"
UNLIKE = (
    "This head is made of ellipsoids. The network learned heads bent from a template; it is worse here, at about "
    "85 HU, and has about 50 HU on heads such as it learned."
)
LOW, HIGH = -1000.0, 1000.0  # HU that are black and white


@torch.no_grad()
def run(options: Mapping[str, Any], source: Source | None, out: Out) -> None:
    """Do what the form says. Raises InputError for a file that is no MR volume."""
    out.progress(0, 2, "reading")
    net, card = load_network(usual_weights(None))
    span = Range(*map(float, card["range"]))
    subject, truth = _subject(options, source)
    if use := card.get("use"):
        out.note(f"{card['name']}: {use}")
    for note in subject.notes:
        out.note(note)
    out.progress(1, 2, "synthesizing")
    made = span.value(synthesize(net, unit_mr(subject), sides_of(card)))
    bright = float(np.quantile(subject.volume.numpy(), 0.998)) or 1.0
    for k in chosen(len(made), "8"):
        pictures = [out.grey("MR", upright(subject.volume[k]) / bright), out.grey(MADE, _window(made[k]))]
        scores = {}
        if truth is not None:
            pictures.insert(0, out.grey(TRUE, _window(truth[k])))
            scores[MADE] = {"mae": float((made[k] - truth[k]).abs().mean())}
        out.item(
            f"slice {k}", pictures, scores=scores, truth=None if truth is None else TRUE,
            labels={"mae": ["MAE, HU", 1, -1]},
        )  # fmt: skip
    files = [stored.path for stored in subject.files]
    where = download(
        out, "mr-ct", ".npz", made.numpy(), options=options, source=source, example="", files=files,
        weights=card.get("name"),
    )  # fmt: skip
    out.done([("network", str(card["name"])), ("shown", f"CT from {LOW:g} to {HIGH:g} HU")], [where])


def _window(ct: torch.Tensor) -> np.ndarray:
    """A slice in HU as 0 to 1, upright."""
    return ((upright(ct) - LOW) / (HIGH - LOW)).clamp(0, 1).numpy()


def upright(slice: torch.Tensor) -> torch.Tensor:
    """A slice, (left to right, back to front), as it is looked at: the front on top. The network sees it as it lies."""
    return torch.rot90(slice)


def _subject(options: Mapping[str, Any], source: Source | None) -> tuple[Subject, torch.Tensor | None]:
    """MR, and CT where it is known."""
    if source is None:
        head = virtual_head(made_template(), options["seed"], contrast=options["contrast"])
        return Subject("virtual head", head.mr, notes=[UNLIKE]), head.ct
    subject = read_volume(source.path)
    if subject.volume.numel() > MOST:
        raise InputError(f"{source.path}: more than {MOST / 1e6:g} million voxels; use minimand synthesize.")
    return subject, None
