"""A data set as the rest of fmtool knows it: samples, a target and a content digest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.data.samples.images import Images, Stored, bytes_of, choose
from fmtool.elements import Element, Record, Sample
from fmtool.targets import Target
from fmtool.trees import leaves, mapped


@dataclass(frozen=True)
class Split:
    """Samples and what each has of the target, in memory or read on access; never to be written to.

    Args:
        x: of shape (n, ...), see `fmtool.elements`: images (n, height, width, channels) as uint8;
            of records a mapping of such arrays, one for each field.
        y: rows of the target of the data set: int32 (n,) class numbers, uint8 (n, classes), or
            float64 (n, ...) numbers; in a step what the task makes of them, arrays or a tree.
        names: of shape (n,), what tells a user which sample it is: a path, or the number of a line
            or row; None for the row number.
    """

    x: Stored
    y: Any
    names: NDArray[Any] | None = None

    def __len__(self) -> int:
        return len(leaves(self.y)[0])

    @property
    def array(self) -> Images:
        """`x` of samples that are not records."""
        assert not isinstance(self.x, Mapping), "records have an array for each field"
        return self.x

    @property
    def nbytes(self) -> int:
        """The size of samples and targets, in bytes."""
        return sum(map(bytes_of, [*leaves(self.x), *leaves(self.y)]))

    def take(self, rows: NDArray[np.integer[Any]]) -> "Split":
        """The samples of `rows`, integers of shape (b,); what is read on access stays so."""
        x = mapped(lambda each: choose(each, rows), self.x)
        return Split(x, mapped(lambda each: each[rows], self.y), self.sample_names[rows])

    @property
    def sample_names(self) -> NDArray[Any]:
        """The names of the samples, of shape (n,), see `names`."""
        return np.arange(len(self)) if self.names is None else self.names


@dataclass(frozen=True)
class Splits:
    """A data set: its training and test split, and a validation split if it comes with one.

    Args:
        name: the option name, such as `cifar10`.
        target: what `y` says of each sample.
        digest: hex SHA-256 of the content of all the arrays; equal whatever source they came from.
        element: what one sample is.
        artifacts: the files, by name and content, that a run keeps to make such samples again.
        facts: of samples that were fitted, for the manifest, in JSON types.
        names: of the samples of each split, see `Split.names`; those of a split that is not there
            are its row numbers.
    """

    name: str
    train: Split
    test: Split
    target: Target
    digest: str
    element: Sample
    validation: Split | None = None
    artifacts: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def array_element(self) -> Element:
        """`element` of samples that are not records."""
        assert not isinstance(self.element, Record), "records have an element for each field"
        return self.element

    @property
    def target_facts(self) -> dict[str, Any]:
        """The target as manifests have it, and the names of its classes, as they always had."""
        names = {} if self.target.kind == "numbers" else {"class_names": list(self.target.names)}
        return {**names, "target": self.target.to_json()}

    @property
    def parts(self) -> dict[str, Split]:
        """The splits that are there, by name."""
        named = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: part for name, part in named.items() if part is not None}

    @property
    def class_names(self) -> tuple[str, ...]:
        """One name for each class, in label order; UsageError where the target has no classes."""
        return self.target.class_names

    @property
    def num_classes(self) -> int:
        """The number of classes; UsageError where the target has none."""
        return len(self.class_names)
