"""Which jobs a sweep line stands for, and in which order."""

import pytest

from fmtool import registry
from fmtool.config.sweep import expand
from fmtool.errors import Refused, UsageError

MODELS = registry.names("model")


def varied(*overrides, folders=()):
    return [varying for varying, _ in expand(list(overrides), folders)]


def test_the_last_list_varies_fastest():
    assert varied("model=cnn,mlp", "epochs=1", "seed=0,1") == [
        ("model=cnn", "seed=0"),
        ("model=cnn", "seed=1"),
        ("model=mlp", "seed=0"),
        ("model=mlp", "seed=1"),
    ]


def test_each_job_holds_every_override_in_the_order_typed():
    jobs = expand(["model=cnn,mlp", "epochs=1", "seed=0,1"], ())
    assert jobs[2][1] == ("model=mlp", "epochs=1", "seed=0")


@pytest.mark.parametrize(
    ("override", "jobs"),
    [
        ("seed=choice(3,1)", [("seed=3",), ("seed=1",)]),
        ("seed=range(0,6,2)", [("seed=0",), ("seed=2",), ("seed=4",)]),
        ("model=glob(*)", [(f"model={name}",) for name in MODELS]),
        ("model=glob(*,exclude=[a*,c*])", [
            (f"model={name}",) for name in MODELS if name[0] not in "ac"
        ]),
        ("model.filters=[8],[8,16]", [("model.filters=[8]",), ("model.filters=[8,16]",)]),
        ("optimizer.learning_rate=1e-2,1e-3", [
            ("optimizer.learning_rate=0.01",), ("optimizer.learning_rate=0.001",),
        ]),
    ],
)  # fmt: skip
def test_every_form_of_the_grammar_expands(override, jobs):
    assert varied(override) == jobs


def test_a_quoted_name_with_a_comma_is_one_value():
    assert varied("name='a,b'") == [()]


def test_an_option_of_the_users_own_shows_in_a_sweep(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "thin.yaml").write_text("defaults: [cnn, _self_]\nfilters: [4]\n")
    assert ("model=thin",) in varied("model=glob(*)", folders=(tmp_path,))


def test_an_interval_is_no_list_of_jobs():
    with pytest.raises(UsageError, match="an interval has no fixed list of values"):
        expand(["epochs=interval(1,2)"], ())


def test_a_sweep_over_hydras_own_node_is_refused():
    with pytest.raises(Refused):
        expand(["hydra.callbacks=a,b"], ())
