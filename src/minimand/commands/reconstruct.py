"""`minimand reconstruct`: images from undersampled k-space. The main job."""

from typing import Annotated

from typer import Argument, Option

from minimand.commands.options import Force, Json, Output, Report, Seed, Weights


def reconstruct(
    kspace: Annotated[str, Argument(metavar="KSPACE", help="FILE[:KEY][SLICE]; .npz .mat .h5 .cfl .npy .nii.")],
    output: Output,
    mask: Annotated[
        str | None,
        Option(metavar="SPEC|FILE", help="Without it: the mask in the file, else the points that are not zero."),
    ] = None,
    method: Annotated[
        str | None,
        Option(
            metavar="NAME",
            help="zero-filled, tv, sense-tv, sense-wavelet, admm-net or admm-csnet [default: admm-csnet for real "
            "images, admm-net for complex ones, sense-wavelet for coil data].",
        ),
    ] = None,
    weights: Weights = None,
    maps: Annotated[
        str | None, Option(metavar="FILE[:KEY]", help="Coil maps [default: estimated from the centre of k-space].")
    ] = None,
    coils: Annotated[int, Option(metavar="N", help="Compress more coils to so many virtual ones.", min=1)] = 8,
    device: Annotated[str, Option(metavar="NAME", help="auto, cpu or cuda.")] = "auto",
    truth: Annotated[str | None, Option(metavar="FILE", help="Reference image, for scores.")] = None,
    report: Report = None,
    seed: Seed = 0,
    json: Json = False,
    force: Force = False,
) -> None:
    """Reconstruct a scan: `minimand reconstruct kspace.npz -o image.nii.gz`.

    Slice by slice, in the units of the k-space (unitary transform). Coil data give the combined complex image: noise is
    whitened where there is a noise scan, coil maps are estimated.
    """
    from minimand.commands.console import count, device_of, note, print_json
    from minimand.commands.progress import counting, working
    from minimand.io import InputError, check_folder, check_writable, make_record, write_array
    from minimand.reconstruction.methods import get_method, require_known
    from minimand.systems.mri import scan
    from minimand.systems.mri.sampling import names_file
    from minimand.weights.choice import terms_of

    check_writable(output, force, record=True)
    if report:
        check_folder(report, force)
    where = device_of(device)
    method, weights = _asked(method, weights, mask)
    if method is not None:  # a mistake is told before a long file is read
        require_known(method)
    chosen = get_method(method, weights=weights, device=where) if method and weights else None
    job = scan.read_scan(kspace, mask, seed, maps=maps, most=coils)
    method = method or scan.usual_method(job)
    weights = weights or scan.usual_weights(job, method)
    chosen = chosen or get_method(method, weights=weights, device=where)
    if output.suffix.lower() == ".png" and job.slices > 1:
        said = f"{output}: a PNG holds one image, the scan has {job.slices}; write .nii.gz, or take {kspace}[0]."
        raise InputError(said)
    reference = scan.read_truth(job, truth) if truth else None
    for text in filter(None, (*job.notes, *scan.card_notes(job, chosen), terms_of(chosen.card))):
        note(text)
    with counting(method, job.slices, "slices") as show:
        found = scan.reconstruct_scan(job, chosen, where, show=lambda done: show("", done))
    files = [kspace, *([mask] if mask and names_file(mask) else []), *(each for each in (maps, truth) if each)]
    options = {"method": method, "mask": mask, "maps": maps, "coils": coils, "device": str(where)}
    options["weights_sha256"] = chosen.card.get("sha256")
    used = weights or chosen.card.get("name")
    record = make_record("reconstruct", inputs=files, options=options, weights=used, seed=seed)
    stored = write_array(output, scan.to_file(job, found), like=scan.file_layout(job), record=record, force=force)
    scores = {} if reference is None else scan.score_scan(job, found, reference)._asdict()
    figures = {name: float(values.mean()) for name, values in scores.items()}
    if report:
        from minimand.systems.mri.report import write_reconstruction

        with working("writing the report"):
            page = write_reconstruction(report, job, chosen, found, reference, weights=weights, force=force)
        note(f"report: {page}")
    if json:
        facts = {"slices": job.slices, "seconds": found.seconds, "values": stored}
        print_json({"output": str(output), "method": method, "weights": used, **facts, **figures})
        return
    quality = "; NMSE {nmse:.4f}, PSNR {psnr:.2f} dB, SSIM {ssim:.4f}".format(**figures) if figures else ""
    whole = found.seconds * (job.slices - int(job.empty.sum()))
    print(f"{output}: {method}, {count(job.slices, 'slice')} in {whole:.2f} s{quality}; values {stored}")


def _asked(method: str | None, weights: str | None, mask: str | None) -> tuple[str | None, str | None]:
    """Method and weights by name: the research weights for a mask, and the network that weights are of."""
    from minimand.reconstruction.methods import LEARNED, method_of
    from minimand.weights import load_weights
    from minimand.weights.choice import RESEARCH, research_weights

    if weights == RESEARCH:
        method = method or "admm-net"
        weights = str(research_weights(method, mask or ""))
    if method is None and weights is not None:
        network = method_of(load_weights(weights).card)
        method = network if network in LEARNED else "admm-net"
    return method, weights
