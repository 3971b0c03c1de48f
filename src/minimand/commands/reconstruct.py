"""`minimand reconstruct`: images from undersampled k-space. The main job."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from minimand.commands.options import Force, Json, Memory, Output, Report, Seed, Weights

if TYPE_CHECKING:
    from minimand.systems.mri.job import Job


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
    memory: Memory = None,
    seed: Seed = 0,
    json: Json = False,
    force: Force = False,
) -> None:
    """Reconstruct a scan: `minimand reconstruct kspace.npz -o image.nii.gz`.

    Slice by slice, in the units of the k-space (unitary transform); a scan that does not fit into memory goes through
    files on disk, with the same result. Coil data give the combined complex image: noise is
    whitened where there is a noise scan, coil maps are estimated.
    """
    from minimand.commands.console import device_of
    from minimand.io import check_folder, check_writable
    from minimand.io.room import memory_limit
    from minimand.systems.mri.job import Way, open_job

    check_writable(output, force, record=True)
    if report:
        check_folder(report, force)
    way = Way(method, weights, mask, coils, seed)
    with memory_limit(None if memory is None else int(memory * 2**30)):
        job = open_job(kspace, way, maps=maps, device=device_of(device))
        _finish(job, output, truth, report, json=json, force=force)


def _finish(
    job: "Job", output: Path, truth: str | None, report: Path | None, *, json: bool, force: bool
) -> None:  # fmt: skip
    """Reconstruct, write and say what came out."""
    from minimand.commands.console import count, note, print_json
    from minimand.commands.progress import counting, working
    from minimand.io import InputError
    from minimand.systems.mri.scan import read_truth, score_scan

    scan, method = job.scan, job.method.name
    if output.suffix.lower() == ".png" and scan.slices > 1:
        said = f"{output}: a PNG holds one image, the scan has {scan.slices}; write .nii.gz, or take {job.kspace}[0]."
        raise InputError(said)
    reference = read_truth(scan, truth) if truth else None
    for text in job.notes:
        note(text)
    with counting(method, scan.slices, "slices") as show:
        found = job.run(lambda done: show("", done))
    stored = job.write(output, found, command="reconstruct", truth=truth, force=force)
    scores = {} if reference is None else score_scan(scan, found, reference)._asdict()
    figures = {name: float(values.mean()) for name, values in scores.items()}
    if report:
        from minimand.systems.mri.report import write_reconstruction

        with working("writing the report"):
            page = write_reconstruction(report, scan, job.method, found, reference, weights=job.used, force=force)
        note(f"report: {page}")
    if json:
        facts = {"slices": scan.slices, "seconds": found.seconds, "values": stored}
        print_json({"output": str(output), "method": method, "weights": job.used, **facts, **figures})
        return
    quality = "; NMSE {nmse:.4f}, PSNR {psnr:.2f} dB, SSIM {ssim:.4f}".format(**figures) if figures else ""
    whole = found.seconds * (scan.slices - int(scan.empty.sum()))
    print(f"{output}: {method}, {count(scan.slices, 'slice')} in {whole:.2f} s{quality}; values {stored}")
