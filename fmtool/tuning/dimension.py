"""One dimension of a search space, as it is typed, stored and drawn from.

    optimizer.learning_rate=1e-5..1e-1:log    a range, here of equal orders of magnitude
    batch_size=16..256/16                     in steps
    model.activation=relu,gelu                one of a list
    model=cnn,mlp                             an option of a group, with dimensions of its own

Nothing in it needs a quote in a shell.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from fmtool.config.base import Config
from fmtool.errors import UsageError

if TYPE_CHECKING:
    from optuna.trial import Trial

_NUMBER = r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})(?:/({_NUMBER}))?(:log)?")
_LOOKS_LIKE_A_RANGE = re.compile(r"[+-]?[\d.]+.*\.\.")

Value = float | int | str
"""The value of a dimension in one trial; of a list the text of the choice."""


class Range(Config):
    """Numbers from `low` to `high`, both included."""

    kind: Literal["float", "int"]
    low: float
    high: float
    step: float | None
    log: bool

    def suggest(self, trial: "Trial", name: str) -> Value:
        if self.kind == "float":
            return trial.suggest_float(name, self.low, self.high, step=self.step, log=self.log)
        step = 1 if self.step is None else int(self.step)
        return trial.suggest_int(name, int(self.low), int(self.high), step=step, log=self.log)

    def ends(self) -> tuple[Value, Value]:
        return self._number(self.low), self._number(self.high)

    def points(self, count: int) -> list[Value]:
        """Every step, or `count` points at equal distances, on the scale of the range."""
        if self.step is not None:
            steps = int((self.high - self.low) / self.step + 1e-9)
            return [self._number(self.low + index * self.step) for index in range(steps + 1)]
        if count == 1:
            return [self._number(self.low)]
        shares = [index / (count - 1) for index in range(count)]
        if self.log:
            values = [self.low * (self.high / self.low) ** share for share in shares]
        else:
            values = [self.low + (self.high - self.low) * share for share in shares]
        values[-1] = self.high
        return list(dict.fromkeys(self._number(value) for value in values))

    def _number(self, value: float) -> Value:
        return value if self.kind == "float" else round(value)

    def show(self) -> str:
        low, high = self.ends()
        step = "" if self.step is None else f"/{self.step:g}"
        return f"{low:g}..{high:g}{step}{':log' if self.log else ''}"


class Choice(Config):
    """One of several values, each as it is typed."""

    kind: Literal["choice"]
    values: Annotated[list[str], Field(min_length=1)]

    def suggest(self, trial: "Trial", name: str) -> Value:
        return str(trial.suggest_categorical(name, self.values))

    def ends(self) -> tuple[Value, ...]:
        return tuple(self.values)

    def points(self, count: int) -> list[Value]:
        return list(self.values)

    def show(self) -> str:
        return ",".join(self.values)


Domain = Annotated[Range | Choice, Field(discriminator="kind")]


class Dimension(Config):
    """A key of the training's config, and what it may be."""

    name: str
    """The name of Optuna's parameter: the key, and behind an @ the option that it is only for."""
    key: str
    domain: Domain
    is_group: bool
    when: dict[str, list[str]]
    """Groups and their options with which the dimension is there; none: with all."""

    def is_active(self, chosen: Mapping[str, str]) -> bool:
        return all(chosen.get(group) in options for group, options in self.when.items())

    def override(self, value: Value) -> str:
        return f"{self.key}={value!r}" if isinstance(value, float) else f"{self.key}={value}"


def parse_range(key: str, text: str) -> Range | None:
    """The range that `text` is, whole numbers being such; None if it is none.

    Raises UsageError for one that is empty or cannot be in steps or logarithmic.
    """
    match = _RANGE.fullmatch(text)
    if match is None:
        if _LOOKS_LIKE_A_RANGE.match(text):
            raise UsageError(f"{key}={text} is no range", fix=f"write {key}=LOW..HIGH[/STEP][:log]")
        return None
    low, high = float(match[1]), float(match[2])
    step, log = None if match[3] is None else float(match[3]), match[4] is not None
    problem = _problem(low, high, step, log=log)
    if problem:
        raise UsageError(f"{key}={text}: {problem}", fix=f"write {key}=LOW..HIGH[/STEP][:log]")
    is_whole = all(re.fullmatch(r"[+-]?\d+", part) for part in match.group(1, 2, 3) if part)
    return Range(kind="int" if is_whole else "float", low=low, high=high, step=step, log=log)


def _problem(low: float, high: float, step: float | None, *, log: bool) -> str:
    if low >= high:
        return "the lower end must be below the upper one"
    if log and low <= 0:
        return "a logarithmic range begins above 0"
    if step is not None and log:
        return "a range is in steps or logarithmic, not both"
    if step is not None and not 0 < step <= high - low:
        return "a step is positive and within the range"
    return ""


def of_kind(domain: Range, kind: Literal["float", "int"], key: str) -> Range:
    """`domain` for a key that holds numbers of this kind; UsageError for 0.5 of a whole number."""
    numbers = (domain.low, domain.high, domain.step or 0.0)
    if kind == "int" and any(each != round(each) for each in numbers):
        raise UsageError(
            f"{key}={domain.show()}: {key} is a whole number", fix="give a range of such"
        )
    return domain.model_copy(update={"kind": kind})


def draw(dimensions: list[Dimension], trial: "Trial") -> dict[str, Any]:
    """Values by the dimensions' names; groups come first in the list, and decide about others."""
    chosen: dict[str, str] = {}
    values: dict[str, Any] = {}
    for dimension in dimensions:
        if not dimension.is_active(chosen):
            continue
        value = values[dimension.name] = dimension.domain.suggest(trial, dimension.name)
        if dimension.is_group:
            chosen[dimension.key] = str(value)
    return values
