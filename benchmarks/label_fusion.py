"""How fast and lean is the fusion layer, forward and backward, beside `unfold`, which copies every atlas 49 times?

96 x 96 pixels, 10 atlases, 16 features, windows of 7 x 7. One thread.
"""

import resource

import torch
import torch.nn.functional as F
from _record import report, timed

from minimand.kernels.label_fusion import fuse_labels

SIDE, ATLASES, CHANNELS, REACH = 96, 10, 16, 3
BAR_TIME, BAR_MEMORY = 4.0, 5.0


def unfolded(target: torch.Tensor, atlases: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The votes by copies of all shifts."""
    size = 2 * REACH + 1
    shifted, said = (F.unfold(v[:, :, 0], size, padding=REACH).unflatten(1, (-1, size**2)) for v in (atlases, labels))
    inside = F.unfold(torch.ones_like(target[:1]), size, padding=REACH)[0]
    D = (target.flatten(1)[None, :, None] - shifted).square().sum(1).masked_fill(inside == 0, torch.inf)
    w = torch.softmax(-D.flatten(0, 1), 0).unflatten(0, (ATLASES, -1))
    return (w[:, None] * said).sum((0, 2)).view(-1, 1, SIDE, SIDE)


def compiled(target: torch.Tensor, atlases: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return fuse_labels(target, atlases, labels, (0, REACH, REACH))


def main() -> None:
    target = torch.randn(CHANNELS, 1, SIDE, SIDE, requires_grad=True)
    atlases = torch.randn(ATLASES, CHANNELS, 1, SIDE, SIDE, requires_grad=True)
    labels = torch.rand(ATLASES, 2, 1, SIDE, SIDE).softmax(1)
    figures, grads = {}, {}
    for name, rule in (("compiled", compiled), ("unfold", unfolded)):  # memory only grows: the lean one first

        def step(rule=rule) -> list[torch.Tensor]:
            loss = rule(target, atlases, labels).square().sum()
            return list(torch.autograd.grad(loss, [target, atlases]))

        if name == "compiled":
            step()  # the loops are compiled at the first call
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        grads[name] = [rule(target, atlases, labels).detach(), *step()]
        memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**10
        figures[name] = {**timed(step, 5), "mebibytes": round(memory, 1)}
    for a, b in zip(*grads.values(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)
    faster = figures["unfold"]["seconds"] / figures["compiled"]["seconds"]
    bars = {"bar_time": BAR_TIME, "bar_memory": BAR_MEMORY}
    for name, row in figures.items():
        report("label_fusion", name, **row, **bars, unfold_over_compiled=round(faster, 1))


if __name__ == "__main__":
    main()
