"""What is muted for a library is muted for all threads, and heard again after the last of them."""

import logging
import threading
import warnings

from fmtool.data.reading.silence import Silence


def heard(package):
    """Whether a warning of `package` comes through."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.warn_explicit("odd", UserWarning, "file.py", 1, module=f"{package}.reader")
    return bool(caught)


def test_the_last_thread_that_leaves_puts_everything_back():
    silence, has_entered, may_leave = Silence("painter"), threading.Event(), threading.Event()
    before = list(warnings.filters)

    def stay():
        with silence:
            has_entered.set()
            may_leave.wait(10)

    with silence:
        thread = threading.Thread(target=stay)
        thread.start()
        has_entered.wait(10)
    assert not heard("painter"), "a thread is still in"
    may_leave.set()
    thread.join()
    assert heard("painter")
    assert list(warnings.filters) == before
    assert not logging.getLogger("painter").handlers


def test_only_the_package_is_muted():
    with Silence("painter"):
        assert heard("paint")
        assert not heard("painter")
