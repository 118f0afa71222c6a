"""Plots of a study, read back from the figures, and which of them a study has."""

import math
from datetime import datetime, timedelta

import pytest
from matplotlib import colors
from optuna.trial import TrialState
from studies import complete

from fmtool.drawing.figures import BEST_COLOR, COLOR, figure_to_array
from fmtool.drawing.points import Point, parallel_coordinates_figure
from fmtool.metric import Metric
from fmtool.tuning import attempts, pictures, plots
from fmtool.tuning.plots import Drawn, Scale

ACCURACY, LOSS = Metric("val_accuracy", "max"), Metric("val_loss", "min")
BEGIN = datetime(2026, 1, 1)
LINE = ("data=digits", "model=mlp", "epochs=3", "tuner=random")
SEARCH = ("optimizer.learning_rate=1e-4..1e-1:log", "optimizer=adam,sgd", "model.dropout=0..0.5")


def trial(number, value=None, status="completed", metric=ACCURACY, **settings):
    span = BEGIN + timedelta(seconds=10 * number), BEGIN + timedelta(seconds=10 * number + 5)
    values = {} if value is None else {metric.name: value}
    course = [(1, 0.1), (2, value or 0.2)]
    return Drawn(number, status, values, settings, course=course, spans=[span])


TRIALS = [
    trial(0, 0.5, rate=1e-3, kind="adam"),
    trial(1, status="pruned", rate=1e-2, kind="sgd"),
    trial(2, 0.75, rate=1e-1, kind="sgd", momentum=0.9),
    trial(3, 0.6, rate=1e-4, kind="adam"),
]
SCALES = [
    Scale("rate", is_logarithmic=True, choices=None),
    Scale("kind", is_logarithmic=False, choices=["adam", "sgd"]),
    Scale("momentum", is_logarithmic=False, choices=None),
]


def points_of(line):
    return list(zip(line.get_xdata(), line.get_ydata(), strict=True))


def test_the_history_has_each_value_and_the_best_so_far():
    axes = plots.history_figure(TRIALS, ACCURACY).axes[0]
    values, best, marked = axes.lines
    assert points_of(values) == [(0, 0.5), (2, 0.75), (3, 0.6)]
    assert points_of(best) == [(0, 0.5), (2, 0.75), (3, 0.75)]
    assert points_of(marked) == [(2, 0.75)]
    assert marked.get_color() == BEST_COLOR
    losses = [trial(0, 0.5, metric=LOSS), trial(1, 0.25, metric=LOSS), trial(2, 1.0, metric=LOSS)]
    assert points_of(plots.history_figure(losses, LOSS).axes[0].lines[1])[-1] == (2, 0.25)


def test_a_slice_is_over_each_dimension_of_the_trials_that_have_it():
    rate, kind, momentum = plots.slice_figure(TRIALS, ACCURACY, SCALES).axes
    assert (rate.get_xscale(), rate.get_xlabel()) == ("log", "rate")
    assert rate.collections[0].get_offsets().tolist() == [[1e-3, 0.5], [1e-1, 0.75], [1e-4, 0.6]]
    assert [label.get_text() for label in kind.get_xticklabels()] == ["adam", "sgd"]
    assert kind.collections[0].get_offsets().tolist() == [[0, 0.5], [1, 0.75], [0, 0.6]]
    assert momentum.collections[0].get_offsets().tolist() == [[0.9, 0.75]]


def test_courses_tell_the_best_from_those_that_were_given_up():
    lines = plots.courses_figure(TRIALS, ACCURACY).axes[0].lines
    drawn = {points_of(line)[-1]: line.get_color() for line in lines if len(line.get_xdata())}
    assert drawn[(2, 0.75)] == BEST_COLOR
    assert drawn[(2, 0.5)] == COLOR
    assert drawn[(2, 0.2)] not in (BEST_COLOR, COLOR)


