"""Samples that are mappings of arrays, and targets that are trees, through a whole run."""

import json
import signal
from pathlib import Path

import numpy as np
import pytest
from ending import differences, ending
from torture import run_of

RECORDS = Path(__file__).parents[1] / "records"
PLUGINS = (
    "--plugin", str(RECORDS / "inked_digits.py"), "--plugin", str(RECORDS / "both_fields.py"),
    "-cd", str(RECORDS / "conf"),
)  # fmt: skip
JOB = (
    "model=mlp", "model.units=[16]", "model.dropout=0.2", "data=inked_digits", "task=both_fields",
    "data.limit=240", "batch_size=12", "epochs=2", "callbacks.checkpoint.every_steps=7",
    "optimizer.learning_rate=0.02", "logging.every_n_steps=5", "logging.plots=false",
    "runtime.device=cpu", "runtime.precision=float32",
)  # fmt: skip
SLOW = [pytest.param(backend, marks=pytest.mark.slow) for backend in ("tensorflow", "jax")]


def command(zygote, folder, name, *words, **attack):
    return zygote.run(folder, name, *PLUGINS, *words, **attack)


def train(zygote, folder, *words, **attack):
    runtime = (f"runtime.backend={zygote.backend}", f"runtime.threads={zygote.threads}")
    return command(zygote, folder, "train", *JOB, *runtime, *words, **attack)


@pytest.fixture(scope="module", params=[*SLOW, "torch"])
def on_backend(request, zygote_on):
    return zygote_on(request.param)


@pytest.fixture(scope="module")
def whole(on_backend, tmp_path_factory):
    """The folder of a training in one go, from a table on the device."""
    folder = tmp_path_factory.mktemp("whole")
    child = train(on_backend, folder, "data.storage=device")
    assert child.code == 0, child.err
    return folder


def test_streamed_killed_and_resumed_it_ends_with_the_same_bits(on_backend, whole, tmp_path):
    killed = train(
        on_backend, tmp_path, "data.storage=stream", send=signal.SIGKILL, at_step=12, holds=True
    )
    assert killed.code == -signal.SIGKILL
    child = train(on_backend, tmp_path, "data.storage=host", "resume=auto")
    assert child.code == 0, child.err
    assert child.first == 8
    assert differences(ending(run_of(whole)), ending(run_of(tmp_path))) == []


def test_it_learns_and_evaluates_to_the_same_report(on_backend, whole):
    result = json.loads((run_of(whole) / "result.json").read_text())
    assert result["metrics"]["accuracy"] > 0.5
    words = ("run=last", "--json", "plots=false", "gate.min.accuracy=0.5")
    child = command(on_backend, whole, "evaluate", *words)
    assert child.code == 0, child.err
    evaluated = json.loads(child.out)
    assert {name: evaluated[name] for name in result["metrics"]} == result["metrics"]
    child = command(on_backend, whole, "evaluate", *words, "split=all")
    assert (child.code, json.loads(child.out)["samples"]) == (0, 1797), child.err


@pytest.mark.parametrize(
    ("name", "words", "code", "message"),
    [
        (
            "export", ("run=last", "format=onnx"), 2,
            "error: data=inked_digits holds records of several fields, and files read one array; "
            "fix: use model.keras of the run",
        ),
        (
            "evaluate", ("run=last", "tta=flip"), 2,
            "error: tta=flip is for images, but data=inked_digits holds records of several "
            "fields; fix: tta=none",
        ),
        (
            "train", (*JOB, "augment=flip_crop"), 2,
            "error: augment=flip_crop with these keys changes images, but data=inked_digits holds "
            "records of several fields; fix: augment=none, without keys of its own",
        ),
        (
            "train", (*JOB, "task=classification"), 2,
            "error: model=mlp reads images or rows of numbers, but data=inked_digits holds records "
            "of several fields; fix: choose a task that makes images or rows of numbers of them, "
            "or other data",
        ),
        (
            "train", (*JOB, "data.short=true"), 65,
            "error: data=inked_digits: train: field 'ink' is float32 (1442, 7), expected float32 "
            "(1442, 8); fix: give each field of the element one array, of its dtype, with a row "
            "for each target",
        ),
    ],
)  # fmt: skip
def test_what_records_are_not_for_is_said_in_a_line(on_backend, whole, name, words, code, message):
    child = command(on_backend, whole, name, *words)
    assert (child.code, child.err.splitlines()[-1]) == (code, message)


def test_predict_says_that_no_file_holds_records(on_backend, whole):
    np.save(whole / "x.npy", np.zeros((2, 72), np.float32))
    child = command(on_backend, whole, "predict", "run=last", "input=x.npy")
    assert child.code == 2
    assert "reads records of several fields, which no file of samples holds" in child.err
