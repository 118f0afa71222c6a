"""`fmtool predict`: samples in, what the task makes of them out, some at a time."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TextIO

from fmtool.errors import DataError, UsageError
from fmtool.notices import DataStream, counted, note
from fmtool.prediction import predictor as predictors
from fmtool.prediction import reading, results, sources, writing
from fmtool.prediction.predictor import Predictor
from fmtool.prediction.report import Report
from fmtool.prediction.results import Prediction
from fmtool.prediction.sources import Inputs
from fmtool.prediction.writing import Writer
from fmtool.runs.atomic import write_with
from fmtool.runs.layout import RunPaths
from fmtool.schema import PredictConfig, SavedRunConfig
from fmtool.signals import SignalGuard
from fmtool.tasks.shared.serving import PredictOptions

STREAM = "-"
_FORMATS = (".csv", ".jsonl")


def predict(
    cfg: PredictConfig, run_cfg: SavedRunConfig | None, run_directory: Path | None
) -> Report:
    """Predicts each sample of `cfg.input`, and writes what `cfg.output` asks for.

    Args:
        run_cfg, run_directory: of the run; None where a file is asked.

    Raises:
        UsageError: there is no such input or model, or it cannot do what is asked.
        DataError: a sample cannot be used; the output is then as it was.
        Refused: the model could do more than compute.
    """
    with SignalGuard():
        source = sources.find(cfg.input)
        output_format = _output_format(cfg)
        with _predictor(cfg, run_cfg, run_directory) as predictor:
            metadata, options = predictor.model.metadata, _options(cfg)
            results.require_possible(metadata, options, origin=predictor.origin)
            serving = metadata.serving
            report = Report(
                predictor.origin, serving.counted, serving.headings(options), cfg.input, cfg.output
            )
            columns = serving.columns(options)
            found = _predictions(cfg, predictor, source)
            if cfg.output is None:
                _add_all(found, report, None)
            elif cfg.output == STREAM:
                stream = DataStream(sys.stdout)
                _add_all(found, report, _writer(stream, output_format, cfg, columns))
            else:
                _write(cfg, found, report, output_format, columns)
        if not report.predicted + report.failed:
            raise DataError(f"{cfg.input}: nothing to predict", fix="give it samples")
        if source.ignored:
            note(f"{cfg.input}: ignored {counted(source.ignored, 'file')} without a picture")
        return report


def _output_format(cfg: PredictConfig) -> writing.OutputFormat:
    if cfg.output_format is not None:
        return cfg.output_format
    ending = Path(cfg.output or STREAM).suffix.lower()
    if cfg.output not in (None, STREAM) and ending not in _FORMATS:
        raise UsageError(
            f"output={cfg.output}: neither .csv nor .jsonl",
            fix="give it one of these endings, or write output_format=csv or jsonl",
        )
    return "jsonl" if ending == ".jsonl" else "csv"


def _predictor(
    cfg: PredictConfig, run_cfg: SavedRunConfig | None, run_directory: Path | None
) -> AbstractContextManager[Predictor]:
    if run_cfg is not None and run_directory is not None:
        return nullcontext(predictors.of_run(run_cfg, RunPaths(run_directory), cfg))
    if cfg.bundle is not None:
        return predictors.of_bundle(Path(cfg.bundle), cfg)
    path = Path(cfg.model_file or "")
    return nullcontext(predictors.of_file(path, cfg, origin=str(path)))


def _options(cfg: PredictConfig) -> PredictOptions:
    return PredictOptions(top=cfg.top, probabilities=cfg.probabilities)


def _write(
    cfg: PredictConfig,
    found: Iterator[Prediction],
    report: Report,
    output_format: writing.OutputFormat,
    columns: Sequence[str],
) -> None:
    def write(temporary: Path) -> None:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            _add_all(found, report, _writer(file, output_format, cfg, columns))

    write_with(Path(cfg.output or STREAM), write)


def _writer(
    file: TextIO | DataStream,
    output_format: writing.OutputFormat,
    cfg: PredictConfig,
    columns: Sequence[str],
) -> Writer:
    if output_format == "jsonl":
        return writing.JsonLines(file)
    return writing.Csv(file, columns, errors=cfg.on_error == "skip")


def _add_all(found: Iterator[Prediction], report: Report, writer: Writer | None) -> None:
    for prediction in found:
        report.add(prediction)
        if writer is not None:
            writer.add(prediction)


def _predictions(cfg: PredictConfig, predictor: Predictor, source: Inputs) -> Iterator[Prediction]:
    """In the order of the input; raises the first error where `on_error` is `fail`."""
    serving, options = predictor.model.metadata.serving, _options(cfg)
    for block in reading.blocks(cfg, predictor, source):
        if block.errors and cfg.on_error == "fail":
            raise block.errors[min(block.errors)]
        sound = [name for place, name in enumerate(block.names) if place not in block.errors]
        said = serving.decode(predictor.model(block.samples), options) if sound else ()
        predicted = iter(said)
        for place, name in enumerate(block.names):
            if place in block.errors:
                yield Prediction(name, error=block.errors[place])
            else:
                yield Prediction(name, next(predicted))
