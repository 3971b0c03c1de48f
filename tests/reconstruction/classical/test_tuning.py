"""The search for the numbers of a method."""

import math

import pytest
import torch

from minimand.io import InputError
from minimand.reconstruction.classical.trials import digest, read_trials, write_trials
from minimand.reconstruction.classical.tuning import (
    COMPRESSIVE,
    KSPACE,
    Parameter,
    Trial,
    golden_section,
    mean_psnr,
    search,
    tunable,
)


def test_golden_sections_find_a_maximum_and_look_at_each_place_once():
    places = []
    found = golden_section(lambda x: places.append(x) or -abs(x - 0.3), 0.0, 1.0, 12)
    assert len(places) == len(set(places)) == 12
    assert abs(found - 0.3) < 0.618**11


def test_a_search_goes_through_the_parameters_in_turn_and_repeats_nothing():
    def score(settings):
        return -(math.log(settings["a"] / 0.02) ** 2) - math.log(settings["b"] / 3) ** 2

    parameters, told = [Parameter("a", 1e-3, 1.0), Parameter("b", 0.1, 10.0)], []
    first = search(score, parameters, evaluations=9, show=told.append)
    assert first[0].settings == pytest.approx({"a": 0.02, "b": 3}, rel=0.15)
    assert first[0].psnr == max(t.psnr for t in first)
    assert len(told) == len(first) == 18
    again = search(lambda settings: pytest.fail("tried again"), parameters, evaluations=9, known=told)
    assert again == first


@pytest.mark.parametrize("name", KSPACE)
def test_every_method_takes_the_numbers_that_are_searched(name, heads, measured):
    images = heads(1, (24, 21))
    rival = tunable(name, KSPACE)
    low, high = (
        {p.name: bound for p, bound in zip(rival.parameters, ends)} for ends in zip(*[p[1:] for p in rival.parameters])
    )
    pairs = [(images, measured(images))]
    assert mean_psnr(rival, low, pairs) != mean_psnr(rival, high, pairs)


def test_what_cannot_be_tuned_is_told():
    with pytest.raises(InputError, match="zero-filled: there is nothing to tune for these measurements; methods: tv"):
        tunable("zero-filled", COMPRESSIVE)


def test_trials_are_kept_for_one_search_only(tmp_path):
    path, trials = tmp_path / "trials.json", [Trial({"weight": 1e-3}, 30.0)]
    about = {"method": "tv", "images": digest([torch.zeros(2, 2)])}
    assert read_trials(path, about) == []
    write_trials(path, about, trials)
    assert read_trials(path, about) == trials
    with pytest.raises(InputError, match=r"is of another search \(images differ\)"):
        read_trials(path, {**about, "images": digest([torch.ones(2, 2)])})
    for text in ("{}", "[]", "no json", '{"method": "tv", "images": 1, "trials": [{"settings": 1, "psnr": 1}]}'):
        path.write_text(text)
        with pytest.raises(InputError, match="holds no trials of minimand tune"):
            read_trials(path, about)


def test_trials_that_are_not_finite_are_told(tmp_path):
    write_trials(tmp_path / "t.json", {"method": "tv"}, [Trial({"weight": 0.1}, math.nan)])
    with pytest.raises(InputError, match=r"t\.json: holds numbers that are not finite; name another file"):
        read_trials(tmp_path / "t.json", {"method": "tv"})
