"""What a job may take."""

import os
from dataclasses import dataclass

from minimand.io.limits import max_bytes


def _memory() -> int:
    return min(4 * 2**30, max_bytes())


@dataclass(frozen=True)
class Limits:
    """memory: bytes of one job; seconds: of one job; waiting: jobs in the queue; kept: finished jobs whose files stay;
    upload: bytes of one file; uploads: bytes of all files; patience: seconds that a sender of a file may be silent;
    pace: bytes a second that it must reach on the whole; at_once: jobs that run side by side.
    """

    memory: int = _memory()
    seconds: float = 15 * 60
    waiting: int = 64
    kept: int = 24
    upload: int = 512 * 2**20
    uploads: int = 2 * 2**30
    patience: float = 15.0
    pace: int = 16 * 1024
    at_once: int = 2 if (os.cpu_count() or 1) >= 4 else 1
