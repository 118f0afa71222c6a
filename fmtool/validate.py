"""A composed dictionary in, one typed config out, or one line that says which key is wrong."""

import re
from collections.abc import Callable
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from fmtool import options, registry
from fmtool.config.base import NamedConfig
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
ConfigT = TypeVar("ConfigT", bound=BaseModel)


def train_config(raw: dict[str, Any]) -> TrainConfig:
    """Raises UsageError naming the key, its value and what is accepted."""
    values = dict(raw)
    values.pop("experiment", None)
    for group in registry.KINDS:
        values[group] = option(group, values.get(group))
    values["callbacks"] = _with_own_callbacks(values.get("callbacks"))
    cfg = _validated(TrainConfig, values, prefix="")
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
    return _validated(EvaluateConfig, raw, prefix="")


def export_config(raw: dict[str, Any]) -> ExportConfig:
    """Raises UsageError naming the key, its value and what is accepted."""
    _require_run(raw)
    return _validated(ExportConfig, raw, prefix="")


def predict_config(raw: dict[str, Any]) -> PredictConfig:
    """Raises UsageError naming the key, its value and what is accepted."""
    named = [key for key in ("run", "model_file", "bundle") if raw.get(key) is not None]
    shown = " and ".join(key.removesuffix("_file") for key in named)
    if len(named) != 1:
        raise UsageError(
            f"{shown}: one model at a time" if named else "no model named",
            fix="write run=last, model=FILE or bundle=FILE",
        )
    if raw.get("input") is None:
        raise UsageError(
            "input: nothing named", fix="write input=FILE, a folder, a 'PATTERN', or - for stdin"
        )
    if raw.get("format") is not None and raw.get("bundle") is None:
        raise UsageError(
            f"format={raw['format']} is of a bundle, but {shown}= is given",
            fix="leave it out, or write output_format= for that of the output",
        )
    return _validated(PredictConfig, raw, prefix="")


def _require_run(raw: dict[str, Any]) -> None:
    if raw.get("run") in (None, "???"):
        raise UsageError("run: no run named", fix="write run=last, or run=PREFIX of `fmtool runs`")


def saved_run_config(raw: dict[str, Any]) -> SavedRunConfig:
    """Raises UsageError naming the key; keys that do not matter to an evaluation are not read."""
    # Runs that are older than test-time augmentation were reported without.
    values = {"tta": "none", "task": EARLIER_TASK, **raw}
    for group in ("task", "data"):
        values[group] = option(group, values.get(group))
    return _validated(SavedRunConfig, values, prefix="")


def of_file(
    validated: Callable[[dict[str, Any]], ConfigT], raw: dict[str, Any], path: Path
) -> ConfigT:
    """`validated(raw)` of what a run has in `path`.

    Raises DataError, with the path, for keys that are missing or have wrong values, as in a file
    that was cut off; UsageError for an option that is not known here, as one of a plugin.
    """
    try:
        return validated(raw)
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
                f"callbacks.own.{number}={_shown(entry)} is not accepted",
                fix="give NAME, or {name: NAME, key: value}",
            )
        if keys["name"] in own:
            raise UsageError(
                f"callbacks.own: '{keys['name']}' is there twice", fix="name each callback once"
            )
        config_class = registry.module("callback", keys["name"]).Config
        own[keys["name"]] = _validated(config_class, keys, prefix=f"callbacks.own.{number}.")
    return {**values, "own": list(own.values())}


def option(group: str, values: Any) -> NamedConfig:
    """The typed config of one option of a group, by the `name` in it."""
    if not isinstance(values, dict) or not isinstance(values.get("name"), str):
        known = ", ".join(registry.names(group))
        raise UsageError(f"{group}{_NO_OPTION}", fix=f"write {group}=NAME, one of {known}")
    config_class = registry.module(group, values["name"]).Config
    config: NamedConfig = _validated(config_class, values, prefix=f"{group}.")
    return config


