"""Whoever is killed at whatever moment: as many trials as the budget has, each done once."""

import threading
import time

import idle_workers
import optuna
import postgresql
import pytest
from idle_workers import Crew, create, inexact
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.storages import InMemoryStorage
from optuna.trial import TrialState

from fmtool.tuning import attempts, lease, summary, worker
from fmtool.tuning.retry_policy import RetryPolicy
from fmtool.tuning.store import Store

ALIVE = lease.ourselves().to_json(0)
WRITES = (
    "create_new_trial",
    "set_trial_state_values",
    "set_trial_user_attr",
    "set_trial_system_attr",
    "set_trial_param",
)


@pytest.fixture(scope="module")
def database():
    with postgresql.server() as server:
        yield server


@pytest.fixture
def url_of(request, tmp_path):
    def url(kind):
        if kind == "postgresql":
            server = request.getfixturevalue("database")
            return server.new_database(f"study_{time.monotonic_ns()}")
        return f"sqlite:///{tmp_path / 's.db'}" if kind == "sqlite" else f"journal://{tmp_path}/s"

    return url


@pytest.fixture(scope="module")
def zygote():
    with Crew() as made:
        yield made


@pytest.fixture
def crew(zygote):
    zygote.kills = 0
    return zygote


@pytest.fixture
def in_memory(monkeypatch):
    """A study of a budget in the memory of this process, with a worker that trains nothing."""
    monkeypatch.setattr(worker, "TrialRun", worker.TrialRun)
    monkeypatch.setattr(worker, "_STUDY_SECONDS", 1.0)

    def store(trials, tuner="random"):
        study = optuna.create_study(
            storage=InMemoryStorage(), study_name=idle_workers.NAME, direction="maximize"
        )
        limits = idle_workers.settings(trials, lease_seconds=0.1)
        study.set_user_attr("fmtool.definition", idle_workers.definition(tuner).model_dump_json())
        study.set_user_attr("fmtool.settings", limits.model_dump_json())
        return Store(study, "memory", RetryPolicy("memory", 5))

    return store


@pytest.mark.parametrize("kind", ["sqlite", "journal"])
def test_workers_that_are_killed_at_random_change_nothing_of_what_is_done(
    kind, url_of, crew, tmp_path
):
    url = url_of(kind)
    store = create(url, 10)
    codes = crew.harass(url, tmp_path, workers=4, kills=5, seed=1)
    assert inexact(store.trials(), 10) == []
    assert codes == [0] * 5


def test_several_may_begin_a_study_at_once(url_of, crew, tmp_path):
    url = url_of("postgresql")
    for seed in range(4):
        crew.start(url, tmp_path, seed=seed, trials=6)
    assert [crew.wait(pid) for pid in list(crew.pids)] == [0] * 4
    assert inexact(create(url, 6).trials(), 6) == []


def test_each_point_of_a_list_is_taken_once(url_of, crew, tmp_path):
    url = url_of("journal")
    store = create(url, 12, "grid")
    crew.harass(url, tmp_path, workers=3, kills=4, seed=2)
    assert inexact(store.trials(), 12) == []
    points = {tuple(chain.current.params.values()) for chain in attempts.by_trial(store.trials())}
    assert len(points) == 12


def test_a_server_that_crashes_and_comes_back_changes_nothing(database, url_of, crew, tmp_path):
    url = url_of("postgresql")
    store = create(url, 12)
    crash = threading.Timer(0.7, lambda: database.restart("immediate"))
    crash.start()
    codes = crew.harass(url, tmp_path, workers=4, kills=2, seed=3)
    crash.join()
    assert inexact(store.trials(), 12) == []
    assert codes == [0] * 5


@pytest.mark.parametrize("is_done", [True, False], ids=["done", "not-done"])
@pytest.mark.parametrize("method", WRITES)
def test_whichever_answer_gets_lost_the_budget_is_kept(method, is_done, in_memory, tmp_path):
    for which in (1, 3):
        store = in_memory(3)
        store.points = [{"model.dropout": value} for value in (0.1, 0.2, 0.3)]
        storage, calls = store.study._storage, []
        operation = getattr(storage, method)

        def lossy(*args, calls=calls, operation=operation, which=which, **kwargs):
            calls.append(1)
            if len(calls) != which:
                return operation(*args, **kwargs)
            if is_done:
                operation(*args, **kwargs)
            raise StorageInternalError("no answer")

        setattr(storage, method, lossy)
        idle_workers.work(store, tmp_path)
        assert len(calls) >= min(which, 3)
        assert inexact(store.trials(), 3) == []
        found = [
            chain.current.params["model.dropout"] for chain in attempts.by_trial(store.trials())
        ]
        assert sorted(found) == [0.1, 0.2, 0.3]


def test_a_trial_beyond_the_budget_does_not_count(in_memory):
    store = in_memory(1)
    assert store.take(ALIVE, most=1).number == 0
    assert store.take(ALIVE, most=1) is None
    assert [chain.origin for chain in attempts.by_trial(store.trials())] == [0]
    assert attempts.status(store.trials()[1]) == attempts.SURPLUS


