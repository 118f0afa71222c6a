"""Who has which GPU and how many threads."""

import pytest

from fmtool.jobs.slots import Slot, slots
from fmtool.machine import devices, processor


@pytest.fixture
def machine(monkeypatch):
    def of(*, gpus=(), cores=1):
        monkeypatch.delenv("FMTOOL_THREADS", raising=False)
        monkeypatch.setattr(devices, "visible_gpus", lambda: list(gpus))
        monkeypatch.setattr(processor, "physical_cores", lambda: cores)

    return of


def test_one_training_alone_has_all_of_the_machine(machine):
    machine(gpus=["0", "1"], cores=4)
    assert slots(1) == [Slot()]


def test_each_has_a_gpu_of_its_own_as_long_as_there_are_enough(machine):
    machine(gpus=["3", "GPU-abc"])
    assert [slot.gpu for slot in slots(3)] == ["3", "GPU-abc", "3"]


@pytest.mark.parametrize(("cores", "jobs", "threads"), [(8, 2, 4), (5, 2, 2), (2, 3, 1)])
def test_each_has_as_many_threads(machine, cores, jobs, threads):
    machine(cores=cores)
    assert slots(jobs) == [Slot(threads=threads)] * jobs


def test_what_the_environment_says_of_threads_stands(machine, monkeypatch):
    machine(cores=8)
    monkeypatch.setenv("FMTOOL_THREADS", "3")
    assert slots(2) == [Slot(), Slot()]


def test_a_training_on_the_cpu_is_given_no_gpu():
    slot = Slot(gpu="1", threads=2)
    assert slot.environment("auto") == {"CUDA_VISIBLE_DEVICES": "1"}
    assert slot.environment("cpu") == {"FMTOOL_THREADS": "2"}


def test_a_training_alone_is_told_nothing():
    assert Slot().environment("auto") == {}
