"""What `auto` of the runtime comes to in real runs, and that nothing decides again."""

import json
import re

import pytest

from fmtool import backend
from fmtool.machine.devices import Gpu, shows_gpu
from fmtool.machine.processor import Processor, processor
from fmtool.schema import RuntimeConfig

SMALL = ("train", "model.filters=[4]", "model.dense_units=[]", "epochs=1", "logging=quiet")
TIMES = {"seconds", "samples_per_second"}


def runtime(**changes):
    keys = {
        "backend": "tensorflow",
        "device": "auto",
        "precision": "auto",
        "threads": 2,
        "deterministic": False,
        "jit": "auto",
        "steps_per_dispatch": "auto",
        "profile": False,
    }
    return RuntimeConfig(**keys | changes)


@pytest.fixture
def machine(monkeypatch):
    """Sets the processor's flags and the GPUs; gives the thread counts that were measured."""
    asked = []

    def set_up(flags=(), capabilities=()):
        monkeypatch.setattr(backend, "processor", lambda: Processor("some", frozenset(flags)))
        gpus = [Gpu("some", capability) for capability in capabilities]
        monkeypatch.setattr(backend.devices, "gpus", lambda: gpus)
        monkeypatch.setattr(backend, "measured", asked.append)
        return asked

    return set_up


@pytest.mark.parametrize(
    ("asked", "device", "flags", "capabilities", "expected"),
    [
        ("auto", "cpu", ["avx2"], [], "float32"),
        ("auto", "gpu", [], [9], "bfloat16"),
        ("auto", "gpu", [], [9, 7], "float32"),
        ("float32", "cpu", ["avx512_bf16"], [], "float32"),
        ("bfloat16", "cpu", ["avx2"], [], "bfloat16"),
        ("float16", "gpu", [], [9], "float16"),
    ],
)
def test_where_nothing_has_to_be_measured_nothing_is(
    machine, asked, device, flags, capabilities, expected
):
    measured = machine(flags, capabilities)
    assert backend._precision(runtime(precision=asked), device, 2) == expected
    assert measured == []


def test_a_processor_with_bfloat16_is_measured_and_the_network_decides(machine):
    measured = machine(["avx512_bf16"])
    assert backend._precision(runtime(), "cpu", 2) == "auto"
    assert measured == [2]


@pytest.fixture(scope="module")
def first(session_command, tmp_path_factory):
    """A training by a user with an empty cache."""
    return train(session_command(tmp_path_factory.mktemp("first")))


@pytest.fixture(scope="module")
def again(session_command, tmp_path_factory, first):
    """The same with the precision that was chosen, by another user with an empty cache."""
    asked = f"runtime.precision={precision_of(first)}"
    return train(session_command(tmp_path_factory.mktemp("again")), asked)


def train(command, *more):
    outcome = command(*SMALL, *more, FMTOOL_CACHE=str(command.cache))
    assert outcome.code == 0, outcome.err
    return command, outcome


def precision_of(training):
    config = (training[0].runs[0] / "config.yaml").read_text()
    return re.search(r"^  precision: (\w+)$", config, flags=re.MULTILINE)[1]


def rows(training):
    lines = (training[0].runs[0] / "metrics.jsonl").read_text().splitlines()
    return [{k: v for k, v in json.loads(line).items() if k not in TIMES} for line in lines]


def test_the_first_training_on_a_processor_with_bfloat16_measures_it(first):
    command, outcome = first
    kept = list(command.cache.glob("machine/tensorflow-*.json"))
    assert len(kept) == outcome.err.count("measuring ") == processor().has_bfloat16


def test_the_precision_is_stored_as_it_was_chosen(first):
    assert precision_of(first) in {"float32", "bfloat16"}


def test_a_precision_that_is_named_is_taken_unmeasured(first, again):
    assert precision_of(again) == precision_of(first)
    assert not (again[0].cache / "machine").exists()


def test_deciding_changes_no_bit_of_the_training_after_it(first, again):
    assert rows(first) == rows(again)


def test_a_machine_without_tensorflow_is_told_of_the_backends_it_has(fmtool):
    # A folder that comes before the installed one, with a package that cannot be imported.
    fmtool.write("absent/tensorflow/__init__.py", "raise ImportError('no tensorflow here')")
    outcome = fmtool(*SMALL, PYTHONPATH=str(fmtool.folder / "absent"))
    assert outcome.code == 2
    assert "runtime.backend=tensorflow cannot be imported: no tensorflow here" in outcome.err
    assert "runtime.backend=auto, jax, torch" in outcome.err


THREADS = """
import sys

from fmtool import backend
from fmtool.schema import RuntimeConfig

backend.select(RuntimeConfig(
    backend="tensorflow", device="cpu", precision=sys.argv[1], threads=2, deterministic=False,
    jit="auto", steps_per_dispatch="auto", profile=False,
))
import tensorflow as tf

print(tf.config.threading.get_inter_op_parallelism_threads())
"""


def test_tensorflow_runs_operations_in_order_where_bfloat16_is_native(fmtool):
    # Side by side they left other bits in one training out of two of a network of six convolutions.
    one_at_a_time = processor().has_bfloat16 and not shows_gpu()
    found = fmtool.python(THREADS, "bfloat16").out.strip()
    assert found == ("1" if one_at_a_time else "0")


def test_tensorflow_decides_on_its_threads_where_float32_was_asked_for(fmtool):
    assert fmtool.python(THREADS, "float32").out.strip() == "0"


COMPILE = """
from fmtool import backend
from fmtool.schema import RuntimeConfig

backend.select(RuntimeConfig(
    backend="jax", device="cpu", precision="float32", threads=1, deterministic=False,
    jit="auto", steps_per_dispatch="auto", profile=False,
))
import jax

print(jax.jit(lambda x: x * 2 + 1)(20.5))
"""


def test_jax_keeps_what_it_compiled_for_this_processor_and_this_user_alone(fmtool, tmp_path):
    # What takes no time to compile is kept too: it adds up.
    assert fmtool.python(COMPILE, FMTOOL_CACHE=str(tmp_path / "own")).out.strip() == "42.0"
    (folder,) = (tmp_path / "own").iterdir()
    assert folder.name == f"jax-{processor().digest}"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert any(folder.iterdir())


def test_half_a_compiled_program_is_compiled_again_without_a_word(fmtool, tmp_path):
    own = str(tmp_path / "own")
    fmtool.python(COMPILE, FMTOOL_CACHE=own)
    programs = list((tmp_path / "own").rglob("*-cache"))
    assert programs
    for path in programs:
        path.write_bytes(path.read_bytes()[:-100])
    outcome = fmtool.python(COMPILE, FMTOOL_CACHE=own)
    assert (outcome.out.strip(), outcome.err) == ("42.0", "")


def test_jax_computes_where_it_can_keep_nothing(fmtool):
    cache = fmtool.write("cache", "a file")
    outcome = fmtool.python(COMPILE, FMTOOL_CACHE=str(cache))
    assert outcome.out.strip() == "42.0"
    assert "compiled programs cannot be kept" in outcome.error
