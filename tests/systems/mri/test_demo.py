"""The embedded example."""

import numpy as np
import pytest

from minimand.io import InputError
from minimand.reconstruction.methods import METHODS as KNOWN
from minimand.systems.mri.demo import METHODS, SAMPLING, embedded_scan
from minimand.systems.mri.sampling import read_sampling


def test_the_scan_of_nibabel_is_there_and_upright():
    scan = embedded_scan()
    assert len(scan) == 48
    assert {a.shape for a in scan.arrays} == {(96, 128)}
    assert all(np.isfinite(a).all() and a.max() > 0 for a in scan.arrays)


def test_the_demo_uses_methods_and_sampling_that_exist():
    assert set(METHODS) <= set(KNOWN)
    assert 0.2 <= float(read_sampling(SAMPLING)((96, 128), 0).double().mean()) < 0.22


def test_a_nibabel_without_its_data_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr("nibabel.__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(InputError, match="is not installed; try minimand compare with a scan of yours"):
        embedded_scan()
