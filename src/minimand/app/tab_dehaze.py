"""The tab for haze: it is taken off a photograph, or off one that was clear before."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from minimand.app.downloads import download
from minimand.app.out import Out, Source
from minimand.app.sample import NAME, sample_picture
from minimand.io import InputError, read_array
from minimand.io.photographs import read_photograph
from minimand.metrics import psnr
from minimand.systems.dehazing.dehaze import CLASSICAL, dehaze
from minimand.systems.dehazing.haze import add_haze, transmission

AIRLIGHT = (0.90, 0.92, 0.95)
MOST = 8_000_000  # pixels


def run(options: Mapping[str, Any], source: Source | None, out: Out) -> None:
    """Do what the form says. Raises InputError for a file that is no colour picture."""
    picture = _picture(source)
    adds = source is None or options["haze"] == "added"
    clear = torch.from_numpy(picture).permute(2, 0, 1)
    I = hazy(clear, options["density"]) if adds else clear
    shown = [("truth", clear)] if adds else []
    shown.append(("hazy", I))
    pictures = [out.colour(name, x.permute(1, 2, 0).numpy()) for name, x in shown]
    scores = {"hazy": {"psnr": float(psnr(I[None], clear[None], 1.0))}} if adds else {}
    names, downloads = options["methods"], []
    for k, name in enumerate(names):
        out.progress(k, len(names), name)
        found = dehaze(I, CLASSICAL[name], strength=options["strength"])
        pictures.append(out.colour(name, found.J.permute(1, 2, 0).numpy()))
        pictures.append(out.grey(f"transmission, {name}", found.T.numpy(), aside=True))
        if adds:
            scores[name] = {"psnr": float(psnr(found.J[None], clear[None], 1.0))}
        red, green, blue = found.A.tolist()
        out.note(
            f"{name}: haze of the colour {red:.2f} {green:.2f} {blue:.2f}, transmission {float(found.T.mean()):.2f}"
        )
        path = source.path if source else sample_picture().path
        array = np.rint(255 * found.J.permute(1, 2, 0).numpy()).astype(np.uint8)
        downloads.append(
            download(
                out, name, ".png", array, options={**options, "method": name}, source=source, example=NAME,
                files=[path], like=read_array(path),
            )
        )  # fmt: skip
    out.item("picture", pictures, scores=scores, truth="truth" if adds else None)
    out.done([("haze", f"added, density {options['density']:g}" if adds else "the picture's own")], downloads)


def hazy(clear: torch.Tensor, density: float) -> torch.Tensor:
    """The picture (3, height, width) in haze whose depth is made up: it falls from the top to the bottom."""
    high, wide = clear.shape[1:]
    depth = torch.linspace(1, 0.1, high)[None, :, None].expand(1, high, wide)
    return add_haze(clear[None], transmission(depth, density), torch.tensor([AIRLIGHT]))[0]


def _picture(source: Source | None) -> np.ndarray:
    """(height, width, 3), float32 from 0 to 1."""
    if source is None:
        return sample_picture().array.astype(np.float32) / 255
    photograph = read_photograph(source.path)
    picture = photograph.unit()
    if picture.shape[2] != 3:
        raise InputError(f"{source.path}: is grey; haze is taken off colour pictures.")
    if picture.shape[0] * picture.shape[1] > MOST:
        raise InputError(f"{source.path}: more than {MOST / 1e6:g} million pixels; use minimand dehaze.")
    return picture
