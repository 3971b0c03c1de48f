"""The cache of registrations: asked once, safe when damaged, and no other result."""

import pytest
import torch
from torch.testing import assert_close

from minimand.io.cache import cache_folder
from minimand.systems.segmentation import registered as room
from minimand.systems.segmentation.registered import registered
from minimand.systems.segmentation.registration import Effort, register

EFFORT = Effort(3, 3)
SPACING = (1.0, 1.0, 1.0)


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """A cache of the test's own, and how many pairs each call of `register` had."""
    monkeypatch.setenv("MINIMAND_CACHE", str(tmp_path / "cache"))
    counts = []

    def counted(target, atlases, **options):
        counts.append(len(atlases))
        return register(target, atlases, **options)

    monkeypatch.setattr(room, "register", counted)
    return counts


@pytest.mark.parametrize("size", [(24, 30), (8, 12, 14)])
def test_a_pair_is_registered_once(bodies, asked, size):
    target, images, _, _ = bodies(4, size)
    first = registered(target, images[:2], SPACING, EFFORT)
    again = registered(target, images[[3, 1, 0, 2]], SPACING, EFFORT)
    assert asked == [2, 2]
    for a, b in zip(first, again, strict=True):
        assert torch.equal(a, b[[2, 1]])
    fresh = register(target, images, spacing=SPACING, effort=EFFORT)
    for a, b in zip(again, fresh, strict=True):
        assert_close(a, b[[3, 1, 0, 2]], rtol=0, atol=1e-4)


def test_another_target_spacing_or_effort_is_another_registration(bodies, asked):
    target, images, _, _ = bodies(1, (24, 30))
    registered(target, images, SPACING, EFFORT)
    registered(target, images, (1.0, 2.0, 1.0), EFFORT)
    registered(target, images, SPACING, Effort(3, 4))
    registered(target.flip(1), images, SPACING, EFFORT)
    assert asked == [1] * 4
    assert len(list((cache_folder() / "registrations").iterdir())) == 4


@pytest.mark.parametrize("damage", [b"", b"PK", None])
def test_a_damaged_file_costs_time_and_nothing_else(bodies, asked, damage):
    target, images, _, _ = bodies(2, (24, 30))
    first = registered(target, images, SPACING, EFFORT)
    (file,) = (cache_folder() / "registrations").iterdir()
    file.write_bytes(file.read_bytes()[:-100] if damage is None else damage)
    again = registered(target, images, SPACING, EFFORT)
    assert asked == [2, 2]
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_without_a_place_for_the_cache_it_still_works(bodies, asked, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MINIMAND_CACHE", str(tmp_path / "file"))
    target, images, _, _ = bodies(1, (24, 30))
    registered(target, images, SPACING, EFFORT)
    assert asked == [1]
