"""Learning the numbers of a network: fitting loops and checkpoints."""

from minimand.learning.fit import Progress, Task, fit

__all__ = ["Progress", "Task", "fit"]
