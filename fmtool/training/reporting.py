"""The record of a run for people and programs: rows while training, plots at the end."""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from fmtool.config.compose import dump
from fmtool.data.splitting.splits import Splits
from fmtool.errors import Stopped
from fmtool.logging.metrics_log import MetricsLog
from fmtool.logging.rows import with_names_of_today
from fmtool.logging.sink import Row, Sink, TrainingInfo
from fmtool.logging.tensorboard import TensorBoardSink
from fmtool.logging.terminal import terminal_sink
from fmtool.runs.layout import RunPaths
from fmtool.tasks.shared.reporting import Report
from fmtool.training.final_report import FinalReport
from fmtool.training.session import Session

if TYPE_CHECKING:
    from fmtool.evaluation.pictures import Origin


class Sinks:
    """Every sink of a run, closed at the end of the context."""

    def __init__(self, session: Session, paths: RunPaths) -> None:
        self._cfg, self._paths = session.cfg, paths
        self._session: Session | None = None
        self._log = MetricsLog(paths.metrics, paths.history)
        self._board = _board(session, paths) if session.cfg.logging.tensorboard else None
        self._terminal = terminal_sink(sys.stderr)
        self.all: Sequence[Sink] = [
            self._log,
            self._terminal,
            *([] if self._board is None else [self._board]),
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        for sink in self.all:
            sink.close()
        # A trial that was given up has its row among the hyperparameters of the study too.
        if isinstance(error, Stopped) and self._session is not None:
            self._enter_hyperparameters(self._session, None)

    def start(self, session: Session, *, step: int, epochs_done: int) -> None:
        """To be called before the first step, and again where training goes back."""
        self._session = session
        plan = replace(plan_of(session), step=step, epochs_done=epochs_done)
        self._log.start(plan)
        plan = replace(plan, past=rows_of(self._paths) if step else ())
        for sink in self.all:
            if sink is not self._log:
                sink.start(plan)

    def report(self) -> None:
        """To be called after the last step, before the report is made."""
        self._terminal.reporting()

    def illustrate(self, session: Session, found: FinalReport) -> None:
        """Plots as PNG files and in TensorBoard, and the run's row of the HParams tab."""
        board = self._board
        if self._cfg.logging.plots:
            from fmtool.evaluation import pictures, plots

            drawn = pictures.Pictures()
            if found.measurement is not None:
                origin = _origin(session.data.splits)
                drawn = pictures.of_report(found.measurement, found.reporting, origin).rendered()
            if board is not None:
                for stem, pixels in drawn.figures.items():
                    board.images(stem, pixels, self._cfg.epochs)
            pictures.save(drawn, self._paths.plots)
            if rows := rows_of(self._paths):
                best = session.monitor.best
                curves = plots.curves_figure(rows, best_epoch=None if best is None else best.epoch)
                pictures.save(pictures.Pictures({"curves": curves}), self._paths.plots)
        self._enter_hyperparameters(session, found.report)

    def _enter_hyperparameters(self, session: Session, report: Report | None) -> None:
        if self._board is None:
            return
        metrics = {} if report is None else report.metrics
        scalars = {f"test/{k}": v for k, v in metrics.items() if v is not None}
        best = session.monitor.best
        if best is not None and best.value is not None:
            scalars[f"best/{best.monitor}"] = best.value
        self._board.hparams(flatten(self._cfg.model_dump(serialize_as_any=True)), scalars)


def _origin(splits: Splits) -> "Origin":
    """The origin of the test split."""
    from fmtool.evaluation.pictures import Origin

    names = splits.names.get("test")
    names = splits.test.sample_names if names is None else names
    return Origin(splits.element, names, splits.artifacts)


def _board(session: Session, paths: RunPaths) -> TensorBoardSink:
    lines: list[str] = []
    session.network.summary(print_fn=lines.append, line_length=100, expand_nested=True)
    return TensorBoardSink(
        paths.tensorboard,
        config_text=dump(session.cfg.model_dump(serialize_as_any=True)),
        model_summary="\n".join(lines),
    )


def plan_of(session: Session) -> TrainingInfo:
    """The facts that the sinks of a training from its beginning have before the first step."""
    cfg, validation = session.cfg, session.data.validation
    return TrainingInfo(
        model_name=cfg.model.name,
        data_name=session.data.label,
        kind=session.data.splits.element.kind,
        parameters=session.network.count_params(),
        epochs=cfg.epochs,
        steps_per_epoch=session.plan.steps,
        batch_size=session.plan.batch_size,
        train_size=len(session.data.selection.train),
        validation_size=0 if validation is None else len(validation[1]),
        monitor=session.watched,
        backend=cfg.runtime.backend,
        device=cfg.runtime.device,
        precision=cfg.runtime.precision,
    )


def rows_of(paths: RunPaths) -> list[Row]:
    """The rows of metrics.jsonl; none where it could not be written."""
    if not paths.metrics.exists():
        return []
    with paths.metrics.open(encoding="utf-8") as lines:
        return [with_names_of_today(json.loads(line)) for line in lines]


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
