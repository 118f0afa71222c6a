"""What is searched of a command line: ranges, lists, files of ranges, and what they depend on."""

import pytest

from fmtool.errors import UsageError
from fmtool.tuning import space
from fmtool.tuning.space import overrides_of


def read(*words, named="auto", folders=()):
    return space.read(words, space=named, config_name="train", folders=folders)


def shown(found):
    return {each.name: (each.domain.show(), each.when) for each in found.dimensions}


def test_only_what_is_fixed_reaches_the_training_as_it_is():
    found = read("model=mlp", "model.dropout=0..0.5", "epochs=3", "batch_size=32,64")
    assert found.fixed == ["model=mlp", "epochs=3"]
    assert shown(found) == {"model.dropout": ("0..0.5", {}), "batch_size": ("32,64", {})}


def test_whole_ends_are_fractions_where_the_key_holds_such():
    (dropout, epochs) = read("optimizer.learning_rate=1..2", "epochs=1..2").dimensions
    assert (dropout.domain.kind, epochs.domain.kind) == ("float", "int")


def test_a_key_that_only_some_options_have_is_searched_with_those():
    found = read("model=cnn,mlp", "model.units=[8],[16]", "model.dropout=0..0.5")
    assert shown(found) == {
        "model": ("cnn,mlp", {}),
        "model.units": ("[8],[16]", {"model": ["mlp"]}),
        "model.dropout": ("0..0.5", {}),
    }


def test_a_group_that_is_no_model_has_conditions_too():
    found = read("optimizer=adam,sgd", "optimizer.momentum=0..0.9")
    assert shown(found)["optimizer.momentum"] == ("0..0.9", {"optimizer": ["sgd"]})


def test_without_a_range_the_file_of_the_model_is_taken():
    assert {each.key for each in read("model=mlp").dimensions} == {
        "optimizer.learning_rate", "model.units", "model.normalization", "model.dropout",
        "batch_size",
    }  # fmt: skip


def test_what_is_fixed_is_left_out_of_the_file():
    names = {each.key for each in read("model=mlp", "batch_size=32").dimensions}
    assert "batch_size" not in names


def test_with_several_models_each_has_a_space_of_its_own():
    found = shown(read("model=cnn,mlp"))
    assert found["model.dropout@cnn"] == ("0..0.5", {"model": ["cnn"]})
    assert found["model.dropout@mlp"] == ("0..0.5", {"model": ["mlp"]})


def test_a_users_own_file_of_ranges_is_found_by_name(tmp_path):
    (tmp_path / "space").mkdir()
    (tmp_path / "space" / "mine.yaml").write_text("model.dropout: 0.1..0.2\nbatch_size: 8,16\n")
    found = read("model=mlp", named="mine", folders=(tmp_path,))
    assert shown(found) == {"model.dropout": ("0.1..0.2", {}), "batch_size": ("8,16", {})}


def test_typed_ranges_go_before_those_of_a_file(tmp_path):
    found = shown(read("model=mlp", "model.dropout=0.3..0.4", named="mlp"))
    assert found["model.dropout"] == ("0.3..0.4", {})
    assert "model.units" in found


@pytest.mark.parametrize("text", ["model.dropout: 0.5\n", "model.dropout: 'a'\n"])
def test_a_file_with_one_value_says_so(tmp_path, text):
    (tmp_path / "space").mkdir()
    (tmp_path / "space" / "mine.yaml").write_text(text)
    with pytest.raises(UsageError, match=r"model\.dropout"):
        read("model=mlp", named="mine", folders=(tmp_path,))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["model.dropuot=0..1"], "unknown key 'model.dropuot'; fix: did you mean 'model.dropout'?"),
        (["model.dropout=0..1"], "model.dropout=1.0 is not accepted; fix: give a value less"),
        (["epochs=0..3"], "epochs=0 is not accepted; fix: give a value greater than 0"),
        (["model.activation=relu,rleu"], "model.activation=rleu is not accepted; fix: did you mean "
         "'relu'?"),
        (["model.filters=1..3"], "model.filters is no number; fix: write a list, as "
         "model.filters=a,b"),
        (["seed=1,2"], "seed=1,2: seed is not searched; fix: give seed one value"),
        (["model=cnn,mpl"], "model=mpl: no such model; fix: did you mean 'mlp'?"),
        (["model=1..3"], "model=1: no option is chosen; fix: write model=NAME"),
        (["batch_size=1.5..3"], "batch_size=1.5..3: batch_size is a whole number; fix: give a "
         "range of such"),
    ],
)  # fmt: skip
def test_every_end_is_checked_before_the_first_trial(words, message):
    with pytest.raises(UsageError) as caught:
        read(*words)
    assert str(caught.value).startswith(message)


def test_nothing_to_tune_says_how_to_write_a_range():
    with pytest.raises(UsageError, match=r"^nothing to tune: .*optimizer\.learning_rate=1e-4"):
        read("model=tcn")


def test_too_many_combinations_are_refused():
    with pytest.raises(UsageError, match="more than 64"):
        read(
            "optimizer=adam,sgd,lion",
            "model=cnn,mlp,tcn",
            "schedule=glob(*)",
            "augment=none,cutout",
        )


def test_a_point_is_typed_as_overrides_of_what_is_active():
    found = read("model=cnn,mlp", "model.units=[8],[16]", "model.dropout=0..0.5")
    values = {"model": "mlp", "model.units": "[8]", "model.dropout": 0.25}
    assert overrides_of(found.dimensions, values) == [
        "model=mlp", "model.units=[8]", "model.dropout=0.25",
    ]  # fmt: skip
