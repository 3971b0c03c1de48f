"""Inside an unrolled network: image, PSNR and data consistency by stage, filters, and shrinkage curves as learned."""

import torch
from gallery import Sheet, show
from matplotlib.figure import Figure

from minimand.metrics import psnr
from minimand.reconstruction.acquisition import fixed
from minimand.reconstruction.compare import at_peak_one
from minimand.reconstruction.methods import get_method, trace_network
from minimand.systems.mri.acquisition import sampled_by
from minimand.systems.mri.demo import SAMPLING, embedded_scan
from minimand.systems.mri.sampling import read_sampling

SLICE, SHOWN, STAGE = 15, (0, 1, 3, 8, 15), 3


@torch.no_grad()
def main() -> None:
    sheet = Sheet("stages", __doc__)
    sheet.options()
    (truth,) = at_peak_one(embedded_scan().arrays[SLICE : SLICE + 1])
    data = fixed(sampled_by(read_sampling(SAMPLING)), truth[None])
    net = get_method("admm-net").net
    trace, inside = trace_network(net, data), net.look_inside()
    scores = [float(psnr(x, truth[None], peak=1.0)) for x in trace]
    residuals = [float((data.A(x) - data.y).abs().norm() / data.y.abs().norm()) for x in trace]
    sheet.tell("PSNR by stage", psnr=[round(v, 2) for v in scores])
    sheet.tell("data consistency by stage", residual=[round(v, 4) for v in residuals])
    figure = Figure(figsize=(11, 6.4), layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=[1, 1.15])
    for axes, k in zip(top.subplots(1, len(SHOWN)), SHOWN, strict=True):
        title = "start: zero-filled" if k == 0 else f"stage {k}"
        show(axes, trace[k][0], f"{title}  {scores[k]:.2f} dB", high=float(truth.quantile(0.998)))
    left, middle, right = bottom.subfigures(1, 3, width_ratios=[1.2, 1, 1.2])
    upper = left.subplots()
    upper.plot(scores, marker="o", markersize=3)
    upper.set(xlabel="stage", ylabel="PSNR, dB")
    lower = upper.twinx()
    lower.semilogy(range(1, len(residuals)), residuals[1:], color="tab:orange", marker=".", markersize=4)
    lower.set_ylabel("|Ax - y| / |y|", color="tab:orange")
    filters = inside.filters[STAGE - 1]
    most = float(filters.abs().max())
    middle.suptitle(f"filters of stage {STAGE}", fontsize=9)
    for axes, part in zip(middle.subplots(2, 4).flat, filters):
        show(axes, part, "", low=-most, high=most, colours="RdBu_r")
    curves = right.subplots()
    for curve in inside.curves[STAGE - 1]:
        curves.plot(inside.grid, curve, linewidth=0.9)
    curves.plot(inside.grid, inside.born, color="black", linestyle="--", label="as born")
    half = 0.4 * float(inside.grid[-1])
    curves.set(xlim=(-half, half), ylim=(-half, half), xlabel="filtered image", title="shrinkage curves")
    curves.legend(fontsize=7, frameon=False)
    sheet.save(figure)


if __name__ == "__main__":
    main()
