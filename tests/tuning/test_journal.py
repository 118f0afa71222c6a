"""A journal on a shared disk: torn lines, lost files, and locks whose holder has died."""

import json
import subprocess
import sys
import threading
import time

import optuna
import pytest
from idle_workers import create

from fmtool.tuning import journal, lease
from fmtool.tuning.journal import JournalLock


@pytest.fixture
def path(tmp_path):
    (tmp_path / "s").touch()
    return tmp_path / "s"


def dead():
    return json.dumps(lease.ourselves().to_json(0) | {"began": 1, "lock": "x"})


def test_a_line_torn_by_a_full_disk_costs_nothing_but_itself(tmp_path):
    store = create(f"journal://{tmp_path}/s", 3)
    with (tmp_path / "s").open("ab") as file:
        file.write(b'{"op_code":4,"work')
    store.take({}, most=3)
    study = optuna.load_study(study_name="exact", storage=journal.journal(tmp_path / "s"))
    assert [trial.number for trial in study.trials] == [0]


def test_a_journal_that_is_away_is_not_begun_anew(tmp_path):
    store = create(f"journal://{tmp_path}/s", 3)
    (tmp_path / "s").rename(tmp_path / "away")
    back = threading.Timer(0.5, lambda: (tmp_path / "away").rename(tmp_path / "s"))
    back.start()
    assert store.take({}, most=3).number == 0
    assert [each.name for each in tmp_path.iterdir()] == ["s"]


def test_the_lock_of_a_dead_process_is_free_at_once(path):
    (path.parent / "s.lock").symlink_to(dead())
    began = time.monotonic()
    assert JournalLock(path).acquire()
    assert time.monotonic() - began < 1


def test_the_lock_of_another_machine_is_free_when_it_has_been_held_for_long(path, monkeypatch):
    monkeypatch.setattr(journal, "_GRACE_SECONDS", 0.3)
    elsewhere = {"machine": "another", "pid": 1, "began": 1}
    (path.parent / "s.lock").symlink_to(json.dumps(elsewhere))
    began = time.monotonic()
    JournalLock(path).acquire()
    assert 0.3 <= time.monotonic() - began < 2


def test_who_was_held_up_does_not_release_the_lock_of_another(path):
    late, other = JournalLock(path), JournalLock(path)
    late.acquire()
    other._break(other._holder())
    other.acquire()
    late.release()
    assert other._holder() == other._mine


def test_what_is_no_lock_of_ours_is_waited_for(path, monkeypatch):
    monkeypatch.setattr(journal, "_GRACE_SECONDS", 0.2)
    (path.parent / "s.lock").write_text("")
    JournalLock(path).acquire()
    assert (path.parent / "s.lock").is_symlink()


def test_only_one_holds_it_though_holders_die(path, tmp_path):
    code = (
        "import os, sys, time, random\n"
        "from pathlib import Path\n"
        "from fmtool.tuning.journal import JournalLock\n"
        "for number in range(25):\n"
        "    if (pid := os.fork()) == 0:\n"
        "        lock = JournalLock(Path(sys.argv[1]))\n"
        "        lock.acquire()\n"
        "        os.close(os.open(sys.argv[2], os.O_CREAT | os.O_EXCL))\n"
        "        os.unlink(sys.argv[2])\n"
        "        if number % 3: lock.release()\n"
        "        os._exit(0)\n"
        "    assert os.waitpid(pid, 0)[1] == 0\n"
    )
    command = [sys.executable, "-c", code, str(path), str(tmp_path / "held")]
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
