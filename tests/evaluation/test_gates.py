"""When a gate is met: at its bound and on the right side of it."""

import pytest

from fmtool.errors import UsageError
from fmtool.evaluation import gates
from fmtool.schema import GateConfig
from fmtool.targets import Label
from fmtool.tasks.shared.label_reporting import LabelReporting


def judged(got, **bounds):
    """Whether each bound on the accuracy is met by a report that has it at `got`."""
    gate = GateConfig(**{"min": {}, "max": {}} | {k: {"accuracy": v} for k, v in bounds.items()})
    return [row.met for row in gates.judge(gate, {"accuracy": got, "loss": 0.1})]


@pytest.mark.parametrize(("got", "met"), [(0.7499, False), (0.75, True), (0.7501, True)])
def test_a_lower_bound_is_met_from_its_very_value_on(got, met):
    assert judged(got, min=0.75) == [met]


@pytest.mark.parametrize(("got", "met"), [(0.7499, True), (0.75, True), (0.7501, False)])
def test_an_upper_bound_is_met_up_to_its_very_value(got, met):
    assert judged(got, max=0.75) == [met]


def test_not_a_number_meets_no_bound():
    assert judged(float("nan"), min=0.0, max=1.0) == [False, False]


def test_each_bound_has_a_row_and_one_that_is_missed_misses_all():
    gate = GateConfig(min={"accuracy": 0.5, "f1_macro": 0.9}, max={"loss": 2})
    rows = gates.judge(gate, {"accuracy": 0.75, "f1_macro": 0.5, "loss": 1.5})
    assert [(row.metric, row.wanted, row.got, row.met) for row in rows] == [
        ("accuracy", ">= 0.5", 0.75, True),
        ("f1_macro", ">= 0.9", 0.5, False),
        ("loss", "<= 2", 1.5, True),
    ]
    assert not gates.all_met(rows)
    assert gates.all_met((rows[0], rows[2]))
    assert gates.all_met(())


@pytest.mark.parametrize("side", ["min", "max"])
def test_top_5_can_be_gated_where_a_sixth_class_could_be_missed(side):
    gate = GateConfig(**{"min": {}, "max": {}, side: {"top_5_accuracy": 0.9}})
    five, six = (
        LabelReporting(Label(tuple("abcdef"[:count]))).impossible_metrics() for count in (5, 6)
    )
    with pytest.raises(UsageError, match="no such metric, with 5 classes it is always 1") as caught:
        gates.require_possible(gate, five, headline="accuracy")
    assert caught.value.fix == "gate another metric, such as accuracy"
    gates.require_possible(gate, six, headline="accuracy")
    gates.require_possible(GateConfig(min={"accuracy": 0.9}, max={}), five, headline="accuracy")
