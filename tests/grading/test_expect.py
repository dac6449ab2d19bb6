import math

import numpy as np
import pytest
import torch

from minillm.grading.expect import Mismatch, close, equal, is_true


def mismatch(compare, *values, **options):
    with pytest.raises(Mismatch) as caught:
        compare(*values, **options)
    return caught.value


@pytest.mark.parametrize(
    "value",
    [0, -1.5, True, "text", None, [1, [2.0]], (1, 2), {"a": [1.0]}, {(1, "b"): 2}, frozenset({2}), math.inf],
    ids=repr,
)
def test_equal_things_are_equal_and_close(value):
    equal(value, value)
    close(value, value)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (1, 1.0),
        (1.0, 1),
        (True, 1),
        (1, True),
        (1.0, True),
        ("1", 1),
        ([1], (1,)),
        ([True], [1]),
        ({1: 2}, {1.0: 2}),
        ({True: 2}, {1: 2}),
        ({(1, 1.0): 2}, {(1, 1): 2}),
        ({1.0}, {1}),
        ({True, 2}, {1, 2}),
        (frozenset({1}), {1}),
        ({frozenset({1.0})}, {frozenset({1})}),
        (np.ones(2), [1.0, 1.0]),
        (np.ones(2), torch.ones(2, dtype=torch.float64)),
        (np.ones(2, np.float32), np.ones(2)),
        (np.ones(2, np.int64), np.ones(2)),
        (np.ones(2, bool), np.ones(2, np.uint8)),
        (torch.ones(2), torch.ones(2, dtype=torch.float64)),
        (torch.ones(2, dtype=torch.bfloat16), torch.ones(2, dtype=torch.float16)),
        (np.ones((1, 2)), np.ones(2)),
        (np.ones(1), np.ones(())),
        (np.ones((2, 0)), np.ones((0, 2))),
    ],
    ids=lambda value: f"{type(value).__name__}",
)
def test_another_type_is_never_equal_nor_close(got, expected):
    mismatch(equal, got, expected)
    mismatch(close, got, expected)


@pytest.mark.parametrize("got", [math.nan, -math.nan, math.inf, 1.1, 0.0])
@pytest.mark.parametrize(
    "make",
    [float, lambda x: [1.0, x], lambda x: {"k": x}, lambda x: np.array([1.0, x]), lambda x: torch.tensor([1.0, x])],
)
def test_wrong_and_infinite_numbers_are_found_wherever_they_are(got, make):
    mismatch(close, make(got), make(1.0))
    mismatch(equal, make(got), make(1.0))


def test_nan_matches_nothing_and_infinity_only_itself():
    mismatch(close, math.nan, math.nan)
    mismatch(close, np.array([math.nan]), np.array([math.nan]))
    mismatch(close, 1e308, math.inf)
    mismatch(close, -math.inf, math.inf)
    close(np.array([math.inf, -math.inf]), np.array([math.inf, -math.inf]))


def test_tolerance_is_relative_and_absolute():
    close(1 + 1e-7, 1.0)
    close(1e-10, 0.0)
    mismatch(close, 1 + 1e-5, 1.0)
    mismatch(close, 1e-7, 0.0)
    close(1 + 1e-5, 1.0, rtol=1e-4)
    mismatch(equal, 1 + 1e-15, 1.0)
    close(np.float32([1 + 1e-6]), np.float32([1]), rtol=1e-5)


def test_integers_have_no_tolerance():
    large = 2**53
    mismatch(close, np.array([large + 1]), np.array([large]))
    mismatch(close, torch.tensor([10**6 + 1]), torch.tensor([10**6]))
    mismatch(close, 10**9 + 1, 10**9)
    mismatch(equal, np.array([0], np.uint8), np.array([255], np.uint8))
    equal(np.array([large + 1]), np.array([large + 1]))


def test_complex_numbers_are_compared_in_both_parts():
    close(np.array([1 + 2j]), np.array([1 + 2j]))
    mismatch(close, np.array([1 + 2j]), np.array([1 - 2j]))
    mismatch(close, torch.tensor([1 + 2j]), torch.tensor([2 + 2j]))


def test_the_first_difference_is_told_with_six_numbers_at_most():
    expected = np.arange(20.0).reshape(4, 5)
    got = expected.copy()
    got[1:, 2:] += 0.5
    said = mismatch(close, got, expected)
    assert said.index == "[1, 2]"
    assert "9 of 20" in said.problem
    assert said.expected == "7, 8, 9, 12, 13, 14"
    assert said.got == "7.5, 8.5, 9.5, 12.5, 13.5, 14.5"


def test_as_many_digits_are_told_as_it_takes_to_see_a_difference():
    said = mismatch(close, np.array([0.8485281]), np.array([0.8485282]), rtol=1e-9)
    assert (said.expected, said.got) == ("0.8485282", "0.8485281")


def test_the_place_in_nested_values_is_told():
    said = mismatch(close, {"a": [1.0, (2.0, 3.0)]}, {"a": [1.0, (2.0, 4.0)]})
    assert "['a'][1][1]" in said.problem + said.index
    assert (said.expected, said.got) == ("4", "3")
    assert "length" in mismatch(equal, [1, 2], [1, 2, 3]).problem
    missing = mismatch(equal, {"a": 1, "c": 3}, {"a": 1, "b": 2}).problem
    assert "missing: 'b'" in missing
    assert "too many: 'c'" in missing
    assert "3 of 20" not in missing


def test_what_came_is_shown_short():
    said = mismatch(equal, "x" * 10**6, 1)
    assert len(said.got) <= 80
    assert len(mismatch(equal, {"x" * 10**6: 1}, {"a": 1}).problem) < 300


def test_the_cause_is_the_mistake_that_gives_just_this():
    causes = {"twice": 4.0, "half": 1.0}
    assert mismatch(close, 1.0, 2.0, causes=causes).cause == "half"
    assert mismatch(close, 3.0, 2.0, causes=causes).cause == ""
    assert mismatch(close, 1.0, 2.0, causes={"first": 1.0, "second": 1.0}).cause == "first"
    assert mismatch(equal, {"a": 1}, {"a": 2}, causes={"off": {"a": 1}}).cause == "off"


def test_a_property_is_a_yes_and_nothing_that_looks_like_one():
    for yes in (True, np.bool_(True), np.ones((), bool), torch.tensor(True)):
        is_true(yes, "no")
    for no in (False, np.bool_(False), torch.tensor(False), 1, 2.5, "yes", [1], object(), None, np.ones(1)):
        assert mismatch(is_true, no, "it does not hold", cause="why").problem == "it does not hold"


def test_equal_sets_are_equal():
    equal({1, "a"}, {"a", 1})
    with pytest.raises(Mismatch):
        equal({1, "a"}, {1, "b"})
