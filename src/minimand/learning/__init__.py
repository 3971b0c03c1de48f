"""Learning the numbers of a network: fitting loops and checkpoints."""

from minimand.learning.fit import Progress, Task, Watch, fit, unwatched

__all__ = ["Progress", "Task", "Watch", "fit", "unwatched"]
