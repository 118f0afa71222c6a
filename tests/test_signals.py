"""A signal, or the time limit, ends the work in order, and the process where it cannot."""

import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from fmtool.errors import ExitCode, Interrupted, TimeLimit, UsageError
from fmtool.signals import SignalGuard

HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)

DEAF = """
import ctypes, sys, time
from fmtool import signals

signals._GRACE_SECONDS = float(sys.argv[1])
signals._LAST_WORDS_SECONDS = 0.5

def last_words(interruption):
    print("last words:", interruption, flush=True)
    {last_words}

with signals.SignalGuard(last_words) as guard, guard.deferring():
    {before}
    libc, mutex = ctypes.CDLL(None), ctypes.create_string_buffer(64)
    print("ready", flush=True)
    # As a compiler does, this stays in C and lets other threads run; and it never ends.
    libc.pthread_mutex_lock(mutex)
    libc.pthread_mutex_lock(mutex)
"""

HEARING = """
import sys, time
from fmtool import signals

signals._GRACE_SECONDS = 0.3
with signals.SignalGuard(lambda _: print("last words", flush=True)) as guard:
    with guard.deferring():
        print("ready", flush=True)
        while not guard.has_arrived:
            time.sleep(0.01)
        {afterwards}
        time.sleep(1)
        print("stopped by itself", flush=True)
"""


@pytest.fixture
def ready(fmtool, started):
    """Starts Python code and waits until it prints `ready`."""

    def start(code, *argv):
        process = fmtool.start_python(code, *argv)
        started.append(process)
        assert process.stdout.readline() == "ready\n", process.communicate()
        return process

    return start


@pytest.fixture
def deaf(ready):
    """A process whose main thread sits in C code, within a guard."""

    def start(*, grace, before="pass", last_words="pass"):
        return ready(DEAF.format(before=before, last_words=last_words), str(grace))

    return start


@pytest.fixture(autouse=True)
def nothing_is_left_behind():
    """Handlers, timer, wakeup file and threads are after a test as they were before."""
    before = [signal.getsignal(number) for number in HANDLED]
    yield
    assert [signal.getsignal(number) for number in HANDLED] == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.set_wakeup_fd(-1) == -1
    assert "fmtool-watchdog" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_raised_where_it_arrives(number):
    with pytest.raises(Interrupted) as raised, SignalGuard():
        signal.raise_signal(number)
    assert raised.value.exit_code == 128 + number


def test_while_deferring_a_signal_is_noted_and_raised_at_the_end():
    steps = []

    def work():
        with SignalGuard() as guard, guard.deferring():
            signal.raise_signal(signal.SIGTERM)
            steps.append(guard.has_arrived)

    with pytest.raises(Interrupted):
        work()
    assert steps == [True]


def test_an_error_while_deferring_outweighs_a_signal_that_was_only_noted():
    def work():
        with SignalGuard() as guard, guard.deferring():
            signal.raise_signal(signal.SIGTERM)
            raise UsageError("what went wrong")

    with pytest.raises(UsageError):
        work()


def test_an_interruption_that_a_library_swallows_is_raised_at_the_end():
    def work():
        with SignalGuard(), suppress(BaseException):
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(Interrupted):
        work()


def test_an_interruption_that_a_library_turns_into_an_error_is_raised_at_the_end():
    def work():
        with SignalGuard():
            try:
                signal.raise_signal(signal.SIGTERM)
            except BaseException as error:
                raise ImportError("initialization failed") from error

    with pytest.raises(Interrupted) as raised:
        work()
    assert isinstance(raised.value.__context__, ImportError)


