"""The model that is asked: of a run, in an exported file, or in a bundle of such files."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fmtool import __version__, backend, options
from fmtool.class_names import ordered
from fmtool.data.reading.features import Origins
from fmtool.data.reading.picture_modes import Background, Color, Depth, as_depth
from fmtool.data.reading.regular_file import open_regular
from fmtool.data.reading.resizing import ResizeMode
from fmtool.data.reading.silence import native_stderr_hidden
from fmtool.data.splitting import inputs
from fmtool.elements import WHAT, Features, Pixels, SampleKind, Tokens
from fmtool.errors import DataError, UsageError
from fmtool.evaluation import task_of_run
from fmtool.export import preprocessing, runtimes
from fmtool.export.metadata import INPUT_NAMES, Input, Metadata, serving_of, task_entry
from fmtool.export.runtimes.base import Runtime
from fmtool.machine.processor import physical_cores
from fmtool.prediction import bundle
from fmtool.prediction.number_columns import NumberColumns
from fmtool.runs import artifacts, rules, sameness
from fmtool.runs.layout import TOKENIZER, RunPaths
from fmtool.runs.strict_json import read_object
from fmtool.schema import PredictConfig, RuntimeConfig, SavedRunConfig
from fmtool.targets import Target

_MAX_TOKENIZER_BYTES = 1 << 26


@dataclass(frozen=True)
class Predictor:
    """A model that is ready to run.

    Args:
        origin: for messages and reports.
        tokenizer: the content of its tokenizer.json; None where there is none.
        prepared: what its training did to rows of numbers; see `preprocessing.of`.
        resize_mode, color: what the pictures of its training were made equal by, where it is known.
        background, levels: what became of transparency and of more than 8 bits.
    """

    model: Runtime
    origin: str
    tokenizer: str | None = None
    prepared: Mapping[str, Any] = field(default_factory=dict)
    resize_mode: ResizeMode | None = None
    color: Color | None = None
    background: Background = "white"
    levels: Depth = None

    @property
    def numbers(self) -> NumberColumns:
        """The columns of rows of numbers, for a model that reads such."""
        width = self.model.metadata.trained_shape[-1]
        origins = inputs.origins_in(self.prepared, width=width)
        names = inputs.columns_in(self.prepared, width=width)
        return NumberColumns(width, names, None if origins is None else Origins(origins))


def of_run(run_cfg: SavedRunConfig, paths: RunPaths, cfg: PredictConfig) -> Predictor:
    """The network of a run on its own backend, in float32.

    Raises:
        Refused, DataError: the run has no usable model.
    """
    kept = artifacts.read(paths)
    target = _target(run_cfg, paths)
    task = task_of_run.find(run_cfg.task, target, paths)
    runtime = run_cfg.runtime.model_copy(update={"precision": "float32"})
    if cfg.threads is not None:
        runtime = runtime.model_copy(update={"threads": cfg.threads})
    backend.select(runtime)

    from fmtool.export import network, serving
    from fmtool.export.runtimes.keras import KerasModel

    loaded = network.load(paths.model)
    if tuple(loaded.output_shape[1:]) != task.output_shape:
        raise DataError(
            f"{paths.model} has {task.described(tuple(loaded.output_shape[1:]))}, the run had "
            f"{task.described(task.output_shape)}",
            fix="train again",
        )
    metadata = _metadata(loaded, run_cfg, paths, target, batch=cfg.batch_size)
    model = KerasModel(serving.build(loaded, metadata), metadata)
    data = run_cfg.data
    has_size = getattr(data, "resize", None) is not None
    return Predictor(
        model,
        origin=paths.root.name,
        tokenizer=kept.get(TOKENIZER),
        prepared=inputs.decode(kept),
        resize_mode=getattr(data, "resize_mode", None) if has_size else None,
        color=getattr(data, "color", None),
        background=getattr(data, "background", "white"),
        levels=as_depth(preprocessing.levels_of(data, kept)),
    )


def of_file(path: Path, cfg: PredictConfig, *, origin: str) -> Predictor:
    """An exported file, with the tokenizer that lies beside it.

    Raises:
        UsageError: there is no such file, or what runs it is not installed.
        Refused, DataError: see `runtimes.open_model`.
    """
    if not path.exists():
        raise UsageError(f"model={path}: no such file", fix="name one that `fmtool export` wrote")
    threads = cfg.threads or physical_cores()
    if path.suffix == ".keras":
        backend.select(_runtime_of_keras(threads))
    # Libraries greet those who load them; what goes wrong is raised.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with native_stderr_hidden():
        model = runtimes.open_model(path, threads=threads)
    beside = path.absolute().parent / TOKENIZER
    tokenizer = None
    if model.metadata.input.kind == "text" and beside.is_file():
        with open_regular(beside) as file:
            content = file.read(_MAX_TOKENIZER_BYTES + 1)
        tokenizer = content.decode("utf-8", errors="replace")
    prepared = model.metadata.preprocessing
    return Predictor(
        model,
        origin,
        tokenizer,
        prepared=prepared,
        resize_mode=prepared.get("resize_mode") if prepared.get("was_resized") else None,
        color=prepared.get("color"),
        # What files of earlier releases mean, which do not say it.
        background=prepared.get("background", "none"),
        levels=as_depth(prepared.get("levels", "upper")),
    )


@contextmanager
def of_bundle(path: Path, cfg: PredictConfig) -> Iterator[Predictor]:
    """One of the files in a bundle; see `bundle.unpacked`."""
    if not path.exists():
        raise UsageError(
            f"bundle={path}: no such file", fix="name one that `fmtool export bundle=true` wrote"
        )
    with bundle.unpacked(path, cfg.format) as file:
        yield of_file(file, cfg, origin=f"{path.name}/{file.parent.name}")


def _runtime_of_keras(threads: int) -> RuntimeConfig:
    return RuntimeConfig(
        backend="auto",
        device="cpu",
        precision="float32",
        threads=threads,
        deterministic=False,
        jit="auto",
        steps_per_dispatch="auto",
        profile=False,
    )


def _target(run_cfg: SavedRunConfig, paths: RunPaths) -> Target:
    """From the manifest; of runs that are older than that entry, from the data themselves."""
    own = options.data(run_cfg.data.name)
    if own.INFO is not None:
        return own.INFO.target
    manifest = read_object(paths.manifest) if paths.manifest.is_file() else {}
    said = sameness.target_in(manifest)
    if said is not None:
        return said
    target = own.load(run_cfg.data).target
    names = target.names
    if not rules.are_current(manifest) and names == ordered(names) != tuple(sorted(names)):
        raise DataError(
            f"{paths.root.name} does not say in which order its classes are, which releases "
            "of then and now sort differently",
            fix="train again",
        )
    return target


def _metadata(
    network: Any,
    run_cfg: SavedRunConfig,
    paths: RunPaths,
    target: Target,
    *,
    batch: int,
) -> Metadata:
    """As an exported file would say it; every batch is full, so that nothing is compiled twice."""
    if isinstance(network.input, Mapping):
        raise UsageError(
            f"run={paths.root.name} reads {WHAT['record']}, which no file of samples holds",
            fix="use its model.keras in Python, or give the run of another model",
        )
    shape, dtype = tuple(network.input_shape[1:]), str(network.input.dtype)
    kind = _kind_of(dtype)
    task = task_entry(run_cfg.task, paths)
    info = options.data(run_cfg.data.name).INFO
    pixel_max = Pixels.maximum if info is None else info.pixel_max
    return Metadata(
        model="",
        data=run_cfg.data.name,
        run=paths.root.name,
        fmtool=__version__,
        manifest_digest="",
        quantization="none",
        input=Input(
            name=INPUT_NAMES[kind],
            kind=kind,
            dtype=dtype,
            shape=shape,
            batch=batch,
            maximum=pixel_max if kind == "image" else None,
        ),
        trained_shape=shape,
        outputs=serving_of(task, target).outputs,
        target=target,
        task=task,
    )


def _kind_of(dtype: str) -> SampleKind:
    by_dtype = {each.dtype: each.kind for each in (Pixels, Tokens, Features)}
    return by_dtype[dtype]
