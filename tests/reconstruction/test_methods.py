"""The methods: what each makes of samples."""

from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from minimand.io import InputError
from minimand.reconstruction.admm_net import ADMMNet
from minimand.reconstruction.methods import (
    METHODS,
    apply_network,
    get_method,
    require_known,
    total_variation,
    trace_network,
    zero_filled,
)
from minimand.reconstruction.networks import NETWORKS, arguments_of, make
from minimand.weights import save_weights

KSPACE = tuple(name for name in METHODS if name not in ("bm3d-amp", "ldamp"))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Untrained weights of a network's name; None for the methods that take none."""
    files = {}
    for name in NETWORKS:
        torch.manual_seed(0)
        arguments = arguments_of(name, depth=2, filters=None, size=None)
        files[name] = str(tmp_path_factory.mktemp("weights") / f"{name}.safetensors")
        save_weights(Path(files[name]), {"network": name, "arguments": arguments}, make(name, arguments).state_dict())
    return files.get


@pytest.mark.parametrize("name", KSPACE)
@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64])
def test_every_method_improves_on_nothing_and_keeps_shape_and_kind(name, dtype, tiny, heads, measured):
    truth = heads().to(dtype)
    method = get_method(name, weights=tiny(name))
    x = method.run(measured(truth))
    assert x.shape == truth.shape
    assert x.dtype == dtype
    assert (x - truth).norm() < 0.3 * truth.norm()
    assert (method.net is None) == (name not in NETWORKS)


@pytest.mark.parametrize("name", KSPACE)
def test_every_method_takes_odd_sizes_and_phases(name, tiny, heads, measured):
    truth = torch.polar(heads(1, (23, 30)), torch.linspace(0, 1, 30).expand(1, 23, 30))
    x = get_method(name, weights=tiny(name)).run(measured(truth, "radial:0.5"))
    assert x.shape == truth.shape
    assert x.dtype == truth.dtype
    assert (x - truth).norm() < 0.3 * truth.norm()


@pytest.mark.parametrize("name", KSPACE)
def test_every_method_gives_the_image_itself_from_full_kspace(name, tiny, heads, measured):
    truth = heads(1)
    x = get_method(name, weights=tiny(name)).run(measured(truth, "full"))
    assert (x - truth).norm() < {"zero-filled": 1e-6, "tv": 0.02}.get(name, 0.2) * truth.norm()


@pytest.mark.parametrize("name", KSPACE)
@pytest.mark.parametrize("scale", [1e-6, 1e9])
def test_scaling_the_samples_scales_the_image(name, scale, tiny, heads, measured):
    method, truth = get_method(name, weights=tiny(name)), heads()
    scaled, near = method.run(measured(scale * truth)) / scale, {"fdlcp": 0.03}.get(name, 1e-4)
    assert_close(scaled, method.run(measured(truth)), rtol=0, atol=near)  # fdlcp: classes of patches jump with rounding


@pytest.mark.parametrize("name", KSPACE)
def test_a_batch_equals_its_items_one_by_one(name, tiny, heads, measured):
    method, truth = get_method(name, weights=tiny(name)), heads(3)
    one_by_one = torch.cat([method.run(measured(t[None])) for t in truth])
    assert_close(method.run(measured(truth)), one_by_one, rtol=0, atol=1e-5)


def test_tv_has_less_variation_than_zero_filling_and_is_nearer(heads, measured):
    truth = heads()
    terms = measured(truth)
    tv, zero = total_variation(terms), zero_filled(terms)

    def variation(x):
        return (x - x.roll(1, -1)).abs().sum() + (x - x.roll(1, -2)).abs().sum()

    assert variation(tv) < variation(zero)
    assert (tv - truth).norm() < 0.8 * (zero - truth).norm()


def test_tv_recovers_a_piecewise_constant_image(measured):
    truth = torch.zeros(1, 32, 32)
    truth[:, 8:20, 10:26] = 1
    x = total_variation(measured(truth, "radial:0.4"), weight=1e-4)
    assert (x - truth).norm() < 0.05 * truth.norm()


def test_a_networks_trace_starts_zero_filled_and_ends_at_its_image(tiny, heads, measured):
    terms, net = measured(5 * heads(1)), get_method("admm-net", weights=tiny("admm-net")).net
    stages = trace_network(net, terms)
    assert len(stages) == 4
    assert_close(stages[0], zero_filled(terms))
    assert_close(stages[-1], apply_network(net, terms))


def test_an_authors_network_takes_any_units(heads, measured):
    torch.manual_seed(0)
    net = ADMMNet(2, normalise=False).requires_grad_(False)
    truth = heads(1)
    for scale in (1e-3, 50.0):
        assert_close(
            apply_network(net, measured(scale * truth)) / scale, apply_network(net, measured(truth)), rtol=0, atol=0.05
        )
        stages = trace_network(net, measured(scale * truth))
        assert_close(stages[-1], apply_network(net, measured(scale * truth)))


def test_unknown_names_are_told_with_the_nearest(tiny):
    with pytest.raises(
        InputError, match=r"no method 'tvv'. Did you mean tv or tval3. Known: zero-filled, tv, recpf, sidwt, "
    ):
        require_known("tvv")
    with pytest.raises(InputError, match="tv takes no weights"):
        get_method("tv", weights=tiny("admm-net"))


def test_weights_of_another_network_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "other.safetensors"
    save_weights(path, {"network": "other", "arguments": {"depth": 1}}, ADMMNet(1).state_dict())
    monkeypatch.setitem(NETWORKS, "other", ADMMNet)
    with pytest.raises(InputError, match="are weights of other, not of admm-net"):
        get_method("admm-net", weights=str(path))
