"""The authors' ADMM-CSNets: MATLAB networks for real and complex MRI and for natural images, and their PyTorch port."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import torch

from minimand.io import InputError, read_matlab_object, read_torch_state
from minimand.reconstruction.admm_csnet import ADMMCSNet
from minimand.reconstruction.authors import finite, real
from minimand.terms.shrinkage_field import POINTS, REACH

Layers = list[tuple[str, list[np.ndarray]]]
GREY_LEVELS = 255.0  # of the natural images
PORT = (
    *("conv1_layer.conv.weight", "conv1_layer.conv.bias", "nonlinear_layer.pwl.slopes", "nonlinear_layer.pwl.biases"),
    *("conv2_layer.conv.weight", "conv2_layer.conv.bias", "rho", "gamma"),
)
PORT_STAGE = re.compile(r"cs_net\.\d+\.gamma")  # a name for every stage of the port


def read_mri_csnet(path: Path, layers: Layers) -> tuple[ADMMCSNet, dict[str, Any]]:
    """A generic network for MRI and its arguments, from the layers of `net.layers`.

    Stages of reconstruction, convolution, curve, convolution and multiplier, and a last reconstruction; layers without
    numbers (sums) lie between. Complex ones have real filters that act on both parts alike. Raises InputError for
    anything else.
    """
    kept = [(kind, weights) for kind, weights in layers if weights]
    kinds = "".join(kind.removeprefix("c_")[:2] for kind, _ in kept)
    depth = len(kept) // 5
    if depth < 1 or kinds != "RecoNocoMu" * depth + "Re":
        raise InputError(f"{path}: its {len(kept)} layers with numbers are not those of an ADMM-CSNet.")
    try:
        stages = []
        for n in range(depth):
            (rho,), (w1, b1), (q,), (w2, b2), (eta,) = (weights for _, weights in kept[5 * n : 5 * n + 5])
            bank = w1.reshape(*w1.shape[:2], -1).transpose(2, 0, 1)
            stages.append({"rho": rho, "eta": eta, **_prior(bank, b1, q.T, w2.transpose(2, 0, 1), b2)})
        return _assemble(path, stages, last={"rho": kept[-1][1][0]}, arguments={"normalise": False})
    except (IndexError, ValueError) as error:
        raise InputError(f"{path}: a layer has weights of another shape than ADMM-CSNet's: {error}.") from error


def read_image_csnet(path: Path) -> tuple[ADMMCSNet, dict[str, Any]]:
    """A network for natural images and its arguments, from a MATLAB object with named parameters.

    Recon_NN_1, conv1_NN_1/2, nonlinear_NN_1, conv2_NN_1/2 and Muliper_NN_1..3 for every stage NN (the authors' own
    spelling), and Recon of the last. Raises InputError for anything else.
    """
    numbers: dict[str, np.ndarray] = {}
    for struct in read_matlab_object(path):
        params = struct.get("params")
        if isinstance(params, dict) and isinstance(params.get("name"), list) and isinstance(params.get("value"), list):
            numbers = {str(k): v for k, v in zip(params["name"], params["value"], strict=False)}
    depth = sum(bool(re.fullmatch(r"conv1_\d+_1", name)) for name in numbers)
    try:
        if len(numbers) != 9 * depth + 1:
            raise ValueError(f"{len(numbers)} parameters, 9 a stage and one more are needed")
        stages = []
        for n in range(1, depth + 1):
            w1, b1, q, w2, b2 = (
                real(numbers[f"{name}_{n:02}_{k}"])
                for name, k in [("conv1", 1), ("conv1", 2), ("nonlinear", 1), ("conv2", 1), ("conv2", 2)]
            )
            bank = w1.reshape(*w1.shape[:2], -1).transpose(2, 0, 1)
            eta = np.concatenate([real(numbers[f"Muliper_{n:02}_{k}"]).ravel() for k in (1, 2, 3)])
            v = real(numbers[f"Recon_{n:02}_1"])
            stages.append({"v": v, "eta": eta, **_prior(bank, b1, q.T, w2.transpose(2, 0, 1), b2)})
        last = {"v": real(numbers[f"Recon_{depth + 1:02}_1"])}
        return _assemble(path, stages, last, {"free": True, "normalise": False, "scale": GREY_LEVELS})
    except (KeyError, IndexError, ValueError) as error:
        raise InputError(f"{path}: holds no ADMM-CSNet for natural images ({error}).") from error


def read_port(path: Path) -> tuple[ADMMCSNet, dict[str, Any]]:
    """The PyTorch port and its arguments: stages that share their numbers, the measurement put back at the end.

    Curves are stored as slopes and a value at -1; the outer slopes are theirs, too. Every number is stored once by
    itself and again for each stage. The file is unpickled with nothing but tensors allowed. Raises InputError for
    anything else.
    """
    state = read_torch_state(path)
    try:
        shared = [state[name] for name in PORT]
        w1, b1, slopes, start, w2, b2, rho, eta = (real(tensor.numpy()) for tensor in shared)
        if slopes.shape != (len(w1), POINTS + 1):
            raise ValueError(f"curves of shape {slopes.shape}, {POINTS + 1} slopes are needed")
        rises = np.cumsum(slopes[:, 1:-1] * (2 * REACH / (POINTS - 1)), axis=1)
        values = start[:, None] + np.concatenate([np.zeros((len(start), 1)), rises], axis=1)
        prior = {**_prior(w1[:, 0], b1, values, w2[0], b2), "outer": slopes[:, [0, -1]]}
        tied = {"tied": True, "consistent": True, "open_ends": True, "normalise": False}
        depth = sum(PORT_STAGE.fullmatch(name) is not None for name in state)
        if depth < 1:
            raise ValueError("no stages cs_net.*")
        found = _assemble(path, [{"rho": rho, "eta": eta, **prior}], {"rho": rho}, tied, depth)
        for name, tensor in state.items():
            if not any(torch.equal(tensor, t) for t in shared if t.shape == tensor.shape and t.dtype == tensor.dtype):
                raise ValueError(f"{name} differs from the numbers that all stages must share")
        return found
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise InputError(f"{path}: holds no ADMM-CSNet of the PyTorch port ({error}).") from error


def _prior(
    analysis: np.ndarray, bias: np.ndarray, values: np.ndarray, synthesis: np.ndarray, mean: np.ndarray
) -> dict[str, np.ndarray]:
    """Numbers of a shrinkage field; filters are (channels, size, size)."""
    return {
        "analysis": analysis[:, None], "bias": bias.ravel(), "values": values, "synthesis": synthesis[:, None],
        "mean": mean,
    }  # fmt: skip


def _assemble(
    path: Path,
    stages: list[dict[str, np.ndarray]],
    last: dict[str, np.ndarray],
    arguments: dict[str, Any],
    depth: int = 0,
) -> tuple[ADMMCSNet, dict[str, Any]]:
    """The network with these numbers in single precision, and what it is built with."""
    channels, _, size, _ = stages[0]["analysis"].shape
    arguments = {"depth": depth or len(stages), "filters": channels, "size": size, **arguments}
    net = ADMMCSNet(**arguments)
    state = net.state_dict()
    for n, stage in enumerate(stages):
        for name, value in stage.items():
            place = {"rho": "step.reconstruct.rho", "v": "step.reconstruct.v", "eta": "step.eta"}.get(name)
            finite(state, f"unrolled.stages.{n}." + (place or f"prior.0.{name}"), value)
    for name, value in last.items():
        finite(state, f"unrolled.last.{name}", value)
    net.load_state_dict(state)
    return net, arguments
