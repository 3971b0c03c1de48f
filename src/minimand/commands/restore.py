"""`minimand restore`: pictures that a known degradation spoilt."""

from typing import Annotated

from typer import Argument, Option

from minimand.commands.denoise import PICTURES
from minimand.commands.options import Force, Json, Output, Weights


def restore(
    image: Annotated[str, Argument(metavar="IMAGE", help="FILE[:KEY][SLICE]: an image or a stack of them.")],
    output: Output,
    degradation: Annotated[
        str,
        Option(
            metavar="SPEC",
            help="blur:SIGMA or blur:FILE (kernel), motion:LENGTH:ANGLE, mask:FILE (true: known), mosaic[:PATTERN].",
        ),
    ],
    sigma: Annotated[
        float | None,
        Option(metavar="S", help="Noise in units of the image [default: estimated after blur, else 1/255 of white]."),
    ] = None,
    method: Annotated[str, Option(metavar="NAME", help="The prior: foe, nlr-mrf, dncnn, bm3d or tv.")] = "foe",
    weights: Weights = None,
    periodic: Annotated[
        bool, Option("--periodic", help="Blur came round from the other side, as simulated blur does.")
    ] = False,
    json: Json = False,
    force: Force = False,
) -> None:
    """Restore a degraded image: `minimand restore blurred.png -o sharp.png --degradation motion:9:30`.

    Blur is taken off, missing pixels are filled in, mosaics of colour filters become colour pictures, by one denoiser
    as the prior of all. Units, stacks and pictures are as in denoise.
    """
    from minimand.commands.console import count, note, print_json, require_one_of
    from minimand.commands.progress import counting
    from minimand.io import InputError, check_writable, make_record, read_array, write_array
    from minimand.io.images import NAMES
    from minimand.systems.restoration.restore import METHODS
    from minimand.systems.restoration.restore import restore as run
    from minimand.systems.restoration.stack import count_images
    from minimand.weights.choice import terms_of

    require_one_of("method", method, METHODS)
    check_writable(output, force, record=True)
    stored = read_array(image, prefer=NAMES)
    images = count_images(stored)
    if images > 1 and output.suffix.lower() == ".png":
        raise InputError(f"{output}: a PNG holds one image, {stored.name} has {images}; write .npz.")
    for text in stored.notes:
        note(text)
    with counting(method, images) as show:
        done = run(
            stored, degradation, sigma, method=method, weights=weights, periodic=periodic,
            picture=output.suffix.lower() in PICTURES, show=lambda finished: show("", finished),
        )  # fmt: skip
    if terms := terms_of(done.method.card):
        note(terms)
    used = done.method.card.get("name")
    options = {
        "degradation": degradation, "sigma": sigma, "sigmas": done.sigmas, "method": method, "periodic": periodic,
        "weights_sha256": done.method.card.get("sha256"),
    }  # fmt: skip
    record = make_record("restore", inputs=[image], options=options, weights=weights or used)
    values = write_array(output, done.array, like=done.stored, record=record, force=force)
    if json:
        found = {"images": images, "degradation": degradation, "sigma": done.sigmas, "seconds": done.seconds}
        print_json({"output": str(output), "method": method, "weights": used, **found, "values": values})
        return
    print(f"{output}: {degradation} by {method}, {count(images, 'image')} in {done.seconds:.2f} s; values {values}")
