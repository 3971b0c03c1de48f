"""Files as the authors' code stores its networks, made here: the real ones are not at hand."""

import h5py
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from minimand.commands.app import run
from minimand.io import InputError
from minimand.metrics import psnr
from minimand.systems.dehazing.authors import AUTHORS, AuthorsNet, is_dehaze_net, read_dehaze_net
from minimand.systems.dehazing.dehaze import dehaze
from minimand.systems.dehazing.haze import add_haze
from minimand.systems.dehazing.methods import get_method
from minimand.systems.dehazing.network import load_network

KINDS = {  # the five official files: sides of the filters, stages, weights of the energy in the file
    "net-ours-s1": ((7, 5, 3), 1, False),
    "net-reside-s1": ((7, 7, 7), 1, False),
    "net-hqs-s1": ((7, 7, 7), 1, True),
    "net-res-s1": ((3, 3, 3), 1, True),
    "net-res-s2": ((3, 3, 3), 2, True),
}


def parameters(sizes, depth, learned, seed=0):
    """Parameters by name, arrays with MATLAB's axes: filters are (height, width, in, out)."""
    random, found = np.random.default_rng(seed), {}
    for s in range(1, depth + 1):
        for prior in "UT":
            channels = (4, 9, 9, 9)
            for k, size in enumerate(sizes):
                scale = 1.5 / np.sqrt(size * size * channels[k])
                found[f"filt{prior}_{s}{k + 1}"] = scale * random.normal(size=(size, size, channels[k], 9))
                found[f"bias{prior}_{s}{k + 1}"] = 0.1 * random.normal(size=(9, 1))
            found[f"filt{prior}_{s}4"] = 0.3 * random.normal(size=(1, 1, 9))
            found[f"bias{prior}_{s}4"] = np.array([[0.4]])
        if learned:
            for name, value in (("alpha", 1.1), ("beta", 4.7), ("gamma", 0.9)):
                found[f"{name}_{s}"] = np.array([[np.log(value + 0.1 * s)]])
    return {**found, "fg": np.full((41, 41), 1 / 1681)}


def write(path, params, *, order=None, columns=True):
    """net.params (name, var) and net.vars in a MATLAB v7.3 file, where other variables lie between the parameters.

    order: of the parameters among the variables; columns: net.params is a struct array, else a struct of columns.
    """
    names = list(params)
    places = dict(zip(order or names, range(3, 2 * len(names) + 3, 2)))  # counted from 1
    with h5py.File(path, "w") as file:
        net, kept = file.create_group("net"), {}
        for name, value in params.items():
            text = np.array([ord(c) for c in name], np.uint16)[:, None]
            kept[name] = file.create_dataset(f"#refs#/n_{name}", data=text)
            kept[name].attrs["MATLAB_class"] = np.bytes_("char")
            file.create_dataset(f"#refs#/v_{name}", data=np.asarray(value).T)
            file.create_dataset(f"#refs#/p_{name}", data=np.array([[float(places[name])]]))
        empty = file.create_dataset("#refs#/empty", data=np.zeros(2, np.uint64))
        empty.attrs["MATLAB_empty"] = np.uint8(1)
        held = {places[name]: file[f"#refs#/v_{name}"].ref for name in names}
        cell(net, "vars", [held.get(k, empty.ref) for k in range(1, 2 * len(names) + 4)])
        struct = net.create_group("params")
        cell(struct, "name", [kept[name].ref for name in names])
        if columns:
            cell(struct, "var", [file[f"#refs#/p_{name}"].ref for name in names])
        else:
            struct.create_dataset("var", data=np.array([[float(places[name]) for name in names]]))
        net.create_group("forward")["args"] = np.zeros((2, 2))


def cell(group, name, references):
    made = group.create_dataset(name, (len(references), 1), dtype=h5py.ref_dtype)
    for k, reference in enumerate(references):
        made[k, 0] = reference


# ------------------------------------------------- the authors' layers, written down once more from their description


