"""`fmtool reproduce`: trains as a run did and says how near the result comes to it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fmtool.errors import ExitCode, UsageError
from fmtool.notices import note, warn
from fmtool.runs import manifest, reproduction, rules, sameness
from fmtool.runs.identity import REPRODUCES
from fmtool.runs.layout import RunPaths
from fmtool.runs.records import read_record
from fmtool.runs.reproduction import Comparison
from fmtool.runs.result import COMPLETED, GATE_NOT_MET
from fmtool.schema import TrainConfig
from fmtool.training.session import load_data
from fmtool.training.workflow import Request, train


@dataclass(frozen=True)
class Reproduction:
    """The finding; `reproduction` is None where other data made training pointless."""

    run: str
    reproduction: Path | None
    comparison: Comparison
    wanted: str
    tolerance: float
    environment: Mapping[str, list[str | None]]
    """Versions and parts of the machine that are no longer as they were: [then, now]."""

    @property
    def exit_code(self) -> int:
        rank = reproduction.VERDICTS.index
        is_met = rank(self.comparison.verdict) >= rank(self.wanted)
        return int(ExitCode.SUCCESS if is_met else ExitCode.GATE_NOT_MET)

    def to_json(self) -> dict[str, Any]:
        first = self.comparison.first
        return {
            "schema_version": 1,
            "status": "completed" if self.exit_code == ExitCode.SUCCESS else "gate_not_met",
            "exit_code": self.exit_code,
            "run": self.run,
            "reproduction": self.reproduction and self.reproduction.name,
            "run_directory": self.reproduction and str(self.reproduction),
            "verdict": self.comparison.verdict,
            "want": self.wanted,
            "tolerance": self.tolerance,
            "first_difference": first and first.to_json(),
            "environment_differences": [
                {"what": name, "was": was, "is": now}
                for name, (was, now) in self.environment.items()
            ],
        }


def reproduce(
    cfg: TrainConfig, request: Request, original: RunPaths, *, wanted: str, tolerance: float
) -> Reproduction:
    """Trains `cfg`, the config of the run `original`, into a directory of its own and compares.

    Raises UsageError for a run that did not finish, and what `train` raises.

    Args:
        wanted: the verdict that is good enough.
        tolerance: see `reproduction.compare`.
    """
    record = read_record(original.root)
    if record.status not in (COMPLETED, GATE_NOT_MET):
        raise UsageError(
            f"{original.root} is {record.status}: it has no end that could be compared",
            fix=f"resume it first: fmtool train resume={original.root}",
        )
    run = original.root.resolve().name
    environment = manifest.changes(record.manifest)
    for name, (was, now) in environment.items():
        note(f"the last bits may differ from those of {run}: {name} was {was}, is {now}")
    sameness.require_unedited(original, typed=(), typable=())
    comparison = reproduction.compare_data(original, load_data(cfg).splits.digest)
    directory = None
    release = None if rules.are_current(record.manifest) else sameness.read_by(record.manifest)
    if comparison is not None and release is not None:
        warn(f"{release} read the data of {run} by other rules: whether they differ is not known")
    if comparison is None:
        extra = {**request.extra, REPRODUCES: run}
        directory = train(cfg, replace(request, extra=extra)).run_directory

        from fmtool.training.state import ARRAYS

        comparison = reproduction.compare(
            original, RunPaths(directory), arrays=ARRAYS, tolerance=tolerance
        )
        if comparison.verdict == reproduction.DIFFERENT and release is not None:
            warn(
                f"{release} trained {run} by other rules, of the statistics of batch normalization "
                "and of penalties in the loss: these may be the difference"
            )
    return Reproduction(run, directory, comparison, wanted, tolerance, environment)
