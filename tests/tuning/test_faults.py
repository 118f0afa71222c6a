"""Real workers with real trainings: killed, interrupted, and left without their storage."""

import json
import random
import signal
import time

import postgresql
import pytest
from idle_workers import inexact
from local_processes import wait_until
from small_studies import LINE, NAME, WORKER, epochs_of, is_at_rest, train_beyond, trials_of

from fmtool.runs.layout import RunPaths
from fmtool.tuning import attempts

pytestmark = pytest.mark.slow

TRIALS = 16
"""Enough for the workers to be at it when the second one is killed, up to 11 s after the first."""


@pytest.fixture(scope="module")
def database():
    with postgresql.server() as server:
        yield server


def has_begun(url, least):
    """Whether so many trials have a run, or had one."""
    return sum(attempts.RUN in trial.user_attrs for trial in trials_of(url)) >= least


def start_fleet(fmtool, started, url, *, workers, trials):
    """The line that begins a study, and workers that join it."""
    sizes = ("epochs=2", f"budget.trials={trials}", "tune.lease_seconds=10")
    started.append(fmtool.start(*LINE, f"storage={url}", *sizes))
    place = fmtool.folder / "runs" / "studies" / NAME / "study.yaml"
    wait_until(place.exists, 60, "the study is there")
    for _ in range(workers - 1):
        started.append(fmtool.start(*WORKER, f"storage={url}"))


def check(fmtool, url, fleet, *, killed, trials):
    """No trial is lost or was done twice; each has one run, but for those that never trained."""
    codes = [process.wait(240) for process in fleet]
    assert codes.count(-signal.SIGKILL) == killed
    assert codes.count(0) == len(fleet) - killed, [each.communicate() for each in fleet]
    found = trials_of(url)
    assert inexact(found, trials) == []
    runs = [chain.attrs[attempts.RUN] for chain in attempts.by_trial(found)]
    trained = [path for path in fmtool.runs if RunPaths(path).config.exists()]
    assert sorted(runs) == sorted(str(path) for path in trained)
    statuses = [json.loads(RunPaths(path).result.read_text())["status"] for path in trained]
    assert statuses == ["completed"] * trials


def test_eight_workers_two_of_them_killed_and_the_server_restarted(fmtool, started, database):
    url, chance = database.new_database("fleet"), random.Random(7)
    start_fleet(fmtool, started, url, workers=8, trials=TRIALS)
    wait_until(lambda: has_begun(url, 2), 120, "two trainings have begun")
    first, second = chance.sample(started, 2)
    first.kill()
    time.sleep(chance.uniform(1, 4))
    database.stop("immediate")
    time.sleep(3)
    database.start()
    time.sleep(chance.uniform(1, 4))
    second.kill()
    check(fmtool, url, started, killed=2, trials=TRIALS)


@pytest.mark.parametrize("scheme", ["sqlite:///", "journal://"])
def test_four_workers_two_of_them_killed(scheme, fmtool, started):
    url, chance = f"{scheme}{fmtool.folder}/storage", random.Random(5)
    start_fleet(fmtool, started, url, workers=4, trials=TRIALS)
    wait_until(lambda: has_begun(url, 1), 120, "a training has begun")
    for process in chance.sample(started, 2):
        process.kill()
        time.sleep(chance.uniform(1, 4))
    check(fmtool, url, started, killed=2, trials=TRIALS)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_study_that_is_ended_goes_on_in_the_same_run(number, fmtool, started):
    process = train_beyond(fmtool, started, epochs=3)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == -number
    wait_until(lambda: is_at_rest(fmtool), 30, "the training ends")
    before = epochs_of(fmtool)
    (chain,) = attempts.by_trial(
        trials_of(f"sqlite:///{fmtool.folder}/runs/studies/{NAME}/study.db")
    )
    if number == signal.SIGKILL:
        assert chain.status == attempts.RUNNING
    else:
        assert chain.status == attempts.WAITING
        assert "the same command goes on with it" in said
    again = train_beyond(fmtool, started, epochs=len(before))
    again.send_signal(signal.SIGTERM)
    again.communicate(timeout=60)
    assert again.returncode == -signal.SIGTERM
    assert epochs_of(fmtool) == list(range(1, len(epochs_of(fmtool)) + 1))
    assert epochs_of(fmtool)[: len(before)] == before


def test_a_storage_that_stays_away_is_69_and_nothing_is_lost(fmtool, started, database):
    words = (f"storage={database.new_database('away')}", "tune.patience_seconds=2")
    process = train_beyond(fmtool, started, *words, epochs=3)
    database.stop("immediate")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 69
    assert said.splitlines()[-1].startswith("error: the storage postgresql+psycopg://postgres@")
    assert is_at_rest(fmtool)
    before = epochs_of(fmtool)
    database.start()
    again = train_beyond(fmtool, started, *words, epochs=len(before))
    again.send_signal(signal.SIGTERM)
    again.communicate(timeout=60)
    assert again.returncode == -signal.SIGTERM
    assert epochs_of(fmtool)[: len(before)] == before
