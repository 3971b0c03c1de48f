"""The command line: one file per command, thin; torch is imported only when a command runs."""

import os
import sys


def main() -> None:
    """Run `minimand`; a user's mistake is one line on stderr and exit code 2."""
    # Images of this size gain little from OpenMP's threads, and lose much where other work keeps the cores busy; our
    # own loops take every core. Whoever sets either number is heeded.
    if "OMP_NUM_THREADS" not in os.environ:
        os.environ["OMP_NUM_THREADS"] = "1"
        os.environ.setdefault("NUMBA_NUM_THREADS", str(_cores()))
    from minimand.commands.app import run

    sys.exit(run(sys.argv[1:]))


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
