"""A linear map and an LSTM cell over coordinates: weights shared by all, coordinates on the last axis."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Linear(nn.Module):
    """W x + b of every coordinate. Weights normal of deviation 0.1 cut at two, biases 0, as in the authors' code."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.W, self.b = nn.Parameter(torch.empty(outputs, inputs)), nn.Parameter(torch.zeros(outputs, 1))
        nn.init.trunc_normal_(self.W, std=0.1, a=-0.2, b=0.2)

    def forward(self, x: Float[Tensor, "batch inputs p"]) -> Float[Tensor, "batch outputs p"]:
        return self.W @ x + self.b


class LSTMCell(nn.Module):
    """An LSTM of `units` with forget bias 1, gates in the order i, j, f, o, Glorot's uniform weights, biases 0."""

    def __init__(self, inputs: int, units: int):
        super().__init__()
        self.W, self.b = nn.Parameter(torch.empty(4 * units, inputs + units)), nn.Parameter(torch.zeros(4 * units, 1))
        nn.init.xavier_uniform_(self.W)

    def forward(
        self, x: Float[Tensor, "batch inputs p"], h: Float[Tensor, "batch units p"], c: Float[Tensor, "batch units p"]
    ) -> tuple[Float[Tensor, "batch units p"], Float[Tensor, "batch units p"]]:
        i, j, f, o = (self.W @ torch.cat([x, h], 1) + self.b).chunk(4, 1)
        c = torch.sigmoid(f + 1) * c + torch.sigmoid(i) * torch.tanh(j)
        return torch.sigmoid(o) * torch.tanh(c), c
