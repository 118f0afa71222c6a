"""Every moment belongs to one phase, whatever is nested or raised."""

import time

import pytest

from fmtool.training.profiling.stopwatch import Stopwatch


@pytest.fixture
def clock(monkeypatch):
    """A clock that moves only when told to."""

    class Clock:
        now = 100.0

        def advance(self, seconds):
            self.now += seconds

    clock = Clock()
    monkeypatch.setattr(time, "perf_counter", lambda: clock.now)
    return clock


def test_a_phase_within_another_takes_its_time_from_it(clock):
    watch = Stopwatch("outer")
    clock.advance(1)
    with watch.phase("inner"):
        clock.advance(2)
    clock.advance(4)
    assert watch.seconds() == {"outer": 5, "inner": 2}


def test_time_from_before_belongs_to_the_first_phase(clock):
    assert Stopwatch("start", began=90.0).seconds() == {"start": 10}


def test_after_an_error_the_phase_before_goes_on(clock):
    watch = Stopwatch("outer")
    with pytest.raises(ValueError, match="lost"), watch.phase("inner"):
        raise ValueError("lost")
    clock.advance(3)
    assert watch.seconds() == {"outer": 3, "inner": 0}


def test_a_timed_method_returns_what_it_did(clock):
    class Adder:
        def add(self, a, b):
            clock.advance(b)
            return a + b

    watch, adder = Stopwatch("outer"), Adder()
    watch.time_methods("adding", adder, "add")
    assert adder.add(1, b=2) == 3
    assert watch.seconds() == {"outer": 0, "adding": 2}


def test_waiting_for_an_item_is_told_from_using_it(clock):
    def items():
        for item in "ab":
            clock.advance(1)
            yield item

    watch = Stopwatch("using")
    taken = []
    for item in watch.timed_items("waiting", items()):
        clock.advance(10)
        taken.append(item)
    assert taken == ["a", "b"]
    assert watch.seconds() == {"using": 20, "waiting": 2}
