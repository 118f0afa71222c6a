"""Records of the runs under a runs directory, however far each got."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from fmtool.errors import DataError, UsageError
from fmtool.runs import annotations
from fmtool.runs import result as outcome
from fmtool.runs.annotations import Annotations
from fmtool.runs.layout import RunPaths
from fmtool.runs.lock import is_locked
from fmtool.runs.result import RunResult, read_result
from fmtool.runs.saved_config import read_run_config, read_words
from fmtool.runs.strict_json import read_object

RUNNING = "running"
KILLED = "killed"
DAMAGED = "damaged"
STATUSES = (
    outcome.COMPLETED,
    outcome.INTERRUPTED,
    outcome.FAILED,
    outcome.DIVERGED,
    outcome.GATE_NOT_MET,
    outcome.PRUNED,
    RUNNING,
    KILLED,
    DAMAGED,
)

T = TypeVar("T")


@dataclass(frozen=True)
class RunRecord:
    """One run; its config is read when first asked for, because a list of ids needs none.

    Args:
        manifest: empty where it was never written or cannot be read.
        damage: what cannot be read, empty if all can.
    """

    paths: RunPaths
    manifest: Mapping[str, Any]
    result: RunResult | None
    is_locked: bool
    damage: str

    @property
    def id(self) -> str:
        return self.paths.root.name

    @property
    def status(self) -> str:
        if self.damage or self._config_and_damage[1] or self._annotations_and_damage[1]:
            return DAMAGED
        if self.result:
            return self.result.status
        return RUNNING if self.is_locked else KILLED

    @property
    def started(self) -> str:
        """UTC in ISO 8601, from the manifest, or else from the id; empty if neither says."""
        for text in (str(self.manifest.get("started")), _start_in_id(self.id)):
            if _is_time(text):
                return text
        return ""

    @property
    def sweep(self) -> str | None:
        """The id of the sweep this run is part of."""
        return self._extra("sweep")

    @property
    def study(self) -> str | None:
        """The name of the study this run is a trial of."""
        return self._extra("study")

    def _extra(self, key: str) -> str | None:
        extra = self.manifest.get("extra")
        value = extra.get(key) if isinstance(extra, Mapping) else None
        return None if value is None else str(value)

    @property
    def config(self) -> Mapping[str, Any]:
        """Empty where it was never written or cannot be read."""
        return self._config_and_damage[0]

    @cached_property
    def _config_and_damage(self) -> tuple[Mapping[str, Any], str]:
        return _attempt(read_run_config, self.paths.config, {})

    @property
    def model(self) -> str:
        return self._option("model")

    @property
    def data(self) -> str:
        return self._option("data")

    @property
    def data_label(self) -> str:
        """The data, for people: the folder or file of one's own, or the YAML file."""
        facts = self.manifest.get("data")
        label = facts.get("label") if isinstance(facts, Mapping) else None
        return str(label) if label else self.data

    @property
    def name(self) -> str:
        return str(self.config.get("name") or "")

    @cached_property
    def _annotations_and_damage(self) -> tuple[Annotations, str]:
        return _attempt(annotations.read, self.paths.annotations, Annotations())

    @property
    def note(self) -> str:
        """A person's, given since."""
        return self._annotations_and_damage[0].note

    @property
    def pruned(self) -> str:
        """The time at which its checkpoints were removed; empty where they were not."""
        return self._annotations_and_damage[0].pruned

    @cached_property
    def experiment(self) -> str:
        """The recipe that was typed, by name."""
        none: list[str] = []
        words = _attempt(read_words, self.paths.overrides, none)[0]
        typed = (word.lstrip("+").partition("=") for word in words)
        return next((value for key, _, value in typed if key == "experiment"), "")

    @property
    def bytes(self) -> int:
        """The size of its files."""
        return sum(file.lstat().st_size for file in self.paths.root.rglob("*") if file.is_file())

    @property
    def tags(self) -> tuple[str, ...]:
        """Those given since, or else those of the config."""
        given = self._annotations_and_damage[0].tags
        if given is not None:
            return given
        tags = self.config.get("tags") or ()
        return tuple(map(str, tags)) if isinstance(tags, list | tuple) else (str(tags),)

    @property
    def monitor(self) -> str:
        return self.result.best.monitor if self.result and self.result.best else ""

    @property
    def best(self) -> float | None:
        """The best value of `monitor`."""
        return self.result.best.value if self.result and self.result.best else None

    @property
    def best_entry(self) -> Mapping[str, Any] | None:
        """As result.json has it, see `bests`; the loss by the config where that does not say."""
        best = self.result.best if self.result else None
        if best is None or best.value is None:
            return None
        return {**asdict(best), "loss": best.loss or self._loss_in_config()}

    def _loss_in_config(self) -> str | None:
        task = self.config.get("task")
        loss = str(task.get("loss") or "") if isinstance(task, Mapping) else ""
        regularizer = self._option("regularizer")
        # Earlier releases had the penalties in the loss.
        has_penalty = loss and regularizer not in ("", "none")
        return f"{loss} with {regularizer}" if has_penalty else loss or None

    @property
    def metrics(self) -> Mapping[str, float | None]:
        """The final report on the test split."""
        return self.result.metrics if self.result else {}

    @property
    def seconds(self) -> float | None:
        return self.result.seconds if self.result else None

    def _option(self, group: str) -> str:
        node = self.config.get(group)
        return str(node.get("name") or "") if isinstance(node, Mapping) else ""

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "path": str(self.paths.root),
            "status": self.status,
            "model": self.model,
            "data": self.data,
            "data_label": self.data_label,
            "name": self.name,
            "tags": list(self.tags),
            "note": self.note,
            "experiment": self.experiment,
            "monitor": self.monitor,
            "best": self.best,
            "loss": (self.best_entry or {}).get("loss"),
            "headline": (self.best_entry or {}).get("headline") or {},
            "metrics": dict(self.metrics),
            "seconds": self.seconds,
            "started": self.started,
            "sweep": self.sweep,
            "study": self.study,
        }


