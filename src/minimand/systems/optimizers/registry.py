"""The optimizees by name."""

from pathlib import Path

import torch.nn.functional as F

from minimand.io import InputError
from minimand.systems.optimizers.data import Pictures, cifar10, mnist
from minimand.systems.optimizers.optimizees import ACTIVATIONS, CNN, LSTM, MLP, Optimizee

ONE, TWO = ((16, 16),), ((16, 16), (32, 32))  # the blocks of CNN-1 and CNN-2
SINES = {"lstm": (1, 0.1), "lstm-small-noise": (1, 0.01), "lstm-2": (2, 0.1)}  # layers, noise
CNNS = ("cnn-1", "cnn-2", "cnn-1-cifar", "cnn-2-cifar", "cnn-1-cifar-bn", "cnn-2-cifar-dropout")
POOLED = {"": 1, "small": 2, "tiny": 4}  # MNIST's pictures with 28, 14 and 7 pixels
KNOWN = (
    "mlp[-DEPTH][-ACTIVATION][-small|-tiny], DEPTH 1 to 10, ACTIVATION sigmoid, relu, elu or tanh",
    *CNNS,
    "cnn-1-small",
    *SINES,
)


def make_optimizee(name: str, folder: Path, part: str = "train") -> Optimizee:
    """The optimizee of a name such as mlp-3-relu, cnn-1-cifar-bn or lstm-2, on the pictures of a part of the data.

    Raises InputError for an unknown name and where the pictures are not at hand.
    """
    if name in SINES:
        return LSTM(*SINES[name])
    kind, *words = name.split("-")
    pooled = POOLED[words.pop() if words and words[-1] in POOLED else ""]
    if "-".join([kind, *words]) in CNNS:
        pictures = cifar10(folder, part) if "cifar" in words else shrunk(mnist(folder, part), pooled)
        blocks, hidden = (ONE, ()) if words[0] == "1" else (TWO, (64,))
        return CNN(pictures, blocks, hidden, normalise="bn" in words, dropout="dropout" in words)
    depth = int(words.pop(0)) if words and words[0].isdecimal() else 1
    activation = words.pop(0) if words and words[0] in ACTIVATIONS else "sigmoid"
    if kind != "mlp" or words or not 1 <= depth <= 10:
        raise InputError(f"there is no optimizee {name!r}. Known: {', '.join(KNOWN)}.")
    return MLP(shrunk(mnist(folder, part), pooled), depth, activation)


def shrunk(pictures: Pictures, factor: int) -> Pictures:
    """Means over squares of pixels, times their side: the sum of squares, and so what a layer gets, stays about as it
    was.
    """
    return Pictures(factor * F.avg_pool2d(pictures.x, factor), pictures.y) if factor > 1 else pictures
