"""What a run leaves for people and programs: its course while training, its pictures at the end."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from fmtool.config.compose import dump
from fmtool.evaluation.measure import Measurement, load_model, measure
from fmtool.logging.metrics_log import MetricsLog
from fmtool.logging.sink import Sink
from fmtool.logging.tensorboard import TensorBoardSink
from fmtool.logging.terminal import terminal_sink
from fmtool.runs.layout import RunPaths
from fmtool.training.session import Session


def open_sinks(session: Session, paths: RunPaths) -> tuple[Sequence[Sink], TensorBoardSink | None]:
    """Every sink of the run, and the TensorBoard one on its own where it is wanted."""
    board = None
    if session.cfg.logging.tensorboard:
        lines: list[str] = []
        session.network.summary(print_fn=lines.append, line_length=100, expand_nested=True)
        board = TensorBoardSink(
            paths.tensorboard,
            config_text=dump(session.cfg.model_dump(serialize_as_any=True)),
            model_summary="\n".join(lines),
        )
    sinks: list[Sink] = [MetricsLog(paths.metrics, paths.history), terminal_sink(sys.stderr)]
    return [*sinks, *([board] if board else [])], board


def measure_test(session: Session, paths: RunPaths) -> Measurement:
    """The report on the test split, of the model as `fmtool evaluate` will load it."""
    return measure(
        load_model(paths.model),
        session.data.splits.test,
        session.data.splits.class_names,
        batch_size=session.cfg.eval_batch_size,
    )


def illustrate(
    session: Session, paths: RunPaths, measurement: Measurement, board: TensorBoardSink | None
) -> None:
    """Plots as PNG files and in TensorBoard, and the run's row of the HParams tab."""
    if session.cfg.logging.plots:
        from fmtool.evaluation import pictures, plots

        splits = session.data.splits
        drawn = dict(pictures.figures(measurement, splits.class_names, pixel_max=splits.pixel_max))
        if board is not None:
            for stem, figure in drawn.items():
                board.images(stem, plots.figure_to_array(figure), session.cfg.epochs)
        with paths.metrics.open(encoding="utf-8") as lines:
            drawn["curves"] = plots.curves_figure([json.loads(line) for line in lines])
        pictures.save(drawn, paths.plots)
    if board is not None:
        scalars = {k: v for k, v in measurement.report.items() if isinstance(v, float)}
        board.hparams(
            flatten(session.cfg.model_dump(serialize_as_any=True)),
            {f"test/{name}": value for name, value in scalars.items()},
        )


def flatten(node: Any, prefix: str = "") -> dict[str, str | int | float | bool]:
    """A nested config as dotted keys; lists and nulls as text."""
    flat: dict[str, str | int | float | bool] = {}
    for key, value in node.items():
        path = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, dict):
            flat |= flatten(value, path)
        else:
            flat[path] = value if isinstance(value, str | int | float | bool) else str(value)
    return flat
