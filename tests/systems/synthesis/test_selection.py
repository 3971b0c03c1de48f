"""Which CT slice an MR slice meets."""

from collections import Counter

import torch

from minimand.systems.synthesis.selection import any_slice, matching_slice, same_position


def drawn(pick, at, mr, ct, times=400):
    generator = torch.Generator().manual_seed(0)
    return Counter(pick(at, mr, ct, generator) for _ in range(times))


def test_same_position_is_within_five_slices_of_it_in_another_volume():
    mr, ct = [11, 30], [21, 40, 21]
    found = drawn(same_position, (1, 20), mr, ct)
    assert {volume for volume, _ in found} == {0, 2}  # not the volume of the same number
    straight = round(20 * 20 / 29)
    assert {index for _, index in found} == set(range(straight - 5, straight + 6))


def test_positions_are_clamped_to_the_volume_and_the_only_volume_is_taken():
    assert {index for _, index in drawn(same_position, (0, 0), [9], [9])} == set(range(6))
    assert {index for _, index in drawn(same_position, (0, 8), [9], [3])} == {0, 1, 2}
    assert {volume for volume, _ in drawn(same_position, (0, 3), [9], [9])} == {0}


def test_any_slice_is_any_slice_and_a_pair_is_a_pair():
    assert set(drawn(any_slice, (0, 0), [9], [2, 3])) == {(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)}
    assert set(drawn(matching_slice, (1, 4), [9, 9], [9, 9])) == {(1, 4)}