def darkest(x, window):
    """Least value of the channels in a window cut off at the border."""
    wide = F.pad(x.amin(1), (window // 2,) * 4, value=torch.inf)
    return wide.unfold(1, window, 1).unfold(2, window, 1).amin((-1, -2))


def normalised(x):
    total = torch.zeros_like(x)
    for c in range(x.shape[1]):
        total[:, c] = x[:, max(c - 2, 0) : c + 3].square().sum(1)
    return x / (1 + 2e-5 * total) ** 0.75


def prior(v, P, params, which, stage, pooled):
    x = torch.cat([v[:, None], P], 1)
    for k in (1, 2, 3, 4):
        filters = params[f"filt{which}_{stage}{k}"]
        weight = torch.from_numpy(filters.reshape(*filters.shape, *(1,) * (4 - filters.ndim)).transpose(3, 2, 0, 1))
        x = F.conv2d(
            x, weight, torch.from_numpy(params[f"bias{which}_{stage}{k}"][:, 0]), padding=weight.shape[-1] // 2
        )
        if k < 4:
            x = x.relu()
            x = F.interpolate(F.max_pool2d(x, 2), scale_factor=2, mode="nearest") if pooled else x
            x = normalised(x) if k < 3 else x
    return x[:, 0]


def guided(p, P):
    """He's filter with borders mirrored, edge pixels included."""
    window = min(p.shape[1:]) // 6
    window += 1 - window % 2

    def box(x):
        wide = torch.from_numpy(np.pad(x.numpy(), ((0, 0), *((window // 2,) * 2,) * 2), mode="symmetric"))
        return F.avg_pool2d(wide[:, None], window, stride=1)[:, 0]

    I = P.mean(1)
    a = (box(I * p) - box(I) * box(p)) / (box(I * I) - box(I) ** 2 + 5e-3)
    return box(a) * I + box(box(p) - a * box(I))


def official(P, params, sizes, depth, learned):
    """(Q, T, U) of a picture with even sides over its airlight."""
    pooled, window = sizes != (3, 3, 3), 1 if sizes == (3, 3, 3) else 7
    Q, T, dark = P, torch.ones_like(P[:, 0]), darkest(P, window)
    for s in range(1, depth + 1):
        a, b, g = (np.exp(params[f"{n}_{s}"]).item() for n in ("alpha", "beta", "gamma")) if learned else (1, 5, 1)
        U = (b * T * (dark + T - 1) + g * darkest(Q, window)) / (b * T * T + g)
        U = prior(U, P, params, "U", s, pooled).relu()
        above = a * ((Q - 1) * (P - 1)).sum(1) + b * (U - 1) * (dark - 1)
        T = above / (a * ((Q - 1) ** 2).sum(1) + b * (U - 1) ** 2 + 1e-6)
        T = prior(T, P, params, "T", s, pooled).sigmoid()
        T = guided(T, P) if pooled else T
        Q = (P - 1) / T.clamp_min(0.1)[:, None] + 1
    return Q, T, U


@pytest.fixture
def hazy():
    generator = torch.Generator().manual_seed(5)
    J = F.interpolate(torch.rand(1, 3, 12, 16, generator=generator, dtype=torch.float64), size=(48, 66))
    T = torch.linspace(0.9, 0.3, 48, dtype=torch.float64)[None, :, None].expand(1, 48, 66)
    return J, add_haze(J, T, torch.tensor([[0.9, 0.88, 0.85]], dtype=torch.float64))


@pytest.mark.parametrize("columns", [True, False], ids=["struct array", "struct of columns"])
@pytest.mark.parametrize("name", KINDS)
def test_an_imported_network_is_the_authors_layers(tmp_path, hazy, name, columns):
    sizes, depth, learned = KINDS[name]
    params = parameters(sizes, depth, learned)
    write(tmp_path / "net.mat", params, order=sorted(params), columns=columns)
    net, arguments = read_dehaze_net(tmp_path / "net.mat")
    assert arguments == {"sizes": list(sizes), "depth": depth}
    P = hazy[1] / 0.9
    (Q, T), U = net.double()(P)
    ours, theirs = (Q, T, U), official(P, params, sizes, depth, learned)
    assert float(theirs[1].std()) > 1e-3  # the picture matters
    assert float(theirs[2].std()) > 1e-3
    for mine, wanted in zip(ours, theirs):
        torch.testing.assert_close(mine, wanted, rtol=1e-5, atol=1e-5)


def test_odd_sides_are_those_of_the_picture_with_its_last_row_and_column_twice(hazy):
    torch.manual_seed(0)
    net, P = AuthorsNet((7, 5, 3)).double(), hazy[1][..., :47, :65]
    wide = torch.cat([P, P[..., -1:]], -1)
    wide = torch.cat([wide, wide[..., -1:, :]], -2)
    (Q, T), U = net(P)
    (Q_wide, T_wide), U_wide = net(wide)
    assert torch.equal(Q, Q_wide[..., :47, :65])
    assert torch.equal(T, T_wide[..., :47, :65])
    assert torch.equal(U, U_wide[..., :47, :65])


def test_the_command_imports_it_and_dehazing_uses_it(tmp_path, hazy, capsys):
    params = parameters(*KINDS["net-hqs-s1"])
    write(tmp_path / "net.mat", params)
    assert run(["weights", "import", str(tmp_path / "net.mat"), "-o", str(tmp_path / "net.safetensors")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'net.safetensors'}: {AUTHORS} with 1 full stages from net.mat\n"
    method, card = get_method("proximal-dehaze", str(tmp_path / "net.safetensors"))
    assert card["terms"] == "research"
    assert card["numbers"] == 19478 + 3
    I = hazy[1].float()
    found = dehaze(I[0], method)
    A = found.A.double()[None, :, None, None]
    Q, T, _ = official(I.double() / A, params, *KINDS["net-hqs-s1"])
    torch.testing.assert_close(found.T.double(), T[0].clamp(0, 1), rtol=1e-4, atol=1e-4)
    inside = (T >= 0) & (T <= 1)  # the method cuts transmissions to 0..1, the authors do not
    J, wanted = (torch.where(inside, x, 0.0) for x in (found.J[None].double(), (A * Q).clamp(0, 1)))
    assert float(psnr(J, wanted, 1.0)) > 80
    with pytest.raises(InputError, match="name weights of ours"):
        load_network(str(tmp_path / "net.safetensors"))


def test_numbers_of_the_official_files(tmp_path):
    for (name, kind), count in zip(KINDS.items(), (9110, 19478, 19478, 3638, 7276), strict=True):
        write(tmp_path / f"{name}.mat", parameters(*kind))
        net, _ = read_dehaze_net(tmp_path / f"{name}.mat")
        priors = [p for stage in net.unrolled.stages for p in stage.prior.parameters()]
        assert sum(p.numel() for p in priors) == count, name


def spoilt(params, how):
    params = dict(params)
    if how == "filters on their side":
        params["filtT_12"] = params["filtT_12"][:, :5]
    elif how == "a channel too few":
        params["filtU_11"] = params["filtU_11"][:, :, :3]
    elif how == "a bias too short":
        params["biasU_13"] = params["biasU_13"][:8]
    elif how == "no last filter":
        del params["filtT_14"]
    elif how == "no weights of the energy in one stage":
        del params["gamma_1"]
    elif how == "unknown sides":
        params["filtU_12"] = np.ones((5, 5, 9, 9))
    elif how == "not a number":
        params["filtU_12"][0, 0, 0, 0] = np.nan
    elif how == "complex numbers":
        params["biasT_11"] = params["biasT_11"] * 1j
    elif how == "a flat filter":
        params["filtU_11"] = np.ones(())
    return params


SPOILT = [
    "filters on their side", "a channel too few", "a bias too short", "no last filter",
    "no weights of the energy in one stage", "unknown sides", "not a number", "complex numbers", "a flat filter",
]  # fmt: skip


@pytest.mark.parametrize("how", SPOILT)
def test_a_file_that_does_not_fit_is_refused_in_one_line(tmp_path, how):
    write(tmp_path / "net.mat", spoilt(parameters(*KINDS["net-hqs-s1"]), how))
    with pytest.raises(InputError, match=r"net\.mat: ") as refusal:
        read_dehaze_net(tmp_path / "net.mat")
    assert "\n" not in str(refusal.value)


def test_stages_without_weights_of_the_energy_are_refused(tmp_path):
    write(tmp_path / "net.mat", parameters((7, 7, 7), 2, False))
    with pytest.raises(InputError, match="several stages"):
        read_dehaze_net(tmp_path / "net.mat")


def test_only_such_files_are_taken_for_dehazing(tmp_path, capsys):
    path = tmp_path / "net.mat"
    assert not is_dehaze_net(path)
    path.write_bytes(b"nothing of this kind")
    assert not is_dehaze_net(path)
    with h5py.File(path, "w") as file:
        file["net/params/name"] = np.zeros(3)
    assert not is_dehaze_net(path)
    with h5py.File(path, "a") as file:
        file["net/vars"] = np.zeros(3)
    assert is_dehaze_net(path)
    with pytest.raises(InputError, match=r"no readable net\.params and net\.vars"):
        read_dehaze_net(path)
    write(path, parameters(*KINDS["net-res-s1"]))
    path.write_bytes(path.read_bytes()[:-4000])
    assert run(["weights", "import", str(path), "-o", str(tmp_path / "net.safetensors")]) == 2
    said = capsys.readouterr().err
    assert "net.mat: " in said
    assert said.count("\n") == 1
    assert not (tmp_path / "net.safetensors").exists()
