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
    """Change the format: `minimand convert series/ volume.nii.gz` keeps values and geometry, or says what not."""
    from minimand.commands.console import note, print_json
    from minimand.io import check_writable, make_record, write_array
    from minimand.io.convert import read_whole

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
