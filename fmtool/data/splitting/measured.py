"""Samples that a trained model is measured on: taken whole, by the target of its run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from fmtool.data.splitting.split_names import SPLITS
from fmtool.errors import DataError, UsageError
from fmtool.targets import Target

AUTO, ALL = "auto", "all"

T = TypeVar("T")


@dataclass
class Measured:
    """A request for samples to measure, and what a data module found for it.

    Args:
        target: of the run; its classes and numbers are found by name.
        part: `train`, `validation` or `test`, where there are such parts; `all` for all that
            there is; `auto` for `test`, or all where there is no part of that name.
        origin: where the samples lie, as it was typed.

    Attributes:
        counts: samples by the name of their part, those included that are not measured.
        taken: the names of the parts that are.
    """

    target: Target
    part: str
    origin: str
    counts: dict[str, int] = field(default_factory=dict)
    taken: tuple[str, ...] = ()

    def choose(self, counts: Mapping[str, int]) -> tuple[str, ...]:
        """The parts to take, in order.

        Raises:
            DataError: there are no samples.
            UsageError: there is no such part.
        """
        self.counts = {part: counts[part] for part in SPLITS if counts.get(part)}
        if not self.counts:
            raise DataError(f"{self.origin}: no samples", fix="give it some, each with its class")
        wanted = self.part
        if wanted == AUTO:
            wanted = "test" if "test" in self.counts else ALL
        if wanted != ALL and wanted not in self.counts:
            raise UsageError(
                f"split={wanted}: {self.origin} has no such part of its own", fix="split=all"
            )
        self.taken = tuple(self.counts) if wanted == ALL else (wanted,)
        return self.taken

    def chosen(self, parts: Mapping[str, Sequence[T]]) -> dict[str, list[T]]:
        """The samples of the chosen parts as a test split; `train` is only there to have one."""
        taken = self.choose({part: len(samples) for part, samples in parts.items()})
        samples = [sample for part in taken for sample in parts[part]]
        return {"train": samples[:1], "test": samples}
