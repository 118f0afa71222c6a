"""Bounds what the references in a config (`${key}`) stand for: they can multiply as aliases do."""

import re
from contextlib import suppress
from typing import Any

from fmtool.safety.yaml_text import MAX_NODES, Unfit

_REFERENCE = re.compile(r"\$\{\s*(\.*)([^}:]*)\}")
_PART = re.compile(r"[^.\[\]]+")
_CHARACTERS_OF_A_NODE = 100
"""Long text counts as several nodes."""

_Path = tuple[Any, ...]


def check(config: dict[Any, Any]) -> None:
    """Raises Unfit for a config that is too large once its references are resolved."""
    try:
        _Expansion(config).nodes(())
    except RecursionError as error:
        raise Unfit("config too large: its references form too long a chain") from error


def has_any(node: Any) -> bool:
    """True where a text in plain data holds what may be a reference."""
    if isinstance(node, dict):
        return any(map(has_any, node.values()))
    if isinstance(node, list):
        return any(map(has_any, node))
    return isinstance(node, str) and "${" in node


class _Expansion:
    """Counts each node once and remembers it, so that the count takes no longer than the config.

    Args:
        config: plain data, references unresolved.
    """

    def __init__(self, config: dict[Any, Any]) -> None:
        self._config = config
        self._known: dict[_Path, int | None] = {}

    def nodes(self, path: _Path) -> int:
        """For how many nodes the one at `path` stands."""
        if path not in self._known:
            self._known[path] = None
            self._known[path] = self._count(path)
        known = self._known[path]
        where = ".".join(map(str, path))
        if known is None:
            raise Unfit(f"'{where}' refers to itself")
        if known > MAX_NODES:
            raise Unfit(f"config too large: '{where}' stands for more than {MAX_NODES:,} values")
        return known

    def _count(self, path: _Path) -> int:
        value: Any = self._config
        for key in path:
            value = _child(value, key)
        if isinstance(value, dict | list):
            keys = value if isinstance(value, dict) else range(len(value))
            return 1 + sum(self.nodes((*path, key)) for key in keys)
        text = str(value)
        named = (self.nodes(_target(found, path)) for found in _REFERENCE.finditer(text))
        return 1 + len(text) // _CHARACTERS_OF_A_NODE + sum(named)


def _child(value: Any, key: Any) -> Any:
    """A reference spells each key as text, where the config may have a number."""
    spellings = [key, int(key)] if isinstance(key, str) and key.isdecimal() else [key]
    for spelling in spellings:
        with suppress(LookupError, TypeError):
            return value[spelling]
    return None


def _target(reference: re.Match[str], path: _Path) -> _Path:
    """The path that a reference at `path` names; leading dots count upwards from there."""
    dots, name = reference.groups()
    return (*(path[: -len(dots)] if dots else ()), *_PART.findall(name))
