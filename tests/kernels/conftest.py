"""Keras as it was and as it is after a kernel took its place, in a process of their own."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="session")
def told_by() -> Callable[..., Any]:
    """Runs a script with arguments; gives the JSON of the last line that it prints."""

    def run(script: str, *argv: str) -> Any:
        command = [sys.executable, "-c", script, *argv]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run
