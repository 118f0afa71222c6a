"""`fmtool evaluate`: the model of a run measured on a split, with gates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmtool import backend
from fmtool.data.splitting.set_label import data_label
from fmtool.errors import ExitCode
from fmtool.evaluation import gates, predictions, samples, task_of_run
from fmtool.evaluation.measure import Measurement, Watcher
from fmtool.matching import require_viewable
from fmtool.runs import sameness
from fmtool.runs.atomic import reporting, write_json
from fmtool.runs.layout import RunPaths
from fmtool.runs.result import Gate
from fmtool.runs.sameness import Difference
from fmtool.schema import EvaluateConfig, SavedRunConfig, TestTimeAugmentation
from fmtool.signals import SignalGuard
from fmtool.tasks.shared.reporting import Report, Reporting


@dataclass(frozen=True)
class Evaluation:
    """The outcome of an evaluation, and the file it was written to."""

    run_directory: Path
    split: str
    data: str
    data_label: str
    """The same for people."""
    tta: str
    data_differs: tuple[Difference, ...]
    """Differences of the data from those of the run."""
    report: Report
    reporting: Reporting[Any]
    """The task, which shows it."""
    gates: tuple[Gate, ...]
    files: tuple[Path, ...]

    @property
    def exit_code(self) -> int:
        return int(ExitCode.SUCCESS if gates.all_met(self.gates) else ExitCode.GATE_NOT_MET)

    def to_json(self) -> dict[str, Any]:
        return {
            "schema_version": 1,
            "status": "completed" if gates.all_met(self.gates) else "gate_not_met",
            "exit_code": self.exit_code,
            "run": self.run_directory.name,
            "split": self.split,
            "data": self.data,
            "tta": self.tta,
            "data_differs": [each.to_json() for each in self.data_differs],
            **self.report.to_json(),
            **({"gates": [row.to_json() for row in self.gates]} if self.gates else {}),
            "files": [str(path) for path in self.files],
        }


def evaluate(
    cfg: EvaluateConfig,
    run_cfg: SavedRunConfig,
    run_directory: Path,
    *,
    data_words: Sequence[str] = (),
) -> Evaluation:
    """Measures model.keras of the run and writes evaluation/<data>_<split>.json with pictures.

    With another test-time augmentation than the run was reported with, names end in _tta-<tta>;
    of other data than the run's they begin with <data>_other.

    Args:
        data_words: what was typed of the data, which then need not be those of the run.

    Raises:
        ConfigChanged: the data are not those of the run, and nothing was typed of them.
        DataError: the run has no usable model, or the data do not fit it.
        UsageError: the run has no such split or metric, or the images are too small for `tta`.
    """
    with SignalGuard():
        predictions.require_possible(cfg.predictions)
        paths = RunPaths(run_directory)
        found = samples.find(cfg.split, run_cfg, paths, data_words=data_words)
        splits, tta = found.splits, run_cfg.tta if cfg.tta is None else cfg.tta
        task = task_of_run.find(run_cfg.task, splits.target, paths)
        task_of_run.require_gates_possible(cfg.gate, run_cfg.task, task)
        task_of_run.require_views(tta, run_cfg.task, task)
        require_viewable(tta, splits.name, splits.element.kind)
        backend.select(run_cfg.runtime)

        measured = _measured(cfg, run_cfg, paths.model, found, task, tta)
        return _written(cfg, run_cfg, paths, found, measured, task, tta, is_other=bool(data_words))


def _measured(
    cfg: EvaluateConfig,
    run_cfg: SavedRunConfig,
    model_file: Path,
    found: samples.Samples,
    task: Reporting[Any],
    tta: TestTimeAugmentation,
) -> Measurement:
    """The report of the model in `model_file`; writes the file of predictions if one is wanted."""
    from fmtool.evaluation.measure import check_fits, load_model, measure

    model = load_model(model_file)
    check_fits(model, found.splits, task)

    def measured_by(watcher: Watcher | None = None) -> Measurement:
        size = run_cfg.eval_batch_size
        return measure(model, found.split, task, batch_size=size, tta=tta, watcher=watcher)

    if cfg.predictions is None:
        return measured_by()
    return predictions.write(Path(cfg.predictions), found, task, measured_by)


def _written(
    cfg: EvaluateConfig,
    run_cfg: SavedRunConfig,
    paths: RunPaths,
    found: samples.Samples,
    measured: Measurement,
    task: Reporting[Any],
    tta: TestTimeAugmentation,
    *,
    is_other: bool,
) -> Evaluation:
    """The evaluation with its gates, whose JSON file and plots are in the run afterwards."""
    from fmtool.evaluation import pictures

    other = "_other" if found.differs and is_other else ""
    view = f"_tta-{tta}" if tta != run_cfg.tta else ""
    stem = f"{found.splits.name}{other}_{found.part}{view}"
    with reporting(paths.evaluation):
        paths.evaluation.mkdir(exist_ok=True)
    origin = pictures.Origin(found.splits.element, found.names, found.splits.artifacts)
    drawn = pictures.of_report(measured, task, origin) if cfg.plots else pictures.Pictures()
    plots = pictures.save(drawn, paths.evaluation, prefix=f"{stem}_")
    report, file = measured.report, paths.evaluation / f"{stem}.json"
    asked = [] if cfg.predictions is None else [Path(cfg.predictions)]
    evaluation = Evaluation(
        run_directory=paths.root,
        split=found.part,
        data=found.splits.name,
        data_label=_label(run_cfg, paths, is_own=not found.differs),
        tta=tta,
        data_differs=found.differs,
        report=report,
        reporting=task,
        gates=gates.judge(cfg.gate, report.metrics, undefined=report.undefined),
        files=(file, *plots, *asked),
    )
    write_json(file, evaluation.to_json())
    return evaluation


def _label(run_cfg: SavedRunConfig, paths: RunPaths, *, is_own: bool) -> str:
    """The data, as the run calls its own."""
    facts = sameness.manifest_of(paths).get("data")
    label = facts.get("label") if isinstance(facts, Mapping) else None
    return str(label) if is_own and label else data_label(run_cfg.data)
