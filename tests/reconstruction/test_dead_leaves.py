"""Pictures drawn at random."""

import torch

from minimand.reconstruction.dead_leaves import dead_leaves


def test_pictures_fill_their_range_and_follow_the_seed():
    one, two = dead_leaves(2, seed=0), dead_leaves(1, seed=0)
    assert torch.equal(one[0], two[0])
    assert not torch.equal(one[0], one[1])
    for picture in one:
        assert picture.shape == (256, 256)
        assert picture.dtype == torch.float32
        assert (float(picture.min()), float(picture.max())) == (0, 1)


def test_differences_are_heavy_tailed_and_the_spectrum_falls_like_natural_images_do():
    pictures = torch.stack(dead_leaves(4, seed=1))
    step = (pictures[:, 1:] - pictures[:, :-1]).flatten(1)
    assert bool((step.pow(4).mean(1) / step.square().mean(1).square() > 8).all())  # a Gaussian has 3
    power = torch.fft.fft2(pictures - pictures.mean((1, 2), keepdim=True)).abs()
    frequency = torch.hypot(torch.fft.fftfreq(256)[:, None], torch.fft.fftfreq(256)[None, :])
    low, high = (power[:, (frequency > f) & (frequency < 2 * f)].mean() for f in (0.02, 0.16))
    slope = float(torch.log(low / high) / torch.log(torch.tensor(8.0)))
    assert 0.8 < slope < 1.8
