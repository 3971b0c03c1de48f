"""The networks of CycleGAN: a residual generator and a discriminator that judges patches."""

from jaxtyping import Float
from torch import Tensor, nn

SPREAD = 0.02  # standard deviation of convolution weights at birth
MULTIPLE = 4  # sides of an image are multiples of this

Image = Float[Tensor, "batch 1 height width"]


class Generator(nn.Sequential):
    """Images from -1 to 1 of one kind to those of another: two halvings, residual blocks, two doublings, tanh.

    width: channels at full size; blocks: residual blocks at a quarter of it. Sides are multiples of 4. Source: Zhu,
    Park, Isola, Efros (2017), appendix; whether the structure-constrained paper changed it could not be read.
    """

    def __init__(self, width: int = 16, blocks: int = 4):
        super().__init__(
            nn.ReflectionPad2d(3), nn.Conv2d(1, width, 7), *_normalised(width),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1), *_normalised(2 * width),
            nn.Conv2d(2 * width, 4 * width, 3, stride=2, padding=1), *_normalised(4 * width),
            *(Residual(4 * width) for _ in range(blocks)),
            nn.ConvTranspose2d(4 * width, 2 * width, 3, stride=2, padding=1, output_padding=1), *_normalised(2 * width),
            nn.ConvTranspose2d(2 * width, width, 3, stride=2, padding=1, output_padding=1), *_normalised(width),
            nn.ReflectionPad2d(3), nn.Conv2d(width, 1, 7), nn.Tanh(),
        )  # fmt: skip
        _spread(self)


class Residual(nn.Module):
    """x + two convolutions of x, each with instance normalisation, the first with ReLU."""

    def __init__(self, width: int):
        super().__init__()
        self.inner = nn.Sequential(
            nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3), *_normalised(width),
            nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3), nn.InstanceNorm2d(width),
        )  # fmt: skip

    def forward(self, x: Float[Tensor, "batch width height width_"]) -> Float[Tensor, "batch width height width_"]:
        return x + self.inner(x)


class Discriminator(nn.Sequential):
    """How real each patch of 70 x 70 pixels looks, 1 for real and 0 for made. Source: Isola et al. (2017), appendix."""

    def __init__(self, width: int = 16):
        layers: list[nn.Module] = [nn.Conv2d(1, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for k, stride in ((1, 2), (2, 2), (4, 1)):
            layers += [nn.Conv2d(k * width, 2 * k * width, 4, stride=stride, padding=1)]
            layers += [nn.InstanceNorm2d(2 * k * width), nn.LeakyReLU(0.2)]
        super().__init__(*layers, nn.Conv2d(8 * width, 1, 4, padding=1))
        _spread(self)


def _normalised(width: int) -> tuple[nn.Module, nn.Module]:
    return nn.InstanceNorm2d(width), nn.ReLU()


def _spread(net: nn.Module) -> None:
    """Weights of N(0, 0.02^2) and no offsets, as the authors of CycleGAN begin."""
    for layer in net.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(layer.weight, 0.0, SPREAD)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
