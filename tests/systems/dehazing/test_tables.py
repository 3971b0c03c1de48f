"""The table of dehazing has every method, and its figures are what they say."""

import numpy as np
import pytest
from PIL import Image

from minimand.io import InputError
from minimand.systems.dehazing.network import ProximalDehaze
from minimand.systems.dehazing.scenes import read_scenes, split
from minimand.systems.dehazing.tables import dehazing_table, level_of, tuned_omega
from minimand.weights import save_weights


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Six scenes of blocks, 1400 to 1405, and a network for research."""
    rng = np.random.default_rng(1)
    for name in ("gt", "depth"):
        (tmp_path / "haze" / name).mkdir(parents=True)
    for k in range(6):
        blocks = rng.integers(0, 256, (4, 5, 3), np.uint8).repeat(10, 0).repeat(10, 1)
        Image.fromarray(blocks).save(tmp_path / "haze" / "gt" / f"{1400 + k}.png")
        depth = np.broadcast_to(np.linspace(25, 250, 50).astype(np.uint8), (40, 50))
        Image.fromarray(depth).save(tmp_path / "haze" / "depth" / f"{1400 + k}.png")
    monkeypatch.setenv("MINIMAND_RESEARCH", str(tmp_path))
    card = {"name": "mine", "network": "proximal-dehaze", "arguments": {"depth": 1}, "terms": "research"}
    save_weights(tmp_path / "mine.safetensors", card, ProximalDehaze(1).state_dict())
    return tmp_path


def test_every_method_has_its_figures(folder):
    found = dehazing_table(folder, levels=(3, 9))
    rows = {row["method"]: row for row in found["rows"]}
    assert found["on"] == "scenes 1402 of SOTS-indoor"
    assert {"hazy", "dark-channel, omega 0.95", "color-attenuation", "mine (research)"} <= set(rows)
    assert any("tuned" in name for name in rows)
    for row in rows.values():
        assert row["psnr_spread"] == 0  # of one scene
        assert row["levels"][3] == pytest.approx(row["psnr"])  # the published level of 1402
        assert 0 < row["ssim"] <= 1
        assert row["ciede2000"] > 0
    assert rows["hazy"]["levels"][9] < rows["hazy"]["levels"][3]


def test_omega_is_the_best_of_those_tried(folder):
    learned, chosen, reported = split(read_scenes(folder / "haze"))
    assert [level_of(scene) for scene in reported] == [3]
    assert 0.7 <= tuned_omega([*learned[:1], *chosen]) <= 0.95


def test_without_scenes_it_says_so(tmp_path):
    with pytest.raises(InputError, match=r"holds no gt/\*.png"):
        dehazing_table(tmp_path)
