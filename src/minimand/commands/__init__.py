"""The command line: one file per command, thin; torch is imported only when a command runs."""

import os
import sys


def main() -> None:
    """Run `minimand`; a user's mistake is one line on stderr and exit code 2."""
    # Images of this size gain little from OpenMP's threads, and lose much where other work keeps the cores busy.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from minimand.commands.app import run

    sys.exit(run(sys.argv[1:]))
