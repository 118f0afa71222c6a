"""The name of every file in a run directory, defined here and nowhere else."""

from dataclasses import dataclass
from pathlib import Path

AUTO = "auto"
"""As `resume=auto`: the newest run that the same request began."""

SWEEP_VARIABLE = "FMTOOL_SWEEP"
"""Environment variable that tells a run which sweep it belongs to; `run=last` skips it then."""

STUDY_VARIABLE = "FMTOOL_STUDY"
"""Environment variable that tells a run which study it is a trial of; `run=last` skips it too."""

VARIANT_VARIABLE = "FMTOOL_VARIANT"
"""Environment variable that tells a run from others that `resume=auto` would take for the same."""

JOB_VARIABLE = "FMTOOL_JOB"
"""Environment variable with the folder of a training that a sweep or a study has started."""

TOKENIZER = "tokenizer.json"
"""The tokenizer of texts, as the tokenizers library writes and reads it."""

INPUTS = "inputs.json"
"""Changes of numbers or grey levels before the network sees them, fitted on training rows."""

CALIBRATION = "task.json"
"""The choice of the task by the validation split after training, such as thresholds."""

TARGETS = "targets.json"
"""Changes of targets before a network learns them, fitted on training rows."""

ARTIFACTS = (TOKENIZER, INPUTS, TARGETS)
"""Files that a run fitted to its data; needed to use its model on other samples."""


@dataclass(frozen=True)
class RunPaths:
    """The paths of the parts of one run; nothing is created by asking."""

    root: Path

    @property
    def config(self) -> Path:
        """The resolved configuration, re-runnable as it is."""
        return self.root / "config.yaml"

    @property
    def overrides(self) -> Path:
        """The overrides as they were typed."""
        return self.root / "overrides.yaml"

    @property
    def manifest(self) -> Path:
        """The origin of the numbers: versions, seeds, hardware, digests."""
        return self.root / "manifest.json"

    def artifact(self, name: str) -> Path:
        """The place of one of `ARTIFACTS`, or of `CALIBRATION`; most runs have none."""
        assert name in (*ARTIFACTS, CALIBRATION), name
        return self.root / name

    @property
    def metrics(self) -> Path:
        """One JSON object per logged row, for programs."""
        return self.root / "metrics.jsonl"

    @property
    def history(self) -> Path:
        """One line per epoch, for people."""
        return self.root / "history.csv"

    @property
    def tensorboard(self) -> Path:
        return self.root / "tensorboard"

    @property
    def checkpoints(self) -> Path:
        return self.root / "checkpoints"

    @property
    def model(self) -> Path:
        """The best model, ready for raw input."""
        return self.root / "model.keras"

    @property
    def plots(self) -> Path:
        return self.root / "plots"

    @property
    def evaluation(self) -> Path:
        """Reports and pictures of `fmtool evaluate`, by split."""
        return self.root / "evaluation"

    @property
    def export(self) -> Path:
        """Files of `fmtool export`, a folder for each format and quantization."""
        return self.root / "export"

    @property
    def profile(self) -> Path:
        """The time by phases, and traces below it as TensorBoard lays them out."""
        return self.root / "profile"

    @property
    def result(self) -> Path:
        """The end of the run; written last."""
        return self.root / "result.json"

    @property
    def annotations(self) -> Path:
        """Tags and a note given since, and when checkpoints were removed; most runs have none."""
        return self.root / "annotations.json"

    @property
    def reserve(self) -> Path:
        """Space that is given back to a full disk for result.json; gone when a run has ended."""
        return self.root / ".reserve"

    @property
    def lock(self) -> Path:
        """Held by the one process that may write here."""
        return self.root / "run.lock"

    def is_run(self) -> bool:
        """True where `root` is a run directory, however little it got to write."""
        try:
            return any(path.is_file() for path in (self.config, self.manifest, self.lock))
        except OSError:  # a name that is too long, or a directory that may not be entered
            return False


def sweeps_directory(runs_dir: Path) -> Path:
    """Holds one folder per sweep, which only refers to the runs beside it."""
    return runs_dir / "sweeps"


@dataclass(frozen=True)
class JobPaths:
    """The paths of what a sweep or a study keeps of a training, beside the run itself."""

    root: Path

    @property
    def run(self) -> Path:
        """Text: the path of the run directory, from the moment there is one."""
        return self.root / "run"

    @property
    def log(self) -> Path:
        """The lines of the training for people."""
        return self.root / "log.txt"

    @property
    def outcome(self) -> Path:
        """The JSON object that it ended with."""
        return self.root / "outcome.json"


@dataclass(frozen=True)
class StudyPaths:
    """The paths of the parts of one study, beside the runs of its trials."""

    root: Path

    @property
    def definition(self) -> Path:
        """The search, and the address of the storage."""
        return self.root / "study.yaml"

    @property
    def result(self) -> Path:
        """The state of the study, written at the end of each command."""
        return self.root / "study.json"

    @property
    def trials_table(self) -> Path:
        """A line for each trial."""
        return self.root / "trials.csv"

    @property
    def plots(self) -> Path:
        return self.root / "plots"

    @property
    def tensorboard(self) -> Path:
        """A link to the event files of each trial, for one page on all of them."""
        return self.root / "tensorboard"

    @property
    def confirmation(self) -> Path:
        """The outcome of training the best anew."""
        return self.root / "confirm.json"

    @property
    def cluster(self) -> Path:
        """The output of the jobs of a cluster."""
        return self.root / "cluster"

    def trial(self, number: int) -> JobPaths:
        return JobPaths(self.root / "trials" / f"{number:04d}")

    def confirmed(self, name: str) -> JobPaths:
        return JobPaths(self.root / "confirm" / name)


@dataclass(frozen=True)
class SweepPaths:
    """The paths of what a sweep keeps beside its runs."""

    root: Path

    @property
    def document(self) -> Path:
        """The sweep and how each of its jobs ended, for programs."""
        return self.root / "sweep.json"

    @property
    def table(self) -> Path:
        """A line for each job, for spreadsheets."""
        return self.root / "sweep.csv"

    @property
    def parallel_coordinates(self) -> Path:
        return self.root / "parallel_coordinates.png"

    @property
    def bars(self) -> Path:
        return self.root / "bars.png"

    def job(self, number: int) -> JobPaths:
        """The paths of a job by its number, from 1."""
        return JobPaths(self.root / "jobs" / f"{number:02}")


def studies_directory(runs_dir: Path) -> Path:
    """Holds one folder per study, which only refers to the runs beside it."""
    return runs_dir / "studies"
