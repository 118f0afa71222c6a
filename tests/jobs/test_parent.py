"""What a training tells the process that started it, if that one is still there."""

import os
import subprocess
import sys

import pytest

from fmtool.jobs.parent import Parent
from fmtool.runs.layout import JOB_VARIABLE, JobPaths

SCRIPT = """
import sys
from pathlib import Path
from fmtool.errors import Interrupted
from fmtool.jobs import parent
from fmtool.runs.layout import JobPaths
from fmtool.signals import SignalGuard

parent._listen = lambda: None  # a thread that the system has not come to yet
try:
    with SignalGuard():
        parent.Parent(JobPaths(Path(sys.argv[1]))).announce(Path("run"))
except Interrupted as interruption:
    print(interruption.exit_code)
"""


@pytest.mark.parametrize(("is_there", "said"), [(True, ""), (False, "143\n")])
def test_a_run_is_announced_to_a_living_parent_only(is_there, said, tmp_path):
    ear, mouth = os.pipe()
    if not is_there:
        os.close(mouth)
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    done = subprocess.run(
        command, stdin=ear, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (done.returncode, done.stdout) == (0, said), done.stderr
    announced = JobPaths(tmp_path).run
    assert announced.exists() == is_there
    if is_there:
        assert announced.read_text() == str(tmp_path / "run")
        os.close(mouth)
    os.close(ear)


def test_a_training_that_a_person_starts_has_no_parent(monkeypatch):
    monkeypatch.delenv(JOB_VARIABLE, raising=False)
    assert Parent.of_environment() is None
