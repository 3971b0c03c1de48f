"""Ways to measure images, and files of the authors' networks, for the tests of what no system owns."""

import h5py
import numpy as np
import pytest
import torch

from minimand.operators import Fourier
from minimand.operators.sampling import parse_mask
from minimand.reconstruction.acquisition import Acquisition
from minimand.reconstruction.phantoms import phantom
from minimand.terms import LeastSquares


@pytest.fixture(scope="session")
def measured():
    """`measured(images, "radial:0.4")`: samples of images, all under one mask."""

    def measure(images, spec="radial:0.3", seed=0):
        A = Fourier(parse_mask(spec, tuple(images.shape[-2:]), seed=seed), real=not images.is_complex())
        return LeastSquares(A, A(images))

    return measure


@pytest.fixture(scope="session")
def acquisition(measured):
    """`acquisition("radial:0.4", "random:0.4")`: what to learn; every image of a mini-batch has its own mask."""

    def make(*specs):
        def draw(images, generator):
            which = torch.randint(len(specs), (len(images),), generator=generator).tolist()
            seeds = torch.randint(1000, (len(images),), generator=generator).tolist()
            size = tuple(images.shape[-2:])
            masks = torch.stack([parse_mask(specs[k], size, seed=s) for k, s in zip(which, seeds, strict=True)])
            A = Fourier(masks, real=not images.is_complex())
            return LeastSquares(A, A(images))

        trials = {spec: lambda images, generator, spec=spec: measured(images, spec) for spec in specs}
        return Acquisition(draw, trials, lambda size: [float(parse_mask(s, size).double().mean()) for s in specs])

    return make


@pytest.fixture(scope="session")
def heads():
    """`heads(2, (40, 36))`: phantoms of a size, (count, height, width)."""

    def make(count=2, size=(40, 36), seed=0):
        return torch.stack([phantom(size, torch.Generator().manual_seed(seed + k)) for k in range(count)])

    return make


@pytest.fixture
def write_network():
    """`write_network(path, layers)`: net.layers in a MATLAB v7.3 file, axes reversed as MATLAB does it."""

    def write(path, layers):
        with h5py.File(path, "w") as file:
            references = []
            for k, (kind, weights) in enumerate(layers):
                layer = file.create_group(f"#refs#/layer{k}")
                _text(layer.create_dataset("type", (max(len(kind), 1), 1), dtype=np.uint16), kind or "\0")
                kept = [file.create_dataset(f"#refs#/w{k}_{j}", data=np.asarray(w).T) for j, w in enumerate(weights)]
                _cell(layer, "weights", [w.ref for w in kept])
                references.append(layer.ref)
            _cell(file.create_group("net"), "layers", references)

    return write


@pytest.fixture
def write_object():
    """`write_object(path, {name: value})`: a network object of MATLAB with these parameters."""

    def write(path, params):
        with h5py.File(path, "w") as file:
            file.create_dataset("net", data=np.zeros((1, 6), np.uint32))
            struct = file.create_group("#refs#/c/params")
            names, values = [], []
            for k, (name, value) in enumerate(params.items()):
                names.append(file.create_dataset(f"#refs#/n{k}", (len(name), 1), dtype=np.uint16))
                _text(names[-1], name)
                values.append(file.create_dataset(f"#refs#/v{k}", data=np.asarray(value).T))
            _cell(struct, "name", [n.ref for n in names])
            _cell(struct, "value", [v.ref for v in values])
            other = file.create_dataset("#refs#/b", data=np.zeros((1, 184), np.uint8))
            _cell(file, "#subsystem#/MCOS", [other.ref, file["#refs#/c"].ref])

    return write


def _text(where, value):
    where[...] = np.array([ord(c) for c in value], dtype=np.uint16)[:, None]
    where.attrs["MATLAB_class"] = np.bytes_("char")


def _cell(group, name, references):
    """A column of references."""
    made = group.create_dataset(name, (len(references), 1), dtype=h5py.ref_dtype)
    for j, reference in enumerate(references):
        made[j, 0] = reference
