"""The keys of all data sets on the user's own disk: a path, and a share for testing."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from fmtool.config.base import NonNegativeInt
from fmtool.data.base import DataConfig
from fmtool.errors import UsageError
from fmtool.machine.memory import MAX_FRACTION, available
from fmtool.notices import note
from fmtool.safety.addresses import require_path

if TYPE_CHECKING:
    from fmtool.data.splitting.splits import Splits


def _named(path: object) -> object:
    if path in (None, ""):
        raise ValueError("no folder or file is named; write data.path=PATH")
    return path


class PathConfig(DataConfig):
    path: Annotated[str, BeforeValidator(_named)]
    """Relative to the working directory."""


class HeldOutConfig(DataConfig):
    """The keys of a set that may come without a test split."""

    test_fraction: Annotated[float, Field(gt=0, lt=1)]
    """Share of the training split that becomes the test split of a set that has none."""
    folds: Annotated[int, Field(ge=2)] | None
    """For cross-validation: the test split is one of so many equal parts instead."""
    fold: NonNegativeInt

    @model_validator(mode="after")
    def _has_the_fold(self) -> Self:
        if self.fold >= (self.folds or 1):
            folds = "null" if self.folds is None else str(self.folds)
            fix = "0, or data.folds too" if self.folds is None else f"0 to {self.folds - 1}"
            raise ValueError(f"fold={self.fold} of folds={folds}; give data.fold {fix}")
        return self


class LocalConfig(HeldOutConfig, PathConfig):
    """The keys of a set on the user's own disk that may come without a test split."""


def existing(path: str) -> Path:
    """UsageError if there is nothing at `path`."""
    require_path("data.path", path)
    place = Path(path)
    try:
        place.stat()
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"data.path={path}: {reason.lower()}", fix="correct the path") from error
    except ValueError as error:  # a NUL character
        raise UsageError(f"data.path={path}: {error}", fix="correct the path") from error
    return place


def log_summary(splits: "Splits", what: str, place: Path | str, *, ignored: int = 0) -> None:
    """A line on what was found at `place`, such as `pictures`.

    Args:
        ignored: how many files and folders there are no part of the data.
    """
    count = sum(len(part) for part in splits.parts.values())
    aside = f", {ignored} other files ignored" if ignored else ""
    note(f"{splits.name}: {count:,} {what} {splits.target.beside_samples()} in {place}{aside}")


def is_held(cfg: LocalConfig, size: int) -> bool:
    """True where samples of `size` bytes shall be read into main memory and not only on access."""
    if cfg.storage == "auto":
        return size <= MAX_FRACTION * available()
    return cfg.storage != "stream"
