"""Plots of a study, by Optuna's own drawings."""

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from fmtool.runs.atomic import write_with
from fmtool.tuning import attempts, budget
from fmtool.tuning.store import Store

_DPI = 120
_MAX_IN_LEGEND = 10
_MAX_IN_CONTOUR = 4
"""Dimensions, the most important ones: the drawing has the square of it."""


def draw(store: Store, folder: Path) -> list[Path]:
    """A PNG for each drawing that this study has enough trials for."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    # Of margins that do not suffice for long names; what is saved has room for them.
    warnings.filterwarnings("ignore", message="Tight layout not applied")
    written = []
    for name, make in _drawings(store):
        pyplot.close("all")
        axes = make()
        figure = pyplot.gcf() if axes is None else _figure(axes)
        if name in _MENDED:
            _MENDED[name](figure)
        path = folder / f"{name}.png"
        folder.mkdir(parents=True, exist_ok=True)
        write_with(path, partial(figure.savefig, dpi=_DPI, bbox_inches="tight"))
        written.append(path)
    pyplot.close("all")
    return written


def _figure(axes: Any) -> Any:
    first = axes.flat[0] if hasattr(axes, "flat") else axes
    return first.get_figure()


def _make_room(figure: Any) -> None:
    """For the ticks of the last axis, which lie under the bar of colours otherwise."""
    width = max(8.0, 1.6 * len(figure.axes))
    figure.set_size_inches(width, 5.0)
    for bar in (axes for axes in figure.axes if axes.get_label() == "<colorbar>"):
        place = bar.get_position()
        bar.set_position((place.x0 + 0.7 / width, place.y0, place.width, place.height))


def _shorten_legend(figure: Any) -> None:
    """A line for each of many trials is longer than the picture, and tells nothing."""
    axes = figure.axes[0]
    legend = axes.get_legend()
    if legend is not None and len(legend.get_texts()) > _MAX_IN_LEGEND:
        legend.remove()
    axes.set(title="Course of each trial", xlabel="epoch", ylabel="")


_MENDED = {"parallel_coordinates": _make_room, "courses": _shorten_legend}
"""Changes of Optuna's drawings, by name."""


def _drawings(store: Store) -> Iterator[tuple[str, Callable[[], Any]]]:
    from optuna.visualization import matplotlib as shapes

    study, objectives = store.study, store.definition.objectives
    finished = budget.completed(attempts.by_trial(store.trials()), objectives[0])
    yield "timeline", lambda: shapes.plot_timeline(study)
    if not finished:
        return
    if len(objectives) > 1:
        metrics = [each.metric for each in objectives]
        if len(metrics) in (2, 3):
            yield "pareto", lambda: shapes.plot_pareto_front(study, target_names=metrics)
        return
    name = objectives[0].metric
    yield "history", lambda: shapes.plot_optimization_history(study, target_name=name)
    yield "slice", lambda: shapes.plot_slice(study, target_name=name)
    if store.definition.can_prune:
        yield "courses", lambda: shapes.plot_intermediate_values(study)
    if len(finished) < 2:
        return
    yield "parallel_coordinates", lambda: shapes.plot_parallel_coordinate(study, target_name=name)
    ranked = importance(store)
    if ranked:
        yield (
            "importance",
            lambda: shapes.plot_param_importances(study, params=list(ranked), target_name=name),
        )
    if len(ranked) > 1:
        most = list(ranked)[:_MAX_IN_CONTOUR]
        yield "contour", lambda: shapes.plot_contour(study, params=most, target_name=name)


def importance(store: Store) -> dict[str, float]:
    """By dimension, the largest first; none where the trials do not tell.

    Of dimensions that all finished trials have; fANOVA (Hutter et al., 2014).
    """
    import optuna

    try:
        found = optuna.importance.get_param_importances(store.study, normalize=True)
    except (RuntimeError, ValueError):  # too few trials, or all with the same value
        return {}
    return {name: float(share) for name, share in found.items()}
