"""Typed configs of dictionaries, and in one line what pydantic finds wrong with a dictionary."""

import re
from types import NoneType
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from fmtool.errors import UsageError
from fmtool.notices import counted
from fmtool.suggest import did_you_mean

ConfigT = TypeVar("ConfigT", bound=BaseModel)


def validated(schema: type[ConfigT], values: Any, *, prefix: str) -> ConfigT:
    """The typed config; UsageError that names the first key at fault, as `prefix` and its path."""
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
    more = f" (and {counted(len(by_key) - 1, 'more key')})" if len(by_key) > 1 else ""
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
        f"{key}={shown(details[0]['input'])} is not accepted{more}",
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


def shown(value: Any) -> str:
    """A value of a key in a message, cut where it is long."""
    text = "null" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
