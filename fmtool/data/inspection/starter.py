"""Writes the YAML file and the command lines that a training of a data set can begin with."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

from fmtool import registry
from fmtool.data.inspection.findings import Findings


def name_of(path: Path) -> str:
    """A name for the option of the user's own, which hides none of fmtool's."""
    place = Path(path.absolute())
    name = re.sub(r"[^a-z0-9]+", "_", place.stem.lower()).strip("_") or "data"
    taken = name in registry.names("data") or not name[0].isalpha()
    return f"my_{name}" if taken else name


def yaml_of(findings: Findings) -> str:
    """The text for fmtool_conf/data/NAME.yaml."""
    settings = {key: _value(each.value) for key, each in findings.keys.items()}
    width = max(len(f"{key}: {value}") for key, value in settings.items())
    lines = ["defaults:", f"  - {findings.option}", "  - _self_", ""]
    for key, value in settings.items():
        comment = findings.keys[key].comment
        setting = f"{key}: {value}"
        lines.append(f"{setting:<{width}}  # {comment}" if comment else setting)
    return "\n".join([*lines, ""])


def commands_of(findings: Findings, task: str | None) -> list[str]:
    """The command lines that train and evaluate without that file.

    Args:
        task: None for the one that need not be named.
    """
    words = [f"data.{key}={_word(each.value)}" for key, each in findings.keys.items()]
    train = _train(findings, findings.option, task)
    return [shlex.join([*train, *words]), "fmtool evaluate run=last"]


def command_with_file(findings: Findings, name: str, task: str | None) -> str:
    return shlex.join(_train(findings, name, task))


def _train(findings: Findings, data: str, task: str | None) -> list[str]:
    words = [f"model={findings.model}", f"data={data}"]
    return ["fmtool", "train", *words, *([] if task is None else [f"task={task}"])]


def _value(value: Any) -> str:
    """In JSON, which is YAML too."""
    return json.dumps(value, ensure_ascii=False)


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
