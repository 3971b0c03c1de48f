"""Arrays for the file tests."""

import numpy as np
import pytest


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture
def image(rng) -> np.ndarray:
    """A smooth image with a bright block: most of its energy is at low frequencies."""
    rows, columns = np.mgrid[0:24, 0:20]
    return np.exp(-((rows - 11) ** 2 + (columns - 9) ** 2) / 60) + 0.01 * rng.random((24, 20))


@pytest.fixture
def kspace(image) -> np.ndarray:
    return np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(image)))
