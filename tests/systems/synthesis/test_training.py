"""Training: what each part learns, the pool, the guards, and a state that a run goes on from."""

import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from minimand.systems.synthesis.cyclegan import CYCLE, METHODS, CycleGAN
from minimand.systems.synthesis.mind import structure_loss
from minimand.systems.synthesis.training import POOL, Training, Unhealthy

SIDE = 32


def volumes(count, slices=3):
    generator = torch.Generator().manual_seed(count)
    coarse = [torch.rand(slices, 1, 4, 4, generator=generator) * 2 - 1 for _ in range(count)]
    return [F.interpolate(part, scale_factor=SIDE // 4, mode="bilinear")[:, 0] for part in coarse]


def training(method="structure", **options):
    torch.manual_seed(0)
    chosen = METHODS[method]
    net = CycleGAN(2, 1, structure=chosen.structure)
    return Training(net, volumes(2), volumes(2), chosen.pick, **{"steps": 10, "batch": 2, **options})


def test_the_loss_is_that_of_the_paper():
    net = CycleGAN(2, 1, structure=3.0)
    mr, ct = (torch.rand(2, 1, SIDE, SIDE) * 2 - 1 for _ in range(2))
    with torch.no_grad():
        loss, made_mr, made_ct = net.generator_loss(mr, ct)
        gan = (net.judge_ct(made_ct) - 1).square().mean() + (net.judge_mr(made_mr) - 1).square().mean()
        cycle = (net.to_mr(made_ct) - mr).abs().mean() + (net.to_ct(made_mr) - ct).abs().mean()
        structure = structure_loss(made_ct[:, 0], mr[:, 0]) + structure_loss(made_mr[:, 0], ct[:, 0])
        assert_close(loss, gan + CYCLE * cycle + 3.0 * structure)
        of_mr, of_ct = net.judge_losses(mr, ct, made_mr, made_ct)
        for found, judge, real, made in ((of_mr, net.judge_mr, mr, made_mr), (of_ct, net.judge_ct, ct, made_ct)):
            assert_close(found, ((judge(real) - 1).square().mean() + judge(made).square().mean()) / 2)


def test_each_loss_teaches_its_own_networks():
    net = CycleGAN(2, 1)
    mr, ct = (torch.rand(1, 1, SIDE, SIDE) for _ in range(2))
    _, made_mr, made_ct = net.generator_loss(mr, ct)
    sum(net.judge_losses(mr, ct, made_mr, made_ct)).backward()
    assert all(p.grad is None for p in net.generators())
    assert all(p.grad is not None for p in net.judges())


def test_one_slice_of_each_kind_is_learned_by_heart():
    net = CycleGAN(4, 1, structure=5.0)
    run = Training(net, volumes(1, 1), volumes(1, 1), METHODS["structure"].pick, steps=60, batch=1, pace=20.0)
    losses = [run.step(k) for k in range(30)]
    assert sum(losses[-5:]) < 0.6 * sum(losses[:5])


def test_methods_differ_in_the_structure_loss_and_the_choice_of_slices():
    kinds = {name: (method.structure > 0, method.pick.__name__) for name, method in METHODS.items()}
    assert kinds == {
        "cycle": (False, "any_slice"),
        "structure": (True, "same_position"),
        "paired": (False, "matching_slice"),
        "cycle-position": (False, "same_position"),
        "structure-random": (True, "any_slice"),
    }


def test_it_goes_on_from_its_state_bit_for_bit():
    whole, first, second = training(), training(), training()
    for k in range(6):
        whole.step(k)
    for k in range(3):
        first.step(k)
    second.restore(first.state())
    for k in range(3, 6):
        second.step(k)
    for name, value in whole.net.state_dict().items():
        assert bool((value == second.net.state_dict()[name]).all())
    assert all(bool((whole.average[name] == second.average[name]).all()) for name in whole.average)


def test_the_running_mean_is_the_generator_at_first_and_follows_it():
    run = training()
    before = run.snapshot()
    run.step(0)
    now = run.net.to_ct.state_dict()
    for name, value in run.average.items():
        assert_close(value, 0.1 * before[name] + 0.9 * now[name])


def test_the_pool_hands_out_old_images_half_the_time():
    run, generator = training(), torch.Generator().manual_seed(0)
    images = [torch.full((1, 1, 2, 2), float(k)) for k in range(400)]
    shown = [float(run._from_pool(0, image, generator).mean()) for image in images]
    assert shown[:POOL] == list(range(POOL))
    old = sum(value != k for k, value in enumerate(shown))
    assert 0.35 < old / (400 - POOL) < 0.65
    assert len(run.pools[0]) == POOL


def test_numbers_that_are_not_finite_stop_it():
    run = training()
    run.mr = [volume * torch.nan for volume in run.mr]
    with pytest.raises(Unhealthy, match="the loss at step 0 is not finite"):
        run.step(0)
    broken = training()
    next(iter(broken.net.to_ct.parameters())).data.fill_(torch.inf)
    with pytest.raises(Unhealthy, match="not finite"):
        broken.step(0)


def test_a_judge_that_tells_everything_stops_it_but_not_at_the_beginning():
    run = training()
    run.health = [0.2, 0.0]
    run._check(5, 1.0, [0.2, 0.0])
    with pytest.raises(Unhealthy, match="the judge of CT tells all images by step 300"):
        run._check(300, 1.0, [0.2, 0.0])


def test_windows_of_a_pair_lie_at_the_same_place():
    run = training("paired", window=(8, 12))
    run.ct = run.mr
    mr, ct = run._draw(torch.Generator().manual_seed(1))
    assert mr.shape == (2, 1, 8, 12)
    assert bool((mr == ct).all())


def test_numbers_that_are_no_longer_finite_end_it():
    run = training()
    next(run.net.to_ct.parameters()).register_hook(lambda gradient: gradient * torch.inf)
    with pytest.raises(Unhealthy, match="of the generator are not finite after step 0; a lower --pace may help"):
        run.step(0)
