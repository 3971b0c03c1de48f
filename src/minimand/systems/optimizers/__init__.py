"""Learned optimizers: HyperAdam, RNNprop and DMoptimizer as drop-ins for torch's, and as Steps."""

from minimand.systems.optimizers.dmoptimizer import DMoptimizerStep
from minimand.systems.optimizers.drop_in import DMoptimizer, HyperAdam, LearnedOptimizer, RNNprop
from minimand.systems.optimizers.hyperadam import HyperAdamStep
from minimand.systems.optimizers.rnnprop import RNNpropStep

__all__ = [
    "DMoptimizer",
    "DMoptimizerStep",
    "HyperAdam",
    "HyperAdamStep",
    "LearnedOptimizer",
    "RNNprop",
    "RNNpropStep",
]
