"""What `resume=` accepts and refuses, before and after Keras is imported."""

import json
import re
import shlex
import shutil

import numpy as np
import pytest


@pytest.fixture
def run(fmtool, trained):
    """A finished run of two epochs, to be changed."""
    directory = fmtool.folder / "runs" / trained.directory.name
    shutil.copytree(trained.directory, directory)
    return directory


def test_a_run_that_is_not_there_is_a_mistake(call):
    outcome = call("train", "resume=nothing")
    assert outcome.code == 2
    assert outcome.error.startswith("error: there is no run 'nothing' in runs")


LINE = ("model=cnn", "model.filters=[4,8]", "model.dense_units=[16]", "resume=auto")
"""As of the shared run."""


def test_what_auto_found_is_said_with_what_it_does_not_use(call, run):
    outcome = call("train", *LINE, "epochs=1", "name=other", "logging.every_n_steps=10")
    assert outcome.code == 0
    assert outcome.error == (
        f"run {run.name} is complete, 2 epochs: nothing is left to do; not used of this command: "
        "epochs=1 (the run has 2), name=other (the run has pilot)"
    )


def test_a_command_that_is_that_of_the_run_leaves_nothing_unused(call, run):
    outcome = call("train", *LINE, "epochs=2", "name=pilot", "logging.every_n_steps=10")
    assert outcome.error == f"run {run.name} is complete, 2 epochs: nothing is left to do"


def test_a_key_that_is_not_there_is_named_with_the_closest(call, run):
    outcome = call("train", "resume=last", "optimizer.learning_rat=1")
    assert outcome.code == 2
    assert "did you mean 'optimizer.learning_rate'?" in outcome.error


@pytest.mark.parametrize("word", ["dry_run=true", "experiment=some"])
def test_what_makes_no_sense_on_a_run_is_refused(call, run, word):
    outcome = call("train", "resume=last", word)
    assert outcome.code == 2
    assert outcome.error.startswith("error: ")


def test_allowing_a_key_that_is_not_there_is_a_mistake(call, run):
    outcome = call("train", "resume=last", "allow_change=[optimzer]", "epochs=3")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.error.startswith("error: allow_change: there is no key 'optimzer'")


def test_every_difference_is_in_the_result_and_three_are_in_the_line(call, run):
    changes = (
        "model.filters=[2,2]",
        "model.dropout=0.5",
        "eval_batch_size=7",
        "optimizer.learning_rate=9",
    )
    outcome = call("train", "resume=last", *changes, "epochs=3", "name=other", "--json")
    assert outcome.code == 78
    assert "and 1 more; fix: leave that out" in outcome.error
    assert outcome.error.endswith(
        "or allow_change=[eval_batch_size,model.dropout,model.filters,optimizer.learning_rate]"
    )


def test_a_group_is_allowed_by_its_name(call, run):
    words = ("optimizer=sgd", "eval_batch_size=7", "allow_change=[optimizer]")
    outcome = call("train", "resume=last", *words)
    assert outcome.code == 78
    assert "optimizer" not in outcome.error.partition("allow_change")[0]
    assert outcome.error.endswith("or allow_change=[eval_batch_size]")


def test_what_was_decided_for_auto_is_kept_where_auto_is_typed_again(call, run):
    words = ("runtime=default", "runtime.threads=auto", "runtime.jit=auto", "batch_size=auto")
    assert call("train", "resume=last", *words).code == 0


def test_steps_per_dispatch_may_change_since_no_bit_depends_on_it(call, run):
    assert call("train", "resume=last", "runtime.steps_per_dispatch=3").code == 0


def test_another_seed_is_another_selection_of_the_data(call, run):
    outcome = call("train", "resume=last", "seed=7", "allow_change=[seed]")
    assert outcome.code == 78
    assert (
        "cannot go on with other data: other samples are trained or validated on, selection_digest "
    ) in outcome.error


def test_data_that_changed_are_refused(call, run):
    manifest = run / "manifest.json"
    facts = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(facts | {"data_digest": "0" * 64}))
    outcome = call("train", "resume=last", "epochs=3")
    assert outcome.code == 78
    assert f"data_digest {'0' * 12} -> {facts['data_digest'][:12]};" in outcome.error


def test_a_model_that_the_checkpoint_does_not_fit_is_refused_and_nothing_is_lost(fmtool, run):
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    words = ("model.filters=[2,2]", "allow_change=[model]", "epochs=3")
    outcome = fmtool("train", "resume=last", *words)
    assert outcome.code == 78
    assert "its trainable variables are not those of this model" in outcome.error
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_what_cannot_be_built_leaves_a_finished_run_as_it_was(fmtool, run):
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    words = ("schedule.warmup_epochs=9", "allow_change=[schedule]", "epochs=3")
    outcome = fmtool("train", "resume=last", *words)
    assert outcome.code == 2
    assert "a warm-up of 180 steps does not fit into a run of 60" in outcome.error
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_a_finished_run_is_judged_by_the_gates_of_this_time(call, run):
    kept = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert call("train", "resume=last").code == 0
    assert call("train", "resume=last", "gate.min.accuracy=0.999").code == 4
    outcome = call("train", "resume=last", "gate.max.loss=0.0001", "--json")
    assert outcome.code == outcome.json["exit_code"] == 4
    assert outcome.json["run"] == run.name
    assert {path: path.read_bytes() for path in kept} == kept


def test_a_run_of_other_versions_is_gone_on_with_after_a_warning(call, run):
    manifest = run / "manifest.json"
    facts = json.loads(manifest.read_text())
    facts["packages"]["keras"] = "3.0.0"
    manifest.write_text(json.dumps(facts))
    outcome = call("train", "resume=last")
    assert outcome.code == 0
    assert outcome.err.startswith("warning: keras was 3.0.0 when the run began and is ")


