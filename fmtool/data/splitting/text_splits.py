"""Turns texts and what is said of them into `Splits` of strings, which a tokenizer is fitted on."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fmtool import class_names
from fmtool.data.reading.labelled_files import below
from fmtool.data.reading.labelled_text import LabelledText
from fmtool.data.reading.labels import require_two_classes
from fmtool.data.reading.local import LocalConfig
from fmtool.data.reading.problems import stop
from fmtool.data.reading.target_columns import (
    TargetColumns,
    classes_in,
    require_learnable,
    unknown_in,
)
from fmtool.data.reading.text_lines import LineError
from fmtool.data.samples.strings import NOT_TOKENIZED, texts_of
from fmtool.data.splitting.local_splits import names_of, train_and_test
from fmtool.data.splitting.measured import Measured
from fmtool.data.splitting.split_names import SPLITS
from fmtool.data.splitting.splits import Split, Splits
from fmtool.errors import DataError
from fmtool.suggest import did_you_mean
from fmtool.targets import Target
from fmtool.targets.classes import unknown_class

_FEW_CLASSES = 20


class Said(NamedTuple):
    """The facts on texts that come from config and files.

    Args:
        columns: of the target.
        label: the name of the column of labels.
    """

    columns: TargetColumns = TargetColumns()
    label: str = "label"


_SAID = Said()


def to_text_splits(
    cfg: LocalConfig, found: Iterable[LabelledText], *, origin: str, said: Said = _SAID
) -> Splits:
    """`Splits` of strings; a test split is held out where there is none.

    Raises:
        DataError: there are not two classes in the training split, or other ones elsewhere.
        UsageError: see `local_splits.train_and_test`.
    """
    target, parts = _parts(found, origin, said)
    train, test = train_and_test(cfg, target, parts, origin=origin)
    return _splits(cfg.name, target, {**parts, "train": train, "test": test})


def to_measured_texts(
    name: str, found: Iterable[LabelledText], measured: Measured, *, root: Path
) -> Splits:
    """`Splits` whose test split is to be measured; DataError for a class that the run has not."""
    by_split, target = _by_split(found), measured.target
    for text in (text for texts in by_split.values() for text in texts):
        if (unknown := unknown_in(text.label, target.names)) is not None:
            raise unknown_class(f"{text.path}:{text.line}", unknown, target.names)
    chosen = measured.chosen(by_split)
    return _splits(
        name, target, {part: _split(texts, target, str(root)) for part, texts in chosen.items()}
    )


def with_test_split(name: str, found: Iterable[LabelledText], *, origin: str) -> Splits:
    """The same of texts among which there are some to test on."""
    target, parts = _parts(found, origin, Said())
    return _splits(name, target, parts)


def _parts(
    found: Iterable[LabelledText], origin: str, said: Said
) -> tuple[Target, dict[str, Split]]:
    """The target, and the splits by name."""
    by_split = _by_split(found)
    target = trained_target(by_split.get("train", []), origin, said)
    for text in (text for texts in by_split.values() for text in texts):
        check_class(text, target)
    parts = {split: _split(texts, target, origin) for split, texts in by_split.items()}
    return target, parts


def _by_split(found: Iterable[LabelledText]) -> dict[str, list[LabelledText]]:
    by_split: dict[str, list[LabelledText]] = {}
    for text in found:
        by_split.setdefault(text.split, []).append(text)
    return by_split


def _split(texts: Sequence[LabelledText], target: Target, origin: str) -> Split:
    root, of_file = Path(origin), Counter(text.path for text in texts)
    names = [_name(text, root, is_whole=of_file[text.path] == 1) for text in texts]
    y = target.encoded([text.label for text in texts])
    return Split(texts_of([each.text for each in texts]), y, np.array(names, object))


def _name(text: LabelledText, root: Path, *, is_whole: bool) -> str | int:
    """The name of a text for users: its line in the one file, or its file in the folder."""
    if text.path == root:
        return text.line
    path = below(text.path, root)
    return path if is_whole and text.line == 1 else f"{path}:{text.line}"


def _splits(name: str, target: Target, parts: Mapping[str, Split]) -> Splits:
    return Splits(
        name=name,
        train=parts["train"],
        test=parts["test"],
        target=target,
        digest=digest_of(target, parts),
        element=NOT_TOKENIZED,
        validation=parts.get("validation"),
        names=names_of(parts),
    )


def digest_of(target: Target, parts: Mapping[str, Split]) -> str:
    """Hex SHA-256 of target, texts and what they have of it."""
    digest = hashlib.sha256(json.dumps(target.identity()).encode())
    for name in SPLITS:
        part = parts.get(name)
        digest.update(json.dumps([name, None if part is None else len(part)]).encode())
        if part is None:
            continue
        for text in np.asarray(part.x):
            content = text.encode()
            digest.update(len(content).to_bytes(8, "little"))
            digest.update(content)
        digest.update(target.content(part.y))
    return digest.hexdigest()


def trained_target(texts: Sequence[LabelledText], origin: str, said: Said = _SAID) -> Target:
    """The target of the training texts, its classes in the order of `class_names.ordered`.

    Raises DataError where there are not enough classes, or so many that they cannot be classes.
    """
    target = said.columns.target([text.label for text in texts], said.label)
    if target.kind == "label":
        fix = "add texts of another class"
        require_two_classes(target.names, origin, stop, fix=fix, none="no texts")
    require_learnable(target, [text.label for text in texts], origin)
    if target.kind != "numbers" and len(target.names) > max(_FEW_CLASSES, len(texts) // 2):
        raise DataError(
            f"{origin}: {len(target.names)} different labels in {len(texts)} training texts",
            fix="name the column of the classes by data.label_column",
        )
    counts = Counter(name for text in texts for name in classes_in(text.label))
    for group in class_names.spellings(counts):
        first = next(text for text in texts if group[1] in classes_in(text.label))
        raise class_names.collision(f"{first.path}:{first.line}", group, counts)
    return target


def check_class(text: LabelledText, target: Target) -> None:
    """DataError if it has a class that none of the training texts has."""
    unknown = unknown_in(text.label, target.names)
    if unknown is not None:
        fix = did_you_mean(unknown, target.names, otherwise="remove it, or train on some")
        what = f"class '{unknown}' is absent from train"
        raise LineError(text.path, text.line, what, fix=fix)
