"""The best point of a study as an experiment: `fmtool train experiment=NAME` trains it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fmtool.config import compose, sweep
from fmtool.errors import UsageError
from fmtool.runs.atomic import reporting, write_text
from fmtool.tuning.definition import TRIAL_KEYS, Definition


def training_words(definition: Definition, trial: Mapping[str, Any]) -> list[str]:
    """The words behind `fmtool train` for a trial's point, without what made it a trial."""
    typed = [
        each for each in definition.fixed if each.lstrip("+").partition("=")[0] not in TRIAL_KEYS
    ]
    return [*typed, *trial["overrides"]]


def write(path: Path, definition: Definition, trial: Mapping[str, Any]) -> Path:
    """Writes the file and gives its path; UsageError for a name that no option can have."""
    if path.suffix != ".yaml" or path.parent.name != "experiment":
        raise UsageError(
            f"output={path}: an experiment is experiment/NAME.yaml in a folder of YAML files",
            fix="write output=fmtool_conf/experiment/NAME.yaml",
        )
    with reporting(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, _text(definition, trial))
    return path


def _text(definition: Definition, trial: Mapping[str, Any]) -> str:
    scores = ", ".join(
        f"{objective.metric} {value:.4f}"
        for objective, value in zip(definition.objectives, trial["values"], strict=True)
    )
    choices: list[str] = []
    keys: dict[str, Any] = {}
    for word in training_words(definition, trial):
        key, _, text = word.lstrip("+").partition("=")
        if key in compose.groups():
            choices.append(f"  - override /{key}: {text}")
        else:
            _put(keys, key, sweep.value(f"{key}={text}"))
    head = [
        "# @package _global_",
        f"# The best of study {definition.name}, trial {trial['trial']}: {scores}.",
    ]
    return "\n".join([*head, "defaults:", *choices, "  - _self_", "", compose.dump(keys)])


def _put(keys: dict[str, Any], key: str, value: Any) -> None:
    *path, last = key.split(".")
    for part in path:
        keys = keys.setdefault(part, {})
    keys[last] = value
