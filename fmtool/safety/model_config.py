"""Walks the config.json of a Keras model before Keras makes objects of it.

Keras builds whatever class the config names. Here each has to be on the lists of
`model_classes`, or registered by code that the user imported; no string may be a path or an
address; and no operation may run while the model is put together.
"""

import re
from collections.abc import Collection, Iterator
from typing import Any

from fmtool.errors import DataError, Refused
from fmtool.safety import model_classes

_DEEPEST = 100
_PLAIN = frozenset({"__bytes__", "__ellipsis__", "__keras_tensor__", "__slice__"})
_ARRAYS = frozenset({"__numpy__", "__tensor__"})
_NUMERIC = re.compile(r"bool|u?int\d{1,2}|b?float\d{1,2}|complex\d{1,3}")
"""`S1000000000` would make a gigabyte of each element."""
_SHOWN = 80
_FIX = "delete the file unless you trust who made it; layers of your own join by --plugin"


def check(config: Any, *, origin: str, registered: Collection[str]) -> bool:
    """Checks a config; True for Keras' own classes alone. Refused if it could do more than compute.

    Args:
        config: what JSON gave; `compile_config` is left aside, as it is when the model is loaded.
        origin: the file, for the message.
        registered: names in Keras' registry, so of classes whose code was imported on request.

    Raises:
        Refused: a class, function, path or bare operation that has no place in a network.
        DataError: not the config of a model, or nested without end.
    """
    if not isinstance(config, dict) or "class_name" not in config:
        raise DataError(f"{origin}: config.json describes no model", fix="train again")
    is_plain_keras = True
    for node in _nodes({**config, "compile_config": None}, origin):
        if isinstance(node, str):
            _check_text(node, origin)
        elif isinstance(node, dict):
            for key in node:
                _check_text(key, origin)
            if "class_name" in node:
                _check_spelling(node, origin)
                if _registry_key(node) in registered:
                    is_plain_keras = False
                else:
                    _check_class(node, origin)
            _check_calls(node.get("inbound_nodes"), origin)
    return is_plain_keras


def _nodes(root: Any, origin: str) -> Iterator[Any]:
    """Every value within, containers first."""
    pending = [(root, 0)]
    while pending:
        node, depth = pending.pop()
        if depth > _DEEPEST:
            raise DataError(f"{origin}: config.json is nested too deeply", fix="train again")
        yield node
        if isinstance(node, dict | list):
            inner = node.values() if isinstance(node, dict) else node
            pending += [(each, depth + 1) for each in inner]


def _check_text(text: str, origin: str) -> None:
    # Names of layers hold no slash either: Keras forbids it.
    if "/" in text or "\\" in text or text.startswith("~"):
        raise Refused(f"{origin}: {shown(text)} in its config looks like a path", fix=_FIX)


def _check_spelling(node: dict[str, Any], origin: str) -> None:
    """Refuses what is looked up by name and is not a name."""
    for name in (node["class_name"], node.get("module"), _registry_key(node)):
        if name is not None and not isinstance(name, str):
            raise DataError(f"{origin}: config.json describes no model", fix="train again")


def _registry_key(node: dict[str, Any]) -> Any:
    """The name that Keras seeks among registered code before it turns to its own."""
    if node["class_name"] == "function":
        return node.get("config")
    return node.get("registered_name", node["class_name"])


def _check_class(node: dict[str, Any], origin: str) -> None:
    module, name, inner = node.get("module"), node["class_name"], node.get("config")
    if name == "function":
        name = inner
        is_known = model_classes.is_known_function(module, name)
    elif name in _ARRAYS:
        dtype = inner.get("dtype") if isinstance(inner, dict) else None
        is_known = isinstance(dtype, str) and _NUMERIC.fullmatch(dtype) is not None
    else:
        is_known = name in _PLAIN or model_classes.is_known_class(module, name)
    if not is_known:
        full = f"{module}.{name}" if module else name
        raise Refused(f"{origin}: it holds {shown(full)}, which may run code", fix=_FIX)


def _check_calls(calls: Any, origin: str) -> None:
    """A layer called on plain numbers runs at once, and `Arange(10**12)` takes all memory."""
    for call in calls if isinstance(calls, list) else []:
        tensors = (
            node
            for node in _nodes(call, origin)
            if isinstance(node, dict) and node.get("class_name") == "__keras_tensor__"
        )
        if next(tensors, None) is None:
            raise Refused(f"{origin}: it computes while it is loaded", fix=_FIX)


def shown(value: object) -> str:
    """Something from the file, short enough for a line."""
    text = str(value)
    return f"'{text[:_SHOWN]}...'" if len(text) > _SHOWN else f"'{text}'"
