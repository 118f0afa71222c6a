"""Defaults of a user's account and environment, below all that a command or its YAML files say.

`defaults/train.yaml` in a folder of the user's is composed by Hydra, see conf/train.yaml; the
variable with which Keras is used elsewhere is looked at here. A run keeps what it began with.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fmtool.errors import UsageError
from fmtool.suggest import did_you_mean

VARIABLE = "KERAS_BACKEND"
KEY = "runtime.backend"
BACKENDS = ("tensorflow", "jax", "torch")
_SHIPPED = "tensorflow"
"""The backend in conf/base/runtime.yaml, which is no choice of a user's."""
_FILE = Path("defaults", "train.yaml")


def backend(overrides: Sequence[str]) -> str | None:
    """The backend that $KERAS_BACKEND names, unless one is typed; None where there is none.

    Raises UsageError for a name of no backend that trains.
    """
    named = os.environ.get(VARIABLE, "").strip()
    if not named or any(each.lstrip("+~").partition("=")[0] == KEY for each in overrides):
        return None
    if named not in BACKENDS:
        raise UsageError(
            f"{VARIABLE}={named}: no backend that trains",
            fix=did_you_mean(named, BACKENDS, otherwise=f"or unset it; {KEY}=NAME is heard first"),
        )
    return named


def with_backend(
    raw: dict[str, Any], overrides: Sequence[str]
) -> tuple[dict[str, Any], str | None]:
    """A composed config with `backend(overrides)` where no YAML file chose one, and that choice."""
    runtime = raw.get("runtime")
    if not isinstance(runtime, dict) or runtime.get("backend") != _SHIPPED:
        return raw, None
    named = backend(overrides)
    if named in (None, _SHIPPED):
        return raw, None
    return {**raw, "runtime": {**runtime, "backend": named}}, named


def file(folders: Sequence[Path]) -> Path | None:
    """The file of a user's defaults that composing takes from their folders."""
    return next((each / _FILE for each in folders if (each / _FILE).is_file()), None)
