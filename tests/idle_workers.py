"""Workers of a study that train nothing, so that many can be killed at many moments in seconds.

What decides who works at which trial is the real thing: worker, store and storage, in a process
for each worker. As a program it is a zygote that has imported everything, and forks them.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from optuna.trial import FrozenTrial, TrialState

from fmtool.runs.layout import StudyPaths
from fmtool.tuning import attempts
from fmtool.tuning.config import StudyBudget
from fmtool.tuning.definition import Definition, StudySettings
from fmtool.tuning.dimension import Dimension, Range
from fmtool.tuning.objective import Objective
from fmtool.tuning.retry_policy import RetryPolicy
from fmtool.tuning.store import Store

NAME = "exact"
_CAME_TO_NOTHING = (attempts.LOST, attempts.DUPLICATE, attempts.SURPLUS)


def definition(tuner: str = "random") -> Definition:
    keys = {"name": tuner} | ({"points": 6} if tuner == "grid" else {})
    domain = Range(kind="float", low=0.0, high=1.0, step=None, log=False)
    return Definition(
        schema_version=1,
        name=NAME,
        digest="0",
        model="mlp",
        data="digits",
        device="cpu",
        epochs=1,
        seed=0,
        config_name="train",
        fixed=[],
        dimensions=[
            Dimension(name=key, key=key, domain=domain, is_group=False, when={})
            for key in ("optimizer.learning_rate", "model.dropout")
        ],
        objectives=[Objective(direction="maximize", metric="val_accuracy")],
        constraint={"min": {}, "max": {}},
        tuner=keys,
        pruner={"name": "none"},
    )


def settings(trials: int, *, lease_seconds: float = 1.0) -> StudySettings:
    budget = StudyBudget(trials=trials, minutes=None, target=None, stagnation=None)
    return StudySettings(budget=budget, retries=0, trial_minutes=None, lease_seconds=lease_seconds)


def create(url: str, trials: int, tuner: str = "random", *, lease_seconds: float = 1.0) -> Store:
    limits = settings(trials, lease_seconds=lease_seconds)
    return Store.create(url, definition(tuner), limits, patience=RetryPolicy(url, 30))


def inexact(trials: list[FrozenTrial], budget: int) -> list[str]:
    """What is wrong with a study that is over; a correct one has exactly what was asked for."""
    found = attempts.by_trial(trials)
    ends = {
        chain.origin: sum(attempts.status(each) not in _CAME_TO_NOTHING for each in chain.trials)
        for chain in found
    }
    wrong = [f"{len(found)} trials count"] if len(found) != budget else []
    wrong += [f"trial {number} ended {times} times" for number, times in ends.items() if times != 1]
    wrong += [f"trial {each.origin} is {each.status}" for each in found if each.is_open]
    states = Counter(each.state.name for each in trials if not each.state.is_finished())
    return wrong + [f"{count} are left {state}" for state, count in states.items()]


class Crew:
    """Workers as forked children of a zygote; a context that ends them all."""

    def __init__(self) -> None:
        self._zygote = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.pids: list[int] = []
        self.kills = 0

    def start(self, url: str, folder: Path, *, seed: int, trials: int | None = None) -> None:
        """A worker; with `trials` it begins the study if nobody else has."""
        request = {"url": url, "folder": str(folder), "seed": seed, "trials": trials}
        self.pids.append(self._ask(request))

    def kill(self, pid: int) -> None:
        """SIGKILL, and the end of its process."""
        os.kill(pid, signal.SIGKILL)
        self.kills += 1
        self.wait(pid)

    def wait(self, pid: int) -> int:
        """Its exit code, or minus the number of a signal."""
        self.pids.remove(pid)
        return self._ask({"wait": pid})

    def has_ended(self, pid: int) -> bool:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return fields[0] == "Z"

    def harass(self, url: str, folder: Path, *, workers: int, kills: int, seed: int) -> list[int]:
        """Works at the study until it is over, and kills workers on the way; how the others end.

        The last one looks at a study that is over: who was killed at the very end was not missed.
        """
        chance = random.Random(seed)
        for number in range(workers):
            self.start(url, folder, seed=number)
        while self.kills < kills:
            time.sleep(chance.uniform(0.02, 0.4))
            pid = chance.choice(self.pids)
            if self.has_ended(pid):
                break
            self.kill(pid)
            self.start(url, folder, seed=1000 + self.kills)
        codes = [self.wait(pid) for pid in list(self.pids)]
        self.start(url, folder, seed=workers)
        return [*codes, self.wait(*self.pids)]

    def _ask(self, request: dict[str, Any]) -> int:
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        print(json.dumps(request), file=self._zygote.stdin, flush=True)
        return int(self._zygote.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        for pid in list(self.pids):
            os.kill(pid, signal.SIGKILL)
        self._zygote.communicate()


class IdleTrial:
    """In the place of `TrialRun`: after a moment it has trained well."""

    chance = random.Random(0)
    environment: ClassVar[dict[str, str]] = {}
    run_directory = log = None

    def __init__(self, setting: Any, trial: Any, values: Any, *_: Any, number: int, **__: Any):
        self._store: Store = setting.store
        self.trial, self.values, self.number, self.beat = trial, values, number, 0
        self._end = time.monotonic() + self.chance.uniform(0, 0.1)
        self._has_begun = False

    def advance(self) -> dict[str, Any] | None:
        if not self._has_begun:
            self._store.set(self.trial, attempts.RUN, "/nowhere")
            self._has_begun = True
        return {"exit_code": 0} if time.monotonic() > self._end else None

    def conclude(self, _: dict[str, Any]) -> str:
        value = self.values["model.dropout"]
        attrs = {attempts.OUTCOME: attempts.COMPLETED, attempts.METRICS: {"val_accuracy": value}}
        counts = self._store.finish(self.trial, TrialState.COMPLETE, attrs, values=[value])
        return attempts.COMPLETED if counts else attempts.LOST

    def stop(self, _: str) -> None: ...

    def interrupt(self) -> None: ...

    def kill(self) -> None: ...

    def wait(self, _: float) -> None: ...


def work(store: Store, folder: Path, *, seed: int = 0, jobs: int = 1) -> None:
    """As a worker in this process, until the study is over."""
    from fmtool.signals import SignalGuard
    from fmtool.tuning import worker
    from fmtool.tuning.trial_run import TrialContext

    worker.TrialRun = IdleTrial  # type: ignore[assignment,misc]
    worker._STUDY_SECONDS = 0.1
    IdleTrial.chance = random.Random(seed)
    nothing: Any = None
    setting = TrialContext(store, store.definition, nothing, folder, None, 0)
    with SignalGuard() as signals:
        paths = StudyPaths(folder)
        worker.Worker(store, setting, paths, jobs=jobs, tell=lambda _: None).work(signals)


def _work(url: str, folder: str, seed: int, trials: int | None) -> None:
    from fmtool.tuning import workflow

    if trials is not None:
        create(url, trials)
    place = workflow.Place(StudyPaths(Path(folder)), url)
    work(workflow.open_study(place, NAME, RetryPolicy(url, 30)), Path(folder), seed=seed)


def _serve() -> None:
    """Forks a worker, or waits for one, for each line on stdin."""
    import optuna.storages.journal
    import psycopg
    import sqlalchemy.orm

    from fmtool.tuning import journal, worker, workflow

    assert all((optuna, psycopg, sqlalchemy, journal, worker, workflow))
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            _, status = os.waitpid(request["wait"], 0)
            print(os.waitstatus_to_exitcode(status), flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                _work(**request)
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        print(pid, flush=True)


if __name__ == "__main__":
    _serve()
