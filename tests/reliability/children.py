"""Trainings as forked children, which can be killed at a chosen step."""

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE

sys.path.insert(0, str(Path(__file__).parents[1]))

import forked

EXPORT = 10**9
"""Stands for a step: the model is in a file, which does not have its name yet."""


@dataclass(frozen=True)
class Child:
    """How a training ended.

    Args:
        code: as in `subprocess`: the exit code, or minus a signal; None while it is stopped.
        first: the first step that it did; 0 for none.
        step: the last one.
    """

    pid: int
    code: int | None
    first: int
    step: int
    out: str
    err: str


class Zygote:
    """The fork server of a backend, asked for trainings that are attacked.

    Args:
        threads: of the backend, for all trainings.
    """

    def __init__(self, servers: forked.Servers, backend: str, *, threads: int = 1) -> None:
        self._servers, self.backend, self.threads = servers, backend, threads
        self._stopped: dict[int, forked.Process] = {}

    def run(
        self,
        folder: Path,
        *argv: str,
        program: str = "fmtool",
        send: signal.Signals | None = None,
        fault: str | None = None,
        at_step: int = 0,
        delay: float = 0.0,
        holds: bool = False,
        in_validation: bool = False,
    ) -> Child:
        """A command line of `fmtool`, or the arguments of keras_script.py, until it ends or stops.

        Args:
            folder: to work in, which is made if missing.
            send: to the child, `delay` seconds after it has reported `at_step` or a later step.
            fault: the point of the commit protocol at which it kills itself from that step on.
            holds: the child waits for a signal at that step, and does nothing before.
            in_validation: steps are reported by the validations that follow them.
        """
        folder.mkdir(parents=True, exist_ok=True)
        attack = {
            "backend": self.backend,
            "threads": self.threads,
            "fault": fault,
            "at_step": at_step,
            "holds": holds,
            "in_validation": in_validation,
        }
        ear, mouth = os.pipe()
        process = self._servers.ask(
            self.backend,
            {
                "function": f"attacked.{program}",
                "path": str(Path(__file__).parent),
                "arguments": [argv, attack],
                "cwd": str(folder),
                "env": dict(self._servers.base),
            },
            extra=[mouth],
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            text=True,
        )
        os.close(mouth)
        steps, is_sent = [], False
        with os.fdopen(ear) as reports:
            for step in map(int, reports):
                if step != EXPORT:
                    steps.append(step)
                if send and not is_sent and step >= at_step:
                    time.sleep(delay)
                    process.send_signal(send)
                    is_sent = True
                    if send == signal.SIGSTOP:
                        self._stopped[process.pid] = process
                        return Child(process.pid, None, min(steps), max(steps), "", "")
        out, err = process.communicate()
        code, first, last = process.returncode, min(steps, default=0), max(steps, default=0)
        return Child(process.pid, code, first, last, out, err)

    def kill(self, child: Child) -> None:
        """SIGKILL to a child that is stopped."""
        process = self._stopped.pop(child.pid)
        process.kill()
        process.communicate()
