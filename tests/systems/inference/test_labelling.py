"""Labels of street scenes: files, scores, and a classifier with a random field behind it."""

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch.testing import assert_close

from minimand import solve
from minimand.io import InputError
from minimand.learning import fit
from minimand.steps import MeanField
from minimand.systems.inference.label_scores import accuracy, confusion, iou, mean_iou, near_boundaries
from minimand.systems.inference.labelling import (
    Classifier,
    LearnLabels,
    RandomFieldNetwork,
    Ties,
    balanced,
    labelled,
)
from minimand.systems.inference.streets import LABELS, VOID, Streets, read_streets, split
from minimand.systems.inference.tables import Plan, labels_table
from minimand.terms import Unary


def scenes(count=6, size=(12, 16), seed=0):
    """Scenes of two labels told by their brightness, with a little noise."""
    generator = torch.Generator().manual_seed(seed)
    labels = (torch.arange(size[1]) < torch.randint(4, 12, (count, 1), generator=generator)).long()
    labels = labels[:, None, :].repeat(1, size[0], 1)
    pictures = labels[:, None].float().repeat(1, 3, 1, 1) + 0.1 * torch.randn(count, 3, *size, generator=generator)
    names = tuple(f"drive{k // 3}_{k}" for k in range(count))
    return Streets(names, pictures.clamp(0, 1), labels)


def written(folder, labels, part="train", name="a_1", picture=(12, 16)):
    for kind in (part, f"{part}annot"):
        (folder / kind).mkdir(exist_ok=True, parents=True)
    Image.fromarray(np.full((*picture, 3), 90, np.uint8)).save(folder / part / f"{name}.jpg")
    Image.fromarray(labels.astype(np.uint8)).save(folder / f"{part}annot" / f"{name}.png")


def test_scenes_are_read_by_name(tmp_path):
    labels = np.arange(192).reshape(12, 16) % 12
    written(tmp_path, labels)
    found = read_streets(tmp_path, "train")
    assert found.names == ("a_1",)
    assert found.pictures.shape == (1, 3, 12, 16)
    assert 0.3 < float(found.pictures.mean()) < 0.4
    assert found.labels[0].tolist() == labels.tolist()


def test_labels_outside_their_range_are_refused(tmp_path):
    written(tmp_path, np.full((12, 16), 12))
    with pytest.raises(InputError, match=r"a_1.png: has labels from 12 to 12; those are 0 to 10, and 11 for pixels"):
        read_streets(tmp_path, "train")


def test_labels_of_another_size_are_refused(tmp_path):
    written(tmp_path, np.zeros((12, 15)))
    with pytest.raises(InputError, match=r"a_1.jpg: is \(12, 16, 3\), its labels are \(12, 15\)"):
        read_streets(tmp_path, "train")
    with pytest.raises(InputError, match=r"val: holds no .jpg; name the folder"):
        read_streets(tmp_path, "val")
    written(tmp_path, np.zeros((6, 8)), "val", "a_1", (6, 8))
    written(tmp_path, np.zeros((12, 16)), "val", "a_2")
    with pytest.raises(InputError, match="pictures have several sizes"):
        read_streets(tmp_path, "val")


def test_the_first_of_every_drive_choose():
    learned, chosen = split(scenes(9))
    assert chosen.names == ("drive0_0", "drive1_3", "drive2_6")
    assert len(learned.names) == 6


def test_scores_count_what_has_a_label():
    truth = torch.tensor([[[0, 0, 1, 1, VOID]]])
    found = torch.tensor([[[0, 1, 1, 1, 3]]])
    table = confusion(found, truth)
    assert table.sum() == 4
    assert_close(iou(table)[:2], torch.tensor([1 / 2, 2 / 3]))
    assert bool(iou(table)[2:].isnan().all())
    assert mean_iou(table) == pytest.approx(7 / 12)
    assert accuracy(table) == pytest.approx(3 / 4)
    near = near_boundaries(truth, 1)
    assert near.tolist() == [[[False, True, True, False, False]]]  # next to no label is near no boundary
    assert confusion(found, truth, near).sum() == 2


def test_just_built_the_network_is_the_random_field_behind_the_classifier():
    torch.manual_seed(0)
    classifier, streets = Classifier(8), scenes(2)
    net = RandomFieldNetwork(classifier, Ties(), depth=4)
    logits = classifier(streets.pictures)
    alike, near = Ties().terms()
    Q = solve(MeanField(), Unary(logits, streets.pictures) + alike + near, logits.softmax(1), max_iter=4, tol=0.0).x
    assert_close(net(streets.pictures).exp(), Q)


def test_temperature_takes_confidence_off_and_changes_no_label():
    torch.manual_seed(0)
    net, streets = RandomFieldNetwork(Classifier(8), Ties(), depth=2), scenes(2)
    before = net(streets.pictures)
    net.temperature = 2.0
    after = net(streets.pictures)
    assert_close(after, before / 2)
    assert torch.equal(after.argmax(1), before.argmax(1))


def test_what_is_surely_wrong_still_learns():
    net, streets = RandomFieldNetwork(Classifier(8), Ties(), depth=2), scenes(1)
    with torch.no_grad():
        net.classifier.head.bias[2] = 40.0  # sure of a label that is not there
    F.cross_entropy(net(streets.pictures), streets.labels, ignore_index=VOID).backward()
    assert float(net.classifier.head.bias.grad[2]) > 0.9


def test_classifier_and_field_learn_together():
    torch.manual_seed(0)
    streets = scenes(6)
    net = RandomFieldNetwork(Classifier(8), Ties(), depth=2)
    task = LearnLabels(streets, streets, balanced(streets), batch=4)
    before = net.field.stages[0].prior[0].compatibility.detach().clone()
    fit(net, task, steps=12, rate=lambda name: 1e-2, every=6)
    assert task.validate(net) > 90
    assert not torch.equal(net.field.stages[0].prior[0].compatibility, before)
    assert labelled(net, streets.pictures).shape == (6, 12, 16)
    assert balanced(streets).shape == (len(LABELS),)


def test_the_table_tells_three_ways_apart(tmp_path):
    for part in ("train", "val"):
        for k in range(4):
            half = np.where(np.arange(16) < 5 + k, 1, 3) * np.ones((12, 1))
            written(tmp_path / "images" / "camvid_small", half, part, f"d{k % 2}_{k}")
    plan = Plan(first=2, second=2, batch=2)
    found = labels_table(tmp_path, plan=plan, seeds=(0, 1))
    json.dumps(found)
    assert [row["method"] for row in found["rows"]] == ["unary", "post-hoc CRF", "end-to-end"]
    assert all(len(row["seeds"]["mean_iou"]) == 2 for row in found["rows"])
    assert {row["published"]["mean_iou"] for row in found["rows"]} == {61.3, 63.7, 69.6}
    assert min(found["speed"].values()) > 0
