"""The TensorBoard sink: curves, configuration, images and hyperparameters of one run."""

import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fmtool.logging.event_file import EventFile, HparamValue
from fmtool.logging.rows import metrics_of
from fmtool.logging.sink import Row, TrainingInfo
from fmtool.notices import warn

_SECONDS_BETWEEN_FLUSHES = 2.0


class TensorBoardSink:
    """Writes the runs `train` and `validation` laid out as Keras does, and `result` at the end.

    Epoch curves have the epoch as their x-axis and the same tag in both runs, so that they lie
    over each other; batch curves have the step. `result` holds the images and the session of the
    HParams tab, whose metrics are looked for beside it: the curves stay out of that table.
    After the first failed write the sink warns once and is silent; training goes on.
    """

    def __init__(self, directory: Path, *, config_text: str, model_summary: str) -> None:
        self._directory = directory
        self._config_text = config_text
        self._model_summary = model_summary
        self._files: dict[str, EventFile] = {}
        self._began = time.time()
        self._flushed = time.monotonic()
        self._is_broken = False

    def start(self, plan: TrainingInfo) -> None:
        """Writes all curves anew where training goes on: nothing stays from past that point."""
        self._attempt(self._remove_files)
        self._began = time.time() - (plan.past[-1]["seconds"] if plan.past else 0.0)
        self._write("train", lambda file: file.text("config", _fenced("yaml", self._config_text)))
        self._write("train", lambda file: file.text("model", _fenced("", self._model_summary)))
        for row in plan.past:
            if row["kind"] == "epoch":
                self._epoch(row)
            else:
                self._step(row)
        self._flush()

    def step(self, row: Row) -> None:
        self._step(row)
        if time.monotonic() - self._flushed >= _SECONDS_BETWEEN_FLUSHES:
            self._flush()

    def epoch(self, row: Row) -> None:
        self._epoch(row)
        self._flush()

    def _step(self, row: Row) -> None:
        values = {f"batch_{name}": value for name, value in metrics_of(row).items()}
        values["learning_rate"] = row["learning_rate"]
        values["samples_per_second"] = row["samples_per_second"]
        at = self._began + row["seconds"]
        self._write("train", lambda file: file.scalars(values, row["step"], at=at))

    def _epoch(self, row: Row) -> None:
        at = self._began + row["seconds"]
        metrics = metrics_of(row)
        train = {f"epoch_{name}": value for name, value in metrics.items() if not _is_val(name)}
        train["epoch_learning_rate"] = row["learning_rate"]
        validation = {
            f"epoch_{name.removeprefix('val_')}": value
            for name, value in metrics.items()
            if _is_val(name)
        }
        self._write("train", lambda file: file.scalars(train, row["epoch"], at=at))
        if validation:
            self._write("validation", lambda file: file.scalars(validation, row["epoch"], at=at))

    def images(self, tag: str, pixels: NDArray[np.uint8], step: int) -> None:
        """Args: pixels: (height, width, channels) with 1, 3 or 4 channels."""
        self._write("result", lambda file: file.image(tag, pixels, step))
        self._flush()

    def hparams(self, config: Mapping[str, HparamValue], metrics: Mapping[str, float]) -> None:
        """Enter the run, with its final metrics, into the table of the HParams tab."""
        self._write("result", lambda file: file.hparams(config, began=self._began))
        self._write("result", lambda file: file.scalars(metrics, step=0, at=time.time()))
        self._flush()

    def close(self) -> None:
        """Closes the files; later values, such as the final images, open files anew."""
        for file in self._files.values():
            self._attempt(file.close)
        self._files.clear()

    def _write(self, run: str, write: Callable[[EventFile], None]) -> None:
        def open_and_write() -> None:
            if run not in self._files:
                self._files[run] = EventFile(self._directory / run)
            write(self._files[run])

        self._attempt(open_and_write)

    def _flush(self) -> None:
        for file in self._files.values():
            self._attempt(file.flush)
        self._flushed = time.monotonic()

    def _attempt(self, action: Callable[[], None]) -> None:
        if self._is_broken:
            return
        try:
            action()
        except OSError as error:
            self._is_broken = True
            warn(f"TensorBoard files stop here: cannot write {self._directory}: {error.strerror}")
            self._drop_files()

    def _remove_files(self) -> None:
        self._drop_files()
        self._files.clear()
        if self._directory.exists():
            shutil.rmtree(self._directory)

    def _drop_files(self) -> None:
        for file in self._files.values():
            with suppress(OSError):
                file.close()


def _is_val(name: str) -> bool:
    return name.startswith("val_")


def _fenced(language: str, text: str) -> str:
    return f"```{language}\n{text.rstrip()}\n```"
