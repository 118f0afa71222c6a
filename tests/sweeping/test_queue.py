"""Jobs side by side: how many, what is tried again, what ends them. Their processes are real."""

import json
import signal
import time

import pytest

from fmtool.sweeping import queue as queue_module
from fmtool.sweeping.queue import JobQueue

COMPLETED = 'print(\'{"status": "completed", "exit_code": 0}\')'
SLEEP = "import time; time.sleep(60)"
TIDY = """
import signal, sys, time
def end(number, _):
    print('{"status": "interrupted", "exit_code": %d}' % (128 + number), flush=True)
    sys.exit(128 + number)
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, end)
print(file=sys.stderr, flush=True)
time.sleep(60)
"""


class Recorder:
    """A view that remembers what it was told."""

    def __init__(self):
        self.told = []

    def skip(self, job, result):
        self.told.append(("skip", job.number))

    def start(self, job, attempt):
        self.told.append(("start", job.number, attempt))

    def end(self, job, result, *, is_again):
        self.told.append(("end", job.number, result["exit_code"], is_again))

    def refresh(self, running):
        pass

    def close(self):
        pass


@pytest.fixture
def begin(expanded, settings, pretended):
    """A queue of jobs, each of which runs its piece of Python."""

    def make(*codes, **keys):
        jobs = expanded(f"seed=range(0,{len(codes)})")
        attempts = []

        def launch(job, slot):
            attempts.append(job.number)
            code = codes[job.number - 1]
            return pretended(job, code if isinstance(code, str) else code(attempts))

        own = settings(*(f"sweep.{key}={value}" for key, value in keys.items()))
        view = Recorder()
        return JobQueue(jobs, own, launch, view), view

    return make


def work(queue, until=lambda queue: queue.is_done, seconds=20):
    deadline = time.monotonic() + seconds
    while not until(queue):
        assert time.monotonic() < deadline
        queue.look()
        time.sleep(0.01)


def codes(queue):
    return {number: result["exit_code"] for number, result in queue.results.items()}


def exits(code):
    return f"import sys; sys.exit({code})"


def test_one_after_another_by_default(begin):
    queue, view = begin(COMPLETED, COMPLETED)
    work(queue)
    assert view.told == [
        ("start", 1, 1), ("end", 1, 0, False), ("start", 2, 1), ("end", 2, 0, False),
    ]  # fmt: skip


def test_as_many_side_by_side_as_asked_for(begin):
    queue, _ = begin(SLEEP, SLEEP, SLEEP, jobs=2)
    queue.look()
    assert [each.job.number for each in queue.running] == [1, 2]
    queue.end(signal.SIGKILL)
    work(queue)
    assert codes(queue) == {1: 137, 2: 137}


def test_a_failed_job_does_not_keep_the_others_from_running(begin):
    queue, _ = begin(exits(2), COMPLETED)
    work(queue)
    assert codes(queue) == {1: 2, 2: 0}


def test_a_process_that_dies_without_a_word_is_killed(begin):
    queue, _ = begin("import os; os.abort()")
    work(queue)
    result = queue.results[1]
    assert (result["status"], result["exit_code"]) == ("killed", 128 + signal.SIGABRT)


def once(code):
    """That code at the first attempt, and then a training that completes."""
    return lambda attempts: code if len(attempts) == 1 else COMPLETED


@pytest.mark.parametrize(
    "code", [exits(1), "import os; os.abort()", "import os; os.kill(os.getpid(), 9)"]
)
def test_a_crash_is_tried_again(begin, code):
    queue, view = begin(once(code), retries=1)
    work(queue)
    assert [told[0] for told in view.told] == ["start", "end", "start", "end"]
    assert view.told[1][3] is True
    assert queue.results[1] == {"status": "completed", "exit_code": 0, "attempts": 2}


@pytest.mark.parametrize("code", [2, 5, 65, 71, 74, 124])
def test_what_would_fail_again_is_not_tried_again(begin, code):
    queue, view = begin(exits(code), retries=3)
    work(queue)
    assert view.told == [("start", 1, 1), ("end", 1, code, False)]


def test_a_crash_is_tried_no_more_often_than_asked_for(begin):
    queue, view = begin(exits(1), retries=2)
    work(queue)
    assert [told[2] for told in view.told if told[0] == "start"] == [1, 2, 3]
    assert queue.results[1]["attempts"] == 3


def test_a_run_that_another_process_still_writes_is_waited_for(begin, monkeypatch):
    monkeypatch.setattr(queue_module, "_BUSY_PAUSE_SECONDS", 0.1)
    queue, view = begin(once(exits(75)))
    work(queue)
    assert codes(queue) == {1: 0}
    assert [told[2] for told in view.told if told[0] == "start"] == [1, 1]


def test_at_the_first_failure_what_runs_is_ended_and_nothing_more_starts(begin, tmp_path):
    queue, view = begin(TIDY, "import time; time.sleep(0.5); exit(2)", COMPLETED, jobs=2,
                        fail_fast="true")  # fmt: skip
    work(queue)
    assert codes(queue) == {1: 143, 2: 2}
    assert queue.results[1]["status"] == "interrupted"
    assert ("start", 3, 1) not in view.told


def test_a_missed_gate_is_no_failure_that_ends_the_others(begin):
    missed = 'print(\'{"status": "gate_not_met", "exit_code": 4}\'); exit(4)'
    queue, _ = begin(missed, COMPLETED, fail_fast="true")
    work(queue)
    assert codes(queue) == {1: 4, 2: 0}


def test_a_signal_is_passed_on_once_and_a_crash_is_not_tried_again(begin, tmp_path):
    queue, view = begin(TIDY, COMPLETED, retries=5)
    queue.look()
    log = tmp_path / "sweep" / "jobs" / "01" / "log.txt"
    while not log.read_text():
        time.sleep(0.01)
    queue.end(signal.SIGINT)
    queue.end(signal.SIGINT)
    work(queue)
    assert codes(queue) == {1: 130}
    assert view.told == [("start", 1, 1), ("end", 1, 130, False)]


def test_a_job_that_does_not_end_at_its_time_limit_is_killed(begin, monkeypatch):
    monkeypatch.setattr(queue_module, "_LATE_SECONDS", 0.2)
    queue, _ = begin(SLEEP, timeout="0.1s", retries=1)
    work(queue)
    result = queue.results[1]
    assert (result["status"], result["exit_code"]) == ("killed", 137)
    assert result["error"]["message"] == (
        "it did not end within 0.2 s of sweep.timeout, and was killed"
    )
    assert "attempts" not in result


def test_jobs_side_by_side_have_slots_of_their_own(begin):
    queue, _ = begin(SLEEP, SLEEP, jobs=2)
    queue.look()
    one, other = queue.running
    assert one.slot is not other.slot
    queue.end(signal.SIGKILL)
    work(queue)


def test_results_are_what_the_process_printed(begin):
    printed = {"status": "completed", "run": "a", "seconds": 1.5}
    queue, _ = begin(f"print('{json.dumps(printed)}')")
    work(queue)
    assert queue.results[1] == {**printed, "exit_code": 0}