def test_after_a_larger_budget_only_what_is_missing_is_taken(in_memory):
    store = in_memory(1)
    store.take(ALIVE, most=1)
    store.take(ALIVE, most=1)
    assert store.take(ALIVE, most=2).number == 2
    assert store.take(ALIVE, most=2) is None
    assert [chain.origin for chain in attempts.by_trial(store.trials())] == [0, 2]


def test_what_was_given_back_has_its_point_and_its_run_again(in_memory):
    store = in_memory(1)
    trial = store.take(ALIVE, most=1)
    values = store.draw(trial)
    store.set(trial, attempts.RUN, "/runs/a")
    store.give_back(0, most=1)
    again = store.take(ALIVE, most=1)
    assert (store.draw(again), again.user_attrs[attempts.RUN]) == (values, "/runs/a")
    assert again.user_attrs[attempts.ORIGIN] == 0


def test_a_point_of_a_list_is_not_lost_with_a_worker_that_had_not_drawn_it(in_memory):
    store = in_memory(1)
    store.points = [{"model.dropout": 0.25, "optimizer.learning_rate": 0.5}]
    store.take(ALIVE, most=1)
    store.give_back(0, most=1)
    again = store.take(ALIVE, most=1)
    assert store.draw(again) == store.points[0]


def test_who_was_thought_dead_and_comes_back_cannot_finish_a_trial_of_another(in_memory):
    store = in_memory(1)
    first = store.take(ALIVE, most=1)
    store.give_back(0, most=1)
    second = store.take(ALIVE, most=1)
    ended = {attempts.OUTCOME: attempts.COMPLETED}
    assert not store.finish(first, TrialState.COMPLETE, ended, values=[0.1], violations={"a": 1.0})
    assert store.finish(second, TrialState.COMPLETE, ended, values=[0.2])
    (chain,) = attempts.by_trial(store.trials())
    assert (chain.status, chain.current.values) == (attempts.COMPLETED, [0.2])
    with pytest.raises(UpdateFinishedTrialError):
        store.set(first, attempts.LEASE, {})


def test_what_is_finished_while_it_is_given_back_is_not_done_again(in_memory):
    store = in_memory(1)
    trial = store.take(ALIVE, most=1)
    stale = store.study.get_trials()
    store.finish(trial, TrialState.COMPLETE, {attempts.OUTCOME: attempts.COMPLETED}, values=[0.1])
    store._begin_again(stale[0], stale)  # as by a worker that had looked before
    assert store.take(ALIVE, most=1) is None
    assert inexact(store.trials(), 1) == []


def test_of_two_that_give_the_same_trial_back_one_attempt_is_made(in_memory):
    store = in_memory(1)
    store.take(ALIVE, most=1)
    stale = store.study.get_trials()
    store.give_back(0, most=1)
    store._begin_again(stale[0], stale)
    assert store.take(ALIVE, most=1).number == 1
    assert store.take(ALIVE, most=1) is None
    assert [chain.status for chain in attempts.by_trial(store.trials())] == [attempts.RUNNING]


def test_failed_trials_are_tried_again_once_for_each_time_that_it_is_asked(in_memory):
    store = in_memory(1)
    for _ in range(2):
        trial = store.take(ALIVE, most=1)
        store.finish(trial, TrialState.FAIL, {attempts.OUTCOME: attempts.FAILED})
        assert (store.retry_failed(), store.retry_failed()) == ([0], [])
    assert store.take(ALIVE, most=1).number == 2
    assert store.take(ALIVE, most=1) is None


def test_a_trial_that_nobody_is_at_any_more_is_found(in_memory):
    store = in_memory(1)
    store.take(ALIVE, most=1)
    store._fail(store.trials()[0], attempts.LOST)
    store.tidy(store.trials(), most=1)
    assert store.take(ALIVE, most=1).user_attrs[attempts.ORIGIN] == 0


def test_attempts_at_a_trial_beyond_a_smaller_budget_wait_for_a_larger_one(in_memory):
    store = in_memory(2)
    for _ in range(2):
        store.draw(store.take(ALIVE, most=2))
    store.give_back(1, most=2)
    assert store.take(ALIVE, most=1) is None
    again = store.take(ALIVE, most=2)
    assert again.user_attrs[attempts.ORIGIN] == 1


def test_a_study_that_has_reached_its_target_is_complete_though_a_trial_was_given_back(in_memory):
    store = in_memory(5)
    store.set_settings(
        store.settings.model_copy(
            update={"budget": store.settings.budget.model_copy(update={"target": 0.5})}
        )
    )
    store.take(ALIVE, most=5)
    store.give_back(0, most=5)
    trial = store.take(ALIVE, most=5)
    assert summary.document(store)["status"] == "open"
    good = {attempts.OUTCOME: attempts.COMPLETED, attempts.METRICS: {"val_accuracy": 0.6}}
    store.finish(trial, TrialState.COMPLETE, good, values=[0.6])
    store.take(ALIVE, most=5)
    store.give_back(2, most=5)
    assert summary.document(store)["status"] == "completed"
