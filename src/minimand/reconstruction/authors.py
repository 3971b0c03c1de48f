"""The authors' own ADMM-Nets, as stored by their MATLAB code (yangyan92/Deep-ADMM-Net)."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from minimand.io import InputError, read_matlab_tree
from minimand.reconstruction.admm_net import ADMMNet


def read_admm_net(path: Path) -> ADMMNet:
    """The ADMM-Net in an HDF5 .mat file: a cell array `net.layers` of structs with `type` and `weights`.

    Stages of four layers (X_*, Convo, Non_lin*, Multi_*) and a last X layer; MATLAB's axes come out of HDF5 reversed.
    Raises InputError where the file holds anything else.
    """
    layers = [layer for layer in read_layers(path) if layer[0] != "loss"]
    depth, kinds = len(layers) // 4, "".join(kind[:1] for kind, _ in layers)
    if depth < 1 or kinds != "XCNM" * depth + "X":
        raise InputError(
            f"{path}: its {len(layers)} layers are not those of a basic ADMM-Net (reconstruction, convolution, "
            f"shrinkage, multiplier, ..., reconstruction; found {', '.join(kind for kind, _ in layers[:6])}, ...)."
        )
    try:
        basis, filters = layers[0][1][0].shape
        net = ADMMNet(depth, filters=filters, size=round((basis + 1) ** 0.5), normalise=False).double()
        state = net.state_dict()
        for n in range(depth):
            x, c, z, m = (weights for _, weights in layers[4 * n : 4 * n + 4])
            stage = f"unrolled.stages.{n}."
            finite(state, stage + "step.reconstruct.H.coefficients", x[0])
            finite(state, stage + "step.reconstruct.rho", x[1])
            finite(state, stage + "prior.0.operator.coefficients", c[0])
            finite(state, stage + "prior.0.term.values", z[0].T)
            finite(state, stage + "step.eta", m[0])
        finite(state, "unrolled.last.H.coefficients", layers[-1][1][0])
        finite(state, "unrolled.last.rho", layers[-1][1][1])
    except (IndexError, ValueError) as error:
        raise InputError(f"{path}: a layer has weights of another shape than ADMM-Net's: {error}.") from error
    net.load_state_dict(state)
    return net


def read_layers(path: Path) -> list[tuple[str, list[np.ndarray]]]:
    """Type and weights of every layer, in MATLAB's orientation."""
    tree: Any = read_matlab_tree(path)
    try:
        return [(str(layer["type"]), [real(w) for w in layer.get("weights", [])]) for layer in tree["net"]["layers"]]
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path}: holds no network of the authors (no readable net.layers).") from error


def real(value: Any) -> np.ndarray:
    """The numbers in double precision. Raises ValueError where they are complex or none."""
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"real numbers are needed, got {array.dtype}")
    return array.astype(np.float64)


def finite(state: dict[str, torch.Tensor], name: str, value: np.ndarray) -> None:
    """Put numbers into their place of a state dict. Raises ValueError for another shape and what is not finite."""
    tensor = torch.from_numpy(np.ascontiguousarray(value))
    if tensor.squeeze().shape != state[name].squeeze().shape:
        raise ValueError(f"{name} has shape {tuple(tensor.shape)} instead of {tuple(state[name].shape)}")
    if not bool(torch.isfinite(tensor).all()):
        raise ValueError(f"{name} has values that are not finite")
    state[name] = tensor.reshape(state[name].shape).to(state[name].dtype)
