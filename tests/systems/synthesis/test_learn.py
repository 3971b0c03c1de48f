"""A run from folders to weights: data that fit, resume bit for bit, failures that lose nothing."""

import nibabel
import numpy as np
import pytest
import torch
from PIL import Image

from minimand.io import InputError
from minimand.learning import Run
from minimand.learning.checkpoint import save_checkpoint
from minimand.systems.synthesis import learn
from minimand.systems.synthesis.intensity import Range, ct_range, unit_mr
from minimand.systems.synthesis.learn import Plan, subjects_of, train
from minimand.systems.synthesis.subjects import Subject, read_subjects, virtual_subjects
from minimand.systems.synthesis.synthesize import load_network
from minimand.systems.synthesis.training import Training, Unhealthy
from minimand.weights import load_weights

RNG = np.random.default_rng(0)


def nifti(path, array, affine=None):
    path.parent.mkdir(exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(array, np.diag([2, 2, 5, 1.0]) if affine is None else affine), path)


@pytest.fixture
def folders(tmp_path):
    """mr/ and ct/: two volumes of 32 x 36 with 3 and 4 slices."""
    for kind, low in (("mr", 0), ("ct", -1024)):
        for k in range(2):
            nifti(tmp_path / kind / f"{k}.nii.gz", RNG.integers(low, 900, (32, 36, 3 + k), np.int16))
    return str(tmp_path / "mr"), str(tmp_path / "ct")


def tiny(folders, **options):
    return Plan(*folders, **{"width": 2, "blocks": 1, "steps": 4, "every": 2, **options})


def test_a_run_writes_a_generator_with_its_card(folders, tmp_path):
    run = Run(tmp_path / "net.safetensors", command="minimand train mr-ct")
    assert train(tiny(folders), run).step == 4
    net, card = load_network(str(run.output))
    assert net(torch.zeros(1, 1, 32, 36)).shape == (1, 1, 32, 36)
    assert (card["method"], card["window"], card["range"][0]) == ("structure", [32, 36], -1024)
    assert card["training"]["slices"] == [7, 7]
    assert not run.checkpoint.exists()


def test_a_stopped_run_goes_on_bit_for_bit(folders, tmp_path, monkeypatch):
    whole, part = (Run(tmp_path / f"{name}.safetensors") for name in ("whole", "part"))
    train(tiny(folders, steps=6), whole)
    step = Training.step

    def interrupted(self, number):
        if number == 3:
            raise KeyboardInterrupt
        return step(self, number)

    monkeypatch.setattr(Training, "step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(tiny(folders, steps=6), part)
    monkeypatch.undo()
    with pytest.raises(InputError, match="this run has seed 1"):
        train(tiny(folders, steps=6, seed=1), Run(part.output, resume=True))
    train(tiny(folders, steps=6), Run(part.output, resume=True))
    a, b = load_weights(whole.output), load_weights(part.output)
    assert a.card["sha256"] == b.card["sha256"]


def test_a_failure_leaves_the_weights_of_the_last_checkpoint(folders, tmp_path, monkeypatch):
    good = Run(tmp_path / "good.safetensors")
    train(tiny(folders, steps=2), good)
    step = Training.step

    def failing(self, number):
        if number == 3:
            raise Unhealthy("the loss at step 3 is not finite")
        return step(self, number)

    monkeypatch.setattr(Training, "step", failing)
    run = Run(tmp_path / "net.safetensors")
    with pytest.raises(ArithmeticError, match="has the weights of step 2"):
        train(tiny(folders, steps=400), run)
    card = load_weights(run.output).card
    assert card["training"]["stopped"] == "the loss at step 3 is not finite"
    assert card["training"]["steps"] == 2


def test_a_failure_before_the_first_checkpoint_writes_nothing(folders, tmp_path, monkeypatch):
    monkeypatch.setattr(learn, "unit_mr", lambda subject: subject.volume * torch.nan)
    run = Run(tmp_path / "net.safetensors")
    with pytest.raises(ArithmeticError, match="nothing is written"):
        train(tiny(folders), run)
    assert not run.output.exists()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda f: nifti(f / "ct" / "0.nii.gz", np.zeros((32, 36, 3)), np.diag([2, 3, 5, 1.0])), "2 x 3 mm"),
        (lambda f: nifti(f / "ct" / "0.nii.gz", np.zeros((32, 36, 3)), np.diag([-2, 2, 5, 1.0])), "LAS with"),
        (lambda f: nifti(f / "mr" / "1.nii.gz", np.ones((32, 36, 1), np.int16)), "has one slice"),
        (lambda f: nifti(f / "mr" / "1.nii.gz", np.ones((32, 36, 3, 2))), "one volume of real numbers"),
        (lambda f: nifti(f / "mr" / "1.nii.gz", np.full((32, 36, 4), np.nan)), "NaN or infinite"),
        (lambda f: nifti(f / "mr" / "1.nii.gz", np.full((32, 36, 4), 7, np.int16)), "this MR is 7 everywhere"),
        (lambda f: [nifti(f / "ct" / f"{k}.nii.gz", np.zeros((32, 36, 4))) for k in (0, 1)], "CT is 0 everywhere"),
        (lambda f: nifti(f / "mr" / "1.nii.gz", RNG.random((40, 36, 4))), "add --crop"),
        (lambda f: [path.unlink() for path in (f / "mr").iterdir()], "this folder is empty"),
    ],
)
def test_data_that_do_not_fit_are_one_clear_line(folders, tmp_path, spoil, said):
    spoil(tmp_path)
    with pytest.raises(InputError, match=said):
        train(tiny(folders), Run(tmp_path / "net.safetensors"))


