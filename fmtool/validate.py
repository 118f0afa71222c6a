"""A composed dictionary in, one typed config out, or one line that says which key is wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fmtool import options, registry
from fmtool.config.base import NamedConfig
from fmtool.config.validated import ConfigT, shown, validated
from fmtool.errors import DataError, UsageError
from fmtool.matching import (
    declared_image,
    declared_kind,
    declared_target,
    require_fit,
    require_learned,
    require_matching,
    require_representation,
)
from fmtool.metric import by_name, of_rows
from fmtool.runs.upgrade import EARLIER_TASK
from fmtool.schema import (
    EvaluateConfig,
    ExportConfig,
    GateConfig,
    PredictConfig,
    SavedRunConfig,
    TrainConfig,
)
from fmtool.suggest import did_you_mean
from fmtool.tasks.base import TaskConfig

_NO_OPTION = ": no option is chosen"


def train_config(raw: dict[str, Any]) -> TrainConfig:
    """Raises UsageError naming the key, its value and what is accepted."""
    values = dict(raw)
    values.pop("experiment", None)
    for group in registry.KINDS:
        values[group] = option(group, values.get(group))
    values["callbacks"] = _with_own_callbacks(values.get("callbacks"))
    cfg = validated(TrainConfig, values, prefix="")
    kind = declared_kind(cfg.data.name)
    if kind is not None:
        require_matching(cfg, kind)
    require_representation(cfg, kind)
    target = declared_target(cfg.data)
    if target is not None:
        require_learned(cfg, target)
    image = declared_image(cfg.data.name)
    if image is not None:
        require_fit(cfg.model, image)
    _check_monitor(cfg)
    check_gate(cfg.gate, cfg.task)
    if not cfg.report.test and (cfg.gate.min or cfg.gate.max):
        raise UsageError(
            "gate: with report.test=false there is no report to judge",
            fix="leave out report.test=false, or the gates",
        )
    if cfg.expected is not None:
        _check_reported(cfg.expected.metric, cfg.task, f"expected.metric={cfg.expected.metric}")
    return cfg


def evaluate_config(raw: dict[str, Any]) -> EvaluateConfig:
    """Raises UsageError naming the key, its value and what is accepted.

    Which metrics a gate may name depends on the run: see `check_gate`.
    """
    _require_run(raw)
    return validated(EvaluateConfig, raw, prefix="")


def export_config(raw: dict[str, Any]) -> ExportConfig:
    """Raises UsageError naming the key, its value and what is accepted."""
    _require_run(raw)
    return validated(ExportConfig, raw, prefix="")


def predict_config(raw: dict[str, Any]) -> PredictConfig:
    """Raises UsageError naming the key, its value and what is accepted."""
    named = [key for key in ("run", "model_file", "bundle") if raw.get(key) is not None]
    given = " and ".join(key.removesuffix("_file") for key in named)
    if len(named) != 1:
        raise UsageError(
            f"{given}: one model at a time" if named else "no model named",
            fix="write run=last, model=FILE or bundle=FILE",
        )
    if raw.get("input") is None:
        raise UsageError(
            "input: nothing named", fix="write input=FILE, a folder, a 'PATTERN', or - for stdin"
        )
    if raw.get("format") is not None and raw.get("bundle") is None:
        raise UsageError(
            f"format={raw['format']} is of a bundle, but {given}= is given",
            fix="leave it out, or write output_format= for that of the output",
        )
    return validated(PredictConfig, raw, prefix="")


def _require_run(raw: dict[str, Any]) -> None:
    if raw.get("run") in (None, "???"):
        raise UsageError("run: no run named", fix="write run=last, or run=PREFIX of `fmtool runs`")


def saved_run_config(raw: dict[str, Any]) -> SavedRunConfig:
    """Raises UsageError naming the key; keys that do not matter to an evaluation are not read."""
    # Runs that are older than test-time augmentation were reported without.
    values = {"tta": "none", "task": EARLIER_TASK, **raw}
    for group in ("task", "data"):
        values[group] = option(group, values.get(group))
    return validated(SavedRunConfig, values, prefix="")


def of_file(
    validate: Callable[[dict[str, Any]], ConfigT], raw: dict[str, Any], path: Path
) -> ConfigT:
    """`validate(raw)` of what a run has in `path`.

    Raises DataError, with the path, for keys that are missing or have wrong values, as in a file
    that was cut off; UsageError for an option that is not known here, as one of a plugin.
    """
    try:
        return validate(raw)
    except UsageError as error:
        if isinstance(error.__cause__, ValidationError) or error.message.endswith(_NO_OPTION):
            raise DataError(
                f"{path}: {error.message}", fix="restore the file, or train again"
            ) from error
        raise


def _with_own_callbacks(values: Any) -> Any:
    """`callbacks` with its `own` entries typed; what has no such entries is left to the schema."""
    if not isinstance(values, dict) or not isinstance(values.get("own"), list):
        return values
    own: dict[str, NamedConfig] = {}
    for number, entry in enumerate(values["own"]):
        keys = {"name": entry} if isinstance(entry, str) else entry
        if not isinstance(keys, dict) or not isinstance(keys.get("name"), str):
            raise UsageError(
                f"callbacks.own.{number}={shown(entry)} is not accepted",
                fix="give NAME, or {name: NAME, key: value}",
            )
        if keys["name"] in own:
            raise UsageError(
                f"callbacks.own: '{keys['name']}' is there twice", fix="name each callback once"
            )
        config_class = registry.module("callback", keys["name"]).Config
        own[keys["name"]] = validated(config_class, keys, prefix=f"callbacks.own.{number}.")
    return {**values, "own": list(own.values())}


def option(group: str, values: Any) -> NamedConfig:
    """The typed config of one option of a group, by the `name` in it."""
    if not isinstance(values, dict) or not isinstance(values.get("name"), str):
        known = ", ".join(registry.names(group))
        raise UsageError(f"{group}{_NO_OPTION}", fix=f"write {group}=NAME, one of {known}")
    config_class = registry.module(group, values["name"]).Config
    config: NamedConfig = validated(config_class, values, prefix=f"{group}.")
    return config


def keys_of(schema: type[ConfigT], values: Any, *, prefix: str) -> ConfigT:
    """The typed config of what only one command knows, whose keys begin with `prefix`."""
    return validated(schema, values, prefix=prefix)


def check_gate(gate: GateConfig, task: TaskConfig) -> None:
    """Raises UsageError for a metric that the final report of a task does not have."""
    for bound, thresholds in (("min", gate.min), ("max", gate.max)):
        for metric in thresholds:
            _check_reported(metric, task, f"gate.{bound}.{metric}")


def _check_reported(metric: str, task: TaskConfig, key: str) -> None:
    known = by_name(options.task(task.name).report_metrics(task))
    if metric not in known:
        raise UsageError(
            f"{key}: the report has no metric '{metric}'", fix=did_you_mean(metric, known)
        )


def _check_monitor(cfg: TrainConfig) -> None:
    known = ["auto", *of_rows(options.task(cfg.task.name).training_metrics(cfg.task))]
    if cfg.monitor not in known:
        raise UsageError(
            f"monitor={cfg.monitor}: training has no metric '{cfg.monitor}'",
            fix=did_you_mean(cfg.monitor, known),
        )
    if cfg.monitor.startswith("val_") and cfg.data.validation_fraction == 0:
        raise UsageError(
            f"monitor={cfg.monitor} needs a validation split, but data.validation_fraction=0",
            fix="raise data.validation_fraction or monitor a metric of training, such as loss",
        )
