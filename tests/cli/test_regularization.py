"""A training with class weights, another loss, DropBlock and a penalty for chosen layers."""

import json

import pytest
import yaml

WORDS = (
    "model=cnn", "model.filters=[4,8]", "model.dense_units=[16]", "model.convolution_dropout=0.1",
    "model.dropout_kind=block", "model.block_size=2", "task.loss=focal",
    "task.class_weights={3:2,0:0.5}", "regularizer=l2", "regularizer.layers=[conv2d*,logits]",
    "augment.mixup=0.2", "epochs=1", "logging=quiet",
)  # fmt: skip


@pytest.fixture(scope="module")
def command(session_command, tmp_path_factory):
    return session_command(tmp_path_factory.mktemp("regularized"))


@pytest.fixture(scope="module")
def outcome(command):
    return command("train", *WORDS, "model.summary=true", "--json")


def test_the_summary_is_on_stderr_before_the_training_and_stdout_is_one_object(outcome):
    assert outcome.code == 0, outcome.err
    assert outcome.json["status"] == "completed"
    lines = outcome.err.splitlines()
    (row,) = (line.split() for line in lines if " conv2d_1 " in line)
    assert row == ["conv2d_1", "Conv2D", "4x4x8", "296", "9,216"]
    totals = next(number for number, line in enumerate(lines) if "MFLOP a sample" in line)
    begin = next(number for number, line in enumerate(lines) if line.startswith("train cnn on"))
    assert totals < begin


def test_the_config_keeps_the_keys_as_they_were_asked_for(command, outcome):
    config = yaml.safe_load((command.runs[0] / "config.yaml").read_text())
    assert config["task"]["class_weights"] == {"3": 2.0, "0": 0.5}
    assert config["regularizer"]["layers"] == ["conv2d*", "logits"]


def test_the_report_is_cross_entropy_whatever_was_trained(command, outcome):
    result = json.loads((command.runs[0] / "result.json").read_text())
    report = command("evaluate", "run=last", "--json").json
    assert report["loss"] == result["metrics"]["loss"]
    # That of logits that are all the same is log(10), of focal loss 0.81 of it.
    assert report["loss"] > 2


def test_a_training_that_shows_no_summary_is_the_same_training(command, outcome):
    again = command("train", *WORDS, "resume=auto")
    assert again.code == 0
    assert "is complete, 1 epoch: nothing is left to do" in again.error
    assert len(command.runs) == 1


@pytest.mark.parametrize(
    ("word", "message"),
    [
        (
            "task.class_weights=[1,2]",
            "task.class_weights: 2 numbers for 10 classes; fix: give one for each of 0, 1, 2, 3, ",
        ),
        (
            "task.class_weights.cat=2",
            "task.class_weights: there is no class 'cat'; fix: one of 0, 1, ",
        ),
        ("task.class_weights=[1,0]", "task.class_weights: the weight of class 1 is 0; fix: give "),
        ("task.loss=hinge", "task.loss=hinge is not accepted; fix: give "),
        ("regularizer.layers=[]", "regularizer.layers=[] is not accepted; fix: "),
        ("model.dropout_kind=blck", "model.dropout_kind=blck is not accepted; fix: did you mean"),
        ("model.summary=1", "model.summary=1 is not accepted; fix: give a boolean"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_no_run(call, fmtool, word, message):
    outcome = call("train", word)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.error.startswith(f"error: {message}")
    assert fmtool.files() <= {"runs"}


def test_a_pattern_without_a_layer_leaves_no_run(fmtool):
    outcome = fmtool("train", "model=mlp", "regularizer.layers=[conv*]")
    assert (outcome.code, fmtool.runs) == (2, [])
    assert outcome.err.splitlines()[-1] == (
        "error: regularizer.layers: no layer with a kernel matches 'conv*'; fix: one of dense, "
        "dense_1, logits"
    )
