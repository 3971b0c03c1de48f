"""The methods with plain torch in place of every compiled loop: slower, and no better."""

import pytest
import torch

from minimand.kernels.block_matching import block_matching_reference
from minimand.kernels.collaborative_filter import collaborative_filter_reference
from minimand.kernels.patches import add_up_reference, take_reference
from minimand.kernels.undecimated_wavelet import undecimated_adjoint_reference, undecimated_reference
from minimand.metrics import psnr
from minimand.operators import chosen_patches, wavelet
from minimand.reconstruction.classical import sparse_patches
from minimand.reconstruction.methods import CLASSICAL
from minimand.terms import bm3d

PLAIN = (
    (wavelet, "undecimated", undecimated_reference),
    (wavelet, "undecimated_adjoint", undecimated_adjoint_reference),
    (chosen_patches, "take", take_reference),
    (chosen_patches, "add_up", add_up_reference),
    (sparse_patches, "block_matching", block_matching_reference),
    (bm3d, "block_matching", block_matching_reference),
    (bm3d, "collaborative_filter", collaborative_filter_reference),
)
USES = {
    "sidwt": ("undecimated", "undecimated_adjoint"),
    "pbdw": ("take", "add_up"),
    "pano": ("block_matching",),
    "fdlcp": ("take", "add_up"),
    "bm3d-mri": ("block_matching", "collaborative_filter"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", USES)
def test_compiled_loops_cost_no_quality(monkeypatch, heads, measured, name):
    truth = heads(1, (48, 44)).double()  # in single precision rounding decides which patches are alike
    data = measured(truth)
    fast, called = psnr(CLASSICAL[name](data), truth, peak=1.0), set()
    for module, kernel, plain in PLAIN:

        def counted(*args, kernel=kernel, plain=plain, **options):
            called.add(kernel)
            return plain(*args, **options)

        monkeypatch.setattr(module, kernel, counted)
    slow = psnr(CLASSICAL[name](data), truth, peak=1.0)
    assert called >= set(USES[name])
    torch.testing.assert_close(fast, slow, rtol=0, atol=0.01)
