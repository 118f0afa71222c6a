import json

import pytest

pytestmark = pytest.mark.usefixtures("contest")

ROUNDS = [
    {"ours": {"images": 100, "seconds": 1.0}, "bare": {"images": 100, "seconds": 2.0}},
    {"ours": {"images": 100, "seconds": 4.0}, "bare": {"images": 100, "seconds": 4.0}},
    {"ours": {"images": 100, "seconds": 2.0}, "bare": {"images": 100, "seconds": 3.0}},
]


def test_a_ratio_of_speeds_is_taken_within_each_round() -> None:
    from contest.report import speed_ratio

    ratio = speed_ratio(ROUNDS, "ours", "bare")
    assert ratio.pop("of_fastest") == 2.0
    assert ratio == {"median": 1.5, "min": 1.0, "max": 2.0, "rounds": [2.0, 1.0, 1.5]}


def test_the_speed_of_a_contestant_is_the_median_of_its_rounds() -> None:
    from contest.report import speeds

    assert speeds(ROUNDS) == {"ours": 50.0, "bare": 33.3}


def test_what_is_printed_names_machine_date_versions_load_and_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from contest.report import show

    show(ratio=1.5)
    shown = json.loads(capsys.readouterr().out)
    assert set(shown) == {"command", "date", "machine", "versions", "load", "ratio"}
    assert shown["machine"]["cpu"]["usable"] >= 1
    assert "keras" in shown["versions"]
