"""The flags of every command, wherever they stand among its words."""

import pytest

from fmtool.cli.flags import take
from fmtool.errors import UsageError


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [("90", 90), ("90.5", 90.5), ("30s", 30), ("0.5s", 0.5), ("10m", 600), ("1.5h", 5400)],
)
@pytest.mark.parametrize("form", ["two words", "one word"])
def test_a_duration_has_seconds_minutes_or_hours(duration, seconds, form):
    words = [f"--timeout={duration}"] if form == "one word" else ["--timeout", duration]
    flags, rest = take(["train", *words, "epochs=3"])
    assert flags.timeout == seconds
    assert rest == ["train", "epochs=3"]


@pytest.mark.parametrize(
    "duration", ["0", "-1", "1d", "1 h", "m", "1e3", "nan", "inf", "٣", "9999999h", "1" * 400]
)
def test_what_is_no_duration_is_a_mistake(call, duration):
    outcome = call("data", "list", f"--timeout={duration}")
    assert outcome.code == 2
    assert outcome.error.startswith(f"error: --timeout {duration} is no duration ")
    assert outcome.error.endswith("as in 90, 30s, 10m or 2h")


@pytest.mark.parametrize("words", [["--timeout"], ["--timeout=", "train"], ["--plugin="]])
def test_a_flag_without_its_value_is_a_mistake(words):
    with pytest.raises(UsageError, match="needs a value"):
        take(words)


def test_without_the_flag_there_is_no_limit():
    assert take(["train"])[0].timeout is None
