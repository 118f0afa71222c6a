"""Exported files that were made by hand: no conversion, so no seconds of TensorFlow."""

import io
import zipfile
from collections.abc import Mapping
from contextlib import redirect_stderr
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from label_outputs import declared

from fmtool.data.splitting.loading import Data
from fmtool.export import archive, bundle, files
from fmtool.export.metadata import Metadata, input_of
from fmtool.export.outputs import Writer
from fmtool.export.release import Release
from fmtool.export.result import REPORT, Export
from fmtool.runs.layout import RunPaths
from fmtool.runs.strict_json import encode
from fmtool.targets import Label


def linear_onnx(path: Path, weights: Any, metadata: Metadata) -> None:
    """Pixels to logits by one product of matrices."""
    onnx = pytest.importorskip("onnx")
    helper, types = onnx.helper, onnx.TensorProto
    nodes = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=types.FLOAT),
        helper.make_node("Flatten", ["floats"], ["rows"]),
        helper.make_node("MatMul", ["rows", "weights"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=-1),
        helper.make_node("ArgMax", ["logits"], ["largest"], axis=-1, keepdims=0),
        helper.make_node("Cast", ["largest"], ["label"], to=types.INT32),
    ]
    classes = len(metadata.labels)
    graph = helper.make_graph(
        nodes,
        "linear",
        [helper.make_tensor_value_info("pixels", types.UINT8, ["n", *metadata.input.shape])],
        [
            helper.make_tensor_value_info("probabilities", types.FLOAT, ["n", classes]),
            helper.make_tensor_value_info("logits", types.FLOAT, ["n", classes]),
            helper.make_tensor_value_info("label", types.INT32, ["n"]),
        ],
        [onnx.numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    entry = model.metadata_props.add()
    entry.key, entry.value = "fmtool", metadata.to_json()
    onnx.save_model(model, path)


def resizing_onnx(path: Path, weights: Any, metadata: Metadata, *, antialias: int) -> None:
    """The same for pictures of any size, by the resizing of ONNX, which has no whole numbers."""
    linear_onnx(path, weights, metadata)
    onnx = pytest.importorskip("onnx")
    helper, types = onnx.helper, onnx.TensorProto
    model = onnx.load(path)
    sizes = onnx.numpy_helper.from_array(np.array(metadata.trained_shape[:2], np.int64), "sizes")
    resize = helper.make_node(
        "Resize",
        ["any", "", "", "sizes"],
        ["floats"],
        mode="linear",
        antialias=antialias,
        axes=[1, 2],
    )
    model.graph.node[0].output[0] = "any"
    model.graph.node.insert(1, resize)
    model.graph.initializer.append(sizes)
    assert model.graph.node[0].attribute[0].i == types.FLOAT
    model.opset_import[0].version = 18
    onnx.save_model(model, path)


@dataclass(frozen=True)
class ByHand:
    """Files as an export leaves them, and the release that goes with them."""

    release: Release
    export: Export
    weights: Any

    @property
    def folder(self) -> Path:
        return self.release.folder

    def publish(self, *, bundles: bool = True, samples: int = 16) -> Path:
        """The path of the bundle."""
        with redirect_stderr(io.StringIO()):
            self.release.publish(self.export, bundles=bundles, samples=samples)
        return self.folder / "bundle.zip"

    def with_rows(self, *rows: Mapping[str, Any], **changes: Any) -> "ByHand":
        made = replace(self.export, rows=rows, **changes)
        (self.folder / REPORT).write_text(encode(made.to_json()))
        return replace(self, export=made)


def row(folder: Path, name: str, file: str, release_parts: Mapping[str, Any]) -> dict[str, Any]:
    """Of export.json, with the times that no bundle has."""
    format_, _, quantization = name.partition("_")
    return {
        "name": name,
        "format": format_,
        "quantization": quantization or "none",
        "path": f"{name}/{file}",
        **files.describe(folder / name),
        **release_parts,
        "latency_ms": {"1": {"p50": 0.1, "p95": 0.2}},
        "samples_per_second": 1e5,
        "seconds_to_load": 0.01,
        "peak_memory_bytes": 1 << 26,
    }


def described(data: Data, paths: RunPaths) -> Metadata:
    element = data.splits.element
    return Metadata(
        model="cnn",
        data="digits",
        run=paths.root.name,
        fmtool="0.1.0",
        manifest_digest=files.digest(paths.manifest),
        quantization="none",
        input=input_of(element, any_size=False, batch=None),
        trained_shape=element.shape,
        outputs=declared(("probabilities", "logits", "label"), data.splits.class_names),
        target=Label(tuple(data.splits.class_names)),
        preprocessing={
            "color": "grayscale",
            "background": "white",
            "levels": None,
            "resize_mode": "stretch",
            "filter": "bilinear",
        },
    )


def write_outputs(folder: Path, logits: Any) -> None:
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    dtypes = {"logits": "float32", "probabilities": "float32", "label": "int32"}
    writer = Writer(folder, len(logits), dtypes)
    writer.add(
        {
            "logits": logits,
            "probabilities": exponents / exponents.sum(axis=1, keepdims=True),
            "label": logits.argmax(axis=1),
        }
    )
    writer.close()


def repacked(path: Path, changes: Any = (), *, sums: bool = False) -> None:
    """The archive with other members: bytes by name, None to leave one out.

    Args:
        sums: whether SHA256SUMS shall fit what is there now.
    """
    with zipfile.ZipFile(path) as opened:
        members = {name: opened.read(name) for name in opened.namelist()}
    members |= dict(changes)
    members = {name: content for name, content in members.items() if content is not None}
    if sums:
        members["SHA256SUMS"] = bundle._sums(
            {name: content for name, content in members.items() if name != "SHA256SUMS"}
        )
    archive.write(path, members)
