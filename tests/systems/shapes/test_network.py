"""ST-Net: its parts against plain statements, the losses against hand-worked cases, and learning of a small set."""

from functools import partial

import numpy as np
import pytest
import torch

from minimand.io import InputError
from minimand.learning import Run, fit
from minimand.systems.shapes.laplacian import Eigenpairs, eigenpairs
from minimand.systems.shapes.learn import Plan, train
from minimand.systems.shapes.methods import get_method
from minimand.systems.shapes.metric import contrastive, large_margin, triplet
from minimand.systems.shapes.network import (
    COLUMNS,
    SIZE,
    VECTOR,
    Fixed,
    STNet,
    first_order,
    load_network,
    moments,
    power,
)
from minimand.systems.shapes.tables import SHIPS, classes, paired, poses, table_row
from minimand.systems.shapes.training import Classes, Shapes, figures, rate
from minimand.weights import save_weights

from .conftest import torus, worm


def random_moments(shapes, generator, between=1.0):
    """Moments of columns drawn about means of their own."""
    means = between * torch.randn(shapes, 1, COLUMNS, dtype=torch.float64, generator=generator)
    columns = torch.randn(shapes, 80, COLUMNS, dtype=torch.float64, generator=generator) + means
    columns = torch.cat([columns, torch.ones(shapes, 80, 1, dtype=torch.float64)], 2)
    return columns.mT @ columns / 80


OTHERS = torch.randn(12, 7, generator=torch.Generator().manual_seed(2))


@pytest.fixture
def M():
    return random_moments(12, torch.Generator().manual_seed(0))


def test_moments_hold_the_means_and_the_constant():
    found = moments(eigenpairs(*worm(1.0, rings=25, around=18)[:2]))
    assert found.shape == (SIZE, SIZE)
    assert found[-1, -1].item() == pytest.approx(1)
    np.testing.assert_allclose(found[-1, 16:-1], 1, rtol=1e-9)  # wave kernel signatures have mean 1
    assert bool((torch.linalg.eigvalsh(found) > -1e-9).all())


def test_standardised_columns_have_mean_zero_and_deviation_one_over_the_training_shapes(M):
    found = STNet().born(M, OTHERS).standardised(M)
    torch.testing.assert_close(found[:, :-1, -1].mean(0), torch.zeros(COLUMNS).double(), atol=1e-6, rtol=0)
    ones = found.diagonal(dim1=1, dim2=2).mean(0)
    torch.testing.assert_close(ones, torch.ones(SIZE).double(), atol=1e-5, rtol=0)


def test_embeddings_are_unit_vectors_whatever_the_batch(M):
    net = STNet(size=6).born(M, OTHERS)
    z = net(M)
    torch.testing.assert_close(torch.linalg.vector_norm(z, dim=1), torch.ones(12))
    torch.testing.assert_close(net(M[3:5]), z[3:5])
    assert first_order(M).shape == (12, COLUMNS)
    torch.testing.assert_close(power(M, 1.0) @ power(M, 1.0).mT, torch.einsum("aij,bij->ab", M, M), rtol=1e-3, atol=1)


def test_the_unlearned_part_has_the_scale_of_the_training_shapes_and_rules_far_from_them(M):
    net = STNet(size=6).born(M, OTHERS)
    near, far = net.describe(M, OTHERS, 0.5), net.describe(1e4 * M, 1e3 * OTHERS, 0.5)
    torch.testing.assert_close(near[:, :6], net(M))
    for part in (near[:, 6:-7], near[:, -7:]):
        assert torch.pdist(part).median().item() == pytest.approx(0.5 / 2**0.5, rel=1e-3)
    assert torch.pdist(far[:, 6:]).median() > 3 * torch.pdist(far[:, :6]).max()


def test_it_can_learn_a_few_shapes_by_heart():
    generator = torch.Generator().manual_seed(1)
    shapes = Shapes(random_moments(16, generator), torch.randn(16, 7), torch.arange(4).repeat(4))
    net = STNet(size=8).born(shapes.M, shapes.others)
    task = Classes(net, shapes, shapes, share=0.0)
    before, loss = task.validate(net), task.loss(net, 0).item()
    fit(net, task, steps=60, rate=rate, every=60)
    assert before < 50
    assert task.validate(net) == pytest.approx(100)
    assert task.loss(net, 0).item() < 0.5 * loss


@pytest.mark.parametrize("loss", [triplet, contrastive, large_margin])
def test_losses_are_small_for_classes_apart_and_have_right_gradients(loss):
    apart = torch.tensor([[0.0, 0], [0.01, 0], [3, 0], [3.01, 0]], dtype=torch.float64)
    labels = torch.tensor([0, 0, 1, 1])
    assert loss(apart, labels) < 1e-3
    assert loss(apart[[0, 2, 1, 3]], labels) > 1
    z = torch.randn(6, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda z: loss(z, torch.tensor([0, 0, 0, 1, 1, 1])), (z,))


