"""Order and spelling of the names of classes, one rule for all that is read."""

import pytest

from fmtool.class_names import is_expected_order, ordered, spellings, written


@pytest.mark.parametrize(
    "names",
    [
        ["0", "1", "2", "3", "10", "11"],
        ["-2", "-1", "0.5", "3", "1e1"],
        ["Class1", "class2", "class10", "dog"],
        ["1x", "x9", "x10"],
        ["a b", "a1", "a1b2", "a1b10", "é"],
        [str(10**30), str(10**30 + 1)],
    ],
)
def test_classes_are_in_natural_order(names):
    assert list(ordered(reversed(names))) == names


def test_names_that_hold_no_numbers_keep_the_order_of_code_points():
    names = ["Zebra", "a", "a-b", "a.b", "a_b", "ab", "b", "\u00e4"]
    assert list(ordered(names)) == sorted(names)


def test_spellings_of_one_class_are_found_the_most_frequent_first():
    counts = {"neg": 3, "Neg": 9, "01": 2, "1": 2, "1.0": 1, "New York": 1, "new  york": 2, "x": 1}
    found = sorted(spellings(counts))
    assert found == [["01", "1", "1.0"], ["Neg", "neg"], ["new  york", "New York"]]
    assert spellings({"class1": 1, "class01": 1, "1": 1, "10": 1, "-1": 1, "1a": 1}) == []
    assert spellings({"1" * 5000: 1, "\u00b2": 1, "2": 1, "nan": 1, "inf": 1}) == []


def test_a_name_is_composed_and_without_spaces_around_it():
    assert written(" cafe\u0301\t") == "caf\u00e9"


@pytest.mark.parametrize(
    ("names", "is_expected"),
    [
        (["0", "1", "2"], True),
        (["1", "2"], False),
        (["01", "02"], False),
        (["cat", "dog"], True),
        (["Zebra", "apple"], False),
        (["class2", "class10"], False),
        (["T-shirt", "Trouser", "Pullover"], True),
    ],
)
def test_an_order_is_expected_where_every_way_of_sorting_gives_it(names, is_expected):
    assert is_expected_order(names) is is_expected
