"""The private parts of a library that fmtool uses, looked for before anything depends on them."""

from collections.abc import Iterable
from importlib import import_module, metadata
from inspect import getmro, isclass, isfunction
from typing import Any

from fmtool.errors import UsageError


def require(package: str, versions: str, parts: Iterable[str]) -> None:
    """Raises UsageError where the installed version of a package lacks a part.

    Args:
        versions: those that have all of them, as pyproject.toml asks for.
        parts: names with dots from the module on, such as `keras.Model._symbolic_build`.
    """
    missing = [part for part in parts if not _is_there(part)]
    if missing:
        raise UsageError(
            f"{package} {metadata.version(package)} has no {', '.join(missing)}",
            fix=f"pip install '{package}{versions}'",
        )


def _is_there(part: str) -> bool:
    """True where a module or class has the name; for attributes of instances, uses it."""
    path, _, name = part.rpartition(".")
    try:
        owner = _found(path)
    except (ImportError, AttributeError):
        return False
    return hasattr(owner, name) or (isclass(owner) and name in _names_used(owner))


def _found(path: str) -> Any:
    """A module, or a class in one."""
    try:
        return import_module(path)
    except ModuleNotFoundError:
        module, _, name = path.rpartition(".")
        return getattr(import_module(module), name)


def _names_used(owner: type) -> set[str]:
    """Names of attributes in the methods of a class and its bases."""
    members = (member for each in getmro(owner) for member in vars(each).values())
    return {name for member in members if isfunction(member) for name in member.__code__.co_names}