def keys_of(schema: type[ConfigT], values: Any, *, prefix: str) -> ConfigT:
    """The typed config of what only one command knows, whose keys begin with `prefix`."""
    return _validated(schema, values, prefix=prefix)


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


def _validated(schema: type[ConfigT], values: Any, *, prefix: str) -> ConfigT:
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        raise _one_line(error, schema, prefix) from error


def _one_line(error: ValidationError, schema: type[BaseModel], prefix: str) -> UsageError:
    by_key: dict[tuple[str, ...], list[ErrorDetails]] = {}
    for each in error.errors(include_url=False):
        by_key.setdefault(_location(schema, each["loc"]), []).append(each)
    # A mistyped key hides the one it stands for: the unknown key is the cause, report it first.
    location, details = min(
        by_key.items(), key=lambda item: item[1][0]["type"] != "extra_forbidden"
    )
    key = prefix + ".".join(location)
    more = f" (and {len(by_key) - 1} more keys)" if len(by_key) > 1 else ""
    kind = details[0]["type"]
    if kind == "extra_forbidden":
        known = _fields_at(schema, location[:-1])
        parent = "".join(f"{part}." for part in location[:-1])
        hint = did_you_mean(location[-1], known).replace("mean '", f"mean '{prefix}{parent}")
        return UsageError(f"unknown key '{key}'{more}", fix=hint)
    if kind == "missing":
        return UsageError(f"{key} is missing{more}", fix=f"write {key}=VALUE")
    if kind == "value_error":  # keys that do not go together, found by a validator of ours
        reason, _, fix = _expectation(details[0]).partition("; ")
        return UsageError(f"{(key or prefix).rstrip('.')}: {reason}{more}", fix=fix)
    expected = " or ".join(dict.fromkeys(_expectation(each) for each in details))
    return UsageError(
        f"{key}={_shown(details[0]['input'])} is not accepted{more}",
        fix=_closest_choice(details) or f"give {expected}",
    )


def _location(schema: type[BaseModel], loc: tuple[int | str, ...]) -> tuple[str, ...]:
    """`loc` without the names pydantic adds for the branches of a union."""
    parts: list[str] = []
    for part in loc:
        fields = _fields_at(schema, tuple(parts))
        if isinstance(part, int) or not parts or fields or _is_mapping(schema, parts):
            parts.append(str(part))
    return tuple(parts)


def _is_mapping(schema: type[BaseModel], parts: list[str]) -> bool:
    return bool(_annotation_at(schema, tuple(parts)) == dict[str, float])


def _fields_at(schema: type[BaseModel], location: tuple[str, ...]) -> list[str]:
    annotation = _annotation_at(schema, location)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return list(annotation.model_fields)
    return []


def _annotation_at(schema: type[BaseModel], location: tuple[str, ...]) -> Any:
    annotation: Any = schema
    for part in location:
        fields = getattr(annotation, "model_fields", {})
        annotation = _without_none(fields[part].annotation) if part in fields else None
    return annotation


def _without_none(annotation: Any) -> Any:
    """`X` for `X | None`; anything else as it is."""
    choices = get_args(annotation)
    others = [each for each in choices if each is not NoneType]
    return others[0] if len(others) == 1 < len(choices) else annotation


def _expectation(error: ErrorDetails) -> str:
    if error["type"] == "literal_error":
        return str(error["ctx"]["expected"])
    message = error["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if error["type"] == "string_type" and isinstance(error["input"], bool | int | float):
        return "a string: in a YAML file in quotes"
    message = message.replace("a valid integer", "an integer").replace("a valid ", "a ")
    return f"a value {message}" if message.startswith(("greater", "less")) else message


def _closest_choice(details: list[ErrorDetails]) -> str:
    for error in details:
        if error["type"] == "literal_error" and isinstance(error["input"], str):
            choices = [part.strip(" '") for part in re.split(r",| or ", error["ctx"]["expected"])]
            hint = did_you_mean(error["input"], choices)
            return hint if hint.startswith("did you mean") else ""
    return ""


def _shown(value: Any) -> str:
    text = "null" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
