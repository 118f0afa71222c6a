"""Who has which GPU and which cores."""

import os

import pytest

from fmtool.machine import devices, processor
from fmtool.sweeping.slots import Slot, slots


@pytest.fixture
def machine(monkeypatch):
    def of(*, gpus=(), cores=1):
        monkeypatch.setattr(devices, "visible_gpus", lambda: list(gpus))
        # Each with two hyperthreads.
        found = [{core, core + cores} for core in range(cores)]
        monkeypatch.setattr(processor, "cores", lambda: found)

    return of


@pytest.fixture
def runtime(expanded):
    def config(*overrides):
        (job,) = expanded(*overrides)
        return job.cfg.runtime

    return config


def test_one_training_alone_has_all_of_the_machine(machine):
    machine(gpus=["0", "1"], cores=4)
    assert slots(1) == [Slot()]


def test_each_has_a_gpu_of_its_own_as_long_as_there_are_enough(machine):
    machine(gpus=["3", "GPU-abc"])
    assert [slot.gpu for slot in slots(3)] == ["3", "GPU-abc", "3"]


@pytest.mark.parametrize(
    ("cores", "jobs", "shares"),
    [
        (4, 2, [{0, 1, 4, 5}, {2, 3, 6, 7}]),
        (5, 2, [{0, 1, 5, 6}, {2, 3, 7, 8}]),
        (2, 3, [{0, 2}, {1, 3}, {0, 2}]),
        (1, 2, [{0, 1}, {0, 1}]),
    ],
)
def test_each_has_as_many_cores(machine, cores, jobs, shares):
    machine(cores=cores)
    assert [slot.cpus for slot in slots(jobs)] == shares


def test_a_training_on_the_cpu_is_given_no_gpu(runtime):
    slot = Slot(gpu="1", cpus=frozenset({0}))
    assert slot.environment(runtime()) == {"CUDA_VISIBLE_DEVICES": "1"}
    assert slot.environment(runtime("runtime.device=cpu")) == {}


@pytest.mark.parametrize(
    ("gpu", "override", "is_kept"),
    [
        (None, "runtime.threads=auto", True),
        (None, "runtime.threads=2", False),
        ("0", "runtime.threads=auto", False),
        ("0", "runtime.device=cpu", True),
    ],
)
def test_cores_are_shared_where_threads_are_for_fmtool_to_say(
    runtime, monkeypatch, gpu, override, is_kept
):
    kept = []
    monkeypatch.setattr(os, "sched_setaffinity", lambda pid, cpus: kept.append((pid, cpus)))
    Slot(gpu, frozenset({1})).settle(4711, runtime(override))
    assert kept == ([(4711, {1})] if is_kept else [])


def test_a_process_that_has_just_ended_is_no_error(runtime):
    Slot(cpus=frozenset({0})).settle(2**22 + 1, runtime())
