"""`minimand convert`: the same numbers in another format."""

from pathlib import Path
from typing import Annotated

from typer import Argument

from minimand.commands.options import Force, Json


def convert(
    source: Annotated[str, Argument(metavar="A", help="File to read, FILE[:KEY][SLICE], or the folder of a series.")],
    target: Annotated[Path, Argument(metavar="B", help="File to write; the suffix says the format.")],
    json: Json = False,
    force: Force = False,
) -> None:
    """Change the format: `minimand convert series/ volume.nii.gz` keeps values and geometry, or says what not.

    Meshes, too: `minimand convert body.off body.ply`.
    """
    from minimand.commands.console import note, print_json
    from minimand.io import check_writable, make_record, write_array
    from minimand.io.convert import read_whole
    from minimand.io.meshes import MESHES

    if Path(source).suffix.lower() in MESHES:
        _convert_mesh(Path(source), target, json=json, force=force)
        return
    check_writable(target, force, record=True)
    stored, beside = read_whole(source)
    for text in stored.notes:
        note(text)
    record = make_record("convert", inputs=[source], options={})
    key = stored.key or "image"
    values = write_array(target, stored.array, key=key, like=stored, record=record, force=force, siblings=beside)
    shape = list(stored.array.shape)
    if json:
        print_json({"output": str(target), "format": stored.format, "shape": shape, "values": values})
    else:
        print(f"{target}: {' x '.join(map(str, shape))} from {stored.format}; {values}")


def _convert_mesh(source: Path, target: Path, *, json: bool, force: bool) -> None:
    from minimand.commands.console import note, print_json
    from minimand.io import make_record
    from minimand.io.mesh_write import check_mesh_output, write_mesh
    from minimand.io.meshes import read_mesh

    check_mesh_output(target, force, record=True)
    mesh = read_mesh(source)
    for text in mesh.notes:
        note(text)
    record = make_record("convert", inputs=[source], options={})
    values = write_mesh(target, mesh, record=record, force=force)
    counts = {"vertices": len(mesh.vertices), "faces": len(mesh.faces)}
    if json:
        print_json({"output": str(target), "format": source.suffix.lower()[1:].upper(), **counts, "values": values})
    else:
        print(f"{target}: {counts['vertices']} vertices, {counts['faces']} triangles; {values}")
