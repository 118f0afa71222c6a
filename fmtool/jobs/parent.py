"""The tie of a training to the process that started it: it reports where it runs, and ends.

The parent holds the other end of stdin. A word on it asks the training to stop, its end means that
the parent is gone: the training then ends as after SIGTERM, with its state in a checkpoint, so that
nobody trains unwatched and whoever comes next finds the run unlocked.
"""

import os
import select
import signal
import threading
import time
from pathlib import Path
from typing import Self

from fmtool.runs.atomic import write_text
from fmtool.runs.layout import JOB_VARIABLE, JobPaths
from fmtool.signals import SignalGuard

STOP = b"stop\n"
_AGAIN_SECONDS = 0.2


class Parent:
    """The process that started this training."""

    def __init__(self, paths: JobPaths) -> None:
        self._paths = paths
        threading.Thread(target=_listen, daemon=True, name="fmtool-parent").start()

    @classmethod
    def of_environment(cls) -> Self | None:
        """None where a person, or a script, started it; not inherited by its own children."""
        folder = os.environ.pop(JOB_VARIABLE, None)
        return None if folder is None else cls(JobPaths(Path(folder)))

    def announce(self, run_directory: Path) -> None:
        """To be called before a training can be recognised in the run directory.

        Where the parent is gone, SIGTERM arrives instead: who takes its place has looked already.
        """
        if _is_gone():
            signal.raise_signal(signal.SIGTERM)
        write_text(self._paths.run, str(run_directory.absolute()))


def _is_gone() -> bool:
    """True once the other end of stdin is closed, which the listening thread may not know yet."""
    poll = select.poll()
    poll.register(0, 0)  # a hang-up is told without being asked for
    return bool(poll.poll(0))


def _listen() -> None:
    """Past Python's own stdin, whose lock would be held at the end of this process."""
    while os.read(0, len(STOP)):
        # Nothing to stop before training begins; once it has ended nobody asks again.
        while not SignalGuard.stop():
            time.sleep(_AGAIN_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
