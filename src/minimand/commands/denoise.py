"""`minimand denoise`: images without their noise."""

from typing import Annotated

from typer import Argument, Option

from minimand.commands.options import Force, Json, Output, Weights

PICTURES = (".png", ".tif", ".tiff")


def denoise(
    image: Annotated[str, Argument(metavar="IMAGE", help="FILE[:KEY][SLICE]: an image or a stack of them.")],
    output: Output,
    sigma: Annotated[
        float | None,
        Option(metavar="S", help="Noise: standard deviation in units of the image [default: estimated]."),
    ] = None,
    method: Annotated[str, Option(metavar="NAME", help="foe, nlr-mrf, dncnn, bm3d, tv or dictionary.")] = "bm3d",
    weights: Weights = None,
    json: Json = False,
    force: Force = False,
) -> None:
    """Denoise an image: `minimand denoise noisy.png -o clean.png --sigma 25`.

    Arrays are taken as they are and sigma is in their units: grey levels of a picture. Axes before the last two count
    images; a stack gives a stack. Pictures written as pictures keep their 8 or 16 bits.
    """
    from minimand.commands.console import count, note, print_json, require_one_of
    from minimand.commands.progress import counting
    from minimand.io import InputError, check_writable, make_record, read_array, write_array
    from minimand.io.images import NAMES
    from minimand.systems.restoration.denoise import denoise as run
    from minimand.systems.restoration.methods import METHODS
    from minimand.systems.restoration.stack import count_images
    from minimand.weights.choice import terms_of

    require_one_of("method", method, METHODS)
    check_writable(output, force, record=True)
    stored = read_array(image, prefer=NAMES)
    images = count_images(stored)
    if images > 1 and output.suffix.lower() == ".png":
        raise InputError(
            f"{output}: a PNG holds one image, {stored.name} has {images}; write .npz, or take {image}[0]."
        )
    for text in stored.notes:
        note(text)
    with counting(method, images) as show:
        done = run(
            stored, sigma, method=method, weights=weights, picture=output.suffix.lower() in PICTURES,
            show=lambda finished: show("", finished),
        )  # fmt: skip
    if terms := terms_of(done.method.card):
        note(terms)
    used = done.method.card.get("name")
    options = {
        "sigma": sigma,
        "method": method,
        "sigmas": done.sigmas,
        "weights_sha256": done.method.card.get("sha256"),
    }
    record = make_record("denoise", inputs=[image], options=options, weights=weights or used)
    values = write_array(output, done.array, like=stored, record=record, force=force)
    if json:
        found = {"images": images, "sigma": done.sigmas, "estimated": sigma is None, "seconds": done.seconds}
        print_json({"output": str(output), "method": method, "weights": used, **found, "values": values})
        return
    low, high = min(done.sigmas), max(done.sigmas)
    noise = f"{low:.4g}" if high == low else f"{low:.4g} to {high:.4g}"
    known = "noise" if sigma is not None else "estimated noise"
    print(f"{output}: {method}, {count(images, 'image')} in {done.seconds:.2f} s; {known} {noise}; values {values}")
