"""What all data sets on the user's own disk have in common: a path, and a share for testing."""

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from fmtool.data.base import DataConfig
from fmtool.data.memory import SHARE, available
from fmtool.errors import UsageError


def _named(path: object) -> object:
    if path in (None, ""):
        raise ValueError("no folder or file is named; write data.path=PATH")
    return path


class LocalConfig(DataConfig):
    path: Annotated[str, BeforeValidator(_named)]
    """Relative to the working directory."""
    test_fraction: Annotated[float, Field(gt=0, lt=1)]
    """Share of the training split that becomes the test split of a set that has none."""


def existing(path: str) -> Path:
    """UsageError if there is nothing at `path`."""
    place = Path(path)
    try:
        place.stat()
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"data.path={path}: {reason.lower()}", fix="correct the path") from error
    except ValueError as error:  # a NUL character
        raise UsageError(f"data.path={path}: {error}", fix="correct the path") from error
    return place


def is_held(cfg: LocalConfig, size: int) -> bool:
    """Whether images of `size` bytes shall be read into main memory and not only on access."""
    if cfg.storage == "auto":
        return SHARE * size <= available()
    return cfg.storage != "stream"
