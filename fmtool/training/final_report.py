"""The end of a training: what the task chooses by its validation split, and the report."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fmtool import options
from fmtool.evaluation import gates
from fmtool.evaluation.measure import Measurement, kept_outputs, load_model, measure
from fmtool.runs import artifacts
from fmtool.runs.layout import CALIBRATION, RunPaths
from fmtool.runs.result import Gate
from fmtool.schema import GateConfig
from fmtool.tasks.shared.reporting import Report, Reporting
from fmtool.training.session import Session


@dataclass(frozen=True)
class FinalReport:
    """The report on the trained model for the test split, and the way its task shows it.

    Args:
        measurement: None where the test split was not to be looked at.
        chosen: text by file name, of what the task chose by the validation split.
    """

    reporting: Reporting[Any]
    measurement: Measurement | None
    chosen: Mapping[str, str]

    @property
    def report(self) -> Report | None:
        return None if self.measurement is None else self.measurement.report

    @property
    def summary(self) -> Mapping[str, float | None] | None:
        """The metrics that sum the report up."""
        report = self.report
        if report is None:
            return None
        return {name: report.metrics[name] for name in self.reporting.summed_up(report)}

    @property
    def constant_answers(self) -> Mapping[str, tuple[str, float]]:
        """By metric, the best that one answer for all samples reaches."""
        report = self.report
        return {} if report is None else self.reporting.constant_answers(report)

    def judged(self, wanted: GateConfig) -> tuple[Gate, ...]:
        """The quality gates, by the metrics of the report."""
        if self.report is None:
            return gates.judge(wanted, {})
        return gates.judge(wanted, self.report.metrics, undefined=self.report.undefined)

    def to_result(self) -> dict[str, Any]:
        """The fields of a `RunResult` that are found here."""
        found: dict[str, Any] = {"artifacts": artifacts.digests(self.chosen)}
        if self.report is not None:
            found |= {
                "metrics": {"samples": self.report.samples, **self.report.metrics},
                "undefined": self.report.undefined,
                "brief": {name: self.report.details[name] for name in self.report.brief},
            }
        return found


def final_report(session: Session, paths: RunPaths) -> FinalReport:
    """The report on model.keras, as `fmtool evaluate` will load it.

    What the task chooses is written beside it first.
    """
    cfg, splits = session.cfg, session.data.splits
    task = options.task(cfg.task.name)
    target, kept = splits.target, session.data.kept
    reporting = task.reporting(cfg.task, target, kept)
    if not (cfg.report.test or reporting.CALIBRATES):
        return FinalReport(reporting, None, {})
    model = load_model(paths.model)
    chosen = {}
    if reporting.CALIBRATES:
        chosen = {CALIBRATION: reporting.calibrate(*_validation_outputs(session, model))}
        artifacts.write(paths, chosen)
        reporting = task.reporting(cfg.task, target, {**kept, **chosen})
    if not cfg.report.test:
        return FinalReport(reporting, None, chosen)
    size = cfg.eval_batch_size
    measured = measure(model, splits.test, reporting, batch_size=size, tta=cfg.tta)
    return FinalReport(reporting, measured, chosen)


def _validation_outputs(session: Session, model: Any) -> tuple[Any, Any]:
    """Outputs and targets of the validation split, or None for both where there is none."""
    if session.data.validation is None:
        return None, None
    split, rows = session.data.validation
    size = session.cfg.eval_batch_size
    return kept_outputs(model, split.take(rows), batch_size=size, tta=session.cfg.tta)
