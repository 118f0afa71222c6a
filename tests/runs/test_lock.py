import fcntl
import json
import os
import platform
import signal
import threading
import time

import pytest

from fmtool.errors import Busy, CannotCreate, Refused
from fmtool.runs.find import find
from fmtool.runs.lock import DigestLock, RunLock, is_locked
from fmtool.runs.records import run_directories

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


def test_a_lock_file_that_links_elsewhere_is_refused_and_its_target_kept(tmp_path):
    target = tmp_path / "precious"
    target.write_text("content")
    (tmp_path / "run.lock").symlink_to(target)
    with pytest.raises(Refused, match="symbolic link"):
        RunLock(tmp_path / "run.lock")
    assert target.read_text() == "content"


def test_a_pipe_in_place_of_the_lock_file_hangs_nobody(tmp_path):
    os.mkfifo(tmp_path / "run.lock")
    assert not is_locked(tmp_path / "run.lock")


DIGEST = "0123456789abcdef" + 48 * "7"
HOLD_DIGEST = """
import sys
from pathlib import Path
from fmtool.runs.lock import DigestLock
lock = DigestLock(Path(sys.argv[1]), sys.argv[2])
print("held", flush=True)
sys.stdin.read()
lock.release()
"""


@pytest.fixture
def digest_holder(python, tmp_path):
    """Another process that holds the lock of DIGEST below `tmp_path/runs`."""
    process = python(HOLD_DIGEST, tmp_path / "runs", DIGEST, wait=False)
    assert process.stdout.readline() == "held\n"
    return process


def test_the_same_digest_is_refused_within_a_second_naming_pid_and_host(digest_holder, tmp_path):
    began = time.monotonic()
    with pytest.raises(Busy) as caught:
        DigestLock(tmp_path / "runs", DIGEST)
    assert time.monotonic() - began < 1
    assert f"process {digest_holder.pid} on host {platform.node()}" in caught.value.message
    assert caught.value.exit_code == 75
    assert (tmp_path / "runs" / ".locks" / "0123456789abcdef.lock").is_file()


def test_another_digest_is_free_meanwhile(digest_holder, tmp_path):
    DigestLock(tmp_path / "runs", "f" * 64).release()
    assert is_locked(tmp_path / "runs" / ".locks" / "0123456789abcdef.lock")


def test_the_digest_of_a_killed_process_is_free_again(digest_holder, tmp_path):
    digest_holder.send_signal(signal.SIGKILL)
    digest_holder.wait()
    DigestLock(tmp_path / "runs", DIGEST).release()
    assert not (tmp_path / "runs" / ".locks").exists()


def test_a_released_digest_lock_leaves_no_directory_that_it_made(tmp_path):
    lock = DigestLock(tmp_path / "made" / "runs", DIGEST)
    lock.release()
    lock.release()
    assert list(tmp_path.iterdir()) == []


def test_a_released_digest_lock_leaves_the_directories_that_were_there(tmp_path):
    DigestLock(tmp_path, DIGEST).release()
    assert tmp_path.is_dir()
    assert list(tmp_path.iterdir()) == []


def test_a_run_made_meanwhile_stays(tmp_path):
    lock = DigestLock(tmp_path / "runs", DIGEST)
    (tmp_path / "runs" / "a_run").mkdir()
    lock.release()
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["a_run"]


def test_a_runs_directory_that_cannot_be_made_is_an_error_and_leaves_nothing(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CannotCreate):
        DigestLock(tmp_path / "file" / "runs", DIGEST)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_who_waited_for_a_lock_file_that_is_removed_locks_the_new_one(tmp_path, monkeypatch):
    first = DigestLock(tmp_path, DIGEST)
    path = tmp_path / ".locks" / "0123456789abcdef.lock"

    def release_while_the_second_has_the_old_file_open(seconds):
        first.release()

    monkeypatch.setattr(time, "sleep", release_while_the_second_has_the_old_file_open)
    second = DigestLock(tmp_path, DIGEST)
    assert is_locked(path)
    second.release()


CONTEND = """
import sys
from pathlib import Path
from fmtool.errors import Busy
from fmtool.runs.lock import DigestLock
runs, token = Path(sys.argv[1]), Path(sys.argv[2])
for _ in range(100):
    try:
        lock = DigestLock(runs, "a" * 64)
    except Busy:
        continue
    token.mkdir()  # fails where two are inside
    token.rmdir()
    lock.release()
"""


def test_of_many_that_come_and_go_never_two_hold_a_digest(python, tmp_path):
    processes = [python(CONTEND, tmp_path, tmp_path / "token", wait=False) for _ in range(4)]
    for process in processes:
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_locks_is_no_run(make_run, digest_holder, tmp_path):
    run = make_run("2026-01-01_000000_cnn_digits_aaaaaa")
    assert run_directories(tmp_path / "runs") == [run]
    assert find("last", tmp_path / "runs") == run
