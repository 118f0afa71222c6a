"""All that a training leaves and two commits should have in common, as values and as arrays."""

import csv
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .worker import COMMANDS

Array = np.ndarray[Any, Any]
Named = list[tuple[str, Array]]
"""Arrays with their paths, in an order that matters; a path may come twice."""

_OF_THE_MANIFEST = (
    *("data_digest", "selection_digest", "request_digest", "seeds", "data", "artifacts"),
    *("rules", "backend", "precision", "plugins"),
)
_NON_METRIC_KEYS = frozenset(
    {
        *("seconds", "images_per_second", "samples_per_second", "latency_ms", "seconds_to_load"),
        *("peak_memory_bytes", "bytes", "size_bytes", "sha256", "run", "folder", "files"),
        *("run_directory", "digest", "started", "ended", "written", "created"),
        *("shared_object_id", "manifest_digest"),
    }
)
"""Keys, at any depth, of times, places, and digests of files whose parts are compared here."""


@dataclass
class Facts:
    """What one training left.

    Args:
        failed: commands that failed, with what they said.
        values: by the name of a file, values by their dotted keys.
        arrays: by the name of a file, its arrays.
    """

    failed: list[str] = field(default_factory=list)
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    arrays: dict[str, Named] = field(default_factory=dict)


def facts(folder: Path) -> Facts:
    """Reads what a training of the worker left in its folder."""
    found = Facts()
    for each in json.loads((folder / COMMANDS).read_text()):
        if each["code"]:
            found.failed.append(f"{each['words'][0]} exits {each['code']}: {each['said']}")
    predicted = folder / "predicted.csv"
    if predicted.exists():
        found.values[predicted.name] = _flat(_rows(predicted))
    runs = [path for path in folder.glob("2*") if path.is_dir()]
    if len(runs) == 1:
        _read_run(runs[0], found)
    return found


def _read_run(run: Path, found: Facts) -> None:
    manifest = json.loads((run / "manifest.json").read_text())
    found.values["config"] = _flat(manifest["config"])
    chosen = {key: manifest[key] for key in _OF_THE_MANIFEST if key in manifest}
    found.values["manifest"] = _flat(chosen)
    lines = (run / "metrics.jsonl").read_text().splitlines()
    found.values["metrics.jsonl"] = _flat([json.loads(line) for line in lines])
    found.values["history.csv"] = _flat(_rows(run / "history.csv"))
    documents = ["result.json", "tokenizer.json", "inputs.json", "export/export.json"]
    paths = [*(run / name for name in documents), *sorted(run.glob("evaluation/*.json"))]
    for path in paths:
        if path.exists():
            found.values[str(path.relative_to(run))] = _flat(json.loads(path.read_text()))
    _read_checkpoints(run / "checkpoints", found)
    if (run / "model.keras").exists():
        _read_model(run / "model.keras", found)
    for path in sorted(run.glob("export/*/*.onnx")):
        name = str(path.relative_to(run))
        found.values[f"{name} properties"], found.arrays[f"{name} outputs"] = _onnx(path)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _read_checkpoints(folder: Path, found: Facts) -> None:
    pointers = {path.name: path.read_text().strip() for path in folder.glob("*") if path.is_file()}
    steps = sorted(path.name for path in folder.glob("step-*"))
    found.values["checkpoints"] = _flat({"steps": steps, "pointers": pointers})
    for step in steps:
        paths = json.loads((folder / step / "state.json").read_text())
        with np.load(folder / step / "state.npz") as arrays:
            named = [(_named(key, paths), arrays[key]) for key in sorted(arrays.files)]
        found.arrays[f"checkpoints/{step}"] = named
        meta = json.loads((folder / step / "manifest.json").read_text())
        found.values[f"checkpoints/{step} manifest"] = _flat(meta)


def _named(key: str, paths: dict[str, str]) -> str:
    return f"{key.partition('/')[0]}: {paths[key]}" if key in paths else key


def _read_model(path: Path, found: Facts) -> None:
    import h5py

    named: Named = []

    def keep(name: str, member: Any) -> None:
        if isinstance(member, h5py.Dataset):
            named.append((name, np.asarray(member)))

    with zipfile.ZipFile(path) as archive:
        found.values["model.keras layers"] = _flat(json.loads(archive.read("config.json")))
        with archive.open("model.weights.h5") as file, h5py.File(file, "r") as weights:
            weights.visititems(keep)
    found.arrays["model.keras weights"] = named


def _onnx(path: Path) -> tuple[dict[str, Any], Named]:
    """The properties of a file, and what it gives for samples that are the same each time."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    inputs = {each.name: _samples(each.type, each.shape) for each in session.get_inputs()}
    names = [each.name for each in session.get_outputs()]
    outputs = session.run(names, inputs)
    texts = session.get_modelmeta().custom_metadata_map
    properties = {
        key: json.loads(text) if text[:1] in "{[" else text for key, text in texts.items()
    }
    shapes = {each.name: [each.type, *map(str, each.shape)] for each in session.get_inputs()}
    return _flat({"inputs": shapes, "metadata": properties}), list(zip(names, outputs, strict=True))


def _samples(kind: str, shape: list[Any]) -> Array:
    draw = np.random.default_rng(5)
    sizes = [size if isinstance(size, int) else 7 for size in shape]
    element = kind.removeprefix("tensor(").removesuffix(")")
    if element == "float":
        return draw.normal(size=sizes).astype("float32")
    return draw.integers(0, 256 if element == "uint8" else 8, size=sizes).astype(element)


def _flat(value: Any) -> dict[str, Any]:
    return dict(_leaves("", value))


def _leaves(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Every number, text and empty container below `value`, without circumstances."""
    members: Any = ()
    if isinstance(value, dict):
        members = ((name, each) for name, each in value.items() if name not in _NON_METRIC_KEYS)
    elif isinstance(value, list):
        members = enumerate(value)
    is_empty = True
    for name, each in members:
        is_empty = False
        yield from _leaves(f"{key}.{name}" if key else str(name), each)
    if is_empty:
        yield key, value
