"""What makes two lines the same study, and what every trial is given."""

import pytest

from fmtool.errors import ConfigChanged, DataError, Refused, Unavailable, UsageError
from fmtool.runs.saved_config import read_config
from fmtool.tuning import workflow
from fmtool.tuning.definition import read_definition
from fmtool.tuning.retry_policy import RetryPolicy

LINE = ("data=digits", "model=mlp", "model.dropout=0..0.5")


@pytest.mark.parametrize(
    "more",
    [["budget.trials=99"], ["tune.jobs=2"], ["gate.min.val_accuracy=0.5"], ["logging=quiet"]],
)
def test_how_long_and_how_it_is_worked_at_is_the_same_study(study, more):
    assert study(*LINE, *more).definition.name == study(*LINE).definition.name


@pytest.mark.parametrize(
    "more",
    [
        ["epochs=3"], ["seed=1"], ["model.units=[8]"], ["tuner=random"], ["pruner=median"],
        ["objective=val_loss"], ["batch_size=32,64"], ["constraint.max.parameters=1000"],
        ["optimizer=sgd"],
    ],
)  # fmt: skip
def test_another_search_is_another_study(study, more):
    assert study(*LINE, *more).definition.name != study(*LINE).definition.name


def test_the_name_tells_the_model_and_the_data(study):
    name = study(*LINE[:1], "model=cnn,mlp").definition.name
    assert name.startswith("cnn-mlp_digits_")


def test_a_trial_never_sees_the_test_split(study):
    assert "report.test=false" in study(*LINE, "report.test=true").definition.fixed[-5:]


def test_the_best_epoch_of_a_trial_is_that_of_the_objective(study):
    assert "monitor='val_accuracy'" in study(*LINE).definition.fixed
    assert "monitor='val_accuracy'" not in study(*LINE, "monitor=loss").definition.fixed


def test_the_latency_is_measured_where_it_is_asked_for(study):
    line = (*LINE, "constraint.max.latency_ms=5")
    assert "report.latency=true" in study(*line).definition.fixed
    assert "report.latency=false" in study(*LINE).definition.fixed


def test_the_most_epochs_of_a_trial_are_those_of_the_pruner(study):
    assert study(*LINE, "epochs=2..7").definition.epochs == 7


def test_a_name_for_another_search_is_refused(study):
    study(*LINE, "study=s").store()
    with pytest.raises(ConfigChanged, match=r"^study s is another search: epochs, fixed changed"):
        study(*LINE, "study=s", "epochs=3").store()


def test_a_study_over_losses_goes_by_the_headline_of_the_task(study, capsys):
    asked = study(*LINE, "objective=min val_loss", "task.loss=cross_entropy,mse")
    assert list(map(str, asked.definition.objectives)) == ["max val_accuracy"]
    assert "monitor='val_accuracy'" in asked.definition.fixed
    assert "objective=min val_loss is another function in each trial" in capsys.readouterr().err


def test_the_study_is_described_in_its_folder(study):
    asked = study(*LINE, "study=s")
    asked.store()
    shown = read_config(asked.place.paths.definition)
    assert (shown["name"], shown["digest"]) == ("s", asked.definition.digest)
    assert shown["storage"].endswith("studies/s/study.db")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["study=a/b"], "study=a/b is no name; fix: use letters, digits"),
        (["data.validation_fraction=0"], "objective=max val_accuracy needs a validation split"),
        (["objective=[max val_accuracy,min parameters]", "tuner=cmaes"],
         "tuner=cmaes knows one objective; fix: use tuner=nsgaii"),
        (["objective=[max val_accuracy,min parameters]", "budget.target=0.9"],
         "budget.target is of one objective"),
        (["objective=min val_loss", "task.loss=mse,focal", "budget.target=0.1"],
         "budget.target=0.1 is a value of a loss, by which this study cannot go"),
        (["gate.min.val_acc=0.5"], "gate.min.val_acc: a trial has no metric 'val_acc'"),
        (["tuner=tpee"], "tuner=tpee: no such tuner; fix: did you mean 'tpe'?"),
        (["tune.jobs=0"], "tune.jobs=0 is not accepted; fix: give a value greater than 0"),
        (["tuner.startup=3"], "unknown key 'tuner.startup'"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_says_so(study, more, message):
    with pytest.raises(UsageError) as caught:
        study(*LINE, *more)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("change", [{"fixed": ["--plugin=evil.py"]}, {"config_name": "-cd=/tmp"}])
def test_a_storage_cannot_smuggle_a_flag_into_a_command_line(study, change):
    text = study(*LINE).definition.model_copy(update=change).model_dump_json()
    with pytest.raises(Refused, match=r"^study s: '-.*' in its storage is a flag, not a key"):
        read_definition(text, "s")


def test_what_another_version_has_written_is_not_taken_for_a_study(study):
    text = study(*LINE).definition.model_dump_json().replace('"epochs"', '"passes"')
    with pytest.raises(DataError, match="was defined by another version of fmtool"):
        read_definition(text, "s")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:secret@127.0.0.1:9/none", "postgresql://me@127.0.0.1:9/none"),
        ("postgresql://127.0.0.1:9/none?user=me&PassWord=secret",
         "postgresql://127.0.0.1:9/none?user=me"),
        ("postgresql://me@127.0.0.1:9/none?sslpassw%6Frd=secret",
         "postgresql://me@127.0.0.1:9/none"),
    ],
)  # fmt: skip
def test_the_password_of_a_storage_is_written_nowhere(study, url, shown):
    asked = study(*LINE, "study=s", "budget.trials=1")
    place = workflow.Place(asked.place.paths, url)
    with pytest.raises((Unavailable, UsageError)) as caught:
        workflow.create(asked.cfg, asked.definition, place, RetryPolicy(url, 0.0))
    assert f"{shown} does not answer" in str(caught.value)
    assert "secret" not in str(caught.value)
    files = [path for path in place.paths.root.rglob("*") if path.is_file()]
    assert all(b"secret" not in path.read_bytes() for path in files)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:secretword", "host=h password=secretword", "postgresql://h:5432/d?a=%zz@:x",
        "sqlite://me:secretword@/x", "journal://relative?password=secretword",
        "sqlite:////no/such/folder/x?password=secretword",
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_without_its_password(call, url):
    done = call("tune", "study=s", *LINE, f"storage={url}")
    assert done.code == 2, done.err
    assert done.err.splitlines()[-1].startswith("error: storage=")
    assert "secretword" not in done.err + done.out


def test_an_address_that_could_not_be_kept_is_asked_for(study, tmp_path):
    place = study(*LINE, "study=s").place
    place.paths.root.mkdir(parents=True)
    place.paths.definition.write_text("storage: postgresql://***\n")
    with pytest.raises(UsageError, match=r"does not keep the address .*; fix: name storage= as in"):
        workflow.stored_url("s", tmp_path / "runs")
