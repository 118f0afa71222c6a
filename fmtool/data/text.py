"""The user's own texts: a table, class folders, or a file for each class."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from fmtool.data.reading.local import existing, log_summary
from fmtool.data.reading.table_style import TableConfig
from fmtool.data.reading.target_columns import TargetConfig
from fmtool.data.tokenization.text_base import KIND, fit, restore
from fmtool.data.tokenization.text_config import LocalTextConfig, require_library

if TYPE_CHECKING:
    from fmtool.data.splitting.measured import Measured
    from fmtool.data.splitting.splits import Splits

__all__ = ["KIND", "Config", "fit", "load", "load_measured", "restore"]


class Config(LocalTextConfig, TableConfig, TargetConfig):
    name: Literal["text"]
    text_column: Annotated[str, Field(min_length=1)]
    label_column: Annotated[str, Field(min_length=1)]
    split_column: Annotated[str, Field(min_length=1)] | None
    files: Literal["txt", "all"]
    """The files of class folders, and of classes, that are texts: by their ending, or all."""


def load(cfg: Config) -> "Splits":
    """See `_load`."""
    return _load(cfg, None)


def load_measured(cfg: Config, measured: "Measured") -> "Splits":
    """The samples that are to be measured, as a test split; see `_load`."""
    return _load(cfg, measured)


def _load(cfg: Config, measured: "Measured | None") -> "Splits":
    """Strings, with their classes in alphabetical order, or with numbers.

    Raises:
        DataError: a text, which is named by file and line, cannot be used.
        OutOfMemory: a file does not fit into memory.
        UsageError: the package that makes tokens is missing.
    """
    from fmtool.data.reading.problems import stop
    from fmtool.data.reading.text_files import begins_with_a_list, open_texts
    from fmtool.data.reading.text_tables import Columns
    from fmtool.data.splitting.text_splits import Said, to_measured_texts, to_text_splits

    require_library()
    path = existing(cfg.path)
    has_lists = begins_with_a_list(path, cfg.label_column, cfg.style)
    target = cfg.columns_of_target(has_lists=has_lists)
    if measured is not None:
        target = target._replace(kind=measured.target.kind)
    columns = Columns(cfg.text_column, cfg.label_column, cfg.split_column, target)
    known = None if measured is None else measured.target.names
    takes_all = cfg.files == "all"
    source = open_texts(path, columns, cfg.style, stop, known=known, takes_all=takes_all)
    if measured is not None:
        return to_measured_texts(cfg.name, source.texts, measured, root=path)
    said = Said(target, cfg.label_column)
    splits = to_text_splits(cfg, source.texts, origin=str(path), said=said)
    log_summary(splits, "texts", path, ignored=source.ignored)
    return splits
