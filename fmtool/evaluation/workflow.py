"""`fmtool evaluate`: the model of a run measured on a split, with gates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmtool import backend
from fmtool.data import loading
from fmtool.data.loading import Data
from fmtool.data.splits import Split
from fmtool.errors import ExitCode, UsageError
from fmtool.evaluation import gates
from fmtool.runs import artifacts, sameness
from fmtool.runs.atomic import reporting, write_json
from fmtool.runs.layout import RunPaths
from fmtool.runs.result import Gate
from fmtool.runs.sameness import Difference
from fmtool.schema import EvaluateConfig, SavedRunConfig
from fmtool.signals import SignalGuard


@dataclass(frozen=True)
class Evaluation:
    """What was measured, and where it was written."""

    run_directory: Path
    split: str
    data: str
    tta: str
    data_differs: tuple[Difference, ...]
    """How the data are not those of the run."""
    report: Mapping[str, Any]
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
            **self.report,
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

    With another test-time augmentation than the run was reported with, names end in _tta-<tta>.

    Args:
        data_words: what was typed of the data, which then need not be those of the run.

    Raises:
        ConfigChanged: the data are not those of the run, and nothing was typed of them.
        DataError: the run has no usable model, or the data do not fit it.
        UsageError: the run has no such split or metric, or the images are too small for `tta`.
    """
    with SignalGuard():
        # Where the samples lay while training says nothing about this machine.
        data = run_cfg.data.model_copy(update={"storage": "auto"})
        paths = RunPaths(run_directory)
        loaded = loading.load(data, seed=run_cfg.seed, artifacts=artifacts.read(paths))
        splits = loaded.splits
        differs = sameness.check_data(
            paths,
            loaded.read(with_selection=cfg.split != "test"),
            typed=data_words,
            fix=loading.how_to_mean_it(data),
        )
        gates.require_possible(cfg.gate, splits.num_classes)
        split = _split(cfg.split, loaded)
        backend.select(run_cfg.runtime)

        from fmtool.evaluation import pictures
        from fmtool.evaluation.measure import check_fits, load_model, measure

        model = load_model(paths.model)
        check_fits(model, splits)
        tta = run_cfg.tta if cfg.tta is None else cfg.tta
        measured = measure(
            model, split, splits.class_names, batch_size=run_cfg.eval_batch_size, tta=tta
        )
        stem = f"{splits.name}_{cfg.split}" + (f"_tta-{tta}" if tta != run_cfg.tta else "")
        with reporting(paths.evaluation):
            paths.evaluation.mkdir(exist_ok=True)
        drawn = pictures.figures(measured, splits.class_names, splits.element)
        named = {f"{stem}_{name}": figure for name, figure in drawn.items()}
        pictures.save(named, paths.evaluation)
        report = paths.evaluation / f"{stem}.json"
        evaluation = Evaluation(
            run_directory=run_directory,
            split=cfg.split,
            data=splits.name,
            tta=tta,
            data_differs=tuple(differs),
            report=measured.report,
            gates=gates.judge(cfg.gate, measured.report),
            files=(report, *(paths.evaluation / f"{name}.png" for name in named)),
        )
        write_json(report, evaluation.to_json())
        return evaluation


def _split(name: str, data: Data) -> Split:
    """The split as the run saw it: its own rows of the training data for train and validation."""
    if name == "test":
        return data.splits.test
    if name == "train":
        return data.splits.train.take(data.selection.train)
    if data.validation is None:
        raise UsageError(
            "split=validation: the run held out no validation samples",
            fix="evaluate split=test or split=train",
        )
    split, rows = data.validation
    return split if split is data.splits.validation else split.take(rows)
