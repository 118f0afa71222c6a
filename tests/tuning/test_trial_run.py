"""Whether a trial that was taken over goes on in the run of the attempt before."""

import threading
import time

import pytest

from fmtool.runs.layout import RunPaths
from fmtool.runs.lock import RunLock
from fmtool.tuning.trial_run import _can_go_on


@pytest.fixture
def run(tmp_path):
    return RunPaths(tmp_path)


def test_a_run_without_a_manifest_in_which_nobody_works_is_not_gone_on_with(run):
    run.config.touch()
    RunLock(run.lock).release()
    assert not _can_go_on(run)


@pytest.mark.parametrize("begins", [True, False])
def test_a_training_that_has_just_lost_its_worker_is_waited_for(begins, run):
    lock = RunLock(run.lock)

    def end():
        time.sleep(0.2)
        if begins:
            run.manifest.touch()
        lock.release()

    training = threading.Thread(target=end)
    training.start()
    assert _can_go_on(run) == begins
    training.join()
    assert run.manifest.exists() == begins
