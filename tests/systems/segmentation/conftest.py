"""Registered atlases as a rule takes them, and folders of atlases, all of the bodies of the `body` fixture."""

import nibabel
import numpy as np
import pytest
import torch


@pytest.fixture(scope="session")
def bodies(body):
    """`bodies(n, size)` is a target and n atlases as a rule takes them: volumes, images 0 to 1, labels as shares."""

    def make(count: int, size: tuple[int, ...], first: int = 0):
        images, labels = zip(*(body(first + k, size) for k in range(count + 1)), strict=True)
        x = torch.from_numpy(np.stack(images)).view(count + 1, *(1,) * (3 - len(size)), *size)
        x = ((x - x.min()) / (x.max() - x.min())).float()
        numbers = torch.from_numpy(np.stack(labels)).view_as(x)
        one_hot = torch.stack([numbers == n for n in (0, 3, 7)], 1).float()
        return x[0], x[1:], one_hot[1:], one_hot[0]

    return make


@pytest.fixture
def write_atlases(body):
    """`write_atlases(folder, n, size)` writes n atlases and gives the folder; file axes are (x, y[, z])."""

    def write(folder, count, size, first=0):
        for k in range(count):
            for name, array in zip(("images", "labels"), body(first + k, size), strict=True):
                (folder / name).mkdir(parents=True, exist_ok=True)
                array = array if array.ndim == 2 else array.transpose(1, 2, 0)
                nibabel.save(
                    nibabel.Nifti1Image(array, np.diag([1.5, 1.5, 2.0, 1.0])), folder / name / f"s{first + k}.nii.gz"
                )
        return folder

    return write