def test_the_triplet_loss_by_hand():
    """Two classes on a line: 0 and 1, against 3: farthest positive 1, nearest negatives 9 and 4, alone 3 has none."""
    z = torch.tensor([[0.0], [1.0], [3.0], [3.0]], dtype=torch.float64)
    labels = torch.tensor([0, 0, 1, 1])
    soft = np.log(2) / 8  # two negatives at one place
    want = [max(0, 1 - (9 - soft) + 0.5), max(0, 1 - (4 - soft) + 0.5), 0, 0]
    assert triplet(z, labels).item() == pytest.approx(np.mean(want))


def test_splits_are_disjoint_and_leave_what_they_should():
    labels = torch.arange(5).repeat_interleave(10)
    assert poses(labels, 0).reshape(5, 10).sum(1).tolist() == [4] * 5
    assert sorted(classes(labels, 1).reshape(5, 10).sum(1).tolist()) == [0, 0, 10, 10, 10]
    assert not torch.equal(poses(labels, 0), poses(labels, 1))


def test_differences_to_the_best_unlearned_method_are_paired():
    low, high = torch.tensor([0.5, 0.4, 0, 0, 0]), torch.tensor([0.5, 0.6, 0, 0, 0])
    trials = [
        {"wks": low + k, "log-wks": low, "hks": low, "si-hks": low, "shape-dna": low, SHIPS: high + k} for k in (0, 1)
    ]
    assert paired(trials) == {"method": "wks", "first_tier": pytest.approx(20), "spread": pytest.approx(0, abs=1e-4)}


def test_a_row_has_percent_and_the_deviation_of_the_seeds():
    row = table_row("st-net", "x", "pose40", torch.tensor([[0.5] * 5, [0.7] * 5]))
    assert row["first_tier"] == pytest.approx(60)
    assert row["dcg_spread"] == pytest.approx(10 * 2**0.5)
    assert table_row("a", "x", "range", torch.ones(1, 5))["nn_spread"] == 0
    assert row["published"]["real"] == 99.83


def test_rivals_are_the_same_network_with_another_head(M):
    for head in (Fixed(first_order, COLUMNS), Fixed(partial(power, beta=0.5), VECTOR)):
        net = STNet(size=5, head=head).born(M, OTHERS)
        assert net(M).shape == (12, 5)
        assert [name for name, _ in net.named_parameters()] == ["weight"]


@pytest.fixture
def folder(tmp_path):
    """Ten classes of two small shapes as a set."""
    meshes = [torus(24, 14, 0.25 + 0.03 * k + 0.002 * j) for k in range(10) for j in range(2)]
    np.savez(
        tmp_path / "set.npz", names=np.arange(20).astype(str), labels=np.repeat(np.arange(10).astype(str), 2),
        voff=np.arange(21) * 336, foff=np.arange(21) * 672,
        V=np.concatenate([m.vertices for m in meshes]), F=np.concatenate([m.faces for m in meshes]),
    )  # fmt: skip
    return tmp_path


def test_a_training_run_writes_weights_that_load_and_says_what_it_learned_from(folder):
    progress = train(Plan([str(folder / "set.npz")], size=4, steps=6, every=3), Run(folder / "w.safetensors", "cmd"))
    net, card = load_network(str(folder / "w.safetensors"))
    assert card["training"]["shapes"] == 16
    assert card["validation"]["classes"] == ["set/4", "set/9"]
    assert card["validation"]["first_tier"] == progress.best
    M = random_moments(2, torch.Generator())
    found = net.describe(M, OTHERS[:2], 0.5)
    assert found.shape == (2, 4 + VECTOR + 7)
    assert figures(found, torch.tensor([0, 0]))[0] == 1


def test_a_network_that_learned_views_describes_parts(folder):
    plan = Plan([str(folder / "set.npz")], size=4, steps=3, every=3, loss="contrastive", views=2)
    train(plan, Run(folder / "w.safetensors", "cmd"))
    _, card = load_network(str(folder / "w.safetensors"))
    assert (card["views"], card["loss"], card["training"]["shapes"]) == (2, "contrastive", 16)
    method, _ = get_method("st-net", str(folder / "w.safetensors"))
    assert method(eigenpairs(*worm(1.0, rings=25, around=18)[:2])).shape == (4 + 2 * VECTOR,)


def test_weights_of_another_network_are_refused(tmp_path):
    save_weights(tmp_path / "w.safetensors", {"network": "foe", "arguments": {}}, {"a": torch.ones(1)})
    with pytest.raises(InputError, match="is foe, not st-net"):
        load_network(str(tmp_path / "w.safetensors"))


def test_a_sign_of_an_eigenfunction_changes_nothing():
    found = eigenpairs(*worm(1.0, rings=25, around=18)[:2])
    other = Eigenpairs(found.values, -found.functions, found.areas, found.area)
    torch.testing.assert_close(moments(other), moments(found))
