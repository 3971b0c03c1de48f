"""`minimand export`: a network as a file that runs without Minimand."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from minimand.commands.options import Force, Json


def export(
    weights: Annotated[str, Argument(metavar="WEIGHTS", help="Name of shipped weights, or a file.")],
    output: Annotated[Path, Option("-o", "--output", metavar="FILE", help="File to write, .pt2 or .onnx.")],
    phase: Annotated[
        bool, Option("--phase", help="Networks for k-space: complex images [default: images without phase].")
    ] = False,
    json: Json = False,
    force: Force = False,
) -> None:
    """Export a network to other runtimes: `minimand export admm-net -o net.onnx`.

    .pt2 is a program of torch.export, .onnx runs in onnxruntime and others; both take images of any size. What was
    written is run at three sizes and held against the network.
    """
    from minimand.commands.console import note, print_json
    from minimand.commands.progress import working
    from minimand.io import make_record, write_record
    from minimand.reconstruction.export import check_export
    from minimand.reconstruction.export import export as run
    from minimand.weights.choice import terms_of

    check_export(output, force)
    with working("exporting"):
        found = run(weights, output, real=not phase, force=force)
    if terms := terms_of(found.card):
        note(terms)
    options = {"phase": phase, "weights_sha256": found.card.get("sha256")}
    write_record(output, make_record("export", inputs=[output], options=options, weights=weights), force)
    if json:
        facts = {"bytes": found.size, "difference": found.difference}
        print_json({"output": str(output), "network": found.card.get("network"), **facts})
        return
    mib = found.size / 2**20
    print(f"{output}: {found.card.get('network')}, {mib:.2f} MiB; differs from the network by {found.difference:.1e}")
