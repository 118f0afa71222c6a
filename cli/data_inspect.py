"""`fmtool data inspect`: looks at data of a user's own and says how to begin."""

import gc
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from fmtool.errors import DataError, UsageError, to_json
from fmtool.safety.addresses import require_path
from fmtool.suggest import did_you_mean

from . import data_report, output
from .data_config import composed, validated
from .flags import Flags

if TYPE_CHECKING:
    from fmtool.data.inspection.workflow import InspectDefaults
    from fmtool.elements import Element

Result = dict[str, Any]
_KEYS = ("path", "output", "data")


class _Words(NamedTuple):
    """A command line taken apart.

    Args:
        option: the `data=` that was typed.
        keys: of `data=`, by name.
    """

    path: str | None
    output: str | None
    option: str | None
    keys: dict[str, str]


def main(arguments: Sequence[str], flags: Flags, folders: tuple[Path, ...] = ()) -> int:
    """Prints all there is to say on stdout; DataError if the data cannot be used at all."""
    from fmtool.data.inspection.asked import Asked
    from fmtool.data.inspection.workflow import inspect
    from fmtool.data.reading.local import existing

    words = _words(arguments)
    gc.enable()

    training: dict[str, Any] = {}

    def configure(option: str, values: Mapping[str, Any]) -> Any:
        training.update(composed(option, words.keys, folders))
        return validated(training, words.keys, values)

    result = inspect(
        existing(words.path) if words.path is not None else Path(words.option or ""),
        sheet=None if words.output is None else Path(words.output),
        settings=_settings(training, flags),
        asked=Asked(configure, words.option, words.keys),
    )
    if result["usable"]:
        if flags.as_json:
            output.print_json(result)
        else:
            data_report.show(result)
        return 0
    error = _unusable(result)
    error.result = result | {
        "status": "failed",
        "exit_code": int(error.exit_code),
        "error": {**to_json(error), "message": str(error)},
    }
    if not flags.as_json:
        data_report.show(result)
    raise error


def _words(arguments: Sequence[str]) -> _Words:
    """UsageError for a word that is none of ours, nor a key of the data."""
    own: dict[str, str] = {}
    keys: dict[str, str] = {}
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if not equals:
            raise UsageError(f"data inspect: unexpected '{key}'", fix=f"write path={key}")
        if not value:
            raise UsageError(f"data inspect: {key} is empty", fix=f"write {key}=PATH")
        name = key.removeprefix("data.")
        if name in ("path", "output"):
            require_path(key, value)
        (own if name in _KEYS else keys)[name] = value
    option = own.get("data")
    _require_known(keys, option)
    if "path" not in own and (option is None or _has_key(option, "path")):
        raise UsageError("data inspect: no path", fix="write path=FOLDER or path=FILE")
    path, sheet = (
        str(Path(own[key]).expanduser()) if key in own else None for key in ("path", "output")
    )
    return _Words(path, sheet, option, keys)


def _require_known(keys: Mapping[str, str], option: str | None) -> None:
    from fmtool import registry
    from fmtool.data.fetching import catalog

    names = registry.names("data")
    if option is not None and option not in names:
        raise UsageError(f"data={option}: no such data set", fix=did_you_mean(option, names))
    options = catalog.local_names() if option is None else [option]
    known = {key for each in options for key in _keys_of(each)}
    for key in keys:
        if key not in known:
            fix = did_you_mean(key, [*_KEYS, *sorted(known)])
            raise UsageError(f"data inspect: no key '{key}'", fix=fix)


def _keys_of(option: str) -> list[str]:
    from fmtool import options

    return [key for key in options.data(option).Config.model_fields if key != "name"]


def _has_key(option: str, key: str) -> bool:
    return key in _keys_of(option)


def _settings(training: Mapping[str, Any], flags: Flags) -> "InspectDefaults":
    """The defaults of a training on the data.

    Args:
        training: its config, once the data are configured.
    """
    from fmtool.data.inspection.workflow import InspectDefaults
    from fmtool.matching import tasks_that_learn

    return InspectDefaults(
        test_fraction=lambda: float(training["data"].get("test_fraction", 0)),
        task=lambda: str(training["task"]["name"]),
        tasks=tasks_that_learn,
        fits=partial(_fits, training),
        flags=[word for plugin in flags.plugins for word in ("--plugin", plugin)],
    )


def _fits(training: Mapping[str, Any], model: str, element: "Element") -> bool:
    """True where a model with its default keys takes the samples."""
    from fmtool import matching, validate
    from fmtool.config.compose import compose

    is_default = training["model"]["name"] == model
    values = training if is_default else compose("train", [f"model={model}"])
    cfg: Any = validate.option("model", values["model"])
    try:
        matching.require_fit(cfg, element)
    except UsageError:
        return False
    return True


def _unusable(result: Result) -> DataError:
    stopping = [each for each in result["problems"] if each["stops_training"]]
    more = len(stopping) - 1
    others = f" (and {more} other problem{'s' * (more > 1)})" if more > 0 else ""
    if not stopping:
        if result["target"]["kind"] == "numbers":
            what, fix = "fewer than 2 different numbers", "add samples with other numbers"
        else:
            what, fix = "fewer than 2 classes", "add another class"
        return DataError(f"{result['path']}: {what}", fix=fix)
    return DataError(f"{stopping[0]['message']}{others}", fix=stopping[0]["fix"])
