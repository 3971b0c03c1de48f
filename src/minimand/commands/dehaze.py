"""`minimand dehaze`: haze off photographs."""

from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option

from minimand.commands.options import Force, Json


def dehaze(
    images: Annotated[
        list[str], Argument(metavar="IMAGE...", help="Photographs (.jpg .png .tif), folders or patterns.")
    ],
    output: Annotated[Path, Option("-o", "--output", metavar="FOLDER", help="Folder for the clear pictures.")],
    method: Annotated[str, Option(metavar="NAME", help="dark-channel or color-attenuation.")] = "dark-channel",
    strength: Annotated[
        float, Option(metavar="X", help="Power of the transmission: 0 clears nothing, 1 what was found.", min=0, max=10)
    ] = 1.0,
    transmission: Annotated[
        bool, Option("--transmission", help="Also write NAME.transmission.png, white where no haze is.")
    ] = False,
    json: Json = False,
    force: Force = False,
) -> None:
    """Take haze off photographs: `minimand dehaze hazy.jpg -o clear/` writes clear/hazy.jpg.

    Size, bits, transparency, orientation, colour profile and EXIF data stay as they are. A picture that cannot be read
    is told at the end, the others are done.
    """
    from minimand.commands.console import note, print_json, require_one_of
    from minimand.commands.progress import counting
    from minimand.io import InputError
    from minimand.systems.dehazing.dehaze import METHODS, get_method
    from minimand.systems.dehazing.files import plan, run

    require_one_of("method", method, tuple(METHODS))
    chosen = get_method(method)
    jobs = plan(images, output, transmission=transmission, force=force)
    options = {"method": method, "strength": strength}
    done: list[dict[str, Any]] = []
    failed: list[str] = []
    with counting(method, len(jobs), "pictures") as show:
        for k, job in enumerate(jobs):
            show(job.source.name, k)
            try:
                found = run(job, chosen, strength=strength, options=options, force=force)[0]
            except InputError as error:
                failed.append(str(error))
                continue
            for text in found["notes"]:
                note(text)
            done.append(found)
            if not json:
                print(_line(method, found))
    if json and not (failed and not done):
        print_json({"method": method, "strength": strength, "images": done, "failed": failed})
    if failed:
        more = f"; {len(failed)} of {len(jobs)} pictures failed, the others are done" if len(jobs) > 1 else ""
        raise InputError(f"{failed[0]}{more}")


def _line(method: str, found: dict[str, Any]) -> str:
    wide, high = found["size"]
    red, green, blue = found["airlight"]
    return (
        f"{found['output']}: {method}, {wide} x {high}, airlight {red:.2f} {green:.2f} {blue:.2f}, "
        f"mean transmission {found['transmission']['mean']:.2f}, {found['seconds']:.2f} s"
    )
