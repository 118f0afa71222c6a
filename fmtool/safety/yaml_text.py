"""Bounds what a YAML text may ask of whoever reads it.

A few hundred bytes of aliases can stand for millions of nodes, which OmegaConf copies one by one.
The text is read as events here, so that an alias is counted for what it stands for and nothing is
built or recursed into.
"""

from dataclasses import dataclass, field
from typing import Any

MOST_CHARACTERS = 1_000_000
MOST_NODES = 10_000
DEEPEST = 50


class Unfit(ValueError):
    """What makes a text unfit to be a config, as half a sentence that names the line."""


@dataclass
class _Collection:
    """A mapping or sequence that is still open."""

    is_mapping: bool
    anchor: str | None
    nodes: int = 1
    children: int = 0
    keys: set[str] = field(default_factory=set)


def check(text: str, *, loader: Any) -> None:
    """Raises Unfit for a text that is not YAML, too large, nested too deeply or ambiguous.

    Args:
        loader: the PyYAML loader that will read it; the one in C takes another dialect.
    """
    import yaml

    if len(text) > MOST_CHARACTERS:
        raise Unfit(f"config too large: more than {MOST_CHARACTERS:,} characters")
    try:
        _count(text, loader)
    except yaml.MarkedYAMLError as error:
        raise Unfit(_explain(error, text)) from error
    except yaml.YAMLError as error:
        raise Unfit(f"{getattr(error, 'reason', 'not valid YAML')}") from error


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
            anchor, nodes = _complete(event, opened, sizes)
            if anchor is not None:
                sizes[anchor] = nodes
            opened[-1].children += 1
            opened[-1].nodes += nodes
            if opened[-1].nodes > MOST_NODES:
                raise Unfit(f"config too large: more than {MOST_NODES:,} values{_line(event)}")


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
    if within.is_mapping and within.children % 2 == 0:
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
