"""A TensorBoard event file, written with neither TensorFlow nor torch."""

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HparamValue = str | int | float | bool


class EventFile:
    """Events go to disk in the calling thread, so a full disk is an OSError where it happens.

    tensorboardX's own `SummaryWriter` writes in a thread: a failed write ends that thread
    unseen, and the caller then blocks for ever on a full queue.
    """

    def __init__(self, directory: Path) -> None:
        with _hidden("torch", "comet_ml"):
            from tensorboardX.event_file_writer import EventsWriter

        directory.mkdir(parents=True, exist_ok=True)
        # An absolute path cannot be taken for a bucket ("s3:..."); the nanoseconds keep two
        # files of one second apart, since opening a file of the same name would empty it.
        prefix = os.fspath(directory.absolute() / "events")
        self._writer = EventsWriter(prefix, filename_suffix=f".{time.time_ns()}")

    def scalars(self, values: Mapping[str, float], step: int, *, at: float) -> None:
        """Args: at: when they were reached, in seconds since 1970."""
        from tensorboardX.proto.summary_pb2 import Summary

        points = [Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
        self._write(Summary(value=points), step, at=at)

    def text(self, tag: str, markdown: str) -> None:
        from tensorboardX import summary

        self._write(summary.text(tag, markdown), step=0)

    def image(self, tag: str, pixels: NDArray[np.uint8], step: int) -> None:
        """Args: pixels: (height, width, channels) with 1, 3 or 4 channels."""
        from tensorboardX import summary

        self._write(summary.image(tag, pixels, dataformats="HWC"), step)

    def hparams(self, config: Mapping[str, HparamValue], *, began: float) -> None:
        """One finished session of the HParams tab; `began` in seconds since 1970.

        No experiment is declared: TensorBoard would take that of one arbitrary run and hide
        the keys of every run with another model. Without, it gathers keys and metrics from all.
        """
        from tensorboardX.proto.api_pb2 import Status
        from tensorboardX.proto.plugin_hparams_pb2 import SessionEndInfo, SessionStartInfo

        start = SessionStartInfo(start_time_secs=began)
        for name, value in config.items():
            if isinstance(value, bool):
                start.hparams[name].bool_value = value
            elif isinstance(value, int | float):
                start.hparams[name].number_value = value
            else:
                start.hparams[name].string_value = value
        end = SessionEndInfo(status=Status.Value("STATUS_SUCCESS"), end_time_secs=time.time())
        self._hparams_data("session_start_info", start)
        self._hparams_data("session_end_info", end)

    def flush(self) -> None:
        """Onto the disk; a few milliseconds, so not to be called at every step."""
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()

    def _hparams_data(self, field: str, message: Any) -> None:
        from tensorboardX.proto.plugin_hparams_pb2 import HParamsPluginData
        from tensorboardX.proto.summary_pb2 import Summary, SummaryMetadata

        content = HParamsPluginData(version=0, **{field: message}).SerializeToString()
        plugin = SummaryMetadata.PluginData(plugin_name="hparams", content=content)
        metadata = SummaryMetadata(plugin_data=plugin)
        value = Summary.Value(tag=f"_hparams_/{field}", metadata=metadata)
        self._write(Summary(value=[value]), step=0)

    def _write(self, summary: Any, step: int, *, at: float | None = None) -> None:
        from tensorboardX.proto.event_pb2 import Event

        moment = time.time() if at is None else at
        self._writer.write_event(Event(wall_time=moment, step=step, summary=summary))


@contextmanager
def _hidden(*names: str) -> Iterator[None]:
    """Imports inside do not find these modules, unless they are loaded already.

    tensorboardX imports torch wherever it is installed, for one isinstance check: seconds of
    start-up and hundreds of MB for a run on another backend.
    """
    hidden = [name for name in names if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # Python's mark for "not importable"
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
