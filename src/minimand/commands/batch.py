"""`minimand batch`: thousands of scans, on this machine or on a Dask cluster; what is done is not done again."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from minimand.commands.options import Force, Json, Memory, OptionalMask, Seed, Weights


def batch(
    manifest: Annotated[Path, Argument(metavar="MANIFEST", help="CSV: a column kspace; mask, maps, output if wanted.")],
    output: Annotated[Path, Option("-o", "--output", metavar="FOLDER", help="Folder for results, records and report.")],
    method: Annotated[
        str | None, Option(metavar="NAME", help="As in reconstruct [default: by the scan, as there].")
    ] = None,
    weights: Weights = None,
    mask: OptionalMask = None,
    coils: Annotated[int, Option(metavar="N", help="Compress more coils to so many virtual ones.", min=1)] = 8,
    suffix: Annotated[
        str, Option(metavar="SUFFIX", help="Format of results that the manifest does not name.")
    ] = ".nii.gz",
    scheduler: Annotated[
        str | None, Option(metavar="ADDRESS", help="A Dask scheduler, tcp://HOST:8786; else workers on this machine.")
    ] = None,
    workers: Annotated[int, Option(metavar="N", help="Processes on this machine, one thread each.", min=1)] = 1,
    retries: Annotated[
        int, Option(metavar="N", help="Further tries where disk, memory or a worker gave out.", min=0)
    ] = 2,
    memory: Memory = None,
    retry_failed: Annotated[bool, Option("--retry-failed", help="Also try scans again that failed before.")] = False,
    seed: Seed = 0,
    json: Json = False,
    force: Force = False,
) -> None:
    """Reconstruct many scans: `minimand batch scans.csv --method tv -o results --workers 4`.

    Run it again to go on after an interruption, for new lines and for changed files: what is done stays. Failed scans
    are listed with their reasons in results/report.html and results/batch.json; the exit code is then 1.
    """
    import time

    from minimand.commands.batch_manifest import Ledger, alone, read_manifest, stamp
    from minimand.commands.batch_report import summary_of, write_summary
    from minimand.commands.batch_run import cluster, run_all, task_of, way_key
    from minimand.commands.console import print_json
    from minimand.commands.progress import counting
    from minimand.io.write import check_writable
    from minimand.reconstruction.methods import require_known
    from minimand.systems.mri.job import Way

    if method is not None:
        require_known(method)
    way = Way(method, _file(weights), None, coils, seed)
    rows = read_manifest(manifest, suffix, mask)
    own, folder = way_key(way), _folder(output)
    for row in rows:
        check_writable(folder / row.output, force=True)
    with alone(folder):
        ledger, begun = Ledger(folder), time.perf_counter()
        kept = {row.output: ledger.settled(row, f"{own} {row.mask}", folder) for row in rows}
        due = [
            row for row in rows if (entry := kept[row.output]) is None or (retry_failed and entry["state"] == "failed")
        ]
        by_name = {row.output: row for row in due}
        tasks = [task_of(row, folder, way, memory, force or row.output in ledger.last) for row in due]
        count = 0
        if tasks:
            ahead = {row.output: stamp(row.files) for row in due}  # as they were before anyone read them
            with cluster(scheduler, workers) as client, counting("batch", len(tasks), "scans") as show:
                count = max(1, sum(client.nthreads().values()))
                sent = lambda task: ledger.add({"output": task["name"], "state": "sent"})  # noqa: E731
                for done, (task, told) in enumerate(run_all(client, tasks, retries, sent), 1):
                    row = by_name[task["name"]]
                    told["reason"] = told["reason"].replace(task["kspace"], row.kspace)
                    known = {"way": f"{own} {row.mask}", "stamp": ahead[row.output]}
                    ledger.add({"output": row.output, "kspace": row.kspace, **known, **told})
                    show(str(task["name"]), done)
        entries = [ledger.last[row.output] for row in rows]
        options = {"method": method, "weights": weights, "mask": mask, "coils": coils, "seed": seed}
        summary = summary_of(entries, len(tasks), time.perf_counter() - begun, count, options)
        page = write_summary(folder, summary, entries)
    failed = len(summary["failed"])
    if json:
        print_json(summary)
    else:
        print(f"{output}: {summary['done']} of {len(rows)} scans, {len(tasks)} now, {failed} failed; see {page}")
    if failed:
        raise typer.Exit(1)


def _file(weights: str | None) -> str | None:
    """Weights in a file by a name that workers find."""
    return str(Path(weights).absolute()) if weights and Path(weights).is_file() else weights


def _folder(path: Path) -> Path:
    """The folder of results, made where its parent is there. Raises InputError."""
    from minimand.io.atomic import ensure_folder_for_report

    return ensure_folder_for_report(path, force=True)
