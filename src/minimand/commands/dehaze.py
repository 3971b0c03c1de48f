"""`minimand dehaze`: haze off photographs."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option

from minimand.commands.options import Force, Json, Report, Weights


def dehaze(
    images: Annotated[
        list[str], Argument(metavar="IMAGE...", help="Photographs (.jpg .png .tif), folders or patterns.")
    ],
    output: Annotated[Path, Option("-o", "--output", metavar="FOLDER", help="Folder for the clear pictures.")],
    method: Annotated[
        str, Option(metavar="NAME", help="dark-channel, color-attenuation or proximal-dehaze.")
    ] = "dark-channel",
    weights: Weights = None,
    strength: Annotated[
        float, Option(metavar="X", help="Power of the transmission: 0 clears nothing, 1 what was found.", min=0, max=10)
    ] = 1.0,
    transmission: Annotated[
        bool, Option("--transmission", help="Also write NAME.transmission.png, white where no haze is.")
    ] = False,
    report: Report = None,
    json: Json = False,
    force: Force = False,
) -> None:
    """Take haze off photographs: `minimand dehaze hazy.jpg -o clear/` writes clear/hazy.jpg.

    Size, bits, transparency, orientation, colour profile and EXIF data stay as they are. A picture that cannot be read
    is told at the end, the others are done.
    """
    from minimand.commands.console import note, require_one_of
    from minimand.commands.each import finish, run_each
    from minimand.io import check_folder
    from minimand.systems.dehazing.files import Job, plan, run
    from minimand.systems.dehazing.methods import METHODS, get_method
    from minimand.systems.dehazing.report import Entry, write_report
    from minimand.weights.choice import terms_of

    require_one_of("method", method, METHODS)
    chosen, card = get_method(method, weights)
    if report:
        check_folder(report, force)
    jobs = plan(images, output, transmission=transmission, force=force)
    if terms := terms_of(card):
        note(terms)
    options = {"method": method, "strength": strength, "weights_sha256": card.get("sha256")}

    def one(job: Job) -> tuple[dict[str, Any], Entry | None, list[str]]:
        name, page = card.get("name"), bool(report)
        found, entry = run(job, chosen, strength, options=options, weights=name, page=page, force=force)
        return found, entry, found["notes"]

    named = {str(job.source): job for job in jobs}
    done = run_each(method, "pictures", named, one, None if json else partial(_line, method))
    if report and done.entries:
        note(f"report: {write_report(report, method, done.entries, force=force)}")
    finish(done, {"method": method, "strength": strength, "images": done.told}, json=json)


def _line(method: str, found: dict[str, Any]) -> str:
    wide, high = found["size"]
    red, green, blue = found["airlight"]
    return (
        f"{found['output']}: {method}, {wide} x {high}, airlight {red:.2f} {green:.2f} {blue:.2f}, "
        f"mean transmission {found['transmission']['mean']:.2f}, {found['seconds']:.2f} s"
    )