def test_pairs_need_equal_counts(folders, tmp_path):
    nifti(tmp_path / "ct" / "2.nii.gz", np.zeros((32, 36, 3)))
    with pytest.raises(InputError, match=r"2 volumes of 7 slices, .* has 3 volumes of 10 slices"):
        subjects_of(tiny(folders, method="paired"))


def test_padding_of_ct_counts_as_air_and_is_told(folders, tmp_path):
    array = np.full((32, 36, 3), 40, np.int16)
    array[:5] = -2000
    nifti(tmp_path / "ct" / "0.nii.gz", array)
    _, ct = subjects_of(tiny(folders))
    assert float(ct[0].volume.min()) == -1024
    assert "540 voxels below -1024 HU, padding, count as air" in ct[0].notes[0]


def test_folders_of_pictures_are_subjects_and_so_is_a_folder_of_folders(tmp_path):
    for folder in ("flat", "deep/a", "deep/b"):
        (tmp_path / folder).mkdir(parents=True)
        for k in range(3):
            Image.fromarray(RNG.integers(0, 256, (32, 36), np.uint8)).save(tmp_path / folder / f"{k}.png")
    assert [s.volume.shape for s in read_subjects(str(tmp_path / "flat"))] == [(3, 32, 36)]
    assert [s.volume.shape for s in read_subjects(str(tmp_path / "deep"))] == [(3, 32, 36)] * 2
    Image.fromarray(RNG.integers(0, 256, (32, 30), np.uint8)).save(tmp_path / "flat" / "9.png")
    with pytest.raises(InputError, match="slices of one subject are of one size"):
        read_subjects(str(tmp_path / "flat"))


def test_virtual_heads_by_name(monkeypatch, tmp_path):
    monkeypatch.setenv("MINIMAND_DATA", str(tmp_path))
    mr, ct = (virtual_subjects("heads:3-4:32", kind) for kind in ("mr", "ct"))
    assert [s.name for s in mr] == ["head 3", "head 4"]
    assert mr[0].volume.shape == ct[0].volume.shape == (24, 32, 32)
    assert "ellipsoids" in mr[0].notes[0]
    assert virtual_subjects("somewhere", "mr") is None
    with pytest.raises(InputError, match="write heads:FIRST-LAST"):
        virtual_subjects("heads:4-3", "mr")


def test_intensities_go_there_and_back():
    subject = Subject("a", torch.linspace(-1024, 3000, 4000).reshape(4, 20, 50))
    values = ct_range([subject])
    assert values == pytest.approx(Range(-1024.0, 2998.0), abs=3)
    ct = torch.tensor([-1024.0, 0.0, 500.0])
    torch.testing.assert_close(values.value(values.unit(ct)), ct)
    unit = unit_mr(subject)
    assert (float(unit.min()), float(unit.max())) == (-1, 1)
    assert float((unit == 1).float().mean()) == pytest.approx(0.005, abs=0.001)


def test_a_checkpoint_of_something_else_is_told(folders, tmp_path):
    run = Run(tmp_path / "net.safetensors", resume=True)
    save_checkpoint(run.checkpoint, {"step": 1, "training": {}})
    with pytest.raises(InputError, match=r"is of another network or run \(.*\); start without --resume"):
        train(tiny(folders), run)
