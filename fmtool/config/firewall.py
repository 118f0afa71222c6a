"""Keeps a config from running code: a YAML file or an override may only ever be data.

Hydra's own node can start processes, write files and import classes (`hydra.callbacks`,
`hydra.job_logging`, `hydra/launcher`, ...), OmegaConf's resolvers can read the environment, and
`_target_` is Hydra's way to call anything importable. All of them end in Refused (77).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from omegaconf import OmegaConf
from omegaconf.resolvers import oc

from fmtool.errors import Refused, UsageError
from fmtool.safety import references
from fmtool.safety.yaml_text import DEEPEST, Unfit

_ALLOWED_HYDRA_KEYS = frozenset({"hydra.searchpath"})
_HARMLESS = {
    "hydra.verbose": (
        "sets the level of Python's log, and fmtool writes none",
        "leave it out; FMTOOL_DEBUG=1 shows tracebacks",
    ),
    "hydra.job.name": (
        "names a job of Hydra, which runs none here",
        "leave it out; name=LABEL names a run",
    ),
}
"""Habits of Hydra's that can do no harm and mean nothing here."""
_INSTEAD = {
    "hydra.run.dir": "leave it out; runs_dir=DIR says where runs are written",
    "hydra.sweep.dir": "leave it out; runs_dir=DIR says where runs are written",
    "hydra/launcher": "leave it out; sweep.jobs=N trains several at a time",
    "hydra/sweeper": "leave it out; fmtool tune searches",
}
_INERT_HYDRA_NODES = frozenset({"runtime", "overrides", "searchpath", "mode"})
"""Filled in by Hydra for each composition, or checked on their own."""
_INERT_JOB_KEYS = frozenset({"name", "override_dirname", "id", "num", "config_name"})
_HYDRA_KEY = re.compile(r"(^|@)\s*hydra\b")
"""The node itself, or `group@hydra...`, which puts an option's content there."""
_RESOLVER = re.compile(r"\$\{[^}]*(:|\$\{)")
"""An inner `${` can spell the name of a resolver: `${oc.${tags.0}:TOKEN}`."""
_INSTANTIATION_KEY = re.compile(r"_(target|args|partial|recursive|convert)_")


def check_overrides(overrides: list[str]) -> None:
    """Refuses overrides of Hydra's node, whatever their prefix, and resolvers in values."""
    for override in overrides:
        _check_nesting(override)
        key, _, value = override.partition("=")
        key = key.lstrip("+~").strip()
        if key in _HARMLESS:
            reason, instead = _HARMLESS[key]
            raise UsageError(f"override '{override}': {key} {reason}", fix=instead)
        if _HYDRA_KEY.search(key) and key not in _ALLOWED_HYDRA_KEYS:
            only = "leave it out; of hydra's own keys only hydra.searchpath may be set"
            raise Refused(
                f"override '{override}': {key} can run code or write files",
                fix=_INSTEAD.get(key, only),
            )
        check_values(value, key)
        if key in _ALLOWED_HYDRA_KEYS:
            check_search_path(value)


def _check_nesting(override: str) -> None:
    """UsageError for brackets too deep for Hydra's parser; those within quotes count as well."""
    depth = 0
    for character in override:
        depth += (character in "[{(") - (character in "]})")
        if depth > DEEPEST:
            raise UsageError(
                f"override '{override[:40]}...' is nested more than {DEEPEST} deep",
                fix="write it with fewer brackets",
            )


def check_references(config: dict[Any, Any]) -> None:
    """UsageError where `${key}` refers to itself or multiplies what it stands for without end."""
    try:
        references.check(config)
    except Unfit as fault:
        raise UsageError(str(fault), fix="write the values themselves") from fault


def check_search_path(text: str) -> None:
    """Refuses anything but folders: to list what is in `pkg://name`, Hydra imports it."""
    for scheme in re.findall(r"([^\[\],'\"\s]*?)://", text):
        if scheme != "file":
            raise Refused(
                f"hydra.searchpath: {scheme}:// can run code", fix="name a folder as file://DIR"
            )


@contextmanager
def environment_hidden() -> Iterator[None]:
    """While a config is composed Hydra resolves parts of it, in a defaults list for instance."""
    OmegaConf.clear_resolver("oc.env")
    try:
        yield
    finally:
        OmegaConf.register_new_resolver("oc.env", oc.env, replace=True)


def check_hydra_node(hydra: dict[str, Any], pristine: dict[str, Any]) -> None:
    """Refuses a `hydra` node that differs from the one that fmtool's own YAML gives."""
    for node in sorted({*hydra, *pristine} - _INERT_HYDRA_NODES):
        ours, theirs = pristine.get(node), hydra.get(node)
        if node == "job":
            ours, theirs = _without(ours, _INERT_JOB_KEYS), _without(theirs, _INERT_JOB_KEYS)
        if ours == theirs:
            continue
        if f"hydra.{node}" in _HARMLESS:
            raise UsageError(
                f"a YAML file sets hydra.{node}, which {_HARMLESS[f'hydra.{node}'][0]}",
                fix="remove the hydra section from it",
            )
        raise Refused(
            f"a YAML file sets hydra.{node}, which can run code or write files",
            fix="remove the hydra section from it",
        )


def check_values(node: Any, path: str = "") -> None:
    """Refuses resolvers (`${oc.env:TOKEN}`) and instantiation keys (`_target_`) anywhere."""
    if isinstance(node, dict):
        for key, value in node.items():
            where = f"{path}.{key}" if path else str(key)
            if _INSTANTIATION_KEY.fullmatch(str(key)):
                raise Refused(
                    f"{where}: a config may not name code to run",
                    fix="choose an option by name; own code joins by --plugin or an entry point",
                )
            check_values(value, where)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            check_values(value, f"{path}[{index}]")
    elif isinstance(node, str) and _RESOLVER.search(node):
        raise Refused(
            f"{path}: resolvers such as '{node}' are not allowed",
            fix="write the value itself, or refer to another key as ${key}",
        )


def _without(node: Any, keys: frozenset[str]) -> Any:
    return {k: v for k, v in node.items() if k not in keys} if isinstance(node, dict) else node
