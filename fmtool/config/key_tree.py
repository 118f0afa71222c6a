"""Groups, options and keys as the YAML files have them, for hints at a keyboard: without Hydra.

Composing takes ten times as long as reading the few files in question. What only Hydra can resolve
is left out.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fmtool.conf
from fmtool.safety import yaml_text

Tree = dict[str, Any]
"""Keys, those of mappings with a tree of their own."""

_HERE = re.compile(r"/(?P<group>[\w/]+)/(?P<name>\w+)@_here_")
_OVERRIDE = re.compile(r"override\s+/?(?P<group>[\w/]+)")
_DEEPEST = 8


@dataclass(frozen=True)
class KeyTree:
    """The YAML files of fmtool and of a user's folders."""

    folders: tuple[Path, ...] = ()

    def groups(self, primary: str) -> dict[str, str]:
        """The groups of a primary config and their defaults, those of the configs below it too."""
        found: dict[str, str] = {}
        for entry in self._defaults(self._file(primary)):
            if isinstance(entry, str) and entry != "_self_":
                found |= self.groups(entry)
            elif isinstance(entry, dict):
                pairs = {str(key): str(value) for key, value in entry.items()}
                found |= {
                    key: value for key, value in pairs.items() if re.fullmatch(r"[\w/]+", key)
                }
        return found

    def options(self, group: str) -> list[str]:
        return sorted(
            {path.stem for root in self._roots() for path in (root / group).glob("*.yaml")}
        )

    def keys(self, primary: str, choices: Mapping[str, Iterable[str]]) -> Tree:
        """The keys of a primary config with its groups; of several options those of each.

        Args:
            choices: the options that were named, by group; those of the primary config otherwise.
        """
        found = self._own_keys(self._file(primary))
        named = dict(choices)
        for experiment in named.pop("experiment", ()):
            file = self._file(f"experiment/{experiment}")
            named = {**dict(_overridden(self._defaults(file))), **named}
        for group, default in self.groups(primary).items():
            for option in named.get(group, (default,)):
                keys = self.option_keys(group, option)
                for part in reversed(group.split("/") if keys else ()):
                    keys = {part: keys}
                _merge(found, keys)
        return found

    def option_keys(self, group: str, option: str, depth: int = 0) -> Tree:
        """The keys of an option, with those of what its file includes."""
        return self._included(group, self._file(f"{group}/{option}"), depth)

    def _included(self, group: str, values: Tree, depth: int) -> Tree:
        found: Tree = {}
        for entry in self._defaults(values) if depth < _DEEPEST else ():
            if not isinstance(entry, str) or entry == "_self_":
                continue
            shared = _HERE.fullmatch(entry)
            place, name = (shared["group"], shared["name"]) if shared else (group, entry)
            _merge(found, self.option_keys(place, name, depth + 1))
        return _merge(found, _without_defaults(values))

    def _own_keys(self, values: Tree) -> Tree:
        found: Tree = {}
        for entry in self._defaults(values):
            if isinstance(entry, str) and entry != "_self_":
                _merge(found, self._own_keys(self._file(entry)))
        return _merge(found, _without_defaults(values))

    def _defaults(self, values: Tree) -> list[Any]:
        entries = values.get("defaults")
        return entries if isinstance(entries, list) else []

    def _file(self, name: str) -> Tree:
        """The content of the first file of that name; empty where it cannot be read."""
        paths = (root / f"{name}.yaml" for root in self._roots())
        path = next((each for each in paths if each.is_file()), None)
        return {} if path is None else read(path)

    def _roots(self) -> list[Path]:
        return [*map(Path, fmtool.conf.__path__), *self.folders]


def read(path: Path) -> Tree:
    """A mapping of a YAML file; empty where there is none or it is not fit to be read."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(yaml_text.MAX_CHARACTERS + 1)
        yaml_text.check(text, loader=loader)
        values = yaml.load(text, Loader=loader)  # noqa: S506 - both loaders are the safe ones
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return {}
    return values if isinstance(values, dict) else {}


def _without_defaults(values: Tree) -> Tree:
    return {str(key): value for key, value in values.items() if key != "defaults"}


def _merge(into: Tree, other: Tree) -> Tree:
    for key, value in other.items():
        there = into.get(key)
        if isinstance(there, dict) and isinstance(value, dict):
            _merge(there, value)
        else:
            into[key] = dict(value) if isinstance(value, dict) else value
    return into


def _overridden(defaults: list[Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The options that an experiment chooses, by group."""
    for entry in defaults:
        for key, value in entry.items() if isinstance(entry, dict) else ():
            if found := _OVERRIDE.fullmatch(str(key)):
                yield found["group"], (str(value),)
