"""The keys that a sweep has beside those of its trainings."""

import re
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator

from fmtool.config.base import Config, NonNegativeInt, PositiveInt
from fmtool.config.duration import seconds_of

Retry = Literal["none", "failed", "all"]


class Shard(NamedTuple):
    """Part `number`, from 1, of so many `parts`."""

    number: int
    parts: int

    def __str__(self) -> str:
        return f"{self.number}/{self.parts}"


def _seconds(value: Any) -> Any:
    return value if value is None else seconds_of(str(value))


def _shard(value: Any) -> Any:
    if value is None:
        return None
    match = re.fullmatch(r"([0-9]+)/([0-9]+)", str(value))
    shard = Shard(int(match[1]), int(match[2])) if match else Shard(0, 0)
    if not 1 <= shard.number <= shard.parts:
        raise ValueError(
            f"{value} is no part of a sweep; give 1/8 to 8/8, with any number of parts"
        )
    return shard


class SweepConfig(Config):
    jobs: PositiveInt
    fail_fast: bool
    retries: NonNegativeInt
    timeout: Annotated[float | None, BeforeValidator(_seconds)]
    """Seconds."""
    retry: Retry
    shard: Annotated[Shard | None, BeforeValidator(_shard)]


class OwnConfig(Config):
    """The keys of a command that are about the sweep, not about its trainings."""

    seeds: PositiveInt | None
    sweep: SweepConfig