@pytest.fixture
def ignoring():
    """SIGHUP and SIGINT are ignored, as under `nohup` and in the background of a script."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in HANDLED[::2]}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("ignoring")
def test_an_ignored_hangup_stays_ignored():
    with SignalGuard() as guard:
        signal.raise_signal(signal.SIGHUP)
    assert not guard.has_arrived


@pytest.mark.usefixtures("ignoring")
def test_an_ignored_interrupt_is_heard_and_ignored_again_afterwards():
    with pytest.raises(Interrupted), SignalGuard():
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN


def sleep_within(*limits):
    with SignalGuard() as guard:
        for seconds in limits:
            guard.limit(seconds)
        time.sleep(30)


def test_the_time_limit_is_raised_with_an_exit_code_of_its_own():
    with pytest.raises(TimeLimit) as raised:
        sleep_within(0.05)
    assert raised.value.exit_code == ExitCode.TIME_LIMIT == 124


@pytest.mark.parametrize("limits", [(0.05, 60), (60, 0.05)])
def test_of_several_limits_the_earliest_counts(limits):
    began = time.monotonic()
    with pytest.raises(TimeLimit):
        sleep_within(*limits)
    assert time.monotonic() - began < 20


def test_a_limit_that_is_not_reached_ends_with_the_guard():
    with SignalGuard() as guard:
        guard.limit(60)
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_an_inner_guard_takes_the_limit_over():
    arrived = []

    def work():
        with SignalGuard() as outer:
            outer.limit(0.1)
            with SignalGuard() as inner, inner.deferring():
                time.sleep(0.3)
                arrived.extend([inner.has_arrived, outer.has_arrived])

    with pytest.raises(TimeLimit):
        work()
    assert arrived == [True, False]


def test_the_limit_of_an_inner_guard_ends_with_it_and_that_of_the_outer_does_not():
    reached = []

    def work():
        with SignalGuard() as outer:
            outer.limit(0.5)
            with SignalGuard() as inner:
                inner.limit(0.2)
            time.sleep(0.3)
            reached.append("after the limit of the inner guard")
            time.sleep(30)

    with pytest.raises(TimeLimit):
        work()
    assert reached == ["after the limit of the inner guard"]


def test_after_an_inner_guard_the_outer_one_hears_signals():
    def work():
        with SignalGuard():
            with SignalGuard():
                pass
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(Interrupted):
        work()


def test_a_main_thread_in_c_code_dies_by_the_signal_after_five_seconds(deaf):
    process = deaf(grace=5)
    began = time.monotonic()
    process.terminate()
    out, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM
    assert 4.9 < time.monotonic() - began < 20
    assert out == "last words: by SIGTERM\n"
    assert err == "warning: the work at hand did not stop within 5 s and is abandoned\n"


def test_a_time_limit_in_c_code_ends_with_its_exit_code(deaf):
    process = deaf(grace=0.3, before="guard.limit(0.3)")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == ExitCode.TIME_LIMIT
    assert out == "last words: the time limit was reached\n"


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_second_signal_in_c_code_ends_the_process_at_once(deaf, second):
    process = deaf(grace=100)
    process.terminate()
    time.sleep(0.7)
    assert process.poll() is None
    process.send_signal(second)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == -second
    assert out == ""


def test_a_time_limit_in_c_code_is_no_second_signal(deaf):
    process = deaf(grace=2, before="guard.limit(0.8)")
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM


@pytest.mark.parametrize(
    ("last_words", "warning"),
    [("raise ValueError('nothing to say')", "warning: ValueError: nothing to say"), ("", "")],
    ids=["fail", "hang"],
)
def test_last_words_that(deaf, last_words, warning):
    process = deaf(grace=0.3, last_words=last_words or "time.sleep(1000)")
    process.terminate()
    _, err = process.communicate(timeout=20)
    assert process.returncode == -signal.SIGTERM
    assert warning in err


def test_a_signal_that_is_sent_twice_is_one_signal(ready):
    process = ready(HEARING.format(afterwards="guard.acknowledge()"))
    process.terminate()
    process.terminate()
    time.sleep(0.05)
    process.terminate()
    assert process.communicate(timeout=20)[0] == "stopped by itself\n"


def test_the_last_words_of_an_inner_guard_come_before_those_of_the_outer(ready):
    code = """
import time
from fmtool import signals

signals._GRACE_SECONDS = 0.1
with signals.SignalGuard(lambda _: print("outer", flush=True)):
    with signals.SignalGuard(lambda _: print("inner", flush=True)) as guard, guard.deferring():
        print("ready", flush=True)
        time.sleep(1000)
"""
    process = ready(code)
    process.terminate()
    assert process.communicate(timeout=20)[0] == "inner\nouter\n"


def test_work_that_acknowledges_the_signal_has_time_to_end(ready):
    process = ready(HEARING.format(afterwards="guard.acknowledge()"))
    process.terminate()
    out, _ = process.communicate(timeout=20)
    assert out == "stopped by itself\n"


def test_work_that_never_acknowledges_the_signal_is_abandoned(ready):
    process = ready(HEARING.format(afterwards="pass"))
    process.terminate()
    out, _ = process.communicate(timeout=20)
    assert (process.returncode, out) == (-signal.SIGTERM, "last words\n")


def test_a_second_signal_while_the_work_ends_ends_the_process_at_once(ready):
    process = ready(HEARING.format(afterwards="guard.acknowledge(); time.sleep(100)"))
    process.terminate()
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == -signal.SIGINT


@pytest.mark.parametrize(
    ("call", "code"),
    [("os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM), ("guard.limit(0.1)", 124)],
    ids=["signal", "time limit"],
)
def test_nothing_is_raised_through_an_import(fmtool, call, code):
    fmtool.write(
        "library.py",
        "import os, signal, time\n"
        "from __main__ import guard\n"
        f"try:\n    {call}\n    time.sleep(1000)\n"
        "except BaseException:\n    print('swallowed')\n    raise ImportError\n",
    )
    main = (
        "import sys\n"
        "sys.path.insert(0, '')\n"
        "from fmtool.signals import SignalGuard\n"
        "with SignalGuard(lambda error: print('last words:', error, flush=True)) as guard:\n"
        "    import library\n"
    )
    outcome = fmtool.python(main)
    assert outcome.code == code
    assert outcome.out.startswith("last words: ")
    assert "swallowed" not in outcome.out
    assert outcome.err == ""


def test_the_watchdog_leaves_no_file_open():
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with SignalGuard(), SignalGuard():
            pass
    assert len(list(Path("/proc/self/fd").iterdir())) == before
