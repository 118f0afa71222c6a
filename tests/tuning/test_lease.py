"""Whether a worker is alive: by its process or its sign of life, by no clock but one's own."""

import os
import subprocess

import pytest

from fmtool.tuning import lease
from fmtool.tuning.lease import Watch, is_gone, ourselves

ELSEWHERE = {"host": "b", "machine": "other", "pid": 1, "began": 1, "beat": 0}


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass when the test says so."""
    now = [100.0]
    monkeypatch.setattr(lease.time, "monotonic", lambda: now[0])

    def passes(seconds):
        now[0] += seconds

    return passes


def test_a_process_that_lives_is_not_gone():
    assert not is_gone(ourselves().to_json(3))


def test_a_process_that_was_killed_is_gone_before_anybody_has_waited_for_it():
    child = subprocess.Popen(["sleep", "60"])
    holder = ourselves().to_json(0) | {"pid": child.pid, "began": lease._began(child.pid)}
    assert not is_gone(holder)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert is_gone(holder)
    child.wait()


def test_a_number_that_another_process_has_now_is_no_sign_of_life():
    assert is_gone(ourselves().to_json(0) | {"began": 1})


def test_of_another_machine_nobody_is_known_to_be_gone():
    assert not is_gone(ELSEWHERE)


def test_a_forked_child_is_somebody_else():
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.write(writer, str(ourselves().pid == os.getpid()).encode())
        os._exit(0)
    os.wait()
    assert os.read(reader, 10) == b"True"


def test_a_lease_is_over_when_it_has_not_changed_for_long(clock):
    watch = Watch(60)
    for _ in range(7):
        watch.look()
        assert not watch.is_over(1, ELSEWHERE)
        clock(10)
    watch.look()
    assert watch.is_over(1, ELSEWHERE)


def test_a_beat_begins_it_anew(clock):
    watch = Watch(60)
    for beat in range(20):
        watch.look()
        assert not watch.is_over(1, ELSEWHERE | {"beat": beat // 5})
        clock(10)


def test_who_could_not_look_himself_gives_everybody_as_long_again(clock):
    watch = Watch(60)
    watch.look()
    assert not watch.is_over(1, ELSEWHERE)
    clock(300)
    watch.look()
    assert not watch.is_over(1, ELSEWHERE)


def test_a_trial_that_nobody_signed_for_is_over_too(clock):
    watch = Watch(1)
    for _ in range(4):
        watch.look()
        assert not watch.is_over(1, None)
        clock(0.3)
    watch.look()
    assert watch.is_over(1, None)
