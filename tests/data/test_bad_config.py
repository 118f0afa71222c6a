"""Bad values, unknown keys and files of a later version: one line, and nothing half-written."""

import hashlib
import json
import shutil

import pytest

VALUES = {
    # case 56: (what is typed, what is said of it)
    "batch_size=0": "batch_size=0 is not accepted; fix: give a value greater than 0",
    "batch_size=-64": "batch_size=-64 is not accepted; fix: give a value greater than 0",
    "batch_size=nan": "batch_size=nan is not accepted; fix: give an integer",
    "optimizer.learning_rate=nan": "optimizer.learning_rate=nan is not accepted; fix: give a ",
    "optimizer.learning_rate=-inf": "optimizer.learning_rate=-inf is not accepted; fix: give a ",
    "data.validation_fraction=1.5": "data.validation_fraction=1.5 is not accepted; fix: give a v",
    "data.validation_fraction=1": "data.validation_fraction=1 is not accepted; fix: give a value",
    "data.validation_fraction=-0.1": "data.validation_fraction=-0.1 is not accepted; fix: give a ",
    "data.fraction=0": "data.fraction=0 is not accepted; fix: give a value greater than 0",
    "data.fraction=1.01": "data.fraction=1.01 is not accepted; fix: give a value less than or equ",
}
UNKNOWN = {
    # case 57: (what is typed, the key it stands for)
    "lr=0.1": "optimizer.learning_rate",
    "optimizer.learning_rat=0.1": "optimizer.learning_rate",
    "data.pth=pictures": "data.path",
    "data.colour=rgb": "data.color",
    "btach_size=1": "batch_size",
}


@pytest.mark.parametrize("argument", VALUES)
def test_a_value_out_of_range_ends_with_2(call, fmtool, argument):
    outcome = call("train", argument)
    assert (outcome.code, outcome.out, fmtool.files()) == (2, "", set())
    assert outcome.error.startswith(f"error: {VALUES[argument]}")


@pytest.mark.parametrize("argument", UNKNOWN)
def test_an_unknown_key_ends_with_2_and_the_closest_one(call, fmtool, argument):
    outcome = call("train", "data=image_folder", "data.path=pictures", argument)
    assert (outcome.code, outcome.out, fmtool.files()) == (2, "", set())
    key = argument.partition("=")[0]
    assert outcome.error == f"error: unknown key '{key}'; fix: did you mean '{UNKNOWN[argument]}'?"


@pytest.fixture
def later_result(fmtool):
    """A run whose result was written by a later version of fmtool."""
    run = "runs/2026-01-31_081500_cnn_digits_0a1b2c"
    fmtool.write(f"{run}/manifest.json", '{"schema_version": 1, "started": "2026-01-31T08:15"}')
    fmtool.write(f"{run}/config.yaml", "model: {name: cnn}\ndata: {name: digits}\n")
    document = {"schema_version": 99, "status": "completed", "surprise": True}
    fmtool.write(f"{run}/result.json", json.dumps(document))
    return run


def test_a_run_of_a_later_version_is_shown_as_one_that_cannot_be_read(call, fmtool, later_result):
    before = fmtool.files()
    outcome = call("runs", "show", "last", "--json")
    assert (outcome.code, outcome.err, fmtool.files()) == (0, "", before)
    assert outcome.json["status"] == "damaged"
    assert outcome.json["damage"] == (
        f"{later_result}/result.json: result has schema_version 99, not 1"
    )


@pytest.fixture
def copied(fmtool, trained):
    """A run of two epochs, to be changed."""
    run = fmtool.folder / "runs" / trained.directory.name
    shutil.copytree(trained.directory, run)
    return run


def test_a_run_of_a_later_version_is_not_gone_on_with(call, fmtool, copied):
    result = copied / "result.json"
    result.write_text(json.dumps(json.loads(result.read_text()) | {"schema_version": 99}))
    before = fmtool.files()
    outcome = call("train", "resume=last", "epochs=3")
    assert (outcome.code, outcome.out, fmtool.files()) == (65, "", before)
    assert outcome.error == (
        f"error: runs/{copied.name}/result.json: result has schema_version 99, not 1; "
        "fix: read it with the version of fmtool that wrote it"
    )


def test_checkpoints_of_a_later_version_are_not_gone_on_from(fmtool, copied):
    for manifest in copied.glob("checkpoints/step-*/manifest.json"):
        body = json.loads(manifest.read_text()) | {"schema_version": 99}
        del body["sha256"]
        digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        manifest.write_text(json.dumps({**body, "sha256": digest}))
    model = (copied / "model.keras").read_bytes()
    outcome = fmtool("train", "resume=last", "epochs=3")
    assert outcome.code == 65
    assert "schema_version 99 is not known" in outcome.err
    assert "Traceback" not in outcome.err
    assert (copied / "model.keras").read_bytes() == model


def test_a_run_of_a_later_version_hides_no_other_run(call, fmtool, later_result):
    fmtool.write("runs/2026-01-30_a/manifest.json", '{"started": "2026-01-30T00:00"}')
    runs = call("runs", "--json").json["runs"]
    assert [run["status"] for run in runs] == ["damaged", "killed"]
