"""Traces of the backend, as files that TensorBoard's profile plugin and Perfetto read."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import keras

PLUGIN = Path("plugins", "profile")
"""The place where TensorBoard looks for profiles in its log directory: one folder for each."""


def start(directory: Path) -> Callable[[], None]:
    """Begins to trace; what is returned ends it and writes the files below `directory`."""
    directory.mkdir(exist_ok=True)
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        tf.profiler.experimental.start(str(directory))
        return tf.profiler.experimental.stop  # type: ignore[no-any-return]
    if backend == "jax":
        import jax

        jax.profiler.start_trace(str(directory))
        return jax.profiler.stop_trace  # type: ignore[no-any-return]
    return _start_torch(directory)


def _start_torch(directory: Path) -> Callable[[], None]:
    from torch import cuda, profiler

    kinds = [profiler.ProfilerActivity.CPU]
    if cuda.is_available():
        kinds.append(profiler.ProfilerActivity.CUDA)
    profile = profiler.profile(activities=kinds)
    with _standard_error_closed():
        profile.start()

    def stop() -> None:
        with _standard_error_closed():
            profile.stop()
        folder = directory / PLUGIN / datetime.now(UTC).strftime("%Y_%m_%d_%H_%M_%S")
        folder.mkdir(parents=True)
        profile.export_chrome_trace(str(folder / "torch.trace.json.gz"))

    return stop


@contextmanager
def _standard_error_closed() -> Iterator[None]:
    """Keeps back the lines that torch's profiler writes there from C++ at any log level."""
    original = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(original, 2)
        os.close(original)
        os.close(nowhere)
