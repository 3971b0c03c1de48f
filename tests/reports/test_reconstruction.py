"""The reconstruction report says what was measured, with and without a truth."""

import io
import math

import pytest
import torch
from PIL import Image

from minimand.metrics import score
from minimand.reports.network import NetworkView
from minimand.reports.reconstruction import ImageReport, MethodScore, reconstruction_report
from minimand.reports.summary import summary_png

METHODS = ("zero-filled", "tv", "admm-net")


def image_report(i, *, size=(16, 20), truth=True):
    t = torch.rand(size, generator=torch.Generator().manual_seed(i), dtype=torch.float64)
    made = {m: (t + 0.1 / (k + 1) * torch.randn(size)).to(torch.complex64) for k, m in enumerate(METHODS)}
    scores = {m: MethodScore(*(float(v) for v in score(x[None], t[None], 1.0)), seconds=0.5) for m, x in made.items()}
    mask = torch.rand(size) < 0.25
    return ImageReport(f"scan <{i}>", made, scores, t, mask) if truth else ImageReport(f"scan <{i}>", made)


def view(*, stages=3, filters=8):
    points = torch.linspace(-1, 1, 101)
    return NetworkView(
        "admm-net",
        "scan <0>",
        torch.rand(stages + 1, 16, 20),
        [20.0 + i for i in range(stages + 1)],
        torch.randn(stages, filters, 3, 3),
        points,
        torch.randn(stages, filters, 101),
        points,
    )


def test_some_images_are_shown_and_all_are_scored():
    html = reconstruction_report("Chest", [image_report(i) for i in range(5)], facts=[("mask", "radial:20%")], shown=2)
    assert html.count('alt="Error map of tv') == 2
    assert "5 images, 3 methods; pictures of 2" in html
    assert "Scores of each image (15 rows)" in html
    assert "Highest PSNR: admm-net on 5 of 5 images." in html
    assert "radial:20%" in html
    assert "scan &lt;4&gt;" in html
    assert "scan <" not in html


def test_means_and_spread_are_over_images():
    images = [ImageReport(n, {}, {"tv": MethodScore(0.1, p, 0.5, 1.0)}) for n, p in (("a", 30.0), ("b", 34.0))]
    html = reconstruction_report("Two", images)
    assert "32.00 ± 2.83" in html
    assert "0.1000 ± 0.0000" in html


def test_the_best_of_each_score_is_bold_and_time_is_no_contest():
    scores = {"tv": MethodScore(0.1, 30.0, 0.9, 5.0), "admm-net": MethodScore(0.05, math.inf, 0.8, 1.0)}
    html = reconstruction_report("One", [ImageReport("a", {}, scores)])
    assert [cell.split("<")[0] for cell in html.split('<td class="best">')[1:]] == ["0.9000", "0.0500", "∞"]


def test_a_report_does_without_truth_mask_and_scores():
    html = reconstruction_report("Scan", [image_report(0, truth=False)])
    assert "There is no truth to compare with" in html
    assert "Error map" not in html
    assert html.count("<img") == 3


@pytest.mark.parametrize("filters", [8, 20])
def test_the_network_is_shown_stage_by_stage(filters):
    html = reconstruction_report("Chest", [image_report(0)], network=view(filters=filters))
    assert "PSNR by stage in dB: 20.00, 21.00, 22.00, 23.00" in html
    assert html.count('alt="Shrinkage curves of stage') == 3
    assert html.count('alt="scan &lt;0&gt; after stage') == 3
    assert ("the first 16 of 20 are shown" in html) == (filters == 20)


def test_what_is_not_known_of_a_network_is_left_out():
    bare = NetworkView("admm-net", "scan", torch.rand(3, 8, 8))
    html = reconstruction_report("Chest", [image_report(0)], network=bare)
    assert "admm-net is an algorithm of 2 iterations" in html
    assert "Learned filters" not in html


def test_a_report_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one image"):
        reconstruction_report("Nothing", [])


def test_the_summary_is_a_picture_wider_than_high():
    width, height = Image.open(io.BytesIO(summary_png(image_report(0)))).size
    assert width > height > 300
    with pytest.raises(ValueError, match="needs the truth of scan <1>"):
        summary_png(image_report(1, truth=False))
