"""A variational autoencoder of MNIST, and beliefs by iterations that learned instead of one pass of the encoder.

Learns from 55000 images of the training set, stops where the other 5000 are best, and is measured on the 10000 of the
test set (inference on its first 500), binary by draws of seed 0.
"""

import time
from pathlib import Path

import torch
from gallery import Sheet
from matplotlib.figure import Figure

from minimand import Descent, Unroll, solve
from minimand.learning import fit
from minimand.systems.inference.variational import (
    SAMPLES,
    Autoencoder,
    LearnBound,
    LearnInference,
    bound,
    infer,
    inference_network,
)  # fmt: skip
from minimand.systems.optimizers.data import mnist
from minimand.terms import Evidence
from minimand.terms.evidence import drawn_noise

STEPS = 10  # of inference that are looked at


def main() -> None:
    sheet = Sheet("variational", __doc__, data=True)
    sheet.number("--steps", 4000, 40, "Adam steps of the autoencoder")
    sheet.number("--inference", 600, 3, "Adam steps of the inference network")
    sheet.number("--seed", 0, 0, "of births and mini-batches")
    sheet.number("--long", 1000, 20, "steps of Adam on 100 images, to see how far belief can go")
    sheet.parser.add_argument("--checkpoint", type=Path, help="file that keeps an interrupted run")
    sheet.parser.add_argument("--resume", action="store_true", help="go on from the checkpoint")
    options = sheet.options()
    images, chosen, tested = (mnist(options.data, part).x.flatten(1) for part in ("train", "validation", "test"))
    chosen, tested = (torch.bernoulli(y, generator=torch.Generator().manual_seed(0)) for y in (chosen, tested))
    torch.manual_seed(options.seed)
    model = Autoencoder()
    begun = time.process_time()
    fit(model, LearnBound(images, chosen), steps=options.steps, rate=lambda name: 2e-3,
        every=max(1, options.steps // 10), checkpoint=options.checkpoint, resume=options.resume)  # fmt: skip
    model.requires_grad_(False)
    start = model(tested)
    sheet.tell("encoder", elbo=mean(model, tested, start), steps=options.steps, seconds=time.process_time() - begun)
    torch.manual_seed(options.seed + 1)
    net = inference_network(model)
    begun = time.process_time()
    fit(net, LearnInference(model, images, chosen[:500]), steps=options.inference,
        rate=lambda name: 2e-2 if name.endswith("rate") else 5e-5, every=max(1, options.inference // 6))  # fmt: skip
    sheet.tell("inference learned", seconds=time.process_time() - begun)
    gain = torch.cat([gained(net, model, y) for y in tested.split(1000)])
    sheet.tell("learned inference over the encoder, nats an image", images=len(gain), mean=float(gain.mean()),
         deviation=float(gain.std()), standard_error=float(gain.std()) / len(gain) ** 0.5,
         share_of_images_gained=float((gain > 0).double().mean()))  # fmt: skip
    tested = tested[:500]
    start = model(tested)
    sheet.tell("encoder, 500 images", elbo=mean(model, tested, start))
    term = Evidence(model.decoder, tested, drawn_noise(SAMPLES, model.latents, 1, len(tested)))
    net.depth = STEPS
    curves = {
        "gradient descent and a network, learned": [mean(model, tested, s.x.detach()) for s in net.trace(term, start)],
        "gradient descent": descended(model, term, tested, start),
        "Adam": by_adam(model, tested, start),
    }
    for name, values in curves.items():
        sheet.tell(name, after_5=values[4], after_10=values[9])
    sheet.tell(
        f"{options.long} steps of Adam, 100 images",
        elbo=by_adam(model, tested[:100], start[:100], steps=options.long, rate=0.01)[-1],
        encoder=mean(model, tested[:100], start[:100]),
    )
    sheet.save(draw(curves, mean(model, tested, start)), dpi=110)


def gained(net: Unroll, model: Autoencoder, y: torch.Tensor) -> torch.Tensor:
    """How much higher the bound of every image is after the steps of `net`, by the same draws."""
    before = model(y)
    return bound(model.decoder, y, infer(net, model, y)) - bound(model.decoder, y, before)


def descended(model: Autoencoder, term: Evidence, y: torch.Tensor, x: torch.Tensor) -> list[float]:
    """The bound after each step of gradient descent, the best of some rates."""
    found = []
    for rate in (0.003, 0.01, 0.03):
        points, values = x, []
        for _ in range(STEPS):
            points = solve(Descent(rate), term, points, max_iter=1, tol=0.0).x
            values.append(mean(model, y, points))
        found.append(values)
    return max(found, key=lambda values: values[-1])


def by_adam(model: Autoencoder, y: torch.Tensor, x: torch.Tensor, steps: int = STEPS, rate: float = 0.0) -> list[float]:
    """The bound after each step of Adam with fresh noise at every step, the best of some rates unless one is given."""
    found = []
    for each in [rate] if rate else (0.01, 0.03, 0.1):
        points, values = x.clone().requires_grad_(), []
        adam = torch.optim.Adam([points], each)
        for k in range(steps):
            adam.zero_grad()
            Evidence(model.decoder, y, drawn_noise(SAMPLES, model.latents, 10 + k, len(y)))(points).sum().backward()
            adam.step()
            if k >= steps - STEPS:
                values.append(mean(model, y, points.detach()))
        found.append(values)
    return max(found, key=lambda values: values[-1])


def mean(model: Autoencoder, y: torch.Tensor, x: torch.Tensor) -> float:
    return round(float(bound(model.decoder, y, x.detach()).mean()), 3)


def draw(curves: dict[str, list[float]], encoder: float) -> Figure:
    figure = Figure(figsize=(5.4, 3.6), layout="constrained")
    axes = figure.subplots()
    for name, values in curves.items():
        axes.plot(range(STEPS + 1), [encoder, *values], marker="o", markersize=3, label=name)
    axes.axhline(encoder, color="grey", linewidth=0.8, label="the encoder alone")
    axes.set(xlabel="steps from what the encoder believes", ylabel="ELBO of the test set, nats")
    axes.legend(fontsize=8)
    return figure


if __name__ == "__main__":
    main()
