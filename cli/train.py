"""`fmtool train`: composes, validates, then trains, sweeps, tries out or explains."""

import gc
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmtool.config import arguments
from fmtool.notices import note
from fmtool.runs.layout import (
    AUTO,
    JOB_VARIABLE,
    STUDY_VARIABLE,
    SWEEP_VARIABLE,
    VARIANT_VARIABLE,
)

from . import output, sweep_command
from .flags import Flags

if TYPE_CHECKING:
    from fmtool.jobs.parent import Parent
    from fmtool.schema import TrainConfig
    from fmtool.training.workflow import Outcome, Request


def help_text() -> str:
    from . import train_help

    return train_help.text()


def main(argv: list[str], flags: Flags) -> int:
    parent = _parent()
    parsed = arguments.parse(argv)

    from fmtool.config import compose
    from fmtool.config.folders import user_folders

    folders = user_folders(parsed.config_dirs)
    name = parsed.config_name or "train"
    if parsed.asks_for_information:
        from . import information

        return information.show(name, parsed, folders)

    if parsed.multirun:
        from . import multirun

        return multirun.run(name, parsed, folders, flags)
    sweep_command.require_none(parsed.overrides)
    raw, choices = compose.with_choices(name, parsed.overrides, folders=folders)
    resumes: Path | None = None
    origins: dict[str, str] = {}
    if raw["resume"] in (None, AUTO):
        raw, origins = _with_defaults(raw, parsed.overrides, folders)
    else:
        from . import resumed_config

        resumes, raw = resumed_config.compose(raw, parsed.overrides, folders)

    # Not before: an error of composition is answered without the time this import takes.
    from fmtool import registry, validate

    registry.load_plugins(flags.plugins)
    cfg = validate.train_config(raw)
    for name, origin in origins.items():
        note(f"{name} by {origin}")
    gc.enable()
    if cfg.dry_run:
        return _dry_run(cfg, flags, choices.get("data"))
    from fmtool.training.workflow import Request

    request = Request(
        argv=argv,
        overrides=parsed.typed,
        plugins=flags.plugins,
        data_option=choices.get("data"),
        extra=_parent_ids() | ({"defaults": origins} if origins else {}),
        parent=parent,
    )
    return _train(cfg, request, flags, resumes)


def _with_defaults(
    raw: dict[str, Any], overrides: list[str], folders: tuple[Path, ...]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The config with the defaults of the environment, and what is by whom, for the manifest."""
    from fmtool.config import user_defaults

    raw, backend = user_defaults.with_backend(raw, overrides)
    origins = {} if backend is None else {f"runtime.backend={backend}": user_defaults.VARIABLE}
    file = user_defaults.file(folders)
    return raw, origins | ({} if file is None else {"defaults": str(file)})


def _parent_ids() -> dict[str, Any]:
    """The sweep or study that started this process, for the manifest."""
    from fmtool.runs.identity import VARIANT

    variables = {"sweep": SWEEP_VARIABLE, "study": STUDY_VARIABLE, VARIANT: VARIANT_VARIABLE}
    told = {entry: os.environ.get(name) for entry, name in variables.items()}
    return {entry: value for entry, value in told.items() if value}


def _parent() -> "Parent | None":
    if JOB_VARIABLE not in os.environ:
        return None
    from fmtool.jobs.parent import Parent

    return Parent.of_environment()


def _train(cfg: "TrainConfig", request: "Request", flags: Flags, resumes: Path | None) -> int:
    from fmtool.training.workflow import train

    outcome = train(cfg, request, resumes=resumes)
    if flags.as_json:
        output.print_json(_document(cfg, outcome))
    elif outcome.summary is not None:
        _print_summary(cfg, outcome, outcome.summary, flags)
    return outcome.result.exit_code


def _document(cfg: "TrainConfig", outcome: "Outcome") -> dict[str, Any]:
    """result.json, where the run lies, and what was to be expected of it."""
    document = outcome.result.to_json() | {"run_directory": str(outcome.run_directory)}
    if cfg.expected is None:
        return document
    from fmtool.evaluation.expectation import compare

    return document | {"expected": compare(cfg.expected, outcome.result).to_json()}


def _print_summary(
    cfg: "TrainConfig",
    outcome: "Outcome",
    summary_of_test: Mapping[str, float | None],
    flags: Flags,
) -> None:
    from fmtool.evaluation.expectation import compare
    from fmtool.evaluation.report import TrainingSummary, gate_table, training_summary

    result = outcome.result
    assert result.best is not None, "a finished training has a best epoch"
    summary = TrainingSummary(
        model_name=cfg.model.name,
        data_name=outcome.data_label,
        run_directory=outcome.run_directory,
        epochs=result.epochs,
        best_epoch=result.best.epoch,
        monitor=result.best.monitor,
        best=result.best.value,
        test=summary_of_test,
        answers=outcome.answers,
        tta=cfg.tta,
        expectation=None if cfg.expected is None else compare(cfg.expected, result).line(),
        seconds=result.seconds,
        samples_per_second=outcome.samples_per_second,
        kind=outcome.kind,
        model=result.model,
        remarks=outcome.remarks,
        more_epochs=outcome.more_epochs,
        plugins=flags.plugins,
    )
    gates = [gate_table(result.gates)] if result.gates else []
    output.print_tables(training_summary(summary), *gates)


def _dry_run(cfg: "TrainConfig", flags: Flags, data_option: str | None) -> int:
    from fmtool.training.dry_run import dry_run

    facts = dry_run(cfg, plugins=flags.plugins, data_option=data_option)
    if flags.as_json:
        output.print_json(facts)
    else:
        from fmtool.evaluation.report import facts_table

        output.print_tables(facts_table("dry run: nothing was written", facts))
    return 0
