"""Ranges and lists as they are typed."""

import pytest

from fmtool.errors import UsageError
from fmtool.tuning.dimension import Choice, Dimension, Range, of_kind, parse_range


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1e-5..1e-1:log", ("float", 1e-5, 0.1, None, True)),
        ("0..0.5", ("float", 0.0, 0.5, None, False)),
        ("16..256/16", ("int", 16.0, 256.0, 16.0, False)),
        ("32..512:log", ("int", 32.0, 512.0, None, True)),
        ("-1.5..1.5/.5", ("float", -1.5, 1.5, 0.5, False)),
    ],
)
def test_a_range_is_read(text, expected):
    domain = parse_range("key", text)
    assert (domain.kind, domain.low, domain.high, domain.step, domain.log) == expected


@pytest.mark.parametrize("text", ["3", "a,b", "../pictures", "[1,2]", "cnn", "1e-3", "", "a..b"])
def test_a_value_is_no_range(text):
    assert parse_range("key", text) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("5..1", "the lower end must be below the upper one"),
        ("1..1", "the lower end must be below the upper one"),
        ("0..1:log", "a logarithmic range begins above 0"),
        ("1..8/2:log", "a range is in steps or logarithmic, not both"),
        ("1..8/0", "a step is positive and within the range"),
        ("1..8/9", "a step is positive and within the range"),
    ],
)
def test_a_range_that_cannot_be_says_why(text, reason):
    with pytest.raises(UsageError) as caught:
        parse_range("model.width", text)
    assert str(caught.value) == (
        f"model.width={text}: {reason}; fix: write model.width=LOW..HIGH[/STEP][:log]"
    )


@pytest.mark.parametrize("text", ["0.5..", "1..x", "1..2..3", "1..2:exp"])
def test_what_was_meant_as_a_range_is_not_taken_for_text(text):
    with pytest.raises(UsageError, match=r"is no range; fix: write key=LOW\.\.HIGH"):
        parse_range("key", text)


def test_whole_ends_of_a_key_with_fractions_are_fractions():
    assert of_kind(parse_range("k", "0..1"), "float", "k").kind == "float"


def test_a_fraction_of_a_whole_number_is_refused():
    with pytest.raises(UsageError, match=r"^k=0\.5\.\.2: k is a whole number; "):
        of_kind(parse_range("k", "0.5..2"), "int", "k")


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("16..64/16", [16, 32, 48, 64]),
        ("0..1/0.25", [0.0, 0.25, 0.5, 0.75, 1.0]),
        ("0..4", [0, 2, 4]),
        ("1..2", [1, 2]),
        ("0.5..1.5", [0.5, 1.0, 1.5]),
    ],
)
def test_the_points_of_a_grid_hold_both_ends(text, points):
    assert parse_range("k", text).points(3) == points


def test_the_points_of_a_logarithmic_range_are_at_equal_ratios():
    assert parse_range("k", "1e-4..1e-2:log").points(3) == pytest.approx([1e-4, 1e-3, 1e-2])


def test_a_number_keeps_all_its_digits_on_the_way_to_the_training():
    domain = Range(kind="float", low=0, high=1, step=None, log=False)
    dimension = Dimension(name="a.b", key="a.b", domain=domain, is_group=False, when={})
    assert dimension.override(0.1 + 0.2) == "a.b=0.30000000000000004"


def test_a_choice_is_typed_as_it_was():
    domain = Choice(kind="choice", values=["[64]", "[128,64]"])
    dimension = Dimension(name="m.u", key="m.u", domain=domain, is_group=False, when={})
    assert dimension.override("[128,64]") == "m.u=[128,64]"
