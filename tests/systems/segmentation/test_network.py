"""Deep Fusion Net: what it is untrained, what it learns, and from whom."""

import nibabel
import numpy as np
import pytest
import torch
from torch.testing import assert_close

from minimand.io import InputError
from minimand.kernels.label_fusion import fuse_labels
from minimand.learning import Run
from minimand.systems.segmentation.atlases import read_library
from minimand.systems.segmentation.fusion import patches, undecided
from minimand.systems.segmentation.learn import Plan, train
from minimand.systems.segmentation.network import DeepFusion, feature_distance, voting_loss
from minimand.systems.segmentation.training import Case, Fusing, prepare, split, subject_of

SIZES = {2: (40, 44), 3: (10, 12, 14)}


def small(dimensions: int) -> DeepFusion:
    return DeepFusion(dimensions, channels=4, width=4, reach=2)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_with_equal_features_it_is_the_mean_of_the_windows(bodies, dimensions):
    target, images, labels, _ = bodies(3, SIZES[dimensions])
    net = small(dimensions)
    net.gain = 1e-6
    everywhere = torch.ones_like(target, dtype=torch.bool)
    votes = net(target, images, labels, everywhere)
    window = [2 * r + 1 for r in net.window]
    mean = torch.nn.functional.avg_pool3d(labels.mean(0)[None], window, 1, net.window, count_include_pad=False)[0]
    assert_close(votes, mean)
    assert_close(net(target, images.flip(0), labels.flip(0), everywhere), votes)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_born_with_patches_it_is_patch_based_fusion_with_one_scale(bodies, dimensions):
    target, images, labels, _ = bodies(3, SIZES[dimensions])
    net = DeepFusion(dimensions, channels=4, width=4, reach=1, patch=1)
    votes = net(target, images, labels, torch.ones_like(target, dtype=torch.bool))
    f, g = patches(target[None], 1)[0], patches(images, 1)
    scale = torch.full_like(target, float(net.gain.detach()) ** 2)
    assert_close(votes, fuse_labels(f, g, labels, net.window, scale=scale), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_as_a_rule_it_works_where_atlases_differ(bodies, dimensions):
    target, images, labels, _ = bodies(3, SIZES[dimensions])
    net = small(dimensions)
    with torch.no_grad():
        votes = net.rule(target, images, labels)
        whole = net(target, images, labels, undecided(labels, net.window))
    wanted = undecided(labels, net.window)
    assert_close(votes[:, wanted], whole[:, wanted], rtol=1e-4, atol=1e-5)
    assert_close(votes[:, ~wanted], labels.mean(0)[:, ~wanted])


def test_what_learned_images_refuses_volumes(bodies):
    with pytest.raises(ValueError, match="this network learned images"):
        small(2).rule(*bodies(2, (8, 9, 10))[:3])


def test_the_target_itself_is_nearest_by_its_features(bodies):
    target, images, _, _ = bodies(3, (40, 44))
    region = torch.ones_like(target, dtype=torch.bool)
    with torch.no_grad():
        distance = feature_distance(small(2), target, torch.cat([images, target[None]]), region)
    assert int(distance.argmin()) == 3
    assert float(distance[3]) == 0


def test_it_learns_one_example_better_than_it_was_born(bodies):
    target, images, labels, truth = bodies(4, (40, 44))
    net = small(2)
    wanted = undecided(labels, net.window)
    task = Fusing(
        [Case(target, images, labels, truth, wanted)] * 2, [Case(target, images, labels, truth, wanted)], 4, 0
    )
    before, born = task.validate(net), voting_loss(net(target, images, labels, wanted), truth, wanted).detach()
    adam = torch.optim.Adam(net.parameters(), lr=3e-3)
    for step in range(60):
        adam.zero_grad()
        task.loss(net, step).backward()
        adam.step()
    with torch.no_grad():
        assert voting_loss(net(target, images, labels, wanted), truth, wanted) < 0.7 * born
        assert float(task.loss(net, 7)) == float(task.loss(net, 7))
    assert task.validate(net) > before


def test_a_target_never_meets_its_own_subject(tmp_path, write_atlases, monkeypatch):
    write_atlases(tmp_path, 10, (24, 24))
    library = read_library(tmp_path)
    assert [subject_of(name, r"[a-z]+-\d") for name in ("ab-1_07", "x")] == ["ab-1", "x"]
    learned, chosen = split(library, ".*")
    assert chosen == ["s2", "s7"]
    assert len(learned) == 8
    met = []

    def choose(scan, others, count):
        met.append([a.name for a in others.atlases])
        raise KeyboardInterrupt

    monkeypatch.setattr("minimand.systems.segmentation.training.choose", choose)
    for name, others in (("s1", learned), ("s2", learned)):
        target = next(a for a in library.atlases if a.name == name)
        with pytest.raises(KeyboardInterrupt):
            prepare(library, [target], ".*", others, 3, DeepFusion(2), lambda *_: None)
    assert met == [[n for n in learned if n != "s1"], learned]


def test_few_subjects_are_refused(tmp_path, write_atlases):
    with pytest.raises(InputError, match="4 subjects are too few"):
        split(read_library(write_atlases(tmp_path, 4, (16, 16))), ".*")


def test_atlases_that_agree_everywhere_teach_nothing(tmp_path, body):
    image, _ = body(0, (16, 16))
    for k in range(5):
        marked = np.zeros((16, 16), np.uint8)
        marked[:8] = k == 4
        for name, array in (("images", -image if k == 4 else image), ("labels", marked)):
            (tmp_path / name).mkdir(exist_ok=True)
            nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), tmp_path / name / f"s{k}.nii")
    with pytest.raises(InputError, match="the atlases agree everywhere; there is nothing to learn"):
        train(Plan(str(tmp_path), targets=1, count=1), Run(tmp_path / "w.safetensors"))
