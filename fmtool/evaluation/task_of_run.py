"""The task of a run after its training: how its outputs are measured, and what may be asked."""

from typing import Any

from fmtool import options
from fmtool.errors import UsageError
from fmtool.evaluation import gates
from fmtool.runs import artifacts
from fmtool.runs.layout import RunPaths
from fmtool.schema import GateConfig, TestTimeAugmentation
from fmtool.targets import Target
from fmtool.tasks.base import TaskConfig
from fmtool.tasks.shared.reporting import Reporting


def find(cfg: TaskConfig, target: Target, paths: RunPaths) -> Reporting[Any]:
    """With what the run has kept. Raises DataError where that is missing or damaged."""
    kept = {**artifacts.read(paths), **artifacts.read_calibration(paths)}
    return options.task(cfg.name).reporting(cfg, target, kept)


def before_training(cfg: TaskConfig, target: Target) -> Reporting[Any]:
    """Without anything that is fitted: for what it says of target and metrics."""
    return options.task(cfg.name).reporting(cfg, target, {})


def require_gates_possible(gate: GateConfig, cfg: TaskConfig, reporting: Reporting[Any]) -> None:
    """UsageError for a metric that the report of this target will not have."""
    headline = options.task(cfg.name).report_metrics(cfg)[0].name
    gates.require_possible(gate, reporting.impossible_metrics(), headline=headline)


def require_views(tta: TestTimeAugmentation, cfg: TaskConfig, reporting: Reporting[Any]) -> None:
    """UsageError for views whose outputs cannot be averaged."""
    if tta != "none" and not reporting.AVERAGES_VIEWS:
        raise UsageError(
            f"tta={tta}: outputs of task={cfg.name} cannot be averaged over views of an image",
            fix="tta=none",
        )
