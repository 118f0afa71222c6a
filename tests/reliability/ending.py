"""What a finished training left, in values that must not depend on how often it was killed."""

import csv
import hashlib
import json
import struct
import zipfile
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from tensorboardX.proto.event_pb2 import Event

_OF_TIME = ("seconds", "samples_per_second")
_OF_THE_RESULT = ("status", "exit_code", "epochs", "steps", "metrics", "best", "error")


def ending(run: Path) -> dict[str, Any]:
    """By name, so that a comparison tells what differs; time and throughput are left out."""
    result = json.loads((run / "result.json").read_text())
    checkpoints = run / "checkpoints"
    last = checkpoints / (checkpoints / "last").read_text().strip()
    counters = json.loads((last / "manifest.json").read_text())["meta"]["counters"]
    return {
        "result": {name: result[name] for name in _OF_THE_RESULT},
        "checkpoints": sorted(path.name for path in checkpoints.iterdir()),
        "best checkpoint": (checkpoints / "best").read_text(),
        "arrays": digest_of(np.load(last / "state.npz")),
        "counters": _timeless(counters),
        "metrics.jsonl": [_timeless(json.loads(line)) for line in (run / "metrics.jsonl").open()],
        "history.csv": [_timeless(row) for row in csv.DictReader((run / "history.csv").open())],
        "model.keras": _weights(run / "model.keras"),
        "tensorboard": points(run / "tensorboard"),
    }


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The names of what is not equal in two endings."""
    return [name for name in one if one[name] != other[name]]


def digest_of(arrays: Mapping[str, Any]) -> str:
    """SHA-256 over names, types, shapes and every bit."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.asarray(arrays[name])
        digest.update(f"{name} {array.dtype} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def points(tensorboard: Path) -> list[tuple[str, str, int, float]]:
    """Run, tag, step and value of each scalar in the event files, sorted, repetitions included."""
    return sorted(
        (path.parent.name, value.tag, event.step, value.simple_value)
        for path in tensorboard.rglob("*tfevents*")
        for event in _events(path)
        for value in event.summary.value
        if value.HasField("simple_value") and value.tag not in _OF_TIME
    )


def _events(path: Path) -> Iterator[Event]:
    """The records of a TFRecord file: length, its checksum, the event, its checksum."""
    with path.open("rb") as file:
        while header := file.read(12):
            (length,) = struct.unpack("<Q", header[:8])
            yield Event.FromString(file.read(length))
            file.read(4)


def _weights(model: Path) -> str:
    found: dict[str, Any] = {}

    def take(name: str, node: Any) -> None:
        if isinstance(node, h5py.Dataset):
            found[name] = node[()]

    with zipfile.ZipFile(model) as archive:
        weights = BytesIO(archive.read("model.weights.h5"))
    with h5py.File(weights) as file:
        file.visititems(take)
    return digest_of(found)


def _timeless(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {name: _timeless(each) for name, each in node.items() if name not in _OF_TIME}
    return node
