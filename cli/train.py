"""`fmtool train`: composes, validates, then trains, sweeps, tries out or explains."""

import gc
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmtool.config import arguments
from fmtool.runs.layout import AUTO, SWEEP_VARIABLE

from . import output
from .flags import Flags

if TYPE_CHECKING:
    from fmtool.schema import TrainConfig
    from fmtool.training.workflow import Outcome


def help_text() -> str:
    from . import train_help

    return train_help.text()


def main(argv: list[str], flags: Flags) -> int:
    parsed = arguments.parse(argv)

    from fmtool.config import compose

    folders = compose.user_folders(parsed.config_dirs)
    name = parsed.config_name or "train"
    if parsed.asks_for_information:
        from . import information

        return information.show(name, parsed, folders)

    if parsed.multirun:
        from . import sweep

        return sweep.run(name, parsed, folders, flags)
    raw = compose.compose(name, parsed.overrides, folders=folders)
    resumes = None
    if raw["resume"] not in (None, AUTO):
        from . import resumed_config

        resumes, raw = resumed_config.compose(raw, parsed.overrides, folders)

    # Not before: an error of composition is answered without the time this import takes.
    from fmtool import registry, validate

    registry.load_plugins(flags.plugins)
    cfg = validate.train_config(raw)
    gc.enable()
    if cfg.dry_run:
        return _dry_run(cfg, flags)
    return _train(cfg, argv, parsed.typed, flags, resumes)


def _train(
    cfg: "TrainConfig", argv: list[str], typed: list[str], flags: Flags, resumes: Path | None
) -> int:
    from fmtool.training.workflow import Request, train

    sweep = os.environ.get(SWEEP_VARIABLE)
    request = Request(
        argv=argv,
        overrides=typed,
        plugins=flags.plugins,
        extra={"sweep": sweep} if sweep else {},
    )
    outcome = train(cfg, request, resumes=resumes)
    if flags.as_json:
        output.print_json(_document(cfg, outcome))
    elif outcome.report is not None:
        _print_summary(cfg, outcome, outcome.report)
    return outcome.result.exit_code


def _document(cfg: "TrainConfig", outcome: "Outcome") -> dict[str, Any]:
    """result.json, where the run lies, and what was to be expected of it."""
    document = outcome.result.to_json() | {"run_directory": str(outcome.run_directory)}
    if cfg.expected is None:
        return document
    from fmtool.evaluation.expectation import compare

    return document | {"expected": compare(cfg.expected, outcome.result).to_json()}


def _print_summary(cfg: "TrainConfig", outcome: "Outcome", report: Mapping[str, Any]) -> None:
    from fmtool.evaluation.expectation import compare
    from fmtool.evaluation.report import TrainingSummary, gate_table, training_summary

    result = outcome.result
    assert result.best is not None, "a finished training has a best epoch"
    summary = TrainingSummary(
        model_name=cfg.model.name,
        data_name=cfg.data.name,
        run_directory=outcome.run_directory,
        epochs=result.epochs,
        best_epoch=result.best.epoch,
        monitor=result.best.monitor,
        best=result.best.value,
        test=report,
        tta=cfg.tta,
        expectation=None if cfg.expected is None else compare(cfg.expected, result).line(),
        seconds=result.seconds,
        images_per_second=outcome.images_per_second,
        kind=outcome.kind,
    )
    gates = [gate_table(result.gates)] if result.gates else []
    output.print_tables(training_summary(summary), *gates)


def _dry_run(cfg: "TrainConfig", flags: Flags) -> int:
    from fmtool.training.dry_run import dry_run

    facts = dry_run(cfg, plugins=flags.plugins)
    if flags.as_json:
        output.print_json(facts)
    else:
        from fmtool.evaluation.report import facts_table

        output.print_tables(facts_table("dry run: nothing was written", facts))
    return 0
