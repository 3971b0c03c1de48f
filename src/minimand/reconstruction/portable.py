"""The networks in a form that other runtimes take: real arithmetic, Fourier transforms as products of matrices, curves
by look-up; no complex numbers, no compiled kernels, any size. Equal to the networks themselves up to rounding.

Networks for MRI compute in double precision, whatever they are given: ADMM-Net amplifies rounding some 300 000 times,
so that in single precision no two ways to compute it agree to 1e-2. Convolutions are products of matrices, for not
every runtime has them in double precision. K-space and complex images are (batch, 2, height, width), real parts first;
real images are (batch, 1, height, width).
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from minimand.io import InputError
from minimand.reconstruction.admm_csnet import ADMMCSNet
from minimand.reconstruction.admm_net import ADMMNet
from minimand.reconstruction.denoisers import DnCNN, FoE
from minimand.terms.shrinkage_field import REACH

Size = Any  # of an axis: int, and a symbol while a network is exported
TURN = torch.tensor(2 * torch.pi, dtype=torch.float64)  # a plain number would be single in ONNX
SMALLEST = 1e-6  # in place of an exact zero that is divided by, as in LeastSquares
Waves = tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]  # cosines and sines of rows and of columns


class PortableMRI(nn.Module):
    """forward(kspace, mask) -> image: k-space of one coil, unitary, zero frequency at [0, 0]; mask: bool, (height,
    width). real: for images without phase.
    """

    def __init__(self, net: ADMMNet | ADMMCSNet, *, real: bool):
        super().__init__()
        self.real, self.planes = real, 1 if real else 2
        self.normalise, self.scale = net.normalise, float(getattr(net, "scale", 1.0))
        self.consistent = bool(getattr(net, "consistent", False))
        unrolled: Any = net.unrolled
        stages = list(unrolled.stages) * (unrolled.depth if unrolled.tied else 1)
        kind = FilterStage if isinstance(net, ADMMNet) else FieldStage
        self.stages = nn.ModuleList(kind(stage) for stage in stages)
        self.last = FilterUpdate(unrolled.last) if isinstance(net, ADMMNet) else field_update(unrolled.last)
        self.double()

    def forward(self, kspace: Tensor, mask: Tensor) -> Tensor:
        data = Data(kspace.double(), mask, self.real)
        size = data.back.square().sum(1, keepdim=True).sqrt().amax((2, 3), keepdim=True)
        scale = torch.where(size > 0, size, torch.ones_like(size)) if self.normalise else self.scale
        data = data.divided(scale)
        first: Any = self.stages[0]
        state = first.begin(data.back)
        for stage in self.stages:
            state = stage(data, state)
        x = self.last(data, *state[1:]) * scale
        if self.consistent:
            x = x - data.divided(1 / scale).pulled(x)
        return x.to(kspace.dtype)


class Data:
    """1/2 ||M F x - y||^2. back: A^H y; spectrum: its transform; power: the symbol of A^H A."""

    def __init__(self, kspace: Tensor, mask: Tensor, real: bool):
        self.real = real
        self.waves = (waves(kspace.shape[-2]), waves(kspace.shape[-1]))
        self.mask = mask.to(kspace.dtype)
        self.power = (self.mask + mirrored(self.mask)) / 2 if real else self.mask
        y = self.mask * kspace
        self.back = self.image(y)
        self.spectrum = self.transform(self.back) * (self.power != 0) if real else y

    def divided(self, scale: Any) -> "Data":
        """The term of measurements that are divided by a number an item."""
        other = object.__new__(Data)
        other.__dict__.update(self.__dict__, back=self.back / scale, spectrum=self.spectrum / scale)
        return other

    def transform(self, x: Tensor) -> Tensor:
        """F x, (batch, 2, height, width)."""
        return fourier(torch.cat([x, torch.zeros_like(x)], 1) if self.real else x, self.waves, -1.0)

    def image(self, spectrum: Tensor) -> Tensor:
        """F^H of a spectrum, its real part alone for real images."""
        x = fourier(spectrum, self.waves, 1.0)
        return x[:, :1] if self.real else x

    def minimise(self, symbol: Tensor, pulled: Tensor) -> Tensor:
        """argmin_x of this term and quadratics of this symbol and right-hand side."""
        total = self.power + symbol
        total = torch.where(total == 0, torch.full_like(total, SMALLEST), total)
        return self.image((self.spectrum + self.transform(pulled)) / total)

    def pulled(self, x: Tensor) -> Tensor:
        """A^H (A x - y)."""
        return self.image(self.power * self.transform(x)) - self.back


class FilterUpdate(nn.Module):
    """The x-update of ADMM-Net with its own filters and penalties."""

    kernel: Tensor
    synthesis: Tensor

    def __init__(self, update: Any):
        super().__init__()
        filters, rho = update.H.filters.detach(), update.rho.detach()
        weighted = filters * rho.abs()[:, None, None]
        reach = filters.shape[-1] - 1
        kernel = F.conv2d(F.pad(filters, (reach,) * 4).unsqueeze(0), weighted.unsqueeze(0))[0]
        self.register_buffer("kernel", kernel[0])
        self.register_buffer("synthesis", (filters * rho[:, None, None]).unsqueeze(1))

    def forward(self, data: Data, z: Tensor, u: Tensor) -> Tensor:
        pulled = gathered(z - u, self.synthesis, wrapped)
        planes = data.back.shape[1]
        return data.minimise(self.symbol(data), pulled.unflatten(0, (-1, planes)).squeeze(2))

    def symbol(self, data: Data) -> Tensor:
        """sum_c |rho_c| |H_c|^2, a cosine series."""
        rows, columns = (shifts(n, self.kernel) for n in data.power.shape)
        return rows.cos() @ self.kernel @ columns.cos().T - rows.sin() @ self.kernel @ columns.sin().T


class FilterStage(nn.Module):
    """A stage of ADMM-Net: reconstruction, convolution, shrinkage, multiplier."""

    analysis: Tensor
    values: Tensor
    eta: Tensor

    def __init__(self, stage: Any):
        super().__init__()
        prior = stage.prior[0]
        self.update = FilterUpdate(stage.step.reconstruct)
        self.reach = prior.term.reach
        self.register_buffer("analysis", prior.operator.filters.detach().flip((-2, -1)).unsqueeze(1))
        self.register_buffer("values", prior.term.values.detach())
        self.register_buffer("eta", stage.step.eta.detach())

    def begin(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Zeros: image, split variables, multipliers."""
        z = torch.zeros_like(x).flatten(0, 1).unsqueeze(1).expand(-1, self.values.shape[0], -1, -1)
        return torch.zeros_like(x), z, z

    def forward(self, data: Data, state: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        _, z, u = state
        x = self.update(data, z, u)
        planes = x.flatten(0, 1).unsqueeze(1)
        c = spread(planes, self.analysis, wrapped)
        z = shrunk(c + u, self.values, self.reach, torch.ones_like(self.values[:, :2]))
        return x, z, u + self.eta * (c - z)


class FieldUpdate(nn.Module):
    """The x-update of ADMM-CSNet by its penalty."""

    rho: Tensor

    def __init__(self, update: Any):
        super().__init__()
        self.register_buffer("rho", update.rho.detach())

    def forward(self, data: Data, z: Tensor, u: Tensor) -> Tensor:
        return data.minimise(self.rho, self.rho * (z - u))


class GradientUpdate(nn.Module):
    """The x-update of ADMM-CSNet by a gradient step."""

    v: Tensor

    def __init__(self, update: Any):
        super().__init__()
        self.register_buffer("v", update.v.detach())

    def forward(self, data: Data, z: Tensor, u: Tensor) -> Tensor:
        return z - u - self.v * data.pulled(z - u)


def field_update(update: Any) -> FieldUpdate | GradientUpdate:
    """Whichever the network has."""
    return GradientUpdate(update) if hasattr(update, "v") else FieldUpdate(update)


class FieldStage(nn.Module):
    """A stage of ADMM-CSNet: reconstruction, learned proximal map, multiplier."""

    mean: Tensor
    eta: Tensor

    def __init__(self, stage: Any):
        super().__init__()
        prior = stage.prior[0]
        if prior.complex_filters or prior.mu is not None:
            raise InputError("networks with complex filters or several proximal steps a stage are not exported yet.")
        self.update = field_update(stage.step.reconstruct)
        self.field = Field(
            prior.analysis, prior.bias, prior.values, prior.synthesis, REACH, prior.outer, prior.circular
        )
        self.register_buffer("mean", prior.mean.detach())
        eta = stage.step.eta.detach()
        self.register_buffer("eta", eta if eta.ndim else torch.stack([torch.ones_like(eta), eta, eta]))

    def begin(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Zeros: image, split image, multipliers."""
        return (torch.zeros_like(x),) * 3

    def forward(self, data: Data, state: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        _, z, u = state
        x = self.update(data, z, u)
        v = x + u
        pull = self.field(v.flatten(0, 1).unsqueeze(1)).squeeze(1).unflatten(0, (-1, v.shape[1]))
        z = v - pull - self.mean
        return x, z, self.eta[0] * u + self.eta[1] * x - self.eta[2] * z


class Field(nn.Module):
    """Filters, one curve a channel, filters back: `kernels.shrinkage_field` in plain operations."""

    analysis: Tensor
    bias: Tensor
    values: Tensor
    outer: Tensor
    synthesis: Tensor

    def __init__(
        self, analysis: Tensor, bias: Tensor, values: Tensor, synthesis: Tensor, reach: float, outer: Tensor,
        circular: bool,
    ):  # fmt: skip
        super().__init__()
        self.reach, self.circular = reach, circular
        for name, value in [("analysis", analysis), ("bias", bias), ("values", values), ("outer", outer)]:
            self.register_buffer(name, value.detach())
        self.register_buffer("synthesis", synthesis.detach())

    def forward(self, x: Tensor) -> Tensor:
        margin = wrapped if self.circular else padded
        u = spread(x, self.analysis, margin) + self.bias[:, None, None]
        return gathered(shrunk(u, self.values, self.reach, self.outer), self.synthesis, margin)


class PortableDenoiser(nn.Module):
    """forward(y, sigma) -> image: noisy images, (batch, height, width); their noise, (batch,), in the same units."""

    def __init__(self, net: FoE | DnCNN):
        super().__init__()
        self.margin = net.margin if isinstance(net, FoE) else 0
        self.net = Residual(net) if isinstance(net, DnCNN) else Descents(net)

    def forward(self, y: Tensor, sigma: Tensor) -> Tensor:
        scale = sigma.reshape(-1, 1, 1)
        return scale * self.net(y / scale)


class Residual(nn.Module):
    """DnCNN where the noise is 1."""

    def __init__(self, net: DnCNN):
        super().__init__()
        self.layers = nn.Sequential(net.first, net.last)

    def forward(self, y: Tensor) -> Tensor:
        return y - self.layers((y - y.mean((-2, -1), keepdim=True)).unsqueeze(1)).squeeze(1)


class Descents(nn.Module):
    """The steps of a field of experts where the noise is 1."""

    rates: Tensor

    def __init__(self, net: FoE):
        super().__init__()
        unrolled: Any = net.unrolled
        stages = list(unrolled.stages) * (unrolled.depth if unrolled.tied else 1)
        self.margin = net.margin
        self.fields = nn.ModuleList()
        for stage in stages:
            prior = stage.prior[0]
            filters = prior.bank.filters.unsqueeze(1)
            self.fields.append(
                Field(filters.flip((-2, -1)), prior.zero, prior.values, filters, prior.reach, prior.flat, True)
            )
        self.register_buffer("rates", torch.stack([stage.step.rate.detach() for stage in stages]))

    def forward(self, y: Tensor) -> Tensor:
        wide = reflected(y, self.margin)
        x = wide
        for k, field in enumerate(self.fields):
            x = x - self.rates[k] * (x - wide + field(x.unsqueeze(1)).squeeze(1))
        return x[:, self.margin : -self.margin, self.margin : -self.margin]


def waves(n: Size) -> tuple[Tensor, Tensor]:
    """Cosines and sines of the unitary DFT of length n; angles lie within half a turn, where they are exact."""
    k = torch.arange(n, dtype=torch.float64)
    turn = modulo(k[:, None] * k, n)
    turn = torch.where(2 * turn > n, turn - n, turn)
    length = torch.ones((), dtype=torch.float64) * n
    angle = turn * TURN / length
    return angle.cos() / length.sqrt(), angle.sin() / length.sqrt()


def fourier(x: Tensor, waves: Waves, sign: float) -> Tensor:
    """The unitary transform of (batch, 2, height, width), forward for sign -1 and back for 1."""
    (C, S), (c, s) = waves
    re, im = x[:, 0], x[:, 1]
    re, im = C @ re - sign * (S @ im), C @ im + sign * (S @ re)
    return torch.stack([re @ c - sign * (im @ s), im @ c + sign * (re @ s)], 1)


def shifts(n: Size, kernel: Tensor) -> Tensor:
    """2 pi k d / n of the frequencies k and shifts d of a kernel's rows, (n, rows)."""
    reach = kernel.shape[0] // 2
    shift = torch.arange(-reach, reach + 1, dtype=torch.float64)
    turn = modulo(torch.arange(n, dtype=torch.float64)[:, None] * shift, n)
    return turn * TURN / (torch.ones((), dtype=torch.float64) * n)


def modulo(k: Tensor, n: Size) -> Tensor:
    """k modulo n of whole numbers in double precision; the remainder by a size is what exporters stumble over."""
    return k - n * torch.floor(k / n)


def mirrored(mask: Tensor) -> Tensor:
    """The value at -k for every frequency k."""
    rows, columns = (modulo(-torch.arange(n, dtype=torch.float64), n).long() for n in mask.shape)
    return mask[rows][:, columns]


def reflected(x: Tensor, margin: int) -> Tensor:
    """The image with `margin` pixels of its mirror image on every side, as `denoisers.reflected`."""

    def places(length: Size) -> Tensor:
        place = modulo(torch.arange(-margin, length + margin, dtype=torch.float64), 2 * length)
        return torch.minimum(place, 2 * length - 1 - place).long()

    return x[:, places(x.shape[1])][:, :, places(x.shape[2])]


Margin = Callable[[Tensor, int], Tensor]


def wrapped(x: Tensor, m: int) -> Tensor:
    """The image with m pixels of its periodic continuation on every side."""
    x = torch.cat([x[:, :, -m:], x, x[:, :, :m]], 2)
    return torch.cat([x[..., -m:], x, x[..., :m]], 3)


def padded(x: Tensor, m: int) -> Tensor:
    """The image with m pixels of zeros on every side."""
    return F.pad(x, (m, m, m, m))


def spread(x: Tensor, bank: Tensor, margin: Margin) -> Tensor:
    """Correlate images, (batch, 1, height, width), with every filter of a bank, (channels, 1, size, size)."""
    height, width, size = x.shape[2], x.shape[3], bank.shape[-1]
    wide = margin(x, size // 2)
    taps = [wide[:, :, i : i + height, j : j + width] for i in range(size) for j in range(size)]
    return (bank.flatten(1) @ torch.cat(taps, 1).flatten(2)).reshape(-1, bank.shape[0], height, width)


def gathered(z: Tensor, bank: Tensor, margin: Margin) -> Tensor:
    """Correlate every channel with its filter and add up: (batch, 1, height, width)."""
    height, width, size = z.shape[2], z.shape[3], bank.shape[-1]
    mixed = (bank.flatten(1).T @ z.flatten(2)).reshape(-1, size * size, height, width)
    wide = margin(mixed, size // 2)
    taps = [(i, j) for i in range(size) for j in range(size)]
    return torch.stack([wide[:, k, i : i + height, j : j + width] for k, (i, j) in enumerate(taps)]).sum(0).unsqueeze(1)


def shrunk(u: Tensor, values: Tensor, reach: float, outer: Tensor) -> Tensor:
    """Every channel of (batch, channels, height, width) through its curve; outer: slopes beyond its ends."""
    last = values.shape[1] - 1
    flat = u.flatten(2)
    position = (flat + reach) * (last / (2 * reach))
    k = position.clamp(0, last - 1).long()
    every = values.expand(u.shape[0], -1, -1)
    left, right = every.gather(2, k), every.gather(2, k + 1)
    inside = left + (right - left) * (position - k)
    below = values[:, :1] + outer[:, :1] * (flat + reach)
    above = values[:, -1:] + outer[:, 1:] * (flat - reach)
    return torch.where(position < 0, below, torch.where(position >= last, above, inside)).reshape(u.shape)
