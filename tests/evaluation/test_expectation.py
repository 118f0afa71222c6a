"""One line that says what a recipe should reach, and what it did."""

import pytest

from fmtool.evaluation.expectation import compare
from fmtool.runs.result import RunResult
from fmtool.schema import ExpectedConfig

EXPECTED = ExpectedConfig(
    metric="accuracy",
    value=0.94,
    tolerance=0.003,
    epochs=8,
    minutes=None,
    hardware="A100",
    source="arXiv:2404.00498",
)


def result(**metrics):
    return RunResult(run="r", exit_code=0, epochs=1, steps=20, seconds=1.0, metrics=metrics)


def test_the_figure_its_source_and_what_was_reached_are_one_line():
    assert compare(EXPECTED, result(accuracy=0.7111, loss=0.8)).line() == (
        "expected accuracy 0.94 ± 0.003 after 8 epochs (arXiv:2404.00498, A100); "
        "reached 0.7111 after 1"
    )


def test_the_time_is_told_where_it_is_known():
    expected = EXPECTED.model_copy(update={"minutes": 4.5, "epochs": 1, "source": "measured"})
    line = compare(expected, result(accuracy=0.9)).line()
    assert "after 1 epoch (measured, A100, 4.5 minutes); reached 0.9000 after 1" in line


@pytest.mark.parametrize("metrics", [{}, {"accuracy": None}])
def test_a_report_without_the_figure_says_so(metrics):
    comparison = compare(EXPECTED, result(**metrics))
    assert comparison.line().endswith("reached no such figure after 1")
    assert comparison.to_json()["reached"] is None


def test_a_program_gets_the_expectation_and_what_was_reached():
    assert compare(EXPECTED, result(accuracy=0.7)).to_json() == {
        **EXPECTED.model_dump(),
        "reached": 0.7,
        "reached_after_epochs": 1,
    }
