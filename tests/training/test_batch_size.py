"""The largest batch that fits is found with few probes, within what the system leaves."""

import resource

import pytest

from fmtool import validate
from fmtool.config.compose import compose
from fmtool.errors import OutOfMemory
from fmtool.machine import memory
from fmtool.training.memory.batch_size import Probe, largest, resolve
from fmtool.training.memory.out_of_memory import as_user_error, is_out_of_memory

GIB = 2**30
UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def config(*overrides):
    return validate.train_config(compose("train", list(overrides)))


def machine(tried, *, base, each, limit):
    """Probes on a machine where a step takes `base` bytes and `each` for every sample."""

    def probe(size):
        tried.append(size)
        peak = base + each * size
        return Probe(peak) if peak <= limit else Probe(obstacle="needs more")

    return probe


@pytest.mark.parametrize("most", [1, 2, 7, 1298, 8192])
@pytest.mark.parametrize("fitting", [1, 3, 40, 257, 2000, 8191, 10**6])
def test_the_largest_power_of_two_that_fits_is_found_in_six_probes(most, fitting):
    tried = []
    base, each = GIB, 2**20
    limit = base + each * fitting
    found, outcome = largest(
        machine(tried, base=base, each=each, limit=limit), most=most, limit=limit
    )
    assert found == 2 ** (min(most, fitting).bit_length() - 1)
    assert outcome.peak == base + each * found
    assert len(tried) == len(set(tried)) <= 6


def test_one_probe_is_enough_where_the_largest_batch_fits():
    tried = []
    largest(machine(tried, base=GIB, each=1, limit=2 * GIB), most=8192, limit=2 * GIB)
    assert tried == [8192]


@pytest.mark.parametrize("fitting", [1, 16, 300, 4096])
def test_a_limit_that_no_peak_foretells_is_found_by_bisection(fitting):
    tried = []

    def probe(size):
        tried.append(size)
        return Probe(GIB) if size <= fitting else Probe(obstacle="runs out of memory")

    found, _ = largest(probe, most=8192, limit=8 * GIB)
    assert found == 2 ** (fitting.bit_length() - 1)
    assert len(tried) <= 7


def test_a_step_that_never_fits_ends_with_the_reason():
    with pytest.raises(OutOfMemory, match="not even batch_size=1 fits: ended by SIGKILL"):
        largest(lambda _: Probe(obstacle="ended by SIGKILL"), most=64, limit=GIB)


def test_a_number_is_left_alone(monkeypatch):
    monkeypatch.setattr(memory, "is_limited", lambda: False)
    cfg = config("batch_size=48")
    assert resolve(cfg, samples=10, plugins=()) is cfg


def test_a_probe_that_grows_beyond_the_limit_is_ended(monkeypatch, capsys):
    monkeypatch.setattr(memory, "available", lambda: 64 * 2**20)
    with pytest.raises(OutOfMemory, match=r"needs more than 51\.2 MiB"):
        resolve(config("batch_size=auto", "model=mlp"), samples=2, plugins=())
    assert capsys.readouterr().err.splitlines() == [
        f"batch_size=auto: trying {size}: needs more than 51.2 MiB" for size in (2, 1)
    ]


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A machine with 8 GiB available, and a function that writes its files."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: UNLIMITED)

    def write(path, text):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")

    write("proc/meminfo", f"MemTotal: 99 kB\nMemAvailable:   {8 * 2**20} kB")
    return tmp_path, write


def test_what_the_machine_has_is_available(system):
    assert memory.available(system[0]) == 8 * GIB


@pytest.mark.parametrize("depth", ["sys/fs/cgroup/job/step", "sys/fs/cgroup/job", "sys/fs/cgroup"])
def test_a_control_group_and_those_around_it_limit_what_is_available(system, depth):
    root, write = system
    write("proc/self/cgroup", "0::/job/step")
    write("sys/fs/cgroup/job/step/memory.max", "max")
    write(f"{depth}/memory.max", 3 * GIB)
    write(f"{depth}/memory.current", 2 * GIB)
    write(f"{depth}/memory.stat", f"anon 5\ninactive_file {GIB}")
    assert memory.available(root) == 2 * GIB


def test_a_control_group_of_version_1_limits_what_is_available(system):
    root, write = system
    write("proc/self/cgroup", "3:cpuset:/\n2:memory:/seen/by/the/host/only")
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", 2 * GIB)
    write("sys/fs/cgroup/memory/memory.usage_in_bytes", GIB)
    write("sys/fs/cgroup/memory/memory.stat", f"inactive_file 7\ntotal_inactive_file {GIB // 2}")
    assert memory.available(root) == 1.5 * GIB


@pytest.mark.parametrize("which", memory.LIMITS)
def test_a_limit_on_the_process_limits_what_is_available(system, monkeypatch, which):
    monkeypatch.setattr(
        resource, "getrlimit", lambda each: (GIB, -1) if each == which else UNLIMITED
    )
    assert memory.available(system[0]) == GIB
    assert memory.is_limited()


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(12, "Cannot allocate memory"),
        RuntimeError("In call():\n\nDefaultCPUAllocator: can't allocate memory: you tried to"),
        RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 9 bytes"),
        RuntimeError("std::bad_alloc"),
    ],
)
def test_every_library_s_words_for_it_are_known(error):
    assert is_out_of_memory(error)


def test_another_error_is_not_taken_for_it():
    assert not is_out_of_memory(ValueError("shapes (3, 4) and (5, 6) do not fit"))


@pytest.mark.parametrize(
    ("size", "samples", "advice"),
    [
        (100_000, 1298, "try batch_size=512, or batch_size=auto for the largest that fits"),
        (64, 1298, "try batch_size=32 eval_batch_size=32, or batch_size=auto"),
        (1, 1298, "take a smaller model"),
    ],
)
def test_a_smaller_batch_is_advised_than_the_one_in_use(size, samples, advice):
    error = as_user_error(MemoryError(), config(f"batch_size={size}"), samples=samples)
    assert error.message == f"out of memory with batch_size={size}"
    assert error.fix.startswith(advice)
