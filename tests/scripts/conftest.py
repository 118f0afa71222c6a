"""The benchmarks' own package, and their scripts as processes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture
def contest(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Makes `import contest` work as it does beside the scripts."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    yield
    for name in [each for each in sys.modules if each.partition(".")[0] == "contest"]:
        del sys.modules[name]


@pytest.fixture
def bench(tmp_path: Path) -> Callable[..., Any]:
    """Runs a benchmark in a folder of its own; gives the one JSON object that it prints."""

    def run(script: str, *words: str) -> Any:
        done = subprocess.run(
            [sys.executable, str(SCRIPTS / script), *words],
            cwd=tmp_path,
            env=os.environ | {"FMTOOL_OFFLINE": "1"},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
