"""Writes the YAML file and the command lines that a training of a data set can begin with."""

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
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
    width = max((len(f"{key}: {value}") for key, value in settings.items()), default=0)
    lines = ["defaults:", f"  - {findings.option}", "  - _self_", ""]
    for key, value in settings.items():
        comment = findings.keys[key].comment
        setting = f"{key}: {value}"
        lines.append(f"{setting:<{width}}  # {comment}" if comment else setting)
    return "\n".join([*lines, ""])


@dataclass(frozen=True)
class Beginning:
    """A training to begin with.

    Args:
        model: one that reads the samples.
        task: None for the one that need not be named.
        flags: of fmtool, such as `--plugin` and its value.
    """

    findings: Findings
    model: str
    task: str | None
    flags: Sequence[str] = ()

    def commands(self) -> list[str]:
        """The command lines that train and evaluate without a YAML file."""
        keys = self.findings.keys.items()
        words = [f"data.{key}={_word(each.value)}" for key, each in keys]
        train = shlex.join([*self._train(self.findings.option), *words])
        return [train, shlex.join(["fmtool", "evaluate", *self.flags, "run=last"])]

    def with_file(self, name: str) -> str:
        """The command line that trains with the YAML file `name`."""
        return shlex.join(self._train(name))

    def _train(self, data: str) -> list[str]:
        words = [f"model={self.model}", f"data={data}"]
        task = [] if self.task is None else [f"task={self.task}"]
        return ["fmtool", "train", *self.flags, *words, *task]


def _value(value: Any) -> str:
    """In JSON, which is YAML too."""
    return json.dumps(value, ensure_ascii=False)


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
