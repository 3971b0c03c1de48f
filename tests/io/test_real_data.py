"""Real files, where they are at hand (MINIMAND_DATA): what other programs wrote is read as they meant it."""

import numpy as np
import pytest

from minimand.io import InputError, describe, read_array, read_images, read_kspace, read_mask, read_matlab_tree


@pytest.mark.parametrize(
    ("name", "shape", "rate", "peak"),
    [
        ("brain8ch_full", (1, 8, 230, 180), 1.0, 1871.6),
        ("brain8ch_und2x2", (1, 8, 230, 180), 0.257, 1871.6),
        ("bartws_brain_ksp_cs", (1, 8, 180, 230), 0.127, 4.9e13),
    ],
)
def test_bart_scans_of_eight_coils(data, name, shape, rate, peak):
    scan = read_kspace(data / "mri" / "kspace" / f"{name}.cfl")
    assert (scan.kspace.shape, scan.coils, scan.single) == (shape, 8, True)
    assert scan.mask.mean() == pytest.approx(rate, abs=5e-4)
    assert np.abs(scan.kspace).max() == pytest.approx(peak, rel=0.01)
    assert not any("zero frequency" in note for note in scan.notes)


def test_the_reference_of_a_bart_scan_has_two_images(data):
    assert len(read_images(data / "mri" / "kspace" / "bartws_brain_img_ref.cfl")) == 2


def test_chest_images_and_masks(data):
    images = read_images(f"{data}/mri/chest_train_075.npz:image[0:3]")
    assert [i.shape for i in images.arrays] == [(256, 256)] * 3
    scale = read_array(f"{data}/mri/chest_train_075.npz:scale").array
    assert [i.max() for i in images.arrays] == scale[:3].tolist()
    mask = read_mask(f"{data}/mri/masks.npz:pseudo_radial_20")
    assert mask.mean() == pytest.approx(0.2019, abs=5e-5)
    assert mask[128, 128]
    with pytest.raises(InputError, match="must be complex"):
        read_kspace(f"{data}/mri/single_images.npz:brain_data1")


def test_the_authors_networks_are_trees(data):
    for name in ("net-stage7", "net-stage14", "net-stage15"):
        layers = read_matlab_tree(data / "mri" / "nets" / f"{name}.mat")["net"]["layers"]
        assert layers[0]["type"] == "X_org"
        assert layers[0]["weights"][0].shape == (8, 8)


def test_a_complex_array_in_a_struct_of_a_matlab_file(data):
    picks = read_array(f"{data}/mri/nets/operator-D-0.1.mat:mask/picks").array
    assert picks.shape == (65536, 1)
    np.testing.assert_allclose(np.abs(picks), 1)


def test_descriptions(data):
    kinds = {
        "mri/kspace/brain8ch_full.cfl": "k-space",
        "mri/masks.npz:random2d_10": "mask",
        "mri/single_images.npz:brain_complex_cdata1": "image",
        "images/extra/zebra_gray.png": "image",
    }
    assert {name: describe(f"{data}/{name}")["arrays"][0]["looks_like"] for name in kinds} == kinds
