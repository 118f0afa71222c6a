import pytest

from fmtool.errors import DataError, UsageError
from fmtool.runs.compare import compare


def test_only_settings_that_differ_are_listed_under_dotted_keys(make_run):
    a = make_run("a", config={"optimizer": {"learning_rate": 0.1, "name": "sgd"}, "seed": 1})
    b = make_run("b", config={"optimizer": {"learning_rate": 0.2, "name": "sgd"}, "seed": 1})
    assert compare([a, b]).config == {"optimizer.learning_rate": {"a": 0.1, "b": 0.2}}


def test_a_key_that_one_run_lacks_is_left_out_of_its_column(make_run):
    a, b = make_run("a", config={"model": {"name": "mlp", "units": None}}), make_run("b")
    assert compare([a, b]).config == {
        "model.name": {"a": "mlp", "b": "cnn"},
        "model.units": {"a": None},
    }


def test_values_of_different_type_differ_and_lists_are_compared_whole(make_run):
    a = make_run("a", config={"flag": True, "tags": ["x"]})
    b = make_run("b", config={"flag": 1, "tags": ["x", "y"]})
    assert compare([a, b]).config == {
        "flag": {"a": True, "b": 1},
        "tags": {"a": ["x"], "b": ["x", "y"]},
    }


def test_scores_stand_side_by_side(make_run):
    a = make_run("a", result={"metrics": {"loss": 0.5, "accuracy": None}})
    b = make_run("b")
    assert compare([a, b]).scores == {
        "status": {"a": "completed", "b": "killed"},
        "best val_loss": {"a": 0.4},
        "loss": {"a": 0.5},
        "epochs": {"a": 3},
        "seconds": {"a": 61.4},
    }


def test_a_run_cannot_be_compared_with_itself_alone(make_run):
    a = make_run("a")
    with pytest.raises(UsageError, match="two different runs"):
        compare([a, a.parent / "." / "a"])


def test_a_run_without_a_config_cannot_be_compared(make_run):
    a, b = make_run("a"), make_run("b")
    (b / "config.yaml").unlink()
    with pytest.raises(DataError, match=r"b/config\.yaml"):
        compare([a, b])


BOMB = "a0: &a0 {x: 1, y: 2}\n" + "".join(
    f"a{n}: &a{n} {{x: *a{n - 1}, y: *a{n - 1}}}\n" for n in range(1, 40)
)


@pytest.mark.parametrize("config", [BOMB, "a: &a\n  b: *a\n"])
def test_aliases_that_blow_up_or_turn_in_circles_are_refused(make_run, config):
    a, b = make_run("a"), make_run("b")
    (b / "config.yaml").write_text(config)
    with pytest.raises(DataError, match=r"config too large|refers to nothing complete"):
        compare([a, b])


def best(value, loss, accuracy):
    entry = {"epoch": 2, "step": 20, "monitor": "val_loss", "value": value, "loss": loss}
    return {"best": {**entry, "headline": {"val_accuracy": accuracy}}}


def test_values_of_different_losses_stand_in_rows_of_their_own_beside_what_compares(make_run):
    a = make_run("a", result=best(0.2, "cross_entropy", 0.9))
    b = make_run("b", result=best(0.01, "mse", 0.8))
    comparison = compare([a, b])
    assert comparison.scores["best val_loss (cross_entropy)"] == {"a": 0.2}
    assert comparison.scores["best val_loss (mse)"] == {"b": 0.01}
    assert comparison.scores["val_accuracy at the best epoch"] == {"a": 0.9, "b": 0.8}
    assert comparison.to_json()["compared_by"] == "val_accuracy"
    assert comparison.to_json()["losses"] == ["cross_entropy", "mse"]


def test_the_same_loss_compares_by_itself(make_run):
    a = make_run("a", result=best(0.2, "mse", 0.9))
    b = make_run("b", result=best(0.01, "mse", 0.8))
    comparison = compare([a, b])
    assert comparison.scores["best val_loss"] == {"a": 0.2, "b": 0.01}
    assert comparison.to_json()["compared_by"] == "val_loss"
