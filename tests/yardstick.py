"""How fast this machine is, and what the tests cost on it, in processor seconds.

Elapsed time depends on what else runs; processor seconds do so less, and the yardstick says what
one of them is worth. Time limits of the tests scale with it, see `scaled`.
"""

import hashlib
import os
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import forked
import numpy as np
import pytest

REFERENCE_SECONDS = 0.09
"""What the fixed piece of work took on the machine whose times docs/testing.md names."""
_VARIABLE = "FMTOOL_TESTS_YARDSTICK"


def work() -> None:
    """A fixed piece of work: Python, C, and products of matrices too small for threads."""
    total = 0
    for number in range(2_000_000):
        total += number & 7
    digest = hashlib.sha256()
    block = bytes(1 << 20)
    for _ in range(48):
        digest.update(block)
    matrix = np.full((32, 32), 1.0 / 32)
    product = matrix
    for _ in range(8000):
        product = product @ matrix


def measured() -> tuple[float, float]:
    """Processor and elapsed seconds of `work`, the least of three, measured once in a session."""
    if _VARIABLE not in os.environ:
        seconds = min(_once() for _ in range(3))
        os.environ[_VARIABLE] = " ".join(f"{each:.4f}" for each in seconds)
    processor, elapsed = map(float, os.environ[_VARIABLE].split())
    return processor, elapsed


def _once() -> tuple[float, float]:
    began, used = time.perf_counter(), time.process_time()
    work()
    return time.process_time() - used, time.perf_counter() - began


def scaled(seconds: float) -> float:
    """A time limit for the machine at hand, as busy as it was at the start; never a shorter one."""
    return seconds * max(1.0, max(measured()) / REFERENCE_SECONDS)


class Costs:
    """Notes the processor seconds of each test, of all processes that it has started.

    Args:
        servers: whose children are written down in `servers.log` by the test that asked for them.
        has_workers: this process hands the tests out to workers, which write down their own.
    """

    def __init__(self, servers: forked.Servers, *, has_workers: bool) -> None:
        self._servers, self._has_workers = servers, has_workers
        self._own = self._seconds()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self) -> None:
        self._write_down("collection and imports")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item):
        self._servers.account = item.nodeid
        answer = yield
        self._write_down(item.nodeid)
        return answer

    def pytest_sessionfinish(self) -> None:
        self._write_down("the end")

    def _write_down(self, account: str) -> None:
        now = self._seconds()
        with self._servers.log.open("a") as log:
            log.write(f"{now - self._own:.3f}\t{account}\n")
        self._own = now

    def _seconds(self) -> float:
        return time.process_time() if self._has_workers else _seconds_of_tree(self._servers)


def totals(log: Path) -> Counter[str]:
    """Seconds by account."""
    found: Counter[str] = Counter()
    for line in log.read_text().splitlines() if log.exists() else ():
        seconds, _, account = line.partition("\t")
        found[account] += float(seconds)  # type: ignore[assignment]
    return found


def header() -> str:
    processor, elapsed = measured()
    return (
        f"yardstick: {processor:.2f} processor seconds in {elapsed:.2f} s "
        f"({REFERENCE_SECONDS:.2f} where docs/testing.md was measured)"
    )


def summary(costs: Counter[str], count: int) -> Iterable[str]:
    whole = sum(costs.values())
    worth = whole * REFERENCE_SECONDS / measured()[0]
    yield f"{whole:.0f} processor seconds, worth {worth:.0f} where docs/testing.md was measured"
    for account, seconds in costs.most_common(count):
        yield f"{seconds:7.2f} s  {account}"


def _seconds_of_tree(servers: forked.Servers) -> float:
    """Of this process and all that it has started, without the servers."""
    known = servers.pids()
    times = os.times()
    seconds = times.user + times.system + times.children_user + times.children_system
    waiting = [pid for pid in _children(os.getpid()) if pid not in known]
    while waiting:
        pid = waiting.pop()
        waiting += _children(pid)
        seconds += _seconds_of(pid)
    return seconds


def _children(pid: int) -> list[int]:
    texts = []
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            texts.append(tasks.read_text())
        except OSError:
            continue
    return [int(child) for text in texts for child in text.split()]


def _seconds_of(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
