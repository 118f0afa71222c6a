"""Several trainings at a time, until all have ended."""

import signal
import time
from collections.abc import Callable, Sequence
from typing import Any

from fmtool.jobs.process import TrainingProcess
from fmtool.signals import SignalGuard

_LOOK_SECONDS = 0.05
_END_SECONDS = 30.0


def run_all(
    starts: Sequence[Callable[[], TrainingProcess]],
    *,
    jobs: int,
    signals: SignalGuard,
    ended: Callable[[int, dict[str, Any]], None],
) -> list[dict[str, Any]]:
    """The outcomes, in the order of `starts`.

    Args:
        jobs: at a time.
        ended: is told of each by its place in `starts`.

    Raises Interrupted, once those that ran have ended with a checkpoint.
    """
    outcomes: dict[int, dict[str, Any]] = {}
    running: dict[int, TrainingProcess] = {}
    waiting = list(range(len(starts)))
    try:
        with signals.deferring():
            while (waiting or running) and not signals.has_arrived:
                while waiting and len(running) < jobs:
                    running[waiting[0]] = starts[waiting[0]]()
                    del waiting[0]
                for place, process in list(running.items()):
                    if process.has_ended():
                        outcomes[place] = process.outcome()
                        del running[place]
                        ended(place, outcomes[place])
                time.sleep(_LOOK_SECONDS)
            if signals.has_arrived:
                signals.acknowledge()
                _end(list(running.values()))
    finally:
        for process in running.values():
            process.kill()
    return [outcomes[place] for place in range(len(starts))]


def _end(running: Sequence[TrainingProcess]) -> None:
    for process in running:
        process.send(signal.SIGTERM)
    deadline = time.monotonic() + _END_SECONDS
    while not all(process.has_ended() for process in running) and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
