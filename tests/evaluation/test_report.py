"""The tables that go to stdout, as text."""

import io
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from fmtool.evaluation.gates import judge
from fmtool.evaluation.report import (
    TrainingSummary,
    evaluation_table,
    facts_table,
    gate_table,
    training_summary,
)
from fmtool.runs.result import Gate
from fmtool.schema import GateConfig
from fmtool.targets import Label
from fmtool.tasks.shared.label_reporting import LabelReporting


def rendered(renderable):
    screen = io.StringIO()
    Console(file=screen, width=100).print(renderable)
    return [line.split() for line in screen.getvalue().splitlines() if line.strip()]


def measured(logits, labels, names):
    task = LabelReporting(Label(tuple(names)))
    meter = task.meter()
    meter.add(logits, labels)
    return meter.report(), task


def report(classes, names=None):
    """A report and its task."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(200, classes)).astype(np.float32)
    labels = rng.integers(0, classes, 200)
    return measured(logits, labels, names or [f"c{i}" for i in range(classes)])


@pytest.fixture
def summary():
    return TrainingSummary(
        model_name="cnn",
        data_name="digits",
        run_directory=Path("work") / "runs" / "20260101_120000_cnn_digits_abcdef",
        epochs=10,
        best_epoch=7,
        monitor="val_loss",
        best=0.1234,
        test={"loss": 0.25, "accuracy": 0.925, "top_5_accuracy": 0.99},
        answers={"accuracy": ("7", 0.1234)},
        tta="none",
        expectation=None,
        seconds=12.34,
        samples_per_second=6420.6,
        kind="image",
        model={"parameters": 1034, "bytes": 41234},
        remarks=("val_loss was still improving", "18 samples are left out"),
        more_epochs=20,
    )


def test_an_evaluation_shows_its_figures_and_every_class():
    figures, task = report(10)
    lines = rendered(evaluation_table(figures, task, "cnn on digits (test)"))
    figures = figures.to_json()
    assert ["samples", "200"] in lines
    assert ["accuracy", f"{figures['accuracy']:.4f}"] in [line[:2] for line in lines]
    entry = figures["per_class"][3]
    scores = [f"{entry[name]:.4f}" for name in ("precision", "recall", "f1")]
    assert ["c3", *scores, str(entry["support"])] in lines


def test_of_many_classes_the_worst_twenty_are_shown():
    figures, task = report(30)
    lines = rendered(evaluation_table(figures, task, "title"))
    figures = figures.to_json()
    shown = [
        line[0] for line in lines if line[0] in {entry["name"] for entry in figures["per_class"]}
    ]
    worst = sorted(figures["per_class"], key=lambda entry: entry["f1"])[:20]
    assert shown == [entry["name"] for entry in worst]
    assert ["the", "20", "of", "30", "classes", "with", "the", "lowest", "f1"] in lines


def test_classes_without_samples_are_named_with_the_rule_of_the_averages():
    labels = np.array([0, 0, 1])
    logits = np.eye(3, dtype=np.float32)[labels]
    lines = rendered(evaluation_table(*measured(logits, labels, list("abc")), "title"))
    assert ["f1_macro", "1.0000"] in lines
    assert ["f1_macro_all", "0.6667"] in lines
    assert ["c", "\u2013", "\u2013", "\u2013", "0"] in lines
    assert ["top_5_accuracy", "\u2013"] in lines
    told = " ".join(word for line in lines[-2:] for word in line)
    assert told.startswith("no samples of c in this split: averages _macro are over the classes")


def test_where_every_class_has_samples_nothing_is_said_of_it():
    shown = {line[0] for line in rendered(evaluation_table(*report(3), "title"))}
    assert not {"f1_macro_all", "no"} & shown


def test_names_are_shown_as_they_are():
    lines = rendered(evaluation_table(*report(2, names=["[red]a[/red]", "b\x1b[2J"]), "[bold]"))
    assert lines[0] == ["[bold]"]
    assert "[red]a[/red]" in [line[0] for line in lines]
    assert "b\\x1b[2J" in [line[0] for line in lines]


def test_a_gate_shows_wanted_got_and_met():
    rows = [Gate("accuracy", ">= 0.70", 0.65, False), Gate("loss", "<= 1.0", 0.5, True)]
    lines = rendered(gate_table(rows))
    assert ["accuracy", ">=", "0.70", "0.6500", "no"] in lines
    assert ["loss", "<=", "1.0", "0.5000", "yes"] in lines


def test_no_gate_on_a_figure_that_is_undefined_is_met_and_its_line_says_why():
    figures, _ = report(3)
    cfg = GateConfig(
        min={"top_5_accuracy": 0.0, "accuracy": 0.0}, max={"top_5_accuracy": 1.0, "gone": 1.0}
    )
    rows = judge(cfg, figures.metrics, undefined=figures.undefined)
    assert [row.met for row in rows] == [False, True, False, False]
    assert rows[0].got is None
    lines = [" ".join(line) for line in rendered(gate_table(rows))]
    assert "top_5_accuracy >= 0 \u2013 (with 3 classes it is always 1) no" in lines
    assert "gone <= 1 \u2013 (there is no such figure) no" in lines
    assert not judge(GateConfig(min={"loss": 0.0}, max={}), {"loss": math.nan})[0].met


def test_a_training_ends_with_its_result_and_the_next_commands(summary):
    lines = rendered(training_summary(summary))
    assert ["epochs", "10,", "best", "7"] in lines
    assert ["best", "val_loss", "0.1234"] in lines
    assert ["test", "accuracy", "0.9250", "(always", "'7':", "0.1234)"] in lines
    assert ["test", "top_5_accuracy", "0.9900"] in lines
    assert ["model", "1,034", "parameters,", "0.04", "MB"] in lines
    assert ["time", "12.3", "s,", "6421", "images/s"] in lines
    assert lines.index(["18", "samples", "are", "left", "out"]) == lines.index(["next:"]) - 1
    assert ["run", "work/runs/20260101_120000_cnn_digits_abcdef"] in lines
    assert lines[-3:] == [
        ["fmtool", "train", "resume=last", "epochs=20", "runs_dir=work/runs"],
        ["fmtool", "evaluate", "run=last", "runs_dir=work/runs"],
        ["tensorboard", "--logdir", "work/runs"],
    ]


def test_the_rate_is_of_what_the_samples_are(summary):
    lines = rendered(training_summary(replace(summary, kind="text")))
    assert ["time", "12.3", "s,", "6421", "texts/s"] in lines


def test_without_validation_and_test_their_lines_are_left_out(summary):
    lines = rendered(training_summary(replace(summary, best=None, test={}, tta="flip")))
    assert not [line for line in lines if line[0] in {"best", "test", "test-time"}]


def test_a_summary_without_a_test_split_has_the_labels_of_one_with_it(summary):
    shown = [
        [line[0] for line in rendered(training_summary(each))]
        for each in (summary, replace(summary, test={}))
    ]
    assert [label for label in shown[0] if label != "test"] == shown[1]


def test_the_latency_is_shown_where_it_was_measured(summary):
    lines = rendered(training_summary(replace(summary, model={"latency_ms": 0.41239})))
    assert ["latency", "0.4124", "ms", "a", "sample"] in lines


def test_an_evaluation_shows_what_one_answer_would_reach_beside_accuracy():
    labels = np.array([0, 0, 0, 1])
    logits = np.eye(2, dtype=np.float32)[labels]
    lines = rendered(evaluation_table(*measured(logits, labels, list("ab")), "title"))
    assert ["accuracy", "1.0000", "(always", "'a':", "0.7500)"] in lines


def test_no_two_rows_of_facts_have_one_name():
    facts = {"data": "digits", "data_bytes": 92288, "peak_memory_bytes": 9_000_000, "steps": 1}
    lines = rendered(facts_table("dry run", facts))
    assert lines[1:] == [
        ["data", "digits"], ["data", "size", "0.1", "MB"], ["peak", "memory", "9.0", "MB"],
        ["steps", "1"],
    ]  # fmt: skip
