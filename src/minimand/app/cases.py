"""Measured images reconstructed by several methods, scored and shown: what the tabs MRI and imaging share."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from minimand.app.out import Out
from minimand.app.stages import stages
from minimand.io import InputError
from minimand.metrics import score
from minimand.operator import Operator
from minimand.reconstruction.methods import Method
from minimand.reconstruction.reconstruct import Reconstructed, card_warnings, reconstruct
from minimand.terms import LeastSquares
from minimand.weights.choice import terms_of


class Case(NamedTuple):
    """One image: what was measured of it, its truth where that is known, what it is multiplied by in files, and its
    place there.
    """

    name: str
    data: LeastSquares
    truth: Tensor | None
    gain: Tensor | float
    place: int


Results = dict[str, dict[int, np.ndarray]]  # method -> place -> image in units of the file


@torch.no_grad()
def reconstruct_cases(
    cases: Iterable[Case],
    total: int,
    names: Sequence[str],
    method_of: Callable[[str, LeastSquares], Method],
    picture: Callable[[Operator], Tensor | None],
    out: Out,
) -> Results:
    """Reconstruct every case by every method and show it; networks stage by stage on the first one.

    picture: of the sampling, shown beside the first case. A method that cannot do it is said, and the others go on.
    Raises InputError where none can.
    """
    results: Results = {}
    seconds = dict.fromkeys(names, 0.0)
    for done, case in enumerate(cases):
        scores: dict[str, dict[str, float]] = {}
        pictures, files = [], []
        if case.truth is not None:
            pictures.append(out.grey("truth", case.truth[0]))
        for k, name in enumerate(names):
            out.progress(done * len(names) + k, total * len(names), f"{name}, {case.name}")
            try:
                method = method_of(name, case.data)
                found = _by(method, case.data, out)
            except (InputError, TypeError, ValueError, ArithmeticError) as error:
                out.note(f"{name}: {' '.join(str(error).split())}")
                continue
            pictures.append(out.grey(name, found.images[0]))
            seconds[name] += found.seconds
            results.setdefault(name, {})[case.place] = (found.images[0].cpu() * case.gain).numpy()
            if case.truth is not None:
                scores[name] = {f: float(v) for f, v in score(found.images, case.truth, peak=1.0)._asdict().items()}
            if method.net is not None and done == 0:
                files.append(stages(method, case.data, case.truth, out))
        if done == 0 and (mask := picture(case.data.A)) is not None:
            pictures.append(out.grey("sampling", mask.numpy(), aside=True))
        mean = {name: seconds[name] / (done + 1) for name in scores}
        truth = None if case.truth is None else "truth"
        out.item(case.name, pictures, scores=scores, truth=truth, stages=files, seconds=mean)
    if not results:
        raise InputError("no method could reconstruct this; the notes say why.")
    return results


def _by(method: Method, data: LeastSquares, out: Out) -> Reconstructed:
    """One case by one method. Raises what the method raises, and ArithmeticError where it diverges."""
    size = (data.y.shape[-2], data.y.shape[-1])
    mask: Any = getattr(data.A, "mask", None)
    warnings = [] if mask is None else card_warnings(method, size, float(mask.double().mean()))
    for text in filter(None, (terms_of(method.card), *warnings)):
        out.note(text.replace("--method tv", "total variation"))
    found = reconstruct(data, method)
    if not bool(torch.isfinite(found.images).all()):
        raise ArithmeticError("diverged on this data.")
    return found
