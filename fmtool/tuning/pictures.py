"""The choice of plots of a study, made before matplotlib is imported."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmtool.tuning import attempts, budget
from fmtool.tuning.attempts import TrialAttempts
from fmtool.tuning.dimension import Dimension, Range
from fmtool.tuning.store import Store

if TYPE_CHECKING:
    from fmtool.tuning.plots import Drawn, Scale

_MAX_IN_PAIRS = 4
"""Dimensions, the most important ones: there is a panel for each pair."""


def draw(store: Store, folder: Path) -> list[Path]:
    """A PNG for each plot that this study has enough trials for."""
    from fmtool.drawing.figures import save_png

    written = []
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in _plots(store):
        save_png(make(), folder / f"{name}.png")
        written.append(folder / f"{name}.png")
    return written


def _plots(store: Store) -> Iterator[tuple[str, Callable[[], Any]]]:
    from fmtool.drawing.points import Point, parallel_coordinates_figure
    from fmtool.tuning import plots, summary

    definition, found = store.definition, attempts.by_trial(store.trials())
    objectives = definition.objectives
    trials = [_drawn(store, chain) for chain in found]
    complete = [each for each in trials if each.values]
    yield "timeline", lambda: plots.timeline_figure(trials, datetime.now())
    if not complete:
        return
    if len(objectives) > 1:
        if len(objectives) in (2, 3):
            front = [chain.origin for chain in summary.best_of(definition, found)]
            metrics = [each.asked for each in objectives]
            yield "pareto", lambda: plots.pareto_figure(trials, front, metrics)
        return
    metric = objectives[0].asked
    scales = [_scale(each) for each in definition.dimensions]
    yield "history", lambda: plots.history_figure(trials, metric)
    yield "slice", lambda: plots.slice_figure(trials, metric, scales)
    if definition.can_prune:
        yield "courses", lambda: plots.courses_figure(trials, metric)
    if len(complete) < 2:
        return
    points = [
        Point({name: _text(value) for name, value in each.settings.items()},
              each.values[metric.name], None)
        for each in complete
    ]  # fmt: skip
    logarithmic = {each.name: each.is_logarithmic for each in scales}
    yield (
        "parallel_coordinates",
        lambda: parallel_coordinates_figure(points, metric, logarithmic=logarithmic),
    )
    ranked = importance(store)
    if ranked:
        yield "importance", lambda: plots.importance_figure(ranked, metric)
    chosen = [each for name in list(ranked)[:_MAX_IN_PAIRS] for each in scales if each.name == name]
    if len(chosen) > 1:
        yield "pairs", lambda: plots.pairs_figure(trials, metric, chosen)


def _drawn(store: Store, chain: TrialAttempts) -> "Drawn":
    from fmtool.tuning.plots import Drawn

    values: dict[str, float] = {}
    for objective in store.definition.objectives:
        for _, value in budget.completed([chain], objective):
            values[objective.metric] = value
    spans = [
        (each.datetime_start, each.datetime_complete)
        for each in chain.trials
        if each.datetime_start is not None
    ]
    return Drawn(
        number=chain.origin,
        status=chain.status,
        values=values,
        settings=dict(chain.current.params),
        course=sorted(chain.current.intermediate_values.items()),
        spans=spans,
    )


def _scale(dimension: Dimension) -> "Scale":
    from fmtool.tuning.plots import Scale

    domain = dimension.domain
    if isinstance(domain, Range):
        return Scale(dimension.name, domain.log, None)
    return Scale(dimension.name, is_logarithmic=False, choices=domain.values)


def _text(value: Any) -> str:
    return repr(value) if isinstance(value, float) else str(value)


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
