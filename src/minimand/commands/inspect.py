"""`minimand inspect`: what a file holds."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

from typer import Argument

from minimand.commands.options import Json


def inspect(
    file: Annotated[
        str, Argument(metavar="FILE", help="Any file of images, k-space, masks or weights: FILE[:KEY][SLICE].")
    ],
    json: Json = False,
) -> None:
    """Look into a file: `minimand inspect scan.h5` says what it is, its sizes and what Minimand would do with it."""
    from minimand.commands.console import print_json

    found = _describe(file)
    if json:
        print_json(found)
        return
    print(f"{found['file']}: {found['format']}")
    for array in found.get("arrays", []):
        print(f"  {_line(array)}")
    for key, value in (found.get("card") or found.get("geometry") or {}).items():
        if isinstance(value, dict):
            value = ", ".join(f"{k} {v}" for k, v in value.items() if k != "history")
        print(f"  {key}: {value}")
    for text in found.get("notes", []):
        print(f"  note: {text}")
    if found.get("command"):
        print(f"  try: {found['command']}")


def _describe(file: str) -> dict[str, Any]:
    """What `minimand.io.describe` says of arrays, and the like of weights, ours and the authors'."""
    from minimand.io import InputError, describe

    if file.endswith(".safetensors"):
        from minimand.weights import load_weights

        return {"file": file, "format": "Minimand weights", "card": load_weights(file).card}
    try:
        return describe(file)
    except InputError:
        if not file.endswith((".mat", ".pth")):
            raise
        from minimand.reconstruction.import_weights import read_network

        with suppress(InputError):
            name, net, _ = read_network(Path(file))
            kind = {"admm-net": "ADMM-Net", "admm-csnet": "ADMM-CSNet"}[name]
            command = f"minimand weights import {file} -o WEIGHTS.safetensors"
            format = f"{kind} of the authors, {net.unrolled.depth} full stages"
            return {"file": file, "format": format, "command": command}
        raise


def _line(array: dict[str, Any]) -> str:
    """Name, shape, type, range and guess of one array."""
    shape = " x ".join(map(str, array["shape"])) or "one number"
    bounds = f", {array['min']:.6g} to {array['max']:.6g}" if array.get("max") is not None else ""
    finite = "" if array.get("finite", True) else ", NOT FINITE"
    looks = f"; looks like {array['looks_like']}" if array.get("looks_like") else ""
    rate = f" ({array['rate']:.1%} sampled)" if "rate" in array else ""
    return f"{array['name'] or 'array'}: {shape}, {array['dtype']}{bounds}{finite}{looks}{rate}"