@pytest.mark.slow
def test_more_epochs_of_a_schedule_that_spans_them_are_told(fmtool):
    words = ("model=mlp", "model.units=[4]", "schedule=cosine", "logging=quiet")
    assert fmtool("train", *words, "epochs=2").code == 0
    outcome = fmtool("train", "resume=last", "epochs=4")
    assert outcome.code == 0
    (warning,) = [line for line in outcome.err.splitlines() if line.startswith("warning")]
    assert warning == (
        "warning: schedule=cosine spans all epochs: at step 40 its learning rate was 0 with "
        "2 epochs, is 0.0005"
    )


def test_a_training_that_diverges_more_often_than_allowed_ends_with_5(fmtool):
    outcome = fmtool(
        "train",
        "model=mlp",
        "optimizer=sgd",
        "optimizer.learning_rate=1e20",
        "on_divergence=rollback",
        "callbacks.rollback.limit=1",
        "logging=quiet",
    )
    assert outcome.code == 5
    manifest = json.loads((fmtool.runs[0] / "manifest.json").read_text())
    assert [each["learning_rate_factor"] for each in manifest["rollbacks"]] == [0.5]
    assert "rollback 1 of 1" in outcome.err


@pytest.mark.slow
def test_checkpoints_come_by_steps_and_by_minutes_too(fmtool):
    words = ("model=mlp", "model.units=[4]", "epochs=1", "logging=quiet", "batch_size=20")
    keep = "callbacks.checkpoint.keep=99"
    steps = ("runtime.steps_per_dispatch=7", "callbacks.checkpoint.every_steps=20")
    assert fmtool("train", *words, keep, *steps).code == 0
    minutes = ("runtime.steps_per_dispatch=16", "callbacks.checkpoint.every_minutes=1e-9")
    assert fmtool("train", *words, keep, *minutes).code == 0
    by_steps, by_minutes = (
        sorted(int(path.name[5:]) for path in run.glob("checkpoints/step-*")) for run in fmtool.runs
    )
    assert by_steps == [20, 40, 60, 64]
    assert by_minutes == [16, 32, 48, 64]


@pytest.mark.slow
def test_epochs_between_checkpoints_leave_the_best_and_the_last(fmtool):
    words = ("model=mlp", "model.units=[4]", "epochs=5", "logging=quiet", "monitor=loss")
    words += ("optimizer.learning_rate=1e-12", "callbacks.checkpoint.every_epochs=2")
    words += ("callbacks.checkpoint.max_share=1",)
    assert fmtool("train", *words, "callbacks.checkpoint.keep=99").code == 0
    (run,) = fmtool.runs
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    steps = [row["step"] for row in rows if row["kind"] == "epoch"]
    losses = [row["loss"] for row in rows if row["kind"] == "epoch"]
    improving = [at == 0 or losses[at] < min(losses[:at]) for at in range(5)]
    wanted = {steps[at] for at in range(5) if improving[at] or at in (1, 3, 4)}
    found = {int(path.name[5:]) for path in run.glob("checkpoints/step-*")}
    assert found == wanted
    best = (run / "checkpoints" / "best").read_text().strip()
    assert best == f"step-{steps[int(np.argmin(losses))]}"


def test_short_epochs_are_passed_over_and_the_best_is_kept_all_the_same(fmtool):
    words = ("model=mlp", "model.units=[4]", "epochs=12", "logging=quiet", "monitor=loss")
    words += ("optimizer.learning_rate=1e-12", "callbacks.checkpoint.keep=99")
    assert fmtool("train", *words, "callbacks.checkpoint.max_share=1e-9").code == 0
    (run,) = fmtool.runs
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    steps = [row["step"] for row in rows]
    best = steps[int(np.argmin([row["loss"] for row in rows]))]
    # The first, since nothing is known of its cost, and those that training ends with.
    found = {int(path.name[5:]) for path in run.glob("checkpoints/step-*")}
    assert found == {steps[0], best, steps[-1]}
    assert (run / "checkpoints" / "best").read_text() == f"step-{best}\n"
    assert json.loads((run / "result.json").read_text())["best"]["step"] == best


def test_a_run_that_saw_no_test_split_is_measured_when_it_is_asked_for(fmtool):
    words = ("train", "model=mlp", "model.units=[4]", "epochs=1", "logging=quiet", "--json")
    first = fmtool(*words, "report.test=false").json
    assert (first["metrics"], first["model"]["parameters"]) == ({}, 310)
    again = fmtool(*words, "resume=auto").json
    assert (again["run"], again["steps"]) == (first["run"], first["steps"])
    assert 0 <= again["metrics"]["accuracy"] <= 1
    assert json.loads((fmtool.runs[0] / "result.json").read_text())["metrics"] == again["metrics"]


def test_the_command_at_the_end_of_a_training_goes_on_with_it(fmtool):
    words = ("train", "model=mlp", "model.units=[4]", "epochs=2", "logging=quiet")
    first = fmtool(*words, "runs_dir=elsewhere/my runs", "report.test=false")
    assert re.search(r"\n +epochs +2, best 2\n", first.out), first.out
    more, evaluate, _ = first.out.partition("\nnext:\n")[2].splitlines()
    assert "test " not in first.out
    again = fmtool(*shlex.split(more)[1:])
    assert again.code == 0, again.err
    assert re.search(r"\n +epochs +4, best \d\n", again.out)
    (run,) = (fmtool.folder / "elsewhere" / "my runs").glob("2*")
    assert len((run / "history.csv").read_text().splitlines()) == 5
    assert shlex.split(evaluate)[1:] == ["evaluate", "run=last", "runs_dir=elsewhere/my runs"]
