"""What every benchmark prints: one JSON object with the machine, the date, the command, ratios."""

import datetime
import json
import os
import platform
import shlex
import statistics
import sys
from collections.abc import Iterable, Sequence
from importlib import metadata
from typing import Any

from contest.turns import Round
from fmtool.runs import hardware

_LIBRARIES = {"fmtoolkit", "keras", "tensorflow", "jax", "torch", "numpy"}


def spread(values: Iterable[float]) -> dict[str, Any]:
    """The figure of every round, and what they come to."""
    rounds = [round(value, 4) for value in values]
    return {
        "median": round(statistics.median(rounds), 4),
        "min": min(rounds),
        "max": max(rounds),
        "rounds": rounds,
    }


def speed(told: dict[str, Any]) -> float:
    """Images a second of a turn."""
    return float(told["images"] / told["seconds"])


def speeds(rounds: Sequence[Round]) -> dict[str, float]:
    """The median of each contestant's images a second."""
    return {
        name: round(statistics.median(speed(each[name]) for each in rounds), 1)
        for name in rounds[0]
    }


def speed_ratio(rounds: Sequence[Round], over: str, under: str) -> dict[str, Any]:
    """How many times as fast `over` is as `under`, round by round, and at the best of each.

    A machine that stalls now and then spoils rounds, but not the fastest ones.
    """
    best_over, best_under = (max(speed(each[name]) for each in rounds) for name in (over, under))
    ratios = spread(speed(each[over]) / speed(each[under]) for each in rounds)
    return ratios | {"of_fastest": round(best_over / best_under, 4)}


def show(**results: Any) -> None:
    """Prints the benchmark's one JSON object."""
    print(json.dumps(_circumstances() | results, indent=2))


def _circumstances() -> dict[str, Any]:
    return {
        "command": shlex.join(["python", *sys.orig_argv[1:]]),
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": hardware.describe() | {"system": platform.platform()},
        "versions": {"python": platform.python_version()} | _versions(),
        "load": [round(each, 2) for each in os.getloadavg()],
    }


def _versions() -> dict[str, str]:
    names = (each.metadata["Name"] for each in metadata.distributions())
    return {name: metadata.version(name) for name in sorted(_LIBRARIES & set(names))}
