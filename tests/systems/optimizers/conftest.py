"""Rules with numbers that are neither zero nor special, and pictures that no file holds."""

import gzip
import struct

import numpy as np
import pytest
import torch

from minimand.systems.optimizers import DMoptimizerStep, HyperAdamStep, RNNpropStep
from minimand.systems.optimizers.data import Pictures


def shaken(rule, amount=0.3):
    """The rule with random numbers added to its own."""
    with torch.no_grad():
        for p in rule.parameters():
            p += amount * torch.randn_like(p)
    return rule


@pytest.fixture(params=[HyperAdamStep, RNNpropStep, DMoptimizerStep], ids=lambda c: c.name)
def any_rule(request):
    return shaken(request.param())


@pytest.fixture
def hyperadam():
    return shaken(HyperAdamStep())


@pytest.fixture
def pictures():
    """Classes that differ in the mean of their pictures."""
    y = torch.randint(10, (300,))
    return Pictures(0.1 * y[:, None, None, None] + 0.2 * torch.rand(300, 1, 8, 8), y)


@pytest.fixture(scope="session")
def mnist_folder(tmp_path_factory):
    """Files like MNIST's, with pictures whose brightness tells the class."""
    folder, generator = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    (folder / "optim").mkdir()
    for stem, count in (("train", 5_200), ("t10k", 100)):
        y = generator.integers(10, size=count, dtype=np.uint8)
        x = (20 * y[:, None, None] + generator.integers(60, size=(count, 28, 28))).astype(np.uint8)
        for name, array in ((f"{stem}-images-idx3-ubyte", x), (f"{stem}-labels-idx1-ubyte", y)):
            head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
            (folder / "optim" / f"{name}.gz").write_bytes(gzip.compress(head + array.tobytes(), 1))
    return folder