def test_the_timeline_has_a_bar_for_each_attempt_and_those_at_work_end_now():
    late = BEGIN + timedelta(seconds=40)
    spans = [(BEGIN, BEGIN + timedelta(seconds=3)), (late, None)]
    at_work = Drawn(4, "running", {}, {}, spans=spans)
    figure = plots.timeline_figure([*TRIALS, at_work], BEGIN + timedelta(seconds=50))
    (axes,) = figure.axes
    bars = [(bar.get_x(), bar.get_width()) for bar in axes.patches]
    assert bars == [(0, 5), (10, 5), (20, 5), (30, 5), (0, 3), (40, 10)]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "completed", "pruned", "running"
    ]  # fmt: skip


def test_pairs_and_importance_have_a_panel_or_bar_each():
    figure = plots.pairs_figure(TRIALS, ACCURACY, SCALES)
    assert [(axes.get_xlabel(), axes.get_ylabel()) for axes in figure.axes] == [
        ("rate", "kind"), ("rate", "momentum"), ("kind", "momentum")
    ]  # fmt: skip
    assert [len(axes.lines) for axes in figure.axes] == [3, 1, 1]
    axes = plots.importance_figure({"rate": 0.75, "kind": 0.25}, ACCURACY).axes[0]
    assert [text.get_text() for text in axes.texts] == ["75%", "25%"]


def test_the_front_of_several_objectives_is_marked_and_numbered():
    found = [
        Drawn(n, "completed", {"val_accuracy": a, "val_loss": b}, {})
        for n, (a, b) in enumerate([(0.5, 1.0), (0.7, 2.0), (0.4, 3.0)])
    ]
    axes = plots.pareto_figure(found, [0, 1], [ACCURACY, LOSS]).axes[0]
    assert [colors.to_hex(line.get_color()) for line in axes.lines] == [
        BEST_COLOR, BEST_COLOR, COLOR
    ]  # fmt: skip
    assert [text.get_text() for text in axes.texts] == ["0", "1"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("val_accuracy (max)", "val_loss (min)")


def test_drawn_numbers_are_marked_at_equal_distances_and_a_missing_key_is_a_gap():
    drawn = [Point({"rate": repr(10 ** (-4 + 0.3 * n))}, n / 10, None) for n in range(10)]
    axes = parallel_coordinates_figure([*drawn, Point({}, 0.95, None)], ACCURACY).axes[0]
    shown = [text.get_text() for text in axes.texts]
    assert shown[:5] == ["0.0001", "0.00047", "0.0022", "0.011", "0.05"]
    heights = [line.get_ydata()[0] for line in axes.lines if len(line.get_ydata()) == 2]
    assert sum(map(math.isnan, heights)) == 1
    linear = parallel_coordinates_figure(drawn, ACCURACY, logarithmic={"rate": False}).axes[0]
    assert [text.get_text() for text in linear.texts][:2] == ["0.0001", "0.0126"]
    two_close = [Point({"x": text}, 1.0, None) for text in ("0.1", "0.11", "9")]
    figure_to_array(parallel_coordinates_figure(two_close, ACCURACY))


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ((), ["timeline"]),
        ((0.5,), ["timeline", "history", "slice", "courses"]),
        (
            (0.5, 0.7, 0.6),
            ["timeline", "history", "slice", "courses", "parallel_coordinates", "importance",
             "pairs"],
        ),
    ],
)  # fmt: skip
def test_a_study_has_the_plots_that_its_trials_are_enough_for(study, tmp_path, values, names):
    store = study(*LINE, *SEARCH).store()
    for value in values:
        complete(store, value)
    complete(store, 0.0, state=TrialState.PRUNED, outcome=attempts.PRUNED)
    written = pictures.draw(store, tmp_path / "plots")
    assert [path.stem for path in written] == names
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written)


def test_a_study_of_two_objectives_has_its_front(study, tmp_path):
    store = study(*LINE, *SEARCH, "objective=[max val_accuracy, min parameters]").store()
    complete(store, 0.5)
    assert [path.stem for path in pictures.draw(store, tmp_path)] == ["timeline", "pareto"]
