"""`minimand reproduce`: tables of the talk, ours beside the published figures."""

import os
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from minimand.commands.options import Force, Json, Report


def reproduce(
    table: Annotated[
        str | None,
        Argument(
            metavar="TABLE",
            help="mri-brain, imaging-hadamard, denoising, optimizers-table1, ...; without a name all are listed.",
        ),
    ] = None,
    data: Annotated[
        Path | None,
        Option(metavar="FOLDER", help="Folder with the data [default: MINIMAND_DATA, else ../shared/data]."),
    ] = None,
    rates: Annotated[
        str | None,
        Option(metavar="R,R", help="Sampling rates of an MRI table: 0.2, 0.3, 0.4 and 0.5 in the talk [default: 0.2]."),
    ] = None,
    images: Annotated[int | None, Option(metavar="N", help="Only N images, in the tables of images.", min=1)] = None,
    report: Report = None,
    runs: Annotated[
        int | None,
        Option(
            metavar="N",
            help="For optimizers: runs of every rule on every task [default: 100, of table 3 one].",
            min=1,
        ),
    ] = None,
    json: Json = False,
    force: Force = False,
) -> None:
    """Reproduce a table of the talk: `minimand reproduce mri-chest --data DATA` runs every method there is."""
    from minimand.commands.console import print_json, require_one_of
    from minimand.commands.tables import KINDS, Wanted
    from minimand.io import InputError, check_folder

    names = {name: kind for kind in KINDS for name in kind.tables()}
    if table is None:
        print_json({"tables": list(names)}) if json else print("\n".join(names))
        return
    require_one_of("table", table, list(names))
    for option, value in (("rates", rates), ("images", images), ("report", report), ("runs", runs)):
        if value is not None and option not in names[table].takes:
            raise InputError(f"{table} takes no --{option}; leave it out.")
    if report:
        check_folder(report, force)
    folder = data or Path(os.environ.get("MINIMAND_DATA", "../shared/data"))
    names[table].run(Wanted(table, folder, rates or "0.2", images, report, runs, json, force))
