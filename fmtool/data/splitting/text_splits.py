"""Turns labelled texts into `Splits` of strings, which a tokenizer is then fitted on."""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fmtool import class_names
from fmtool.data.reading.labelled_files import below
from fmtool.data.reading.labels import require_two_classes
from fmtool.data.reading.local import LocalConfig
from fmtool.data.reading.problems import stop
from fmtool.data.reading.text_files import LabelledText
from fmtool.data.reading.text_lines import LineError
from fmtool.data.samples.strings import NOT_TOKENIZED, texts_of
from fmtool.data.splitting.local_splits import names_of, train_and_test
from fmtool.data.splitting.measured import Measured, unknown_class
from fmtool.data.splitting.split_names import SPLITS
from fmtool.data.splitting.splits import Split, Splits
from fmtool.errors import DataError
from fmtool.suggest import did_you_mean

_FEW_CLASSES = 20


def to_text_splits(cfg: LocalConfig, found: Iterable[LabelledText], *, origin: str) -> Splits:
    """`Splits` of strings; a test split is held out where there is none.

    Raises:
        DataError: there are not two classes in the training split, or other ones elsewhere.
        UsageError: see `local_splits.train_and_test`.
    """
    names, parts = _parts(found, origin)
    train, test = train_and_test(cfg, names, parts, origin=origin)
    return _splits(cfg.name, names, {**parts, "train": train, "test": test})


def to_measured_texts(
    name: str, found: Iterable[LabelledText], measured: Measured, *, root: Path
) -> Splits:
    """`Splits` whose test split is to be measured; DataError for a class that the run has not."""
    by_split = _by_split(found)
    names = measured.class_names
    for text in (text for texts in by_split.values() for text in texts):
        if text.label not in names:
            raise unknown_class(f"{text.path}:{text.line}", text.label, names)
    numbers = {each: label for label, each in enumerate(names)}
    chosen = measured.chosen(by_split)
    return _splits(
        name, names, {part: _split(texts, numbers, str(root)) for part, texts in chosen.items()}
    )


def with_test_split(name: str, found: Iterable[LabelledText], *, origin: str) -> Splits:
    """The same of texts among which there are some to test on."""
    names, parts = _parts(found, origin)
    return _splits(name, names, parts)


def _parts(found: Iterable[LabelledText], origin: str) -> tuple[tuple[str, ...], dict[str, Split]]:
    """The names of the classes, and the splits by name."""
    by_split = _by_split(found)
    names = trained_classes(by_split.get("train", []), origin)
    numbers = {name: label for label, name in enumerate(names)}
    return names, {split: _split(texts, numbers, origin) for split, texts in by_split.items()}


def _by_split(found: Iterable[LabelledText]) -> dict[str, list[LabelledText]]:
    by_split: dict[str, list[LabelledText]] = {}
    for text in found:
        by_split.setdefault(text.split, []).append(text)
    return by_split


def _split(texts: Sequence[LabelledText], numbers: Mapping[str, int], origin: str) -> Split:
    root, of_file = Path(origin), Counter(text.path for text in texts)
    names = [_name(text, root, is_whole=of_file[text.path] == 1) for text in texts]
    x = texts_of([each.text for each in texts])
    return Split(x, _labels(texts, numbers), np.array(names, object))


def _name(text: LabelledText, root: Path, *, is_whole: bool) -> str | int:
    """What tells a user which text it is: its line in the one file, or its file in the folder."""
    if text.path == root:
        return text.line
    path = below(text.path, root)
    return path if is_whole and text.line == 1 else f"{path}:{text.line}"


def _splits(name: str, names: tuple[str, ...], parts: Mapping[str, Split]) -> Splits:
    return Splits(
        name=name,
        train=parts["train"],
        test=parts["test"],
        class_names=names,
        digest=digest_of(names, parts),
        element=NOT_TOKENIZED,
        validation=parts.get("validation"),
        names=names_of(parts),
    )


def digest_of(names: Sequence[str], parts: Mapping[str, Split]) -> str:
    """Hex SHA-256 of class names, texts and labels."""
    digest = hashlib.sha256(json.dumps(list(names)).encode())
    for name in SPLITS:
        part = parts.get(name)
        digest.update(json.dumps([name, None if part is None else len(part)]).encode())
        if part is None:
            continue
        for text in np.asarray(part.x):
            content = text.encode()
            digest.update(len(content).to_bytes(8, "little"))
            digest.update(content)
        digest.update(part.y.astype("<i4").tobytes())
    return digest.hexdigest()


def trained_classes(texts: Sequence[LabelledText], origin: str) -> tuple[str, ...]:
    """Those of the training texts, in the order of `class_names.ordered`.

    Raises DataError where there are not two, or so many that they cannot be classes.
    """
    names = class_names.ordered(text.label for text in texts)
    fix = "add texts of another class"
    require_two_classes(names, origin, stop, fix=fix, none="no texts")
    if len(names) > max(_FEW_CLASSES, len(texts) // 2):
        raise DataError(
            f"{origin}: {len(names)} different labels in {len(texts)} training texts",
            fix="name the column of the classes by data.label_column",
        )
    counts = Counter(text.label for text in texts)
    for group in class_names.spellings(counts):
        first = next(text for text in texts if text.label == group[1])
        raise class_names.collision(f"{first.path}:{first.line}", group, counts)
    return names


def check_class(text: LabelledText, names: Collection[str]) -> None:
    """DataError if its class is none of the training texts."""
    if text.label not in names:
        fix = did_you_mean(text.label, names, otherwise="remove it, or train on some")
        what = f"class '{text.label}' is absent from train"
        raise LineError(text.path, text.line, what, fix=fix)


def _labels(texts: Sequence[LabelledText], numbers: Mapping[str, int]) -> NDArray[np.int32]:
    for text in texts:
        check_class(text, numbers)
    return np.array([numbers[text.label] for text in texts], np.int32)
