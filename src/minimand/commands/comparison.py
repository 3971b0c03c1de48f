"""What `compare` and `demo` share: run, print, report."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minimand.io import Images


def run_comparison(
    title: str,
    images: "Images",
    mask: str,
    methods: str,
    weights: str | None,
    *,
    noise: float = 0.0,
    seed: int = 0,
    report: Path | None = None,
    json: bool = False,
    force: bool = False,
) -> None:
    """Compare, print the table or its JSON, and write the report where one is asked for."""
    from minimand.commands.console import count, methods_of, network_of, note, print_json, print_scores
    from minimand.commands.progress import counting, working
    from minimand.io import check_folder
    from minimand.reconstruction.compare import compare
    from minimand.systems.mri.acquisition import sampled_by
    from minimand.systems.mri.sampling import read_sampling
    from minimand.systems.mri.scoring import require_window

    if report:
        check_folder(report, force)
    names = methods_of(methods)
    network = network_of(weights, names)
    measure = sampled_by(read_sampling(mask), seed, noise)
    for name, array in zip(images.names, images.arrays, strict=True):
        require_window(name, array.shape)
    with counting("comparing", len(names) * len(images), "reconstructions") as show:
        done = compare(
            images.arrays,
            measure,
            names,
            weights=weights,
            network=network,
            seed=seed,
            show=lambda name, k: show(name, names.index(name) * len(images) + k),
        )
    if report:
        from minimand.reconstruction.report import write_comparison
        from minimand.systems.mri.report import sampling_picture

        facts = [("sampling", mask), *([("noise", f"{noise:g} of the maximum")] if noise else [])]
        shown = [Path(name).name for name in images.names]
        with working("writing the report"):
            page = write_comparison(report, title, shown, done, facts, picture=sampling_picture, force=force)
        note(f"report: {page}")
    if json:
        print_json({"images": len(images), "methods": done.table()})
    else:
        mean = f": mean of {count(len(images), 'image')}" if len(images) > 1 else ""
        print_scores(f"{title}{mean}", done.table())
