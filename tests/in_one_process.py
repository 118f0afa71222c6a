"""Many commands in one process on torch: the time to import Keras is paid once."""

import json
import subprocess
import sys
from typing import Any

_SERVER = """
import contextlib, io, json, os, sys
from fmtool.cli.main import main
for line in sys.stdin:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = int(main(json.loads(line)))
    print(json.dumps([code, out.getvalue(), err.getvalue()]), flush=True)
"""
TORCH = ("runtime.backend=torch", "runtime.device=cpu", "runtime.precision=float32")
QUIET = ("logging=quiet", "runtime.threads=1")


class OneProcess:
    """Answers commands in the folder of `command` until it is closed."""

    def __init__(self, command: Any) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVER],
            cwd=command.folder,
            env=command.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *argv: str) -> list[Any]:
        """Exit code, stdout and stderr."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(argv), file=self._process.stdin, flush=True)
        answer: list[Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        self._process.communicate()
