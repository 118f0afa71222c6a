"""Trainings as forked children of a zygote, which can be killed at a chosen step."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

EXPORT = 10**9
"""Stands for a step: the model is in a file, which does not have its name yet."""

_PROGRAM = Path(__file__).with_name("zygote.py")
_CACHE_EVERYTHING = {
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
}


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
    """The process of zygote.py for one backend; a context that ends it.

    Args:
        threads: of the backend, for all trainings.
        compiled: a folder in which JAX keeps what it has compiled, which takes longer than the
            trainings; None to compile in each child.
    """

    def __init__(self, backend: str, *, threads: int = 1, compiled: Path | None = None) -> None:
        self.backend, self.threads = backend, threads
        foreign = ("FMTOOL_", "KERAS_", "HYDRA_", "XLA_", "JAX_")
        env = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        self._output = tempfile.TemporaryDirectory()
        env |= {"FMTOOL_OFFLINE": "1", "FMTOOL_DATA": self._output.name}
        env["FMTOOL_CACHE"] = os.environ.get("FMTOOL_CACHE", self._output.name)
        if compiled is not None:
            env |= {"JAX_COMPILATION_CACHE_DIR": str(compiled), **_CACHE_EVERYTHING}
        self._process = subprocess.Popen(
            [sys.executable, str(_PROGRAM), backend, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=env,
        )
        assert self._line() == "ready"

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
        request = {
            "folder": str(folder),
            "program": program,
            "argv": argv,
            "signal": send,
            "fault": fault,
            "at_step": at_step,
            "delay": delay,
            "holds": holds,
            "in_validation": in_validation,
            "output": self._output.name,
        }
        return self._ask(request)

    def kill(self, child: Child) -> None:
        """SIGKILL to a child that is stopped."""
        self._ask({"kill": child.pid})

    def _ask(self, request: dict[str, Any]) -> Child:
        assert self._process.stdin is not None
        print(json.dumps(request), file=self._process.stdin, flush=True)
        reply = {"first": 0, "step": 0} | json.loads(self._line())
        said = {name: (Path(self._output.name) / name).read_text() for name in ("out", "err")}
        return Child(**reply, **said)

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().rstrip()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._process.communicate()
        self._output.cleanup()
