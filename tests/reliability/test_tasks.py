"""Trainings of tasks whose targets are other than those of the others here, killed and resumed."""

import json
import signal

import pytest
from ending import differences, ending
from torture import run_of

ALWAYS = (
    "callbacks.checkpoint.every_steps=7", "logging.every_n_steps=5", "logging.plots=false",
    "runtime.device=cpu", "runtime.threads=1", "batch_size=32", "epochs=4",
)  # fmt: skip
TASKS = {
    "binary": (
        "task=binary", "task.threshold=f_beta", "task.positive=malignant",
        "task.class_weights=balanced", "data=breast_cancer", "model=mlp", "model.units=[8]",
        "model.dropout=0.2",
    ),
    "multi_label": (
        "task=multi_label", "task.threshold=f1", "task.class_weights=balanced",
        "data=digit_pairs", "data.limit=400", "model=cnn", "model.filters=[4]",
        "model.dense_units=[8]", "augment.mixup=0.4",
    ),
    "regression": (
        "task=regression", "task.loss=quantile", "data=diabetes", "model=mlp", "model.units=[8]",
        "model.dropout=0.2",
    ),
}  # fmt: skip
IN_THE_SUITE = {("binary", "tensorflow"), ("multi_label", "torch"), ("regression", "jax")}
CASES = [
    pytest.param(*each, marks=() if each in IN_THE_SUITE else pytest.mark.slow)
    for each in ((task, backend) for task in TASKS for backend in ("torch", "tensorflow", "jax"))
]


@pytest.mark.parametrize(("task", "backend"), CASES)
def test_after_kills_a_training_ends_with_the_same_bits_and_choices(
    zygote_on, tmp_path, task, backend
):
    def train(folder, *words, **attack):
        argv = ("train", *TASKS[task], *ALWAYS, f"runtime.backend={backend}", *words)
        return zygote_on(backend).run(tmp_path / folder, *argv, **attack)

    reference = train("uninterrupted")
    assert reference.code == 0, reference.err
    for step in (10, reference.step - 5):
        killed = train("killed", "resume=auto", send=signal.SIGKILL, at_step=step, holds=True)
        assert killed.code == -signal.SIGKILL, killed.err
    assert killed.first > 1
    last = train("killed", "resume=auto")
    assert last.code == 0, last.err
    runs = [run_of(tmp_path / folder) for folder in ("uninterrupted", "killed")]
    assert differences(*map(ending, runs)) == []
    chosen, again = ((run / "task.json").read_text() for run in runs)
    assert chosen == again
    assert json.loads(chosen)["samples"] > 0
