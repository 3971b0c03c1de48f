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
    from minimand.commands.console import counting, methods_of, network_of, note, print_json, print_scores, sampling
    from minimand.io import check_folder
    from minimand.systems.mri.compare import compare

    if report:
        check_folder(report, force)
    names = methods_of(methods)
    network = network_of(weights, names)
    draw = sampling(mask, seed)
    with counting("comparing", len(images)) as show:
        done = compare(images.arrays, draw, names, weights=weights, network=network, noise=noise, seed=seed, show=show)
    page = write_report(report, title, images, done, mask, weights, force) if report else None
    if json:
        print_json({"images": len(images), "methods": done.table()})
    else:
        print_scores(f"{title}: mean of {len(images)} images", done.table())
    if page:
        note(f"report: {page}")


def write_report(folder: Path, title: str, images: "Images", done, mask: str, weights: str | None, force: bool) -> Path:  # type: ignore[no-untyped-def]
    """index.html and summary.png in `folder`; the network is shown on the first image in the report."""
    from minimand.io import atomic_writer, ensure_folder_for_report, write_text_atomic
    from minimand.systems.mri.compare import simulate
    from minimand.systems.mri.methods import get_method
    from minimand.systems.mri.networks import NETWORKS
    from minimand.systems.mri.reconstruct import data_term
    from minimand.systems.mri.report import SHOWN, comparison_picture, comparison_report, network_view, spread

    k = min(spread(len(images), SHOWN))
    view, facts = None, [("sampling", mask), ("images", str(len(images)))]
    for name in (n for n in done.results if n in NETWORKS):
        method = get_method(name, weights=weights)
        truth = done.images[k]
        data = data_term(simulate(truth[None], done.masks[k]), done.masks[k], not truth.is_complex())
        view = network_view(method, data, images.names[k], truth)
        facts.append((f"weights of {name}", str(method.card.get("name", weights))))
    folder = ensure_folder_for_report(folder, force)
    names = [Path(n).name for n in images.names]
    write_text_atomic(folder / "index.html", comparison_report(title, names, done, facts, view), force)
    best = sorted(range(len(names)), key=lambda i: float(done.images[i].abs().sum()))[-1]
    with atomic_writer(folder / "summary.png", force) as file:
        file.write(comparison_picture(names, done, best))
    return folder / "index.html"
