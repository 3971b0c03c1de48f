"""Laws of the sampling masks, and the masks that ADMM-Net was published with."""

import numpy as np
import pytest
import torch

from minimand.operators.sampling import cartesian, equispaced, parse_mask, radial, random2d

SIZES = [(256, 256), (64, 48), (33, 47), (96, 31)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("spec", ["radial:0.2", "cartesian:0.3", "equispaced:0.3", "random:0.1", "full"])
def test_zero_frequency_is_sampled_and_the_size_is_kept(spec, size):
    mask = parse_mask(spec, size)
    assert mask.shape == size
    assert mask.dtype == torch.bool
    assert mask[0, 0]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("rate", [0.05, 0.2, 0.37, 0.6])
def test_radial_reaches_the_rate_and_overshoots_by_less_than_a_beam(size, rate):
    mask = radial(size, rate)
    beam = max(1 / min(size), 0.001)
    assert 0.999 * rate <= mask.double().mean().item() <= rate + beam


@pytest.mark.parametrize("size", SIZES)
def test_radial_is_point_symmetric(size):
    mask = radial(size, 0.2)
    assert torch.equal(mask, mask.flip(0, 1).roll((1, 1), (0, 1)))


@pytest.mark.parametrize("percent", [10, 20, 30, 40, 50])
def test_radial_is_the_published_mask_at_256(data, percent):
    with np.load(data / "mri" / "masks.npz") as masks:
        published = torch.from_numpy(masks[f"pseudo_radial_{percent}"] != 0)
    assert torch.equal(radial((256, 256), percent / 100), torch.fft.ifftshift(published))


def test_radial_refuses_a_rate_that_beams_cannot_reach_but_gives_everything_at_one():
    assert radial((8, 8), 1.0).all()
    with pytest.raises(ValueError, match="of a 8x8 k-space"):
        radial((8, 8), 0.9)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("rate", [0.1, 0.25, 1.0])
def test_cartesian_keeps_whole_columns_and_their_number_is_exact(size, rate):
    mask = cartesian(size, rate, seed=3)
    assert torch.equal(mask, mask[:1].expand(size))
    assert mask[0].sum() == round(rate * size[1])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("rate", [0.1, 0.25, 0.5, 1.0])
def test_equispaced_columns_have_one_distance_outside_a_full_centre(size, rate):
    mask = equispaced(size, rate, seed=3)
    assert torch.equal(mask, mask[:1].expand(size))
    assert abs(int(mask[0].sum()) - rate * size[1]) <= 2
    columns = torch.fft.fftshift(mask[0])
    middle, reach = size[1] // 2, (round(0.32 * rate * size[1]) - 1) // 2
    assert columns[middle - reach : middle + reach + 1].all()
    outside = torch.cat([columns[: middle - reach - 2].nonzero().flatten().diff()])
    assert outside.numel() == 0 or int(outside.max() - outside.min()) <= 1


def test_cartesian_fills_the_centre():
    columns = torch.fft.fftshift(cartesian((4, 256), 0.2, seed=0)[0])
    assert columns[128 - 8 : 128 + 8].all()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("rate", [0.05, 0.3, 1.0])
def test_random2d_keeps_an_exact_number_of_points(size, rate):
    assert random2d(size, rate, seed=1).sum() == round(rate * size[0] * size[1])


def test_random2d_is_denser_inside():
    mask = torch.fft.fftshift(random2d((128, 128), 0.2, seed=0)).double()
    assert mask[60:68, 60:68].mean() == 1
    assert mask[32:96, 32:96].mean() > 2 * mask.mean()


@pytest.mark.parametrize("draw", [cartesian, equispaced, random2d])
def test_the_same_seed_gives_the_same_mask_and_another_gives_another(draw):
    assert torch.equal(draw((64, 64), 0.3, seed=5), draw((64, 64), 0.3, seed=5))
    assert not torch.equal(draw((64, 64), 0.3, seed=5), draw((64, 64), 0.3, seed=6))


def test_a_percentage_is_a_rate():
    assert torch.equal(parse_mask("radial:20%", (64, 64)), radial((64, 64), 0.2))
    assert torch.equal(parse_mask("random:20%", (64, 64), seed=2), random2d((64, 64), 0.2, seed=2))


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("radail:0.2", "did you mean radial?"),
        ("spiral-out", "masks are radial:R, cartesian:R, equispaced:R, random:R and full"),
        ("radial", "needs a rate in .0, 1., got ''; write radial:0.2 or radial:20%"),
        ("radial:many", "got 'many'"),
        ("cartesian:20", "write cartesian:20%"),
        ("random:0", "must be in .0, 1., got 0"),
        ("random:-5%", "must be in .0, 1., got -5%"),
        ("radial:nan", "must be in .0, 1., got nan"),
        ("full:0.2", "full takes no rate"),
    ],
)
def test_a_bad_spec_is_one_clear_line(spec, said):
    with pytest.raises(ValueError, match=said) as caught:
        parse_mask(spec, (32, 32))
    assert "\n" not in str(caught.value)


def test_an_empty_size_is_refused():
    with pytest.raises(ValueError, match="at least 1x1, got 0x8"):
        radial((0, 8), 0.5)
