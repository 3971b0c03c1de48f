"""What a batch came to: a page to look at and the same in JSON."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from minimand.io import write_text_atomic
from minimand.reports.html import Block, Facts, Section, Table, Text, render

MOST_ROWS = 2000  # of a table on the page; the JSON file has all
PAGE, SUMMARY = "report.html", "batch.json"


def summary_of(
    entries: Sequence[Mapping[str, Any]], fresh: int, seconds: float, workers: int, way: Mapping[str, Any]
) -> dict[str, Any]:
    """JSON-ready: how many scans are done and failed, how many of them now, how long it took, each failure's reason."""
    failed = [{name: e.get(name) for name in ("output", "kspace", "reason", "tries")} for e in _failed(entries)]
    own = [float(e["seconds"]) for e in entries if e.get("state") == "done" and e.get("slices")]
    return {
        "scans": len(entries),
        "done": sum(e.get("state") == "done" for e in entries),
        "failed": failed,
        "now": fresh,
        "before": len(entries) - fresh,
        "seconds": seconds,
        "workers": workers,
        "median_seconds_a_scan": median(own) if own else None,
        "scans_an_hour": 3600 * fresh / seconds if fresh and seconds > 0 else None,
        "way": dict(way),
    }


def write_summary(folder: Path, summary: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> Path:
    """Write page and JSON into the folder of results; returns the page."""
    rows = [_line(entry) for entry in entries]
    write_text_atomic(folder / SUMMARY, json.dumps({**summary, "results": rows}, indent=1) + "\n", force=True)
    write_text_atomic(folder / PAGE, _page(summary, entries), force=True)
    return folder / PAGE


def _page(summary: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> str:
    failed = _failed(entries)
    facts = [
        ("Scans", str(summary["scans"])),
        ("Reconstructed", str(summary["done"])),
        ("Failed", str(len(failed))),
        ("In this run", f"{summary['now']} in {summary['seconds']:.1f} s on {summary['workers']} workers"),
        *((name, str(value)) for name, value in summary["way"].items() if value is not None),
    ]
    blocks: list[Block] = [Facts(facts)]
    sections = [Section("The batch", blocks)]
    if failed:
        rows = [(str(e.get("kspace")), str(e.get("reason")), str(e.get("tries", ""))) for e in failed[:MOST_ROWS]]
        more = [Text(f"{len(failed) - MOST_ROWS} more are in {SUMMARY}.")] if len(failed) > MOST_ROWS else []
        sections.append(Section("Failed", [Table("Scans without a result", ("scan", "reason", "tries"), rows), *more]))
    slow = sorted((e for e in entries if e.get("slices")), key=lambda e: -float(e["seconds"]))
    header = ("result", "scan", "slices", "seconds", "worker")
    if slow:
        sections.append(Section("Longest", [Table("Ten scans that took longest", header, _cells(slow[:10]))]))
    done = [e for e in entries if e.get("state") == "done"]
    caption = f"{min(len(done), MOST_ROWS)} of {len(done)} results"
    sections.append(Section("Results", [Table(caption, header, _cells(done[:MOST_ROWS]), collapsed=True)]))
    return render("Batch", sections, subtitle=f"{summary['done']} of {summary['scans']} scans reconstructed")


def _failed(entries: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [entry for entry in entries if entry.get("state") == "failed"]


def _cells(entries: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    names = ("output", "kspace", "slices")
    return [
        (*(str(e.get(n, "")) for n in names), f"{e.get('seconds', 0):.2f}", str(e.get("host", ""))) for e in entries
    ]


def _line(entry: Mapping[str, Any]) -> dict[str, Any]:
    names = ("output", "kspace", "state", "reason", "slices", "seconds", "host", "job", "tries", "notes")
    return {name: entry[name] for name in names if name in entry}
