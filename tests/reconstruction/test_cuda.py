"""Every method and every shipped network on a GPU: the image, and the gradients, of the processor.

Skipped where there is no CUDA device.
"""

import pytest
import torch

from minimand.operators import Sense
from minimand.operators.sampling import parse_mask
from minimand.operators.sensing import parse_operator
from minimand.reconstruction.methods import METHODS, get_method
from minimand.reconstruction.networks import NETWORKS, load_network
from minimand.terms import LeastSquares
from minimand.weights import shipped_cards

DEVICE = "cuda"
pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")

COILS, COMPRESSIVE = ("sense-tv", "sense-wavelet", "admm-csnet-coils"), ("bm3d-amp", "ldamp", "admm-csnet-hadamard")
# Choices of patches change with rounding, and ADMM-Net lets it grow (by a thousand on the processor alone).
JUMPING = ("fdlcp", "pano", "bm3d-mri", "bm3d-amp", "admm-net")
NETS = {name: card for name, card in shipped_cards().items() if card["network"] in NETWORKS}


def coil_data(truth):
    """Samples of three smooth coils."""
    height, width = truth.shape[-2:]
    across, down = torch.linspace(-1, 1, width)[None, :], torch.linspace(-1, 1, height)[:, None]
    phases = [torch.polar(torch.exp(-((across - a) ** 2 + (down - b) ** 2)), a * across) for a, b in
              [(-1.0, 0.0), (1.0, 0.0), (0.0, 1.0)]]  # fmt: skip
    maps = torch.stack(phases)
    A = Sense(parse_mask("cartesian:0.4", (height, width), seed=0), maps[None] / maps.norm(dim=0))
    return LeastSquares(A, A(truth.to(torch.complex64)))


@pytest.fixture
def data_for(measured):
    """`data_for(name, truth)`: measurements of the kind that a method or network is for."""

    def make(name, truth):
        if name in COILS:
            return coil_data(truth)
        if name in COMPRESSIVE:
            A = parse_operator("hadamard:0.5", tuple(truth.shape[-2:]))
            return LeastSquares(A, A(truth))
        return measured(truth)

    return make


@pytest.mark.parametrize("name", METHODS)
def test_a_method_makes_the_same_image(name, heads, data_for):
    data = data_for(name, heads(1, (64, 64)))
    expected = get_method(name).run(data)
    found = get_method(name, device=DEVICE).run(data.to(DEVICE))
    assert found.device.type == DEVICE
    near = 0.03 if name in JUMPING else 1e-4
    assert (found.cpu() - expected).norm() < near * expected.norm()


@pytest.mark.parametrize("name", NETS)
def test_a_shipped_network_makes_the_same_image_and_gradients(name, heads, data_for):
    net = load_network(name)[0].double().requires_grad_()
    data = data_for(name, heads(2, (48, 40)).double()).double()
    results = []
    for device in ("cpu", DEVICE):
        net.to(device).zero_grad()
        x = net(data.to(device))
        x.abs().square().sum().backward()
        numbers = [x.detach(), *(p.grad for p in net.parameters() if p.grad is not None)]
        results.append([t.cpu().clone() for t in numbers])
    assert len(results[0]) > 1
    for expected, found in zip(*results, strict=True):
        assert (found - expected).norm() <= 1e-6 * expected.norm() + 1e-9
