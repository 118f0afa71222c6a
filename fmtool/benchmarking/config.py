"""The keys that `fmtool bench` has beside those of `fmtool train`."""

from typing import Annotated

from pydantic import Field

from fmtool.config.base import Config, PositiveInt

_LONGEST_SECONDS = 600


class BenchConfig(Config):
    rounds: PositiveInt
    seconds: Annotated[float, Field(gt=0, le=_LONGEST_SECONDS)]
