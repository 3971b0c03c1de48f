"""Run benchmarks, keep what they print, and write `docs/benchmarks.md` from it, and the tables of other documents.

`python benchmarks/_page.py [NAME ...]` runs all, or these, one after the other; the page shows the last lines of every
benchmark, of this run or an earlier one. Those that last longer than ten minutes run only where they are named. A
benchmark that fails keeps its earlier lines, and the exit code is 1; one that needs a GPU keeps them where there is
none. `--write` only writes the page again.
"""

import ast
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from _tables import filled

HERE = Path(__file__).resolve().parent
RECORD, PAGE = HERE / "results.json", HERE.parent / "docs" / "benchmarks.md"
WITH_TABLES = (HERE.parent / "README.md", HERE.parent / "docs" / "speed.md")
LONG = ("nonlocal", "label_fusion_quality", "label_fusion_vs_ants", "coil_network")
TIMES = ("seconds", "spread", "runs")
HEAD = """# Benchmarks

Written by `make bench`, which runs every file of `benchmarks/` one after the other; `python benchmarks/_page.py NAME`
runs one of them. Accuracy is asserted before anything is timed. Seconds are medians with the fastest and the slowest in
brackets, of one thread where a row does not say otherwise. What other people's packages do on the same data is also
[put side by side](comparison.md#measured).
"""


def main() -> int:
    words = sys.argv[1:]
    kept: dict[str, Any] = json.loads(RECORD.read_text()) if RECORD.is_file() else {}
    failed = []
    if words != ["--write"]:
        for name in words or [n for n in names() if n not in LONG]:
            lines, remarks, seconds, done = run(name)
            if done and (lines or not kept.get(name, {}).get("lines")):  # one that is skipped here keeps what there was
                kept[name] = {"remarks": remarks, "seconds": round(seconds), "of": where(lines), "lines": lines}
                RECORD.write_text(json.dumps(dict(sorted(kept.items())), indent=1) + "\n")
            elif not done:
                failed.append(name)
    PAGE.write_text(page(kept))
    for document in WITH_TABLES:
        document.write_text(filled(document.read_text(), kept))
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def names() -> list[str]:
    return sorted(file.stem for file in HERE.glob("[a-z]*.py"))


def run(name: str) -> tuple[list[dict[str, Any]], list[str], float, bool]:
    """The JSON lines and the others of a benchmark, which are also shown, its seconds, and whether all went well."""
    print(f"# {name}", flush=True)
    start, lines, remarks = time.monotonic(), [], []
    with subprocess.Popen([sys.executable, HERE / f"{name}.py"], stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            if line.startswith("{"):
                lines.append(json.loads(line))
            elif line.strip():
                remarks.append(line.strip().lstrip("# "))
    return lines, remarks, time.monotonic() - start, process.returncode == 0


def page(kept: dict[str, Any]) -> str:
    return "\n".join([HEAD, *(section(name, kept[name]) for name in names() if name in kept)])


def section(name: str, found: dict[str, Any]) -> str:
    doc = ast.get_docstring(ast.parse((HERE / f"{name}.py").read_text())) or ""
    parts = [f"## {name}", doc, *found["remarks"]]
    if found["lines"]:
        parts += [f"{found['of']}; {found['seconds']} s in all.", "\n".join(table(found["lines"]))]
    return "\n\n".join(parts) + "\n"


def where(lines: Sequence[dict[str, Any]]) -> str:
    """Versions and hardware in words, taken out of the lines, which all have the same."""
    both = [(line.pop("versions"), line.pop("hardware")) for line in lines]
    if not both:
        return ""
    versions, hardware = both[-1]
    named = ", ".join(f"{package} {number}" for package, number in versions.items())
    return f"{hardware['cpu']}, {hardware['cores']} cores; {named}"


def table(lines: Sequence[dict[str, Any]]) -> Iterator[str]:
    """A row a result: its time, and every other figure by its name."""
    yield "| result | seconds | figures |"
    yield "|---|---|---|"
    for line in lines:
        own = {key: value for key, value in line.items() if key not in ("benchmark", "result")}
        seconds = timing(own) if isinstance(own.get("seconds"), (int, float)) else ""
        others = {key: value for key, value in own.items() if key not in TIMES or not seconds}
        yield f"| {line['result']} | {seconds} | {'; '.join(named(others))} |".replace("|  |", "| |")


def timing(figures: dict[str, Any]) -> str:
    spread = figures.get("spread")
    return f"{figures['seconds']:g}" + (f" ({spread[0]:g} to {spread[1]:g})" if spread else "")


def named(figures: dict[str, Any], of: str = "") -> Iterator[str]:
    """`name value` of every figure; those within figures bear both names."""
    for key, value in figures.items():
        name = f"{of} {key}".strip().replace("_", " ")
        if isinstance(value, dict):
            timed = "spread" in value
            yield from [f"{name} {timing(value)} s"] if timed else []
            yield from named({k: v for k, v in value.items() if not (timed and k in TIMES)}, name)
        elif isinstance(value, bool):
            yield f"{name}: {'yes' if value else 'no'}"
        elif isinstance(value, float):
            yield f"{name} {value:.4g}"
        elif isinstance(value, list):
            yield f"{name} {' '.join(f'{v:.4g}' if isinstance(v, float) else str(v) for v in value)}"
        elif value is not None:
            yield f"{name} {value}"


if __name__ == "__main__":
    sys.exit(main())
