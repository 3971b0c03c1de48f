"""`minimand reproduce`: tables of the talk, ours beside the published figures."""

import os
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option

from minimand.commands.options import Json


def reproduce(
    table: Annotated[
        str | None,
        Argument(
            metavar="TABLE",
            help="mri-chest, imaging-hadamard or imaging-diffraction; without a name the tables are listed.",
        ),
    ] = None,
    data: Annotated[
        Path | None,
        Option(metavar="FOLDER", help="Folder with the data [default: MINIMAND_DATA, else ../shared/data]."),
    ] = None,
    json: Json = False,
) -> None:
    """Reproduce a table of the talk: `minimand reproduce mri-chest --data DATA` runs every method there is."""
    from minimand.commands.console import note, print_json, require_one_of
    from minimand.systems.imaging import tables as imaging
    from minimand.systems.mri import tables as mri

    names = (*mri.TABLES, *imaging.TABLES)
    if table is None:
        if json:
            print_json({"tables": list(names)})
        else:
            print("\n".join(names))
        return
    require_one_of("table", table, names)
    folder = data or Path(os.environ.get("MINIMAND_DATA", "../shared/data"))

    def show(name: str, k: int, n: int) -> None:
        note(f"running {name} ({k} of {n})")

    found = mri.mri_chest(folder, show) if table in mri.TABLES else imaging.imaging_table(table, folder, show)
    if json:
        print_json(found)
        return
    print(f"{table}, {found['sampling']}, ours on {found['on']}; published: {found['source']}")
    print(f"{'method':<30}  {'NMSE':>7}  {'PSNR dB':>7}  {'SSIM':>6}  {'seconds':>7}    published NMSE / PSNR")
    for row in found["rows"]:
        print(f"{row['method']:<30}  {_ours(row)}    {_published(row['published'])}")


def _ours(row: dict[str, Any]) -> str:
    if "unavailable" in row:
        return f"{'not available: ' + row['unavailable']:<33}"
    return f"{row['nmse']:7.4f}  {row['psnr']:7.2f}  {row['ssim']:6.4f}  {row['seconds']:7.3f}"


def _published(row: dict[str, float]) -> str:
    if not row:
        return "-"
    return " / ".join(f"{row[k]:.{digits}f}" if k in row else "-" for k, digits in (("nmse", 4), ("psnr", 2)))
