"""Import of the authors' networks: whatever kind of file, weights with a card come out."""

from pathlib import Path
from typing import Any

from minimand.io import InputError, read_matlab_object, sha256
from minimand.reconstruction.authors import read_admm_net, read_layers
from minimand.reconstruction.authors_csnet import read_image_csnet, read_mri_csnet, read_port
from minimand.reconstruction.networks import Network
from minimand.weights import save_weights


def read_network(path: Path) -> tuple[str, Network, dict[str, Any]]:
    """Name, network and arguments of an authors' file: a MATLAB v7.3 file of any of their kinds, or the PyTorch port's.

    The kind is told by the content. Raises InputError where it is none of them.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file.")
    with open(path, "rb") as file:
        head = file.read(2)
    if head == b"PK" or path.suffix in (".pth", ".pt"):
        return "admm-csnet", *read_port(path)
    if read_matlab_object(path):
        return "admm-csnet", *read_image_csnet(path)
    layers = read_layers(path)
    if any(kind.removeprefix("c_") == "conv" for kind, _ in layers):
        return "admm-csnet", *read_mri_csnet(path, layers)
    net = read_admm_net(path)
    inside = net.look_inside()
    size, depth = inside.filters.shape[-1], net.unrolled.depth
    return "admm-net", net, {"depth": depth, "filters": inside.total, "size": size, "normalise": False}


def import_network(path: Path, output: Path, *, force: bool = False) -> tuple[str, int]:
    """Write the network of an authors' file as weights with a card; returns its name and its number of full stages."""
    name, net, arguments = read_network(path)
    depth = net.unrolled.depth
    scale = "grey levels 0 to 255" if "scale" in arguments else "images of maximum 1"
    card = {
        "name": output.stem,
        "network": name,
        "summary": f"{depth} stages, imported from {path.name}; takes {scale}",
        "arguments": arguments,
        "source": {"file": path.name, "sha256": sha256(path)},
    }
    save_weights(output, card, net.state_dict(), force=force)
    return name, depth
