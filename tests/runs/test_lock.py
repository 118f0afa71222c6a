import fcntl
import json
import os
import platform
import signal
import threading
import time

import pytest

from fmtool.errors import Busy
from fmtool.runs.lock import RunLock, is_locked

HOLD = """
import sys
from pathlib import Path
from fmtool.runs.lock import RunLock
lock = RunLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(python, tmp_path):
    """Another process that holds `tmp_path/run.lock` until its stdin is closed or it is killed."""
    process = python(HOLD, tmp_path / "run.lock", wait=False)
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_process_is_refused_within_a_second_naming_pid_and_host(holder, tmp_path):
    began = time.monotonic()
    with pytest.raises(Busy) as caught:
        RunLock(tmp_path / "run.lock")
    assert time.monotonic() - began < 1
    assert f"process {holder.pid} on host {platform.node()}" in caught.value.message
    assert str(tmp_path) in caught.value.message
    assert caught.value.exit_code == 75


def test_the_lock_of_a_killed_process_is_free_again(holder, tmp_path):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert not is_locked(tmp_path / "run.lock")
    RunLock(tmp_path / "run.lock").release()


def test_is_locked_tells_and_leaves_the_lock_with_its_holder(holder, tmp_path):
    assert is_locked(tmp_path / "run.lock")
    assert is_locked(tmp_path / "run.lock")
    with pytest.raises(Busy):
        RunLock(tmp_path / "run.lock")


def test_asking_does_not_create_a_lock_file(tmp_path):
    assert not is_locked(tmp_path / "run.lock")
    assert list(tmp_path.iterdir()) == []


def test_the_lock_file_holds_pid_and_host_only_while_it_is_held(tmp_path):
    path = tmp_path / "run.lock"
    lock = RunLock(path)
    assert json.loads(path.read_text()) == {"pid": os.getpid(), "host": platform.node()}
    lock.release()
    assert path.read_text() == ""


def test_being_asked_at_the_wrong_moment_keeps_nobody_from_getting_the_lock(tmp_path):
    path = tmp_path / "run.lock"
    with path.open("w") as asker:
        fcntl.flock(asker, fcntl.LOCK_SH)
        threading.Timer(0.05, fcntl.flock, (asker.fileno(), fcntl.LOCK_UN)).start()
        RunLock(path).release()


def test_releasing_twice_is_harmless(tmp_path):
    lock = RunLock(tmp_path / "run.lock")
    lock.release()
    lock.release()
    assert not is_locked(tmp_path / "run.lock")


def test_a_lock_file_with_nonsense_in_it_still_gives_a_readable_refusal(tmp_path):
    path = tmp_path / "run.lock"
    lock = RunLock(path)
    path.write_text("[]")
    with pytest.raises(Busy, match="another process"):
        RunLock(path)
    lock.release()


def test_a_child_that_was_forked_does_not_keep_a_released_lock(tmp_path):
    lock = RunLock(tmp_path / "run.lock")
    child = os.fork()
    if child == 0:
        signal.pause()
    try:
        lock.release()
        assert not is_locked(tmp_path / "run.lock")
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
