"""`minimand reconstruct`: images from undersampled k-space. The main job."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option


def reconstruct(
    kspace: Annotated[str, Argument(help="K-space: FILE[:KEY][SLICE]; .npz .mat .h5 .cfl .npy .nii.")],
    output: Annotated[Path, Option("-o", "--output", help="Image to write; the suffix says the format.")],
    mask: Annotated[
        str | None, Option(help="FILE[:KEY] or SPEC; found in the file, or from its zeros, without.")
    ] = None,
    method: Annotated[str, Option(help="zero-filled, tv or admm-net.")] = "admm-net",
    weights: Annotated[
        str | None, Option(help="Shipped name or file; by default the one called like the method.")
    ] = None,
    device: Annotated[str, Option(help="auto, cpu or cuda.")] = "auto",
    truth: Annotated[str | None, Option(help="Reference image, for scores in the report.")] = None,
    report: Annotated[Path | None, Option(help="Folder for an HTML report with pictures.")] = None,
    seed: Annotated[int, Option(help="Seed of a random mask spec.")] = 0,
    force: Annotated[bool, Option(help="Replace existing outputs.")] = False,
) -> None:
    """Reconstruct a scan: `minimand reconstruct kspace.npz -o image.nii.gz`.

    Slice by slice, in the units of the k-space (unitary transform). Coil data are not taken yet.
    """
    from minimand.commands.console import counting, device_of, note
    from minimand.io import check_folder, check_writable, make_record, write_array
    from minimand.systems.mri import scan
    from minimand.systems.mri.methods import require_known

    require_known(method)
    check_writable(output, force, record=True)
    if report:
        check_folder(report, force)
    where = device_of(device)
    job = scan.read_scan(kspace, mask, seed)
    for text in job.notes:
        note(text)
    chosen = scan.choose_method(job, method, weights, where)
    for text in chosen.notes:
        note(text)
    reference = scan.read_truth(job, truth) if truth else None
    with counting(method, job.slices) as show:
        found = scan.reconstruct_scan(job, chosen.method, where, show=lambda done: show("", done))
    image = scan.to_file(job, found)
    used = weights or chosen.method.card.get("name")
    inputs = [kspace, *([mask] if mask and Path(mask.partition(":")[0]).exists() else [])]
    options = {"method": method, "mask": mask, "device": str(where)}
    record = make_record("reconstruct", inputs=inputs, options=options, weights=used, seed=seed)
    stored = write_array(output, image, like=job.source, record=record, force=force)
    if report:
        page = scan.write_report(report, job, chosen.method, found, reference, force=force)
        note(f"report: {page}")
    print(
        f"{output}: {method}, {job.slices} slice{'s' * (job.slices > 1)}, {found.seconds:.3f} s each; values {stored}"
    )
