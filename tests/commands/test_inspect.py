"""`minimand inspect`: what a file is and what to do with it."""

import json

import numpy as np
import pytest


@pytest.mark.parametrize("name", ["one.npy", "odd.npy", "complex.npy", "stack.npz", "volume.nii.gz"])
def test_an_image_is_told_as_one_and_the_command_for_it_runs(scans, work, done, name):
    text = done("inspect", scans / name)
    assert "looks like image" in text
    command = text.splitlines()[-1].removeprefix("  try: minimand ").split()
    assert command[0] == "simulate"
    done(*command)


def test_kspace_and_its_mask_are_told_apart_and_the_command_runs(one, done):
    text = done("inspect", "k.npz")
    assert "kspace: 32 x 40, complex64" in text
    assert "looks like mask (3" in text
    command = text.splitlines()[-1].removeprefix("  try: minimand ").split()
    assert command[0] == "reconstruct"
    done(*command, "--method", "tv")


def test_json_is_one_object(scans, one, done):
    found = json.loads(done("inspect", one, "--json"))
    assert [array["name"] for array in found["arrays"]] == ["kspace", "mask"]
    assert json.loads(done("inspect", scans / "tiny.safetensors", "--json"))["card"]["network"] == "admm-net"


def test_geometry_and_cards_are_shown(scans, done):
    assert "affine: [[0.0, -2.0, 0.0, 10.0]" in done("inspect", scans / "volume.nii.gz")
    text = done("inspect", scans / "tiny.safetensors")
    assert "Minimand weights" in text
    assert "arguments: depth 2" in text


def test_numbers_that_are_none_are_told(work, done):
    np.save("bad.npy", np.full((20, 20), np.nan))
    assert "NOT FINITE" in done("inspect", "bad.npy")


def test_coil_data_come_with_the_command_that_takes_them(work, done):
    coils = np.fft.fftshift(np.fft.fft2(np.ones((1, 8, 20, 20)), axes=(-2, -1)), axes=(-2, -1))
    np.save("coils.npy", coils)
    assert "try: minimand reconstruct coils.npy" in done("inspect", "coils.npy")


def test_an_array_among_several_is_named_in_the_command(scans, work, done):
    kinds = {name: np.random.default_rng(0).random((20, 20)) for name in ("first", "second")}
    np.savez("two.npz", **kinds)
    command = done("inspect", "two.npz").splitlines()[-1].removeprefix("  try: minimand ").split()
    assert "two.npz:first" in command
    done(*command)


def test_an_authors_network_is_told_with_the_command_to_import_it(data, work, done):
    text = done("inspect", data / "mri" / "nets" / "net-stage7.mat")
    assert "ADMM-Net of the authors, 9 full stages" in text
    done(*text.splitlines()[-1].removeprefix("  try: minimand ").split())
    assert (work / "WEIGHTS.safetensors").is_file()
