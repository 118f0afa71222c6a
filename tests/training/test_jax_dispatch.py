"""Calls into JAX: which steps they run, and what the host waits for."""

import os
import signal
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Thread, Timer

import numpy as np
import pytest

from fmtool.training.step.plan import BatchPlan

jax = pytest.importorskip("jax")


def step(state, batch):
    """Adds up the rows it sees, in an order that shows in the sum."""
    rows, _, table = batch
    state = 0.5 * state + table[0][rows].sum()
    return {"loss": state}, state


class Table:
    """The numbers up to 22, and whether they were asked for."""

    is_read = False

    def specs(self):
        return ((23,), "float32"), ((23,), "int32")

    def arrays(self):
        self.is_read = True
        return jax.numpy.arange(23.0), jax.numpy.zeros(23, "int32")


def dispatch(plan, *, table=None, **settings):
    from fmtool.training.step.jax_dispatch import Dispatch

    return Dispatch(step, plan, table or Table(), **{"length": 2, "loops": True} | settings)


def plan(*, shuffles=False):
    return BatchPlan(np.arange(23, dtype=np.int32), 5, shuffles=shuffles)


def numbers(start, steps):
    return ((np.int32(number),) for number in range(start, steps))


def run(call, start=0, steps=5):
    iterator, state, losses, before = numbers(start, steps), jax.numpy.zeros(()), [], None
    while True:
        logs, state = call(state, iterator)
        if logs is before:
            return losses
        losses.append(float(logs["loss"]))
        before = logs


def reference(batches):
    state, losses = 0.0, []
    for rows in batches:
        state = 0.5 * state + sum(rows)
        losses.append(state)
    return losses


@pytest.mark.parametrize("loops", [True, False])
@pytest.mark.parametrize("length", [1, 2, 3, 9])
def test_every_step_runs_once_and_a_smaller_batch_comes_last(loops, length):
    rows = [list(range(begin, min(begin + 5, 23))) for begin in range(0, 23, 5)]
    losses = reference(rows)
    ends = [*range(length, 5, length), 5]
    assert run(dispatch(plan(), length=length, loops=loops)) == [losses[end - 1] for end in ends]


def test_in_mid_epoch_the_steps_that_are_left_run():
    rows = [range(15, 20), range(20, 23)]
    assert run(dispatch(plan(), length=1), start=3) == reference(rows)


def test_the_host_waits_for_the_call_before_the_last_one(monkeypatch):
    from fmtool.training.step import jax_dispatch

    waited = []
    monkeypatch.setattr(jax_dispatch.jax, "block_until_ready", waited.append)
    losses = run(dispatch(plan()))
    assert waited[0] is None
    assert [float(logs["loss"]) for logs in waited[1:]] == losses[:-1]


def test_the_next_epoch_is_put_on_the_device_before_this_one_is_waited_for(monkeypatch):
    from fmtool.training.step import jax_dispatch

    events = []
    monkeypatch.setattr(jax_dispatch.jax, "block_until_ready", lambda _: events.append("wait"))
    call = dispatch(plan(shuffles=True), length=2)
    prepare = call._epoch.prepare_next
    monkeypatch.setattr(call._epoch, "prepare_next", lambda: (events.append("put"), prepare()))
    run(call, steps=4)
    assert events == ["wait", "put", "wait"]


class Executor:
    """Does what it is given at once, unless it was told to fail."""

    def __init__(self, error=None):
        self.error, self.results = error, []

    def submit(self, function):
        future = Future()
        if self.error is not None:
            future.set_exception(self.error)
        else:
            self.results.append(function())
            future.set_result(None)
        return future


def compilations(caplog):
    return [
        record.getMessage().split(" in ")[0]
        for record in caplog.records
        if "Finished XLA compilation of jit(several)" in record.getMessage()
        or "Finished XLA compilation of jit(one)" in record.getMessage()
    ]


@pytest.mark.parametrize("loops", [True, False])
def test_what_was_compiled_ahead_is_not_compiled_by_the_first_call(caplog, loops):
    table, executor = Table(), Executor()
    call = dispatch(plan(), table=table, loops=loops)
    with jax.log_compiles(), caplog.at_level("WARNING"):
        call.compile_ahead(jax.numpy.zeros(()), executor)
        assert len(executor.results) == len(compilations(caplog)) == 1
        assert not table.is_read
        losses = run(call, steps=4)
        assert len(compilations(caplog)) == 1
    assert losses == run(dispatch(plan(), loops=loops), steps=4)


def test_an_error_of_compiling_ahead_is_left_to_the_call():
    call = dispatch(plan())
    call.compile_ahead(jax.numpy.zeros(()), Executor(MemoryError("not enough")))
    assert run(call) == run(dispatch(plan()))


def test_the_first_call_waits_for_the_compiler():
    call, may_begin, losses = dispatch(plan()), Event(), []
    with ThreadPoolExecutor(max_workers=1) as executor:
        executor.submit(may_begin.wait)
        call.compile_ahead(jax.numpy.zeros(()), executor)
        thread = Thread(target=lambda: losses.extend(run(call)))
        thread.start()
        thread.join(1)  # ten times as long as it takes
        has_waited = thread.is_alive()
        may_begin.set()
        thread.join(60)
    assert has_waited
    assert losses == run(dispatch(plan()))


def test_a_signal_is_heard_while_the_compiler_works():
    call, may_begin = dispatch(plan()), Event()
    before = signal.signal(signal.SIGUSR1, signal.default_int_handler)
    timer = Timer(0.2, os.kill, (os.getpid(), signal.SIGUSR1))
    with ThreadPoolExecutor(max_workers=1) as executor:
        executor.submit(may_begin.wait)
        call.compile_ahead(jax.numpy.zeros(()), executor)
        timer.start()
        try:
            with pytest.raises(KeyboardInterrupt):
                run(call)
        finally:
            signal.signal(signal.SIGUSR1, before)
            may_begin.set()
