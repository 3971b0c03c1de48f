"""Steps: one iteration of each algorithm."""

from minimand.step import Step
from minimand.steps.admm import ADMM
from minimand.steps.descent import Descent
from minimand.steps.em import EM
from minimand.steps.haze_splitting import HazeSplitting
from minimand.steps.iterative_inference import IterativeInference
from minimand.steps.lista import LISTA, CoupledLISTA
from minimand.steps.mean_field import MeanField, SweepingMeanField
from minimand.steps.nested_fista import NestedFISTA
from minimand.steps.power_iteration import PowerIteration
from minimand.steps.primal_dual import PrimalDual
from minimand.steps.proximal_gradient import FISTA, ProximalGradient
from minimand.steps.split_admm import SplitADMM

__all__ = [
    "ADMM", "EM", "FISTA", "LISTA", "CoupledLISTA", "Descent", "HazeSplitting", "IterativeInference", "MeanField",
    "NestedFISTA", "PowerIteration", "PrimalDual", "ProximalGradient", "SplitADMM", "Step", "SweepingMeanField",
]  # fmt: skip
