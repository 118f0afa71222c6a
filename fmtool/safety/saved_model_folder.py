"""The gate that every SavedModel passes before TensorFlow opens it.

Its graph is a program: operations of TensorFlow read and write files and run Python. Each has to
be on the list of `tensorflow_operations`. The functions that save and restore variables, which
TensorFlow puts into every SavedModel, have to stay out of reach of everything that is run.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from fmtool.errors import Refused
from fmtool.safety.tensorflow_operations import CALLING, COMPUTING, SAVING
from fmtool.safety.wire_format import Malformed, fields, message, text

MODEL = "saved_model.pb"
_META_GRAPH = 2
_GRAPH, _OBJECTS = 2, 7
_NODE, _LIBRARY, _FUNCTION = 1, 2, 1
_NODE_TYPE = 2
_SIGNATURE, _NAME, _FUNCTION_NODE = 1, 1, 3
_SAVER = re.compile(rb"__inference__traced_(save|restore)_\d+")
_PLACES = frozenset({"assets", "assets.extra", "variables"})
_FILES = re.compile(
    r"saved_model\.pb|fingerprint\.pb|fmtool\.json|variables\.(index|data-\d{5}-of-\d{5})"
)
_FIX = "delete the folder unless you trust who made it"


def check(folder: Path, content: memoryview, *, origin: str) -> None:
    """Raises Refused for more than computation; Malformed for what is no SavedModel.

    Args:
        content: of saved_model.pb.
    """
    _check_places(folder, origin)
    graphs = [message(value) for number, value in fields(content) if number == _META_GRAPH]
    if len(graphs) != 1:
        raise Refused(f"{origin}: {len(graphs)} graphs, expected 1", fix=_FIX)
    parts = list(fields(graphs[0]))
    objects = [bytes(message(value)) for number, value in parts if number == _OBJECTS]
    # Without them TensorFlow loads it in the way of its first version, which runs initializers.
    if not any(objects):
        raise Refused(f"{origin}: it was not saved by TensorFlow 2", fix=_FIX)
    for number, value in parts:
        if number == _GRAPH:
            _check_graph(message(value), objects, origin)


def _check_places(folder: Path, origin: str) -> None:
    for path in folder.rglob("*"):
        place = path.relative_to(folder)
        is_known = (
            str(place) in _PLACES
            if path.is_dir()
            else path.is_file() and _FILES.fullmatch(path.name) is not None
        )
        if not is_known or path.is_symlink() or len(place.parts) > 2:
            raise Refused(f"{origin}: {str(place)[:80]!r} has no place in it", fix=_FIX)


def _check_graph(graph: memoryview, objects: list[bytes], origin: str) -> None:
    for number, value in fields(graph):
        if number == _NODE:
            _check_operation(message(value), COMPUTING | CALLING, origin)
        elif number == _LIBRARY:
            functions = [message(each) for at, each in fields(message(value)) if at == _FUNCTION]
            for function in functions:
                _check_function(function, objects, origin)


def _check_function(function: memoryview, objects: list[bytes], origin: str) -> None:
    known = COMPUTING | CALLING
    if _SAVER.fullmatch(_name(function)):
        known |= SAVING
        if any(_name(function) in each for each in objects):
            raise Refused(f"{origin}: it saves or restores while it predicts", fix=_FIX)
    for number, value in fields(function):
        if number != _FUNCTION_NODE:
            continue
        _check_operation(message(value), known, origin)
        if _SAVER.search(bytes(message(value))) and not _SAVER.fullmatch(_name(function)):
            raise Refused(f"{origin}: it saves or restores while it predicts", fix=_FIX)


def _check_operation(node: memoryview, known: frozenset[str], origin: str) -> None:
    for number, value in fields(node):
        if number == _NODE_TYPE and text(value) not in known:
            shown = text(value)[:80]
            raise Refused(f"{origin}: it holds {shown!r}, which may do more than compute", fix=_FIX)


def _name(function: memoryview) -> bytes:
    """Malformed where there is none, or more than one."""
    names = list(_names(function))
    if len(set(names)) != 1:
        raise Malformed("a function without a name, or with several")
    return names[0]


def _names(function: memoryview) -> Iterator[bytes]:
    for number, value in fields(function):
        if number == _SIGNATURE:
            for at, name in fields(message(value)):
                if at == _NAME:
                    yield bytes(message(name))
