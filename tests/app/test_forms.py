"""What tabs offer exists, and what they check."""

import pytest

from minimand.app.forms import Choice, Number, Text
from minimand.app.tabs import TABS
from minimand.io import InputError


@pytest.mark.parametrize("tab", TABS.values(), ids=TABS)
def test_the_usual_options_of_a_tab_are_allowed(tab):
    options = tab.check({})
    assert list(options) == [field.name for field in tab.fields]
    assert tab.check(options) == options
    for field in tab.fields:
        if field.when:
            assert field.when[0] in options


def test_whole_numbers_stay_whole():
    number = Number("n", "N", 0, 10, 3)
    assert number.check(4.0) == 4
    assert isinstance(number.check(4.0), int)
    assert Number("n", "N", 0, 1, 0.5, step=0.1).check(0.25) == 0.25
    for wrong in (-1, 11, float("nan"), "3", None, True):
        with pytest.raises(InputError, match="N: a number from 0 to 10"):
            number.check(wrong)


def test_choices_come_in_the_order_of_the_form_and_once():
    choice = Choice("c", "C", (("a", "A"), ("b", "B")), ("a",), many=True)
    assert choice.check(["b", "a", "b"]) == ["a", "b"]
    for wrong in ("a", [], ["c"], [["a"]], None):
        with pytest.raises(InputError, match="C: "):
            choice.check(wrong)


def test_texts_are_short_and_plain():
    assert Text("t", "T").check("  image[0:3] ") == "image[0:3]"
    for wrong in ("a\nb", "x" * 101, 3):
        with pytest.raises(InputError, match="T: up to 100"):
            Text("t", "T").check(wrong)
