"""What `compare` and `demo` share: run, print, report."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minimand.io import Images
    from minimand.reconstruction.acquisition import Measure
    from minimand.reconstruction.report import Picture


@dataclass(frozen=True)
class Way:
    """How images are measured: as typed, in code, in a picture, and what counts as 1 in them (None: their maximum)."""

    name: str
    measure: "Measure"
    picture: "Picture"
    noise: float = 0.0
    seed: int = 0
    peaks: Sequence[float] | None = None


def by_mask(mask: str, *, noise: float = 0.0, seed: int = 0) -> Way:
    """K-space under a mask."""
    from minimand.systems.mri.acquisition import sampled_by
    from minimand.systems.mri.report import sampling_picture
    from minimand.systems.mri.sampling import read_sampling

    return Way(mask, sampled_by(read_sampling(mask), seed, noise), sampling_picture, noise, seed)


def by_operator(operator: str, images: "Images", *, noise: float = 0.0, seed: int = 0) -> Way:
    """Compressive measurements of natural images."""
    from minimand.reconstruction.white import white_levels
    from minimand.systems.imaging.acquisition import frequencies_picture, read_operator, sensed_by

    measure = sensed_by(read_operator(operator), seed, noise)
    return Way(operator, measure, frequencies_picture, noise, seed, white_levels(images))


def run_comparison(
    title: str,
    images: "Images",
    way: Way,
    methods: str,
    weights: str | None,
    *,
    report: Path | None = None,
    json: bool = False,
    force: bool = False,
) -> None:
    """Compare, print the table or its JSON, and write the report where one is asked for."""
    from minimand.commands.console import count, methods_of, network_of, note, print_json, print_scores
    from minimand.commands.progress import counting, working
    from minimand.io import check_folder
    from minimand.reconstruction.compare import compare
    from minimand.systems.mri.scoring import require_window
    from minimand.weights.choice import terms_of

    if report:
        check_folder(report, force)
    names = methods_of(methods)
    weights = weights_for(weights, names, way)
    network = network_of(weights, names)
    for name, array in zip(images.names, images.arrays, strict=True):
        require_window(name, array.shape)
    with counting("comparing", len(names) * len(images), "reconstructions") as show:
        done = compare(
            images.arrays,
            way.measure,
            names,
            weights=weights,
            network=network,
            peaks=way.peaks,
            seed=way.seed,
            show=lambda name, k: show(name, names.index(name) * len(images) + k),
        )
    for text in filter(None, (terms_of(method.card) for method in done.methods.values())):
        note(text)
    if report:
        from minimand.reconstruction.report import write_comparison

        unit = "the maximum" if way.peaks is None else "white"
        facts = [("sampling", way.name), *([("noise", f"{way.noise:g} of {unit}")] if way.noise else [])]
        shown = [Path(name).name for name in images.names]
        with working("writing the report"):
            page = write_comparison(report, title, shown, done, facts, picture=way.picture, force=force)
        note(f"report: {page}")
    if json:
        print_json({"images": len(images), "methods": done.table()})
    else:
        mean = f": mean of {count(len(images), 'image')}" if len(images) > 1 else ""
        print_scores(f"{title}{mean}", done.table())


def weights_for(weights: str | None, names: Sequence[str], way: Way) -> str | None:
    """The weights that a comparison loads: those asked for, those for research, or those that ship for an operator.

    Raises InputError where a learned method would be left without any.
    """
    from minimand.commands.console import network_of
    from minimand.io import InputError
    from minimand.reconstruction.methods import LEARNED
    from minimand.reconstruction.networks import NETWORKS
    from minimand.weights.choice import RESEARCH, research_weights, usual_weights

    learned = [name for name in names if name in LEARNED]
    if weights == RESEARCH:
        if len(learned) != 1:
            raise InputError(
                f"--weights research needs one learned method among --methods, got {', '.join(learned) or 'none'}."
            )
        return str(denoiser_for_research() if learned == ["ldamp"] else research_weights(learned[0], way.name))
    learned = [name for name in learned if name in NETWORKS]  # ldamp has one denoiser for every operator
    if way.peaks is None:
        return weights
    bare = [name for name in learned if name != network_of(weights, names)]
    if weights is None and len(bare) == 1:
        return usual_weights(bare[0], way.name)
    if bare:
        raise InputError(f"--operator {way.name}: compare one learned method at a time, got {', '.join(learned)}.")
    return weights


def denoiser_for_research() -> Path:
    """File of the denoiser for research use that learned most levels of noise. Raises InputError where none did."""
    from minimand.io import InputError
    from minimand.reconstruction.denoisers import of_any_noise
    from minimand.weights import research

    found = research()
    name = of_any_noise(found)
    if name is None:
        raise InputError(
            "--weights research: no denoiser for many levels of noise is at hand; make one: minimand train foe --data "
            "PICTURES --sigma 5:60 -o mine.safetensors."
        )
    return found[name]
