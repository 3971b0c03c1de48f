"""`minimand reproduce` prints each system's table: a line a method, with its figures, beside the published."""

import pytest

SPREAD = {
    "dice": 0.8832, "dice_spread": 0.05, "gain": 0.0222, "gain_error": 0.0058, "over_patch": 0.067,
    "over_patch_error": 0.01, "jaccard": 0.79, "average_distance": 1.25, "hausdorff": 4.5, "seconds": 0.25,
}  # fmt: skip


@pytest.fixture
def printed(done, monkeypatch):
    """The lines of a table whose making is replaced by this result, words parted by one space."""

    def lines(table, place, found):
        monkeypatch.setattr(f"minimand.systems.{place}", lambda *_, **__: found)
        return [" ".join(line.split()) for line in done("reproduce", table, "--data", ".").splitlines()]

    return lines


def test_overlaps_of_methods_and_of_each_network_of_several_seeds(printed):
    ours = {"method": "deep-fusion", **SPREAD, "published": {"LV-09": 0.9453}, "networks": [0.88, 0.89]}
    theirs = {"method": "DLDM", "published": {"LV-09": 0.94}}
    found = {"table": "segmentation", "on": "2 slices", "source": "theirs", "rows": [ours, theirs]}
    lines = printed("segmentation", "segmentation.tables.segmentation_table", found)
    figures = "0.8832 +- 0.0500 +0.0222 +- 0.0058 +0.0670 +- 0.0100 0.7900 1.25 4.50 0.250 LV-09 0.9453"
    assert lines[2] == f"deep-fusion {figures}"
    assert lines[3] == "the mean of 2 networks, 0.8800, 0.8900"
    assert lines[4] == "DLDM - - - - - - - LV-09 0.94"


def test_dice_by_the_number_of_atlases(printed):
    row = {"method": "majority", "dice": {5: 0.8, 19: 0.85}, "published": {}}
    found = {"table": "atlas-count", "on": "2 slices", "source": "a curve", "rows": [row]}
    lines = printed("atlas-count", "segmentation.tables.atlas_count_table", found)
    assert lines[1:] == ["method 5 19", "majority 0.8000 0.8500"]


def test_losses_with_their_errors_and_rules_without_weights(printed):
    tasks = {"sigmoid": {"loss": 0.306, "error": 0.012}, "tanh": {"unavailable": "no weights ship"}}
    row = {"method": "hyperadam", "tasks": tasks, "published": {"sigmoid": 0.33}}
    found = {"table": "optimizers-table1", "on": "20 runs", "source": "theirs", "rows": [row]}
    lines = printed("optimizers-table1", "optimizers.tables.optimizer_table", found)
    assert lines[1] == "method sigmoid tanh"
    assert lines[2] == "hyperadam 0.306 (0.012) / 0.330 no weights ship"


def test_accuracies_after_long_runs(printed):
    figures = {"loss": 0.1, "top1": 98.5, "top2": 99.59}
    row = {"method": "adam", "tasks": {"CNN-1": figures}, "published": {"CNN-1": {**figures, "loss": 0.05}}}
    found = {"table": "optimizers-table3", "on": "1 run", "source": "theirs", "rows": [row]}
    lines = printed("optimizers-table3", "optimizers.accuracy.accuracy_table", found)
    assert lines[2] == "adam 0.100 98.50 99.59 / 0.050 98.50 99.59"


def test_haze_at_one_density_and_in_the_mean_of_all(printed):
    row = {"method": "dark-channel", "psnr": 19.7, "psnr_spread": 2.1, "ssim": 0.85, "ssim_spread": 0.05,
           "ciede2000": 8.2, "ciede2000_spread": 1.4, "seconds": 0.125, "levels": {"1": 19.0, "2": 21.0}}  # fmt: skip
    found = {"table": "dehazing", "on": "8 rooms", "source": "theirs", "rows": [row]}
    lines = printed("dehazing", "dehazing.tables.dehazing_table", found)
    assert lines[2] == "dark-channel 19.70 +- 2.10 0.8500 +- 0.050 8.20 +- 1.4 0.125 20.00 dB"


def test_methods_on_pictures_and_one_that_is_left_out(printed):
    measured = {"nmse": 0.08, "psnr": 28.9, "ssim": 0.81, "seconds": 1.22}
    rows = [
        {"method": "bm3d", **measured, "published": {"psnr": 28.57}},
        {"method": "dictionary", "unavailable": "minutes", "published": {}},
    ]
    found = {"table": "denoising", "sampling": "noise", "on": "2 pictures", "source": "theirs", "rows": rows}
    lines = printed("denoising", "restoration.tables.restoration_table", found)
    assert lines[2] == "bm3d 0.0800 28.90 0.8100 1.220 - / 28.57 / -"
    assert lines[3] == "dictionary not available: minutes -"


def test_first_tiers_of_shapes_set_by_set_against_the_best_that_learns_nothing(printed):
    row = {"set": "bodies", "protocol": "new poses", "method": "st-net", "nn": 100.0, "first_tier": 97.7,
           "first_tier_spread": 0.4, "second_tier": 99.0, "e_measure": 60.0, "dcg": 99.5,
           "published": {"SHREC'14": 100.0}}  # fmt: skip
    ahead = {"method": "wks", "first_tier": 18.7, "spread": 0.5}
    rows = [row, {**row, "method": "st-net, metric", "published": {}, "against_unlearned": ahead}]
    found = {"table": "shapes", "seeds": 3, "source": "theirs", "rows": rows}
    lines = printed("shapes", "shapes.tables.shapes_table", found)
    assert lines[1].startswith("bodies, new poses")
    assert lines[2] == "st-net 100.00 97.70 +- 0.40 99.00 60.00 99.50 100.00"
    assert lines[3].startswith("st-net, metric 100.00"), "the set is named once"
    assert lines[4].endswith("+18.70 +- 0.50")
