"""`fmtool export`: files in other formats, each run and compared before it has its name."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

from fmtool import __version__, options
from fmtool.data.splitting import loading
from fmtool.data.splitting.loading import Data
from fmtool.elements import WHAT, Record
from fmtool.errors import DataError, FmtoolError, UsageError
from fmtool.evaluation import task_of_run
from fmtool.export import files, formats, other_sizes, parity, plan, preprocessing, samples
from fmtool.export.export_job import ExportJob
from fmtool.export.measured import Measured
from fmtool.export.metadata import EMBEDDING, Metadata, chosen, input_of, serving_of, task_entry
from fmtool.export.plan import Target
from fmtool.export.release import Release
from fmtool.export.result import Export
from fmtool.machine.processor import physical_cores
from fmtool.metric import show
from fmtool.notices import note
from fmtool.runs import artifacts, sameness
from fmtool.runs.atomic import full_disk, reporting
from fmtool.runs.layout import RunPaths
from fmtool.runs.sameness import Difference
from fmtool.runs.strict_json import read_object
from fmtool.schema import ExportConfig, SavedRunConfig
from fmtool.signals import SignalGuard
from fmtool.suggest import did_you_mean
from fmtool.tasks.shared.serving import Output, Serving

PICTURE = "benchmark.png"


def export(
    cfg: ExportConfig,
    run_cfg: SavedRunConfig,
    run_directory: Path,
    *,
    plugins: Sequence[str] = (),
    data_words: Sequence[str] = (),
) -> Export:
    """Writes each file that `plan.targets` asks for into a folder of its own, if it matches.

    Args:
        data_words: what was typed of the data, which then need not be those of the run.

    Raises:
        UsageError: a format cannot be had.
        DataError: the run has no usable model, or the data do not fit it.
        ConfigChanged: the data are not those of the run, and nothing was typed of them.
    """
    targets = plan.targets(cfg)
    with SignalGuard():
        paths = RunPaths(run_directory)
        _require_model(paths)
        kept = artifacts.read(paths)
        loaded, differs = _load(run_cfg, paths, kept, data_words)
        _require_one_array(loaded)
        folder = paths.export if cfg.output is None else Path(cfg.output)
        with reporting(folder):
            folder.mkdir(parents=True, exist_ok=True)
            place = tempfile.TemporaryDirectory(prefix=".fmtool-", dir=folder)
        _require_pictures(cfg, loaded)
        metadata = _metadata(cfg, run_cfg, loaded, paths)
        with place as drafts:
            job = _export_job(cfg, run_cfg, loaded, targets, Path(drafts), paths, kept, plugins)
            if cfg.export.any_size:
                job = replace(job, pictures=_pictures(run_cfg, loaded, job, metadata))
            made = _make_all(job, metadata, targets, folder, differs)
            release = Release(
                folder=folder,
                run=paths,
                data=loaded,
                metadata=metadata,
                samples=job.samples,
                measured=job.measured,
                reference=job.drafts / "reference",
                kept=kept,
                words=cfg.card,
                pictures=job.pictures,
            )
            release.publish(made, bundles=cfg.bundle, samples=cfg.export.bundle_samples)
        if cfg.benchmark and made.rows:
            from fmtool.export import picture

            picture.save(made.rows, folder / PICTURE)
        return made


def _require_model(paths: RunPaths) -> None:
    """DataError for a run without model.keras."""
    if not paths.model.is_file():
        raise DataError(
            f"{paths.model} is missing: the run has no model to export",
            fix="let the run finish, or train again",
        )


def _load(
    run_cfg: SavedRunConfig, paths: RunPaths, kept: Mapping[str, str], data_words: Sequence[str]
) -> tuple[Data, list[sameness.Difference]]:
    """The data of the run, and how they differ from those that it was made of."""
    data = run_cfg.data.model_copy(update={"storage": "auto"})
    loaded = loading.load(data, seed=run_cfg.seed, artifacts=kept)
    read, fix = loaded.read(with_selection=True), loading.how_to_mean_it(data)
    return loaded, sameness.check_data(paths, read, typed=data_words, fix=fix)


def _require_one_array(data: Data) -> None:
    splits = data.splits
    if isinstance(splits.element, Record):
        raise UsageError(
            f"data={splits.name} holds {WHAT[splits.element.kind]}, and files read one array",
            fix="use model.keras of the run",
        )


def _require_pictures(cfg: ExportConfig, data: Data) -> None:
    kind = data.splits.element.kind
    if cfg.export.any_size and kind != "image":
        raise UsageError(
            f"export.any_size=true: the run reads {WHAT[kind]}", fix="leave export.any_size out"
        )


def _metadata(cfg: ExportConfig, run_cfg: SavedRunConfig, data: Data, paths: RunPaths) -> Metadata:
    """The metadata of a file without quantization."""
    splits = data.splits
    target = splits.target
    task = task_entry(run_cfg.task, paths)
    return Metadata(
        model=str(read_object(paths.manifest).get("config", {}).get("model", {}).get("name", "")),
        data=splits.name,
        run=paths.root.name,
        fmtool=__version__,
        manifest_digest=files.digest(paths.manifest),
        quantization="none",
        input=input_of(splits.array_element, any_size=cfg.export.any_size, batch=cfg.export.batch),
        trained_shape=splits.array_element.shape,
        outputs=_outputs(cfg, serving_of(task, target)),
        target=target,
        task=task,
        preprocessing=preprocessing.of(run_cfg.data, splits.array_element, splits.artifacts),
    )


def _outputs(cfg: ExportConfig, serving: Serving[Any]) -> dict[str, Output]:
    """The outputs that a file shall give; UsageError for one that the task does not."""
    possible = [*serving.outputs, EMBEDDING]
    for name in cfg.include or ():
        if name not in possible:
            raise UsageError(
                f"include={name}: the task gives no such output", fix=did_you_mean(name, possible)
            )
    wanted = list(serving.outputs) if cfg.include is None else cfg.include
    return chosen(serving, [*serving.always, *wanted])


def _export_job(
    cfg: ExportConfig,
    run_cfg: SavedRunConfig,
    data: Data,
    targets: Sequence[Target],
    drafts: Path,
    paths: RunPaths,
    kept: Mapping[str, str],
    plugins: Sequence[str],
) -> ExportJob:
    held_out, calibration = drafts / "samples.npy", drafts / "calibration.npy"
    is_calibrated = any(target.quantization == "int8" for target in targets)
    with reporting(drafts):
        truth = samples.write_held_out(data, held_out, most=cfg.export.samples)
        if is_calibrated:
            samples.write_calibration(data, calibration, most=cfg.export.calibration_samples)
    task = task_of_run.find(run_cfg.task, data.splits.target, paths)
    headline = options.task(run_cfg.task.name).report_metrics(run_cfg.task)[0]
    threads = run_cfg.runtime.threads
    runtime = {
        "device": "cpu",
        "precision": "float32",
        "threads": physical_cores() if threads == "auto" else threads,
    }
    return ExportJob(
        options=cfg.export,
        drafts=drafts,
        model=paths.model.absolute(),
        samples=held_out.absolute(),
        measured=Measured(truth, task, headline),
        calibration=calibration.absolute() if is_calibrated else None,
        runtime=run_cfg.runtime.model_copy(update=runtime).model_dump(),
        kept=kept,
        plugins=list(plugins),
        pictures=(),
    )


def _pictures(
    run_cfg: SavedRunConfig, data: Data, job: ExportJob, metadata: Metadata
) -> list[Path]:
    """Made of test samples as they are on disk, where the data set is made of picture files."""
    own = options.data(run_cfg.data.name)
    originals: Sequence[Any] = ()
    if own.originals is not None:
        rows = other_sizes.rows_of(len(data.splits.test))
        originals = own.originals(run_cfg.data, rows, data.splits.artifacts)
    folder = job.drafts.absolute() / "pictures"
    with reporting(folder):
        return other_sizes.write(data, originals, folder, metadata)


def _make_all(
    job: ExportJob,
    metadata: Metadata,
    targets: Sequence[Target],
    folder: Path,
    differs: Sequence[Difference],
) -> Export:
    reference = job.reference(metadata)
    backend, count = job.runtime["backend"], len(job.measured.truth)
    note(
        f"{metadata.run} on {count:,} held-out samples, in float32 on {backend}: "
        f"{_score(reference)}"
    )
    rows: list[Mapping[str, Any]] = []
    failures: dict[str, FmtoolError] = {}
    for _, of_backend in groupby(targets, key=_backend):
        with job.child("convert") as converter:
            for target in of_backend:
                described = replace(metadata, quantization=target.quantization)
                try:
                    row = job.make(target, described, reference, converter)
                except FmtoolError as error:
                    # A format may be cut off without a word and then not load.
                    failures[target.name] = full_disk(error, job.drafts) or error
                    files.remove(folder / target.name)
                    note(f"{target.name}: {failures[target.name]}")
                else:
                    files.put_in_place(job.drafts / target.name, folder / target.name)
                    rows.append(row)
                    note(_line(row, metadata.outputs))
                made = Export(
                    folder, metadata.run, reference, tuple(rows), failures, tuple(differs)
                )
                made.save({each.name for each in targets})
    return made


def _backend(target: Target) -> str:
    backend: str = formats.module(target.format).BACKEND
    return backend


def _line(row: Mapping[str, Any], outputs: parity.Outputs) -> str:
    return (
        f"{row['name']}: {parity.summary(row['parity'], outputs)}, {_score(row['score'])}, "
        f"{row['size_bytes'] / 1e6:.2f} MB"
    )


def _score(score: Mapping[str, float | None]) -> str:
    """The headline in words."""
    name, value = next(iter(score.items()))
    return f"{name.replace('_', ' ')} {show(value)}"
