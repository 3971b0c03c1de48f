"""Networks as files that run without Minimand: programs of torch.export (.pt2) and ONNX (.onnx)."""

import io
import json
import logging
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.export import Dim

from minimand.io import InputError, atomic_writer, check_output
from minimand.operators import Fourier
from minimand.operators.sensing import KINDS as COMPRESSIVE
from minimand.reconstruction.denoisers import NETWORKS as DENOISERS
from minimand.reconstruction.denoisers import NLRMRF
from minimand.reconstruction.denoisers import build as build_denoiser
from minimand.reconstruction.networks import NETWORKS, build
from minimand.reconstruction.portable import PortableDenoiser, PortableMRI
from minimand.terms import LeastSquares
from minimand.weights import load_weights

SUFFIXES = (".pt2", ".onnx")
SIZES = ((24, 30), (41, 37), (64, 32))  # the first is the one exported at
LARGEST = 16384  # pixels of a side, images of a batch
CLOSE = 1e-5  # of the largest magnitude
NEEDED = ("onnx", "onnxscript", "onnxruntime")

Arguments = tuple[Tensor, Tensor]


class Exportable(NamedTuple):
    """A network to export. draw: inputs of a size; expected: what the network itself makes of them; axes: which axes of
    each input may have any length.
    """

    module: nn.Module
    draw: Callable[[tuple[int, int]], Arguments]
    expected: Callable[[Tensor, Tensor], Tensor]
    axes: tuple[dict[int, Any], dict[int, Any]]
    card: dict[str, Any]


class Exported(NamedTuple):
    """What came out: bytes of the file; difference from the network itself, largest over the sizes looked at."""

    size: int
    difference: float
    card: dict[str, Any]


def check_export(output: Path, force: bool = False) -> None:
    """Raise InputError where `export` could not write: call this before long work."""
    if output.suffix not in SUFFIXES:
        raise InputError(f"{output}: cannot write {output.suffix or 'no suffix'}; name the output .pt2 or .onnx.")
    check_output(output, force, record=True)
    missing = [name for name in NEEDED if output.suffix == ".onnx" and find_spec(name) is None]
    if missing:
        raise InputError(f"{output}: needs {', '.join(missing)}; install them: pip install 'minimand[export]'.")


def export(source: str, output: Path, *, real: bool = True, force: bool = False) -> Exported:
    """Write a network, by the name of shipped weights or from a file, and hold what was written against it.

    real: networks for k-space reconstruct images without phase. Raises InputError for networks that cannot be
    exported, and ArithmeticError where the file gives something else than the network, with nothing written.
    """
    check_export(output, force)
    found = exportable(source, real=real)
    content = written(found, output.suffix)
    difference = largest_difference(found, content, output.suffix)
    if not difference <= CLOSE:
        raise ArithmeticError(f"{output}: differs from the network by {difference:.2g}; it is not written.")
    with atomic_writer(output, force) as file:
        file.write(content)
    return Exported(len(content), difference, found.card)


def exportable(source: str, *, real: bool = True) -> Exportable:
    """A network ready for export. Raises InputError where it cannot be."""
    weights = load_weights(source)
    network = str(weights.card.get("network"))
    batch, height, width = (Dim(name, min=1, max=LARGEST) for name in ("batch", "height", "width"))
    if network in DENOISERS:
        denoiser = build_denoiser(weights)
        if isinstance(denoiser, NLRMRF):
            raise InputError(f"{source}: nlr-mrf searches for similar pixels, which no file says; export foe or dncnn.")
        axes = ({0: batch, 1: height, 2: width}, {0: batch})
        return Exportable(PortableDenoiser(denoiser).eval(), noisy, denoiser, axes, weights.card)
    if network not in NETWORKS:
        known = ", ".join((*NETWORKS, *DENOISERS))
        raise InputError(f"{source}: networks of the kind {network} are not exported yet; those are {known}.")
    kinds = [str(text).partition(":")[0] for text in weights.card.get("sampling", ())]
    if other := [kind for kind in kinds if kind in COMPRESSIVE]:
        raise InputError(f"{source}: is for measurements by {other[0]}; only networks for k-space are exported yet.")
    net = build(weights)

    def expected(kspace: Tensor, mask: Tensor) -> Tensor:
        y = torch.complex(*kspace.double().unbind(1))
        x: Tensor = net.double()(LeastSquares(Fourier(mask, real=real), y))
        return x.unsqueeze(1) if real else torch.stack([x.real, x.imag], 1)

    axes = ({0: batch, 2: height, 3: width}, {0: height, 1: width})
    return Exportable(PortableMRI(net.double(), real=real).eval(), sampled, expected, axes, weights.card)


def noisy(size: tuple[int, int]) -> Arguments:
    """Two images and their noise."""
    generator = torch.Generator().manual_seed(sum(size))
    return torch.rand(2, *size, generator=generator), torch.tensor([0.1, 0.05])


def sampled(size: tuple[int, int]) -> Arguments:
    """K-space of two blocks, and a mask of 40 %."""
    generator = torch.Generator().manual_seed(sum(size))
    images = torch.zeros(2, *size)
    images[0, 4:-6, 5:-8], images[1, 8:-8, 3:-9] = 1, 0.7
    mask = torch.rand(size, generator=generator) < 0.4
    mask[:3, :3] = True
    kspace = mask * torch.fft.fft2(images, norm="ortho")
    return torch.stack([kspace.real, kspace.imag], 1), mask


def written(found: Exportable, suffix: str) -> bytes:
    """The file's content."""
    arguments = found.draw(SIZES[0])
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # of the exporters about themselves
        program = torch.export.export(found.module, arguments, dynamic_shapes=found.axes, strict=False)
        card = json.dumps(found.card, sort_keys=True)
        if suffix == ".pt2":
            stream = io.BytesIO()
            torch.export.save(program, stream, extra_files={"card.json": card})
            return stream.getvalue()
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it counts what is not installed
        model = torch.onnx.export(program, arguments, dynamo=True, verbose=False, output_names=["image"])
        assert model is not None
        model.model.metadata_props["minimand"] = card
        content: bytes = model.model_proto.SerializeToString()
        return content


def largest_difference(found: Exportable, content: bytes, suffix: str) -> float:
    """The largest difference from the network itself at three sizes, in units of the largest magnitude."""
    run = loaded(content, suffix)
    differences = []
    for size in SIZES:
        arguments = found.draw(size)
        with torch.no_grad():
            wanted = found.expected(*arguments)
        differences.append(float((run(*arguments) - wanted).abs().max() / wanted.abs().max()))
    return max(differences)


def loaded(content: bytes, suffix: str) -> Callable[[Tensor, Tensor], Tensor]:
    """An exported network as a function, in the runtime it is for."""
    if suffix == ".pt2":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module: Any = torch.export.load(io.BytesIO(content)).module()
        return lambda *arguments: module(*arguments)
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    names = [part.name for part in session.get_inputs()]

    def run(*arguments: Tensor) -> Tensor:
        given = {name: value.numpy() for name, value in zip(names, arguments, strict=True)}
        return torch.from_numpy(session.run(None, given)[0])

    return run
