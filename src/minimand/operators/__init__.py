"""Linear operators: measurement (A) and analysis (D)."""

from minimand.operator import Composition, Identity, Operator, Selected
from minimand.operators.bilateral import JointBilateral
from minimand.operators.blur import Blur
from minimand.operators.chosen_patches import ChosenPatches
from minimand.operators.continuous_wavelet import ContinuousWavelet
from minimand.operators.convolution import Convolution
from minimand.operators.diffraction import Diffraction
from minimand.operators.fourier import Fourier
from minimand.operators.gaussian_kernel import DenseKernel, WindowKernel
from minimand.operators.gradient import Gradient
from minimand.operators.hadamard import Hadamard
from minimand.operators.matrix import Matrix
from minimand.operators.mosaic import Mosaic
from minimand.operators.nonuniform import NonUniformFourier
from minimand.operators.opponent import Opponent
from minimand.operators.orthogonal import Blocks, OrthogonalRows
from minimand.operators.patches import Patches
from minimand.operators.sense import Sense
from minimand.operators.structured import StructuredRandom
from minimand.operators.turn import Turn
from minimand.operators.wavelet import UndecimatedWavelet, Wavelet

__all__ = [
    "Blocks",
    "Blur",
    "ChosenPatches",
    "Composition",
    "ContinuousWavelet",
    "Convolution",
    "DenseKernel",
    "Diffraction",
    "Fourier",
    "Gradient",
    "Hadamard",
    "Identity",
    "JointBilateral",
    "Matrix",
    "Mosaic",
    "NonUniformFourier",
    "Operator",
    "Opponent",
    "OrthogonalRows",
    "Patches",
    "Selected",
    "Sense",
    "StructuredRandom",
    "Turn",
    "UndecimatedWavelet",
    "Wavelet",
    "WindowKernel",
]
