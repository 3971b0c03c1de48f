"""The tables of segmentation on slices made for the purpose."""

import csv

import numpy as np
import pytest
import torch

from minimand.io import InputError
from minimand.systems.segmentation.cardiac import SIDE, WIDE, as_atlas, cut, read_slices
from minimand.systems.segmentation.direct import Cnn
from minimand.systems.segmentation.methods import RULES
from minimand.systems.segmentation.network import DeepFusion, shipped_networks
from minimand.systems.segmentation.tables import at_hand, atlas_count_table, segmentation_table
from minimand.systems.segmentation.trials import cardiac_trials
from minimand.weights import save_weights


@pytest.fixture
def folder(tmp_path, body):
    """Five subjects of three slices of 80 x 84 pixels."""
    (tmp_path / "atlas").mkdir()
    arrays, rows = {}, []
    for k in range(5):
        pairs = [body(10 * k + j, (80, 84)) for j in range(3)]
        arrays[f"S{k}_image"] = np.stack([np.clip(image / 4, 0, 255) for image, _ in pairs]).astype(np.uint8)
        arrays[f"S{k}_label"] = np.stack([label > 0 for _, label in pairs]).astype(np.uint8)
        for j in range(3):
            rows.append({"subject": f"S{k}", "index": j, "position": 4 * j, "phase": "ED", "label_pixels": 900})
    np.savez(tmp_path / "atlas" / "scd_lv_shared.npz", **arrays)
    with open(tmp_path / "atlas" / "scd_lv_shared.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return tmp_path


def test_slices_are_cut_round_their_labels(folder):
    slices = read_slices(folder)
    assert [s.position for s in slices[:3]] == [0, 0.5, 1]
    image, label = cut(slices[0], np.array([4.0, -3.0]))
    assert image.shape == label.shape == (SIDE, SIDE)
    assert np.argwhere(label).mean(0) == pytest.approx([47.5 - 4, 47.5 + 3], abs=1)
    assert as_atlas(slices[0], np.zeros(2)).labels.sum() == slices[0].label.sum()


def test_the_table_has_every_method_and_its_figures(folder):
    found = segmentation_table("segmentation", folder, lambda *_: None, targets=2, weights=shipped_networks())
    ours = {row["method"]: row for row in found["rows"] if "dice" in row}
    assert {"majority, not registered", *RULES} <= set(ours)
    assert ours["majority"]["published"]["SATA-13 Dice"] == 0.653
    assert ours["majority"]["gain"] == ours["majority"]["gain_error"] == 0
    assert ours["majority"]["dice"] > ours["majority, not registered"]["dice"]
    assert all(len(row["targets"]) == 2 and 0 < row["jaccard"] <= row["dice"] <= 1 for row in ours.values())
    assert found["on"].startswith("2 slices")
    only_published = {row["method"]: row["published"] for row in found["rows"] if "dice" not in row}
    assert only_published["cnn"] == {"SATA-13 Dice": 0.681}


def write_network(path, network, net):
    card = {"name": path.stem, "network": network, "arguments": net.arguments}
    save_weights(path, card, net.state_dict())
    return str(path)


def test_seeds_of_one_network_count_as_their_mean(folder, tmp_path):
    files = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        net = DeepFusion(2, channels=4, width=4)
        net.gain = 1.0 + 99 * seed
        files.append(write_network(tmp_path / f"mine-{seed}.safetensors", "deep-fusion", net))
        files.append(write_network(tmp_path / f"plain-{seed}.safetensors", "cnn", Cnn(2, channels=4, width=4)))

    def table(weights):
        found = segmentation_table("segmentation", folder, lambda *_: None, targets=2, weights=weights)
        return {row["method"]: row for row in found["rows"]}

    both, *single = table(files), table(files[:1]), table(files[2:3])
    dices = [rows["mine"]["dice"] for rows in single]
    assert dices[0] != dices[1]
    assert both["mine"]["networks"] == pytest.approx(dices)
    assert both["mine"]["dice"] == pytest.approx(sum(dices) / 2)
    assert both["mine"]["over_patch"] == pytest.approx(sum(dices) / 2 - both["patch"]["dice"])
    assert both["mine"]["published"]["LV-09 epicardium Dice"] == 0.9453
    assert len(both["plain"]["networks"]) == 2
    assert both["plain"]["published"] == {"SATA-13 Dice": 0.681}


def test_the_tables_take_what_ships_and_what_lies_in_the_folder_for_research(folder, tmp_path, monkeypatch):
    networks = tmp_path / "networks"
    monkeypatch.setenv("MINIMAND_RESEARCH", str(networks))
    assert at_hand() == shipped_networks()
    networks.mkdir()
    mine = write_network(networks / "mine-0.safetensors", "deep-fusion", DeepFusion(2, channels=4, width=4))
    assert at_hand() == [*shipped_networks(), mine]
    seed = write_network(networks / "deep-fusion-cardiac-7.safetensors", "deep-fusion", DeepFusion(2, width=4))
    assert at_hand() == [*(name for name in shipped_networks() if name != "deep-fusion-cardiac"), seed, mine]
    rows = atlas_count_table(folder, lambda *_: None, targets=1)["rows"]
    assert {"majority", "mine", "mine, by its features", "deep-fusion-cardiac"} <= {row["method"] for row in rows}
    assert all(0.5 < dice <= 1 for row in rows for dice in row["dice"].values())


def test_the_centred_table_takes_the_middle_of_the_image(folder):
    s = read_slices(folder)[0]
    atlas = as_atlas(s, None)
    assert atlas.scan.image.shape == (1, WIDE, WIDE)
    middle = (80 - WIDE) // 2, (84 - WIDE) // 2  # negative: the border goes on
    assert (atlas.labels[0, -middle[0] : 80 - middle[0], -middle[1] : 84 - middle[1]].numpy() == s.label).all()


def test_volumes_have_their_table(tmp_path, body):
    (tmp_path / "atlas").mkdir()
    arrays = {}
    for k in range(5):
        image, label = body(k, (12, 16, 20))
        arrays[f"h{k}_image"] = np.clip(image / 4, 0, 255).astype(np.uint8)
        arrays[f"h{k}_label"] = (label == 3) + 2 * (label == 7).astype(np.uint8)
    np.savez(tmp_path / "atlas" / "hippocampus_shared.npz", **arrays)
    found = segmentation_table("segmentation-hippocampus", tmp_path, lambda *_: None, weights=[])
    rows = {row["method"]: row for row in found["rows"]}
    assert set(rows) == {"majority, not registered", "deep-fusion, as born", *RULES} - {"patch-match"}
    assert set(rows["patch"]["targets"]) == {"h0", "h4"}
    assert rows["patch"]["dice"] > 0.7


def test_fewer_targets_are_the_first_of_more(folder):
    names = [[t.name for t in cardiac_trials(folder, n, 2, lambda *_: None)] for n in (2, 4)]
    assert names[0] == names[1][:2]


def test_without_the_data_it_says_so(tmp_path):
    with pytest.raises(InputError, match=r"holds no scd_lv_shared.npz"):
        segmentation_table("segmentation", tmp_path, lambda *_: None)
