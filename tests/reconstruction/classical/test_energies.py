"""TV, RecPF and SIDWT: their energies fall to the minimum; what they cannot handle they refuse."""

import numpy as np
import pytest
import torch

from minimand import ADMM, Energy, LeastSquares, solve
from minimand.io import InputError
from minimand.metrics import psnr
from minimand.operators import Gradient, Sense, UndecimatedWavelet, Wavelet
from minimand.operators.sampling import parse_mask
from minimand.operators.sensing import parse_operator
from minimand.reconstruction.classical.energies import recpf, sidwt, tv
from minimand.reconstruction.methods import get_method
from minimand.terms import L1, L21

PRIORS = {
    tv: lambda: (1e-3 * (L21() @ Gradient()),),
    recpf: lambda: (6e-4 * (L21() @ Gradient()), 2.7e-4 * (L1() @ Wavelet("db2", 4))),
    sidwt: lambda: (2e-4 * (L1() @ UndecimatedWavelet("db2", 4)),),
}


@pytest.mark.parametrize("method", PRIORS)
def test_the_energy_falls_to_within_1e_4_of_a_long_runs(method, heads, measured):
    data = measured(heads(1, (48, 45)))
    scale = data.pulled().abs().max()
    energy = Energy(LeastSquares(data.A, data.y.to(torch.complex128) / scale))
    for term in PRIORS[method]():
        energy = energy + term.double()
    start = data.pulled().double() / scale
    with torch.no_grad():
        long = energy(solve(ADMM(0.02, 1.6).double(), energy, start, max_iter=600, tol=0.0).x)
        found = energy(method(data).double() / scale)
    assert long < {sidwt: 0.99}.get(method, 0.9) * energy(start)  # there is much to fall; sidwt starts 2 % above
    assert float(found / long) - 1 < 1e-4


@pytest.mark.parametrize("name", ["recpf", "sidwt", "init-net"])
def test_other_measurements_are_refused_with_a_method_that_can(name):
    x = torch.rand(1, 16, 16, dtype=torch.complex64)
    coils = Sense(parse_mask("radial:0.5", (16, 16), seed=0), torch.ones(1, 2, 16, 16, dtype=torch.complex64))
    with pytest.raises(InputError, match=f"{name} is for k-space of one coil, .* use sense-tv"):
        get_method(name).run(LeastSquares(coils, coils(x)))
    A = parse_operator("hadamard:0.5", (16, 16))
    with pytest.raises(InputError, match=f"{name} is for k-space, not for the operator Hadamard; use tv"):
        get_method(name).run(LeastSquares(A, A(x.real)))


@pytest.mark.parametrize(("name", "figure"), [("tv", 27.95), ("recpf", 28.26), ("sidwt", 28.49), ("init-net", 26.75)])
def test_the_figure_of_chest_image_61(name, figure, data, measured):
    chest = np.load(data / "mri" / "chest_train_075.npz")
    truth = torch.from_numpy(chest["image"][60] / chest["scale"][60]).float()[None]
    found = get_method(name).run(measured(truth, "radial:0.2"))
    assert float(psnr(found, truth, peak=1.0)) == pytest.approx(figure, abs=0.01)
