"""The speed of this machine on a backend: measured once, then read from a file."""

import hashlib
import os
import sys
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from fmtool.config.base import Config, NonNegativeFloat, PositiveFloat
from fmtool.errors import DataError, FmtoolError
from fmtool.machine import probes
from fmtool.machine.cache import private_folder
from fmtool.machine.processor import physical_cores, processor
from fmtool.notices import note
from fmtool.runs.atomic import write_json
from fmtool.runs.strict_json import encode, read_object

_VERSION = 1
"""The version of the measurement: a new one makes every machine measure again."""


class Seconds(Config):
    """Processor time of a training step in each precision."""

    float32: PositiveFloat
    bfloat16: PositiveFloat


class Steps(Config):
    """The times of the probes of the same name."""

    convolution: Seconds
    dense: Seconds
    small: Seconds


class Key(Config):
    """All that a measurement depends on."""

    version: int
    processor: str
    instructions: str
    """A digest of the processor's flags."""
    physical_cores: int
    logical_cores: int | None
    threads: int
    backend: str
    backend_version: str
    keras_version: str

    @property
    def file_name(self) -> str:
        digest = hashlib.sha256(encode(self.model_dump()).encode()).hexdigest()[:16]
        return f"{self.backend}-{digest}.json"


class Measurement(Config):
    """The content of the file."""

    key: Key
    load: NonNegativeFloat
    """Processes that ran or waited to, on average over the minute before."""
    steps: Steps


@cache
def measured(threads: int) -> Measurement:
    """The CPU on the active backend: from the file of this machine, or measured now.

    A file that cannot be read is made anew; one that cannot be written is done without.

    Args:
        threads: that the backend computes with.
    """
    key = _key(threads)
    try:
        path = private_folder("machine") / key.file_name
    except OSError as error:
        note(f"what is measured of this machine cannot be kept: {error}")
        return _measure(key)
    found = _read(path, key)
    if found is None:
        found = _measure(key)
        _write(path, found)
    return found


def _key(threads: int) -> Key:
    import keras

    cpu, backend = processor(), keras.backend.backend()
    return Key(
        version=_VERSION,
        processor=cpu.model,
        instructions=cpu.digest,
        physical_cores=physical_cores(),
        logical_cores=os.cpu_count(),
        threads=threads,
        backend=backend,
        backend_version=str(sys.modules[backend].__version__),
        keras_version=keras.__version__,
    )


def _measure(key: Key) -> Measurement:
    note(f"measuring {key.processor} on {key.backend}, once, for precision=auto")
    load = os.getloadavg()[0]
    steps = Steps(
        convolution=Seconds(**probes.step_seconds(probes.CONVOLUTION)),
        dense=Seconds(**probes.step_seconds(probes.DENSE)),
        small=Seconds(**probes.step_seconds(probes.SMALL)),
    )
    return Measurement(key=key, load=load, steps=steps)


def _read(path: Path, key: Key) -> Measurement | None:
    """None where there is no file, and, with a note, where it cannot be used."""
    if not path.exists():
        return None
    try:
        found = Measurement.model_validate(read_object(path))
    except (DataError, ValidationError):
        note(f"{path} cannot be read; measuring again")
        return None
    return found if found.key == key else None


def _write(path: Path, found: Measurement) -> None:
    try:
        write_json(path, found.model_dump())
    except FmtoolError as error:
        note(f"what was measured of this machine is not kept: {error.message}")
