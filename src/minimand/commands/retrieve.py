"""`minimand retrieve`: find a shape again in a collection."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from minimand.commands.options import Force, Json, Report, Weights

if TYPE_CHECKING:
    from minimand.systems.shapes.index import Index
    from minimand.systems.shapes.methods import Method


def retrieve(
    query: Annotated[
        Path | None, Argument(metavar="QUERY", help="A shape: .off .obj .ply .stl, a surface or points.")
    ] = None,
    collection: Annotated[
        Path, Option(metavar="FOLDER", help="Folder of shapes, sub-folders being classes; or a set of meshes, .npz.")
    ] = Path(),
    method: Annotated[
        str | None,
        Option(
            metavar="NAME", help="st-net, wks, log-wks, hks, si-hks, shape-dna [default: st-net; log-wks for scans]."
        ),
    ] = None,
    weights: Weights = None,
    top: Annotated[int, Option(metavar="N", help="How many to show.", min=1)] = 10,
    evaluate: Annotated[
        bool, Option("--evaluate", help="In place of a query: ask for every shape, and score what is found by class.")
    ] = False,
    partial: Annotated[
        bool, Option("--partial", help="QUERY is a scan from one side: compare it with 12 such views of each shape.")
    ] = False,
    sheet: Annotated[Path | None, Option(metavar="PNG", help="Write a contact sheet of query and results.")] = None,
    report: Report = None,
    json: Json = False,
    force: Force = False,
) -> None:
    """Find shapes like one: `minimand retrieve scan.ply --collection shapes/ --top 10`.

    The collection is indexed once and brought up to date when files change. With --evaluate every shape is looked for
    among the others: nearest neighbour, first and second tier, E-measure and DCG in percent. A scan that shows one side
    is found with --partial, by views of every shape from all around; with --evaluate each of these views is looked for.
    """
    from minimand.commands.console import note, print_json, require_one_of
    from minimand.systems.shapes import search
    from minimand.systems.shapes.methods import FOR_SCANS, NAMES, get_method
    from minimand.systems.shapes.network import NETWORK
    from minimand.systems.shapes.results import found_by, read_query, write_report, write_sheet
    from minimand.systems.shapes.views import VIEWS

    method = method or (FOR_SCANS if partial else NETWORK)
    require_one_of("method", method, NAMES)
    _check(query, evaluate, sheet, report, force)
    describe, label = get_method(method, weights)
    views = VIEWS if partial else 0
    asked = read_query(query, describe) if query else None
    index = _index(collection, describe, label, views)
    if asked is None:
        figures = search.evaluate(index, views)
        if json:
            print_json(figures)
        else:
            _print_figures(figures, len(index.entries), search.ceiling(index))
        return
    found = found_by(asked, index, f"{method}, {views} views" if partial else method, top)
    for text in found.notes:
        note(text)
    if sheet:
        write_sheet(sheet, found, force=force)
        note(f"contact sheet: {sheet}")
    if report:
        note(f"report: {write_report(report, found, force=force)}")
    if json:
        print_json(found.as_json())
    else:
        for hit in found.hits:
            print(f"{hit.rank:>3}  {hit.distance:9.4f}  {hit.entry.label or '-':<12}  {hit.entry.name}")


def _check(query: Path | None, evaluate: bool, sheet: Path | None, report: Path | None, force: bool) -> None:
    """Raise InputError for options that do not go together, or would overwrite."""
    from minimand.io import InputError, check_folder, check_output

    if evaluate is (query is not None):
        raise InputError("name a shape to look for, or leave it out and write --evaluate.")
    if evaluate and (sheet or report):
        raise InputError("--sheet and --report show what a query finds; leave them out with --evaluate.")
    if sheet:
        check_output(sheet, force)
    if report:
        check_folder(report, force)


def _index(collection: Path, method: "Method", label: str, views: int) -> "Index":
    """The index, brought up to date; what was done to surfaces and what had to be left out are told."""
    from minimand.commands.console import note
    from minimand.commands.progress import counting
    from minimand.systems.shapes.collection import read_collection
    from minimand.systems.shapes.index import indexed

    entries = read_collection(collection)
    with counting("indexing", len(entries), "shapes") as show:
        index = indexed(collection, entries, label, method, show, views)
    for text in index.notes:
        note(text)
    for text in index.failed:
        note(f"left out: {text}")
    return index


def _print_figures(figures: dict[str, Any], shapes: int, ceiling: float) -> None:
    print(f"{shapes} shapes, each looked for among the others; percent")
    print(f"{'NN':>6}  {'1-T':>6}  {'2-T':>6}  {'E-M':>6}  {'DCG':>6}")
    print("  ".join(f"{value:6.2f}" for value in figures.values()))
    print(f"E-M cannot exceed {ceiling:.2f}: it looks at 32 results, and classes are smaller")


def print_shape_scores(found: dict[str, Any], *, json: bool) -> None:
    """Means over the seeds with the spread of the first tier, set by set, and the talk's figures on other bodies."""
    from minimand.commands.console import print_json

    if json:
        print_json(found)
        return
    print(f"{found['table']}, percent, mean of {found['seeds']} seeds; published: {found['source']}")
    before = ""
    for row in found["rows"]:
        if (now := f"{row['set']}, {row['protocol']}") != before:
            print(f"{now:<60}  {'NN':>6}  {'1-T':>14}  {'2-T':>6}  {'E-M':>6}  {'DCG':>6}    published 1-T")
            before = now
        tier = f"{row['first_tier']:.2f} +- {row['first_tier_spread']:.2f}"
        others = "  ".join(f"{row[name]:6.2f}" for name in ("second_tier", "e_measure", "dcg"))
        published = " / ".join(f"{value:.2f}" for value in row["published"].values()) or "-"
        print(f"{row['method']:<60}  {row['nn']:6.2f}  {tier:>14}  {others}    {published}")
        if ahead := row.get("against_unlearned"):
            difference = f"{ahead['first_tier']:+.2f} +- {ahead['spread']:.2f}"
            print(f"  first tier against {ahead['method']}, the best that learns nothing, seed by seed: {difference}")
