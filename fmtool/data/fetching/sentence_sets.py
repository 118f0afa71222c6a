"""Reads the sentence sets that Kim (2014, arXiv:1408.5882) compares, in their original files.

One sentence stands on each line, its words and punctuation with spaces between. Any file may be
gzipped, as `NAME.gz`.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from fmtool.data.reading.labelled_text import LabelledText
from fmtool.data.reading.local import LocalConfig, PathConfig, existing, log_summary
from fmtool.data.reading.problems import stop
from fmtool.data.reading.text_lines import Line, LineError, read_lines
from fmtool.data.splitting.splits import Splits
from fmtool.data.splitting.text_splits import to_text_splits, with_test_split
from fmtool.data.tokenization.text_config import require_library
from fmtool.errors import DataError

Parse = Callable[[str], tuple[str, str]]
"""Label and sentence of a line; ValueError or LookupError if it has none."""

_FIX = "name the folder of the original files, see docs/text.md"


def load_class_files(cfg: LocalConfig, files: Mapping[str, tuple[str, int]]) -> Splits:
    """The set that has a file for each class, a share or fold of it held out for testing.

    Args:
        files: class and number of sentences, by file name.

    Raises:
        DataError: a file is missing, or has another number of sentences.
        UsageError: the package that makes tokens is missing.
    """
    require_library()
    splits = to_text_splits(cfg, of_class_files(cfg, files), origin=cfg.path)
    log_summary(splits, "sentences", cfg.path)
    return splits


def load_split_files(cfg: PathConfig, files: Mapping[str, tuple[str, int]], parse: Parse) -> Splits:
    """The set that has a file for each split, whose lines begin with a label.

    Args:
        files: split and number of sentences, by file name.

    Raises:
        DataError: a file is missing, has another number of sentences, or a line without a label.
        UsageError: the package that makes tokens is missing.
    """
    require_library()
    splits = with_test_split(cfg.name, of_split_files(cfg, files, parse), origin=cfg.path)
    log_summary(splits, "sentences", cfg.path)
    return splits


def of_class_files(cfg: PathConfig, files: Mapping[str, tuple[str, int]]) -> Iterator[LabelledText]:
    for name, (label, count) in files.items():
        path, lines = _lines(cfg, name, count)
        for line in lines:
            yield LabelledText(line.text.strip(), label, "train", path, line.number)


def of_split_files(
    cfg: PathConfig, files: Mapping[str, tuple[str, int]], parse: Parse
) -> Iterator[LabelledText]:
    for name, (split, count) in files.items():
        path, lines = _lines(cfg, name, count)
        for number, line in lines:
            try:
                label, text = parse(line)
            except (ValueError, LookupError) as error:
                raise LineError(path, number, "no label", fix=_FIX) from error
            yield LabelledText(text.strip(), label, split, path, number)


def _lines(cfg: PathConfig, name: str, count: int) -> tuple[Path, list[Line]]:
    folder = existing(cfg.path)
    path = next((each for each in (folder / name, folder / f"{name}.gz") if each.exists()), None)
    if path is None:
        raise DataError(f"{folder}: no {name} and no {name}.gz", fix=_FIX)
    lines = _decoded(path)
    if len(lines) != count:
        raise DataError(f"{path}: {len(lines):,} sentences, expected {count:,}", fix=_FIX)
    return path, lines


def _decoded(path: Path) -> list[Line]:
    """Copies in UTF-8 and in Latin-1 are about; some lines of the latter are no UTF-8."""
    try:
        return list(read_lines(path, "utf-8", stop))
    except LineError:
        return list(read_lines(path, "latin-1", stop))
