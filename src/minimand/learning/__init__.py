"""Learning the numbers of a network: fitting loops, checkpoints, runs on disk."""

from minimand.learning.fit import Progress, Task, Watch, fit, unwatched
from minimand.learning.run import Run

__all__ = ["Progress", "Run", "Task", "Watch", "fit", "unwatched"]
