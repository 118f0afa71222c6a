"""Workers as tasks of a Ray cluster, which are awaited here.

Ray is in a process of its own, `ray_driver`: where it loses its cluster, it ends the process that
it is in. It is told of the tasks on stdin, and to end them in order by the end of stdin, so that
it also does so where this process dies.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from fmtool.errors import Unavailable
from fmtool.signals import SignalGuard
from fmtool.tuning.cluster import ENDED_WELL, last_line
from fmtool.tuning.config import RayCluster

_LOOK_SECONDS = 0.1
_END_SECONDS = 60.0


def work(
    cfg: RayCluster,
    command: Sequence[str],
    *,
    signals: SignalGuard,
    look: Callable[[], None],
) -> None:
    """Returns when the workers have ended, of which one or more saw the study's end.

    Args:
        look: is called again and again.

    Raises Interrupted, once the workers have given their trials back; Unavailable where there is
    no such cluster, or none of them ended well.
    """
    request = {**cfg.model_dump(), "command": list(command), "folder": str(Path.cwd())}
    driver = subprocess.Popen(
        [sys.executable, "-P", "-m", "fmtool.tuning.cluster.ray_driver"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,  # a terminal's Ctrl-C reaches us alone, who pass it on
    )
    assert driver.stdin is not None
    try:
        print(json.dumps(request), file=driver.stdin, flush=True)
        with signals.deferring():
            while driver.poll() is None and not signals.has_arrived:
                look()
                time.sleep(_LOOK_SECONDS)
            if signals.has_arrived:
                signals.acknowledge()
                with suppress(subprocess.TimeoutExpired):
                    driver.communicate(timeout=_END_SECONDS)
    finally:
        driver.kill()
    said, complaint = driver.communicate()
    _judge(cfg, said, complaint)


def _judge(cfg: RayCluster, said: str, complaint: str) -> None:
    try:
        answer: dict[str, Any] = json.loads(last_line(said))
    except ValueError as error:
        raise Unavailable(
            f"the Ray cluster {cfg.address} is lost: {last_line(complaint)[:200]}",
            fix="see that it runs, then type the same command again: nothing is lost",
        ) from error
    if "error" in answer:
        raise Unavailable(
            f"there is no Ray cluster at {cfg.address}: {answer['error']}",
            fix="start it with ray start --head, or name tune.cluster.address=HOST:PORT",
        )
    ends: list[list[Any]] = answer["ends"]
    if not any(code in ENDED_WELL for code, _ in ends):
        raise Unavailable(f"no worker ended well: {ends[0][1] or f'it ended with {ends[0][0]}'}")
