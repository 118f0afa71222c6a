"""`dry_run=true` tells what a training would be and writes nothing."""

import pytest


@pytest.fixture(scope="module")
def facts(tmp_path_factory, session_command):
    command = session_command(tmp_path_factory.mktemp("dry"))
    outcome = command("train", "model=mlp", "dry_run=true", "epochs=7", "--json")
    assert outcome.code == 0, outcome.err
    assert command.files() == set()
    return outcome.json


def test_sizes_and_steps_are_those_of_the_training(facts):
    assert facts["parameters"] == 64 * 256 + 256 + 256 * 128 + 128 + 128 * 10 + 10
    assert facts["weights_bytes"] == 4 * facts["parameters"]
    assert facts["optimizer_bytes"] >= 2 * facts["weights_bytes"]
    assert (facts["train_samples"], facts["validation_samples"]) == (1298, 144)
    assert (facts["steps_per_epoch"], facts["steps"]) == (20, 140)
    assert facts["data_bytes"] == 1442 * 64


def test_the_first_loss_is_about_that_of_guessing(facts):
    assert 1.5 < facts["first_batch_loss"] < 4


def test_auto_is_resolved(facts):
    assert facts["device"] in ("cpu", "gpu")
    assert isinstance(facts["threads"], int)