def read_record(root: Path) -> RunRecord:
    paths = RunPaths(root)
    # Before the result: a run that ends in between then shows its result, not as killed.
    locked, lock_damage = _attempt(is_locked, paths.lock, False)
    result, result_damage = _attempt(read_result, paths.result, None)
    nothing: dict[str, Any] = {}
    manifest, manifest_damage = _attempt(read_object, paths.manifest, nothing)
    return RunRecord(
        paths=paths,
        manifest=manifest,
        result=result,
        is_locked=locked,
        damage=lock_damage or result_damage or manifest_damage,
    )


def records(runs_dir: Path) -> list[RunRecord]:
    """Every run directly under `runs_dir`, the newest first; none if there is no such directory."""
    found = [read_record(root) for root in run_directories(runs_dir)]
    return sorted(found, key=lambda record: (record.started, record.id), reverse=True)


def run_directories(runs_dir: Path) -> list[Path]:
    if not runs_dir.is_dir():
        return []
    try:
        return sorted(place for place in runs_dir.iterdir() if RunPaths(place).is_run())
    except OSError as error:
        raise UsageError(f"cannot list {runs_dir}: {error.strerror}") from error


def _attempt(read: Callable[[Path], T], path: Path, absent: T) -> tuple[T, str]:
    """The result of `read(path)`, or `absent` and, unless it is missing, what is wrong with it."""
    try:
        return (read(path) if path.exists() else absent), ""
    except DataError as error:
        return absent, error.message
    except OSError as error:
        return absent, f"cannot read {path}: {error.strerror}"


def _start_in_id(run_id: str) -> str:
    """`2026-01-31_235959_…` as ISO 8601."""
    time = run_id[11:17]
    return f"{run_id[:10]}T{time[:2]}:{time[2:4]}:{time[4:]}+00:00"


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
