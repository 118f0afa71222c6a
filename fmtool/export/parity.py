"""The comparison of an exported file with the run's network, output by output and by score."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.export import outputs
from fmtool.metric import Metric
from fmtool.tasks.shared.serving import Output

_ROWS = 4096
Outputs = Mapping[str, Output]


@dataclass(frozen=True)
class Limits:
    """Beyond them a file does not match.

    Args:
        tolerance: largest difference of a probability, and of a number in standard deviations of
            what the run's network gives; None for any.
        agreement: least share of samples with the same label.
        score_loss: most that the headline may get worse, see `Serving.LOSS_OF_SCORE`; None for any.
    """

    tolerance: float | None
    agreement: float
    score_loss: float | None


LIMITS: Mapping[str, Limits] = {
    "none": Limits(tolerance=1e-3, agreement=0.999, score_loss=None),
    "float16": Limits(tolerance=2e-2, agreement=0.99, score_loss=0.005),
    "dynamic": Limits(tolerance=None, agreement=0.95, score_loss=0.01),
    "int8": Limits(tolerance=None, agreement=0.95, score_loss=0.01),
}
"""The limits where none are set, by quantization."""

LIMITS_OF_NUMBERS: Mapping[str, Limits] = {
    name: Limits(limits.tolerance, limits.agreement, None if name == "none" else 0.01)
    for name, limits in LIMITS.items()
}
"""The same for tasks whose score has no upper end: 1 % of it."""


@dataclass(frozen=True)
class Scores:
    """The headline of a file, beside that of the run's network.

    Args:
        headline: its name and direction.
        is_relative: whether the loss is a share of what the network reaches.
    """

    headline: Metric
    found: float | None
    reference: float | None
    is_relative: bool

    def objection(self, limit: float) -> str | None:
        """Words for a loss beyond the limit."""
        name = self.headline.name.replace("_", " ")
        if self.reference is None:
            return None
        if self.found is None:
            return f"the {name} is not defined for what it gives"
        lost = self.headline.loss_of(self.found) - self.headline.loss_of(self.reference)
        if self.is_relative:
            lost /= abs(self.reference) or 1.0
        if lost <= limit:
            return None
        changes = "rises" if self.found > self.reference else "falls"
        by = f"{lost:.2%}, more than {limit:.2%}" if self.is_relative else _plainly(lost, limit)
        return f"the {name} {changes} by {by}"


def _plainly(lost: float, limit: float) -> str:
    return f"{lost:.4f}, more than {limit:g}"


def compared_names(named: Outputs) -> list[str]:
    """The outputs that decide whether a file matches."""
    return [name for name, output in named.items() if output.compare != "reported"]


def compare(named: Outputs, reference: Path, found: Path) -> dict[str, Any]:
    """Differences of each float output, and the share of samples where all others are equal.

    Args:
        reference, found: folders of `outputs.Writer`.
    """
    pairs = {name: (outputs.read(reference, name), outputs.read(found, name)) for name in named}
    samples = len(next(iter(pairs.values()))[0])
    equal = [pair for name, pair in pairs.items() if named[name].compare == "equal"]
    agreement = {}
    if equal:
        agreeing = agreeing_samples(equal)
        agreement = {"agreeing": agreeing, "agreement": agreeing / samples}
    return {
        "samples": samples,
        **agreement,
        "differences": {
            name: _difference(*pair, is_relative=named[name].compare == "relative")
            for name, pair in pairs.items()
            if named[name].compare != "equal"
        },
    }


def agreeing_samples(pairs: list[tuple[NDArray[Any], NDArray[Any]]]) -> int:
    """The number of samples with the same values in every pair of arrays."""
    agree = np.ones(len(pairs[0][0]), bool)
    for expected, found in pairs:
        agree &= np.all((expected == found).reshape(len(agree), -1), axis=1)
    return int(agree.sum())


def _difference(
    expected: NDArray[Any], found: NDArray[Any], *, is_relative: bool
) -> dict[str, Any]:
    """Largest and mean absolute difference; NaN in either is infinite.

    A relative one also has the largest in standard deviations, and these, of each value in order.
    """
    largest, total, relative = 0.0, 0.0, 0.0
    deviations = deviations_of(expected) if is_relative else np.ones(())
    for first in range(0, len(expected), _ROWS):
        rows = slice(first, first + _ROWS)
        gaps = gaps_of(expected[rows], found[rows])
        largest, total = max(largest, float(gaps.max())), total + float(gaps.sum())
        relative = max(relative, float((gaps / deviations).max()))
    difference: dict[str, Any] = {"max": largest, "mean": total / expected.size}
    if is_relative:
        difference |= {"relative": relative, "deviations": deviations.reshape(-1).tolist()}
    return difference


def gaps_of(expected: NDArray[Any], found: NDArray[Any]) -> NDArray[np.float64]:
    """Absolute differences; NaN in either is infinite."""
    gaps = np.abs(np.asarray(expected, np.float64) - found)
    return np.asarray(np.where(np.isnan(gaps), np.inf, gaps), np.float64)


def deviations_of(values: NDArray[Any]) -> NDArray[np.float64]:
    """Standard deviations over the samples, never 0: values that are all one count in themselves.

    Sums are of what is left of the first sample, so that nothing is lost where all are large.
    """
    first = np.asarray(values[0], np.float64)
    total, squares = np.zeros_like(first), np.zeros_like(first)
    for start in range(0, len(values), _ROWS):
        rest = np.asarray(values[start : start + _ROWS], np.float64) - first
        total, squares = total + rest.sum(axis=0), squares + np.square(rest).sum(axis=0)
    count = len(values)
    variances = np.maximum(squares / count - np.square(total / count), 0.0)
    deviations = np.sqrt(np.nan_to_num(variances))
    instead = np.nan_to_num(np.abs(first))
    found = np.where(deviations > 0, deviations, np.where(instead > 0, instead, 1.0))
    return np.asarray(found, np.float64)


def objection(
    found: Mapping[str, Any],
    limits: Limits,
    *,
    named: Outputs,
    scores: Scores | None,
) -> str | None:
    """The part of a comparison that is beyond the limits, for a message; None if nothing is.

    Args:
        scores: None where they are not compared.
    """
    for name, output in named.items():
        difference = found["differences"].get(name)
        if limits.tolerance is None or difference is None or output.compare == "reported":
            continue
        is_relative = output.compare == "relative"
        largest = difference["relative" if is_relative else "max"]
        if not largest <= limits.tolerance:
            return differs(output, name, largest, limits.tolerance)
    if "agreement" in found and found["agreement"] < limits.agreement:
        return f"{summary(found, named)}, fewer than {limits.agreement:.1%}"
    if limits.score_loss is not None and scores is not None:
        return scores.objection(limits.score_loss)
    return None


def summary(found: Mapping[str, Any], named: Outputs) -> str:
    """A comparison in words: how many samples agree, or else how far values are apart."""
    if "agreeing" in found:
        return f"{found['agreeing']:,} of {found['samples']:,} {equal_noun(named)} agree"
    name = next(iter(compared_names(named)))
    is_relative = named[name].compare == "relative"
    largest = found["differences"][name]["relative" if is_relative else "max"]
    unit = " standard deviations" if is_relative else ""
    return f"{named[name].noun or name} differs by at most {largest:.1e}{unit}"


def differs(output: Output, name: str, largest: float, limit: float, *, form: str = "g") -> str:
    """Words for a difference beyond its limit."""
    unit = " standard deviations" if output.compare == "relative" else ""
    what = output.noun or f"a value of {name}"
    return f"{what} differs by {largest:.2g}{unit}, more than {limit:{form}}"


def equal_noun(named: Outputs) -> str:
    """The plural for what agrees or does not."""
    equal = {name: output for name, output in named.items() if output.compare == "equal"}
    return " and ".join(output.noun or name for name, output in equal.items())
