"""`minimand reproduce`: tables of the talk, ours beside the published figures."""

import os
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from minimand.commands.options import Json


def reproduce(
    table: Annotated[
        str | None, Argument(metavar="TABLE", help="mri-chest; without a name the tables are listed.")
    ] = None,
    data: Annotated[
        Path | None,
        Option(metavar="FOLDER", help="Folder with the data [default: MINIMAND_DATA, else ../shared/data]."),
    ] = None,
    json: Json = False,
) -> None:
    """Reproduce a table of the talk: `minimand reproduce mri-chest --data DATA` runs every method there is."""
    from minimand.commands.console import note, print_json
    from minimand.systems.mri.tables import TABLES, mri_chest, require_table

    if table is None:
        if json:
            print_json({"tables": list(TABLES)})
        else:
            print("\n".join(TABLES))
        return
    require_table(table)
    folder = data or Path(os.environ.get("MINIMAND_DATA", "../shared/data"))
    found = mri_chest(folder, show=lambda name, k, n: note(f"running {name} ({k} of {n})"))
    if json:
        print_json(found)
        return
    print(f"{table}, {found['sampling']}, ours on chest 61..75; published: {found['source']}")
    print(f"{'method':<30}  {'NMSE':>7}  {'PSNR dB':>7}  {'SSIM':>6}  {'seconds':>7}    published NMSE / PSNR")
    for row in found["rows"]:
        published = row["published"]
        beside = f"{published['nmse']:.4f} / {published['psnr']:.2f}" if published else "-"
        figures = f"{row['nmse']:7.4f}  {row['psnr']:7.2f}  {row['ssim']:6.4f}  {row['seconds']:7.3f}"
        print(f"{row['method']:<30}  {figures}    {beside}")
