"""Linear operators: measurement (A) and analysis (D)."""

from minimand.operator import Composition, Identity, Operator
from minimand.operators.convolution import Convolution
from minimand.operators.fourier import Fourier
from minimand.operators.gradient import Gradient
from minimand.operators.matrix import Matrix
from minimand.operators.nonuniform import NonUniformFourier
from minimand.operators.sense import Sense
from minimand.operators.wavelet import UndecimatedWavelet, Wavelet

__all__ = [
    "Composition",
    "Convolution",
    "Fourier",
    "Gradient",
    "Identity",
    "Matrix",
    "NonUniformFourier",
    "Operator",
    "Sense",
    "UndecimatedWavelet",
    "Wavelet",
]
