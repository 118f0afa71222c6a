"""Bounds what a YAML text may ask of its reader, and keeps the spelling of names in it.

A few hundred bytes of aliases can stand for millions of nodes, which OmegaConf copies one by one.
The text is read as events here, so that an alias is counted for what it stands for and nothing is
built or recursed into.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

MAX_CHARACTERS = 1_000_000
MAX_NODES = 10_000
DEEPEST = 50
_OCTAL = re.compile(r"[-+]?0[0-7_]*[0-7][0-7_]*")
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")
_MERGE_KEY = "<<"


class Unfit(ValueError):
    """The reason why a text is unfit to be a config, as half a sentence that names the line."""


@dataclass
class _Collection:
    """A mapping or sequence that is still open."""

    is_mapping: bool
    anchor: str | None
    nodes: int = 1
    children: int = 0
    keys: set[str] = field(default_factory=set)

    @property
    def expects_key(self) -> bool:
        return self.is_mapping and self.children % 2 == 0


def check(text: str, *, loader: Any) -> None:
    """Raises Unfit for a text that is not YAML, too large, nested too deeply or ambiguous.

    Args:
        loader: the PyYAML loader that will read it; the one in C takes another dialect.
    """

    import yaml

    if len(text) > MAX_CHARACTERS:
        raise Unfit(f"config too large: more than {MAX_CHARACTERS:,} characters")
    try:
        _count(text, loader)
    except yaml.MarkedYAMLError as error:
        raise Unfit(_explain(error, text)) from error
    except yaml.YAMLError as error:
        raise Unfit(f"{getattr(error, 'reason', 'not valid YAML')}") from error


def with_keys_as_written(text: str, *, loader: Any) -> str:
    """A checked text with its keys in quotes, so that 01, no, 1e3 or null name what they spell.

    YAML takes a key without quotes for a number, a truth value or a date where it can, and 01 for
    the number 1.
    """
    parts, end = [], 0
    for key in _plain_keys(text, loader):
        first, last = key.start_mark.index, key.end_mark.index
        quoted = key.value.replace("'", "''")
        parts += [text[end:first], f"'{quoted}'"]
        end = last
    return "".join([*parts, text[end:]])


def _plain_keys(text: str, loader: Any) -> Iterator[Any]:
    """The events of the keys that are written without quotes, anchor and tag."""
    import yaml

    opened = [_Collection(is_mapping=False, anchor=None)]
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.CollectionStartEvent):
            opened.append(_Collection(isinstance(event, yaml.MappingStartEvent), event.anchor))
        elif isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
            if isinstance(event, yaml.CollectionEndEvent):
                opened.pop()
            elif opened[-1].expects_key and _is_plain(event) and event.value != _MERGE_KEY:
                yield event
            opened[-1].children += 1


def _count(text: str, loader: Any) -> None:
    import yaml

    sizes: dict[str, int] = {}
    opened = [_Collection(is_mapping=False, anchor=None)]
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.CollectionStartEvent):
            opened.append(_Collection(isinstance(event, yaml.MappingStartEvent), event.anchor))
            if len(opened) > DEEPEST:
                raise Unfit(f"config too large: nested more than {DEEPEST} deep{_line(event)}")
        elif isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
            if not opened[-1].expects_key and _is_plain(event):
                _require_one_reading(event)
            anchor, nodes = _complete(event, opened, sizes)
            if anchor is not None:
                sizes[anchor] = nodes
            opened[-1].children += 1
            opened[-1].nodes += nodes
            if opened[-1].nodes > MAX_NODES:
                raise Unfit(f"config too large: more than {MAX_NODES:,} values{_line(event)}")


def _is_plain(event: Any) -> bool:
    """True for a scalar without quotes, anchor and tag."""
    import yaml

    is_scalar = isinstance(event, yaml.ScalarEvent)
    return is_scalar and not event.style and event.anchor is None and event.tag is None


def _require_one_reading(event: Any) -> None:
    """YAML 1.1 reads 010 as 8 and 1:30 as 90, which is hardly ever meant."""
    if _OCTAL.fullmatch(event.value) or _SEXAGESIMAL.fullmatch(event.value):
        raise Unfit(
            f"{event.value} is not accepted, YAML reads it as another number{_line(event)}: write "
            f"the number itself, or '{event.value}' in quotes for text"
        )


def _complete(
    event: Any, opened: list[_Collection], sizes: dict[str, int]
) -> tuple[str | None, int]:
    """The anchor of the node that ends with `event`, and for how many nodes it stands."""
    import yaml

    if isinstance(event, yaml.CollectionEndEvent):
        done = opened.pop()
        return done.anchor, done.nodes
    if isinstance(event, yaml.AliasEvent):
        if event.anchor not in sizes:
            raise Unfit(f"alias '*{event.anchor}' refers to nothing complete{_line(event)}")
        return None, sizes[event.anchor]
    _check_key(event, opened[-1])
    return event.anchor, 1


def _check_key(event: Any, within: _Collection) -> None:
    """YAML forbids a key twice; its readers take the last one without a word."""
    if within.expects_key:
        if event.value in within.keys:
            raise Unfit(f"duplicate key '{event.value}'{_line(event)}")
        within.keys.add(event.value)


def _explain(error: Any, text: str) -> str:
    mark = error.problem_mark
    if mark is None:
        return str(error.problem)
    lines = text.split("\n")
    is_tab = mark.line < len(lines) and lines[mark.line][mark.column :].startswith("\t")
    problem = "a tab, where YAML takes spaces" if is_tab else error.problem
    return f"{problem}, line {mark.line + 1}"


def _line(event: Any) -> str:
    return f", line {event.start_mark.line + 1}"
