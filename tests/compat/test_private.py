"""Private parts of Keras and Optuna: what a version lacks is named before it is needed."""

import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from fmtool.compat import private_keras
from fmtool.compat.private import require
from fmtool.errors import UsageError

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_parts_of_modules_classes_and_instances_are_found():
    parts = ("json.dumps", "json.JSONDecoder.decode", "json.JSONDecoder.parse_float")
    require("pytest", ">=1", parts)


def test_what_is_missing_is_named_with_the_versions_that_have_it():
    parts = ("json.dumps", "json.JSONDecoder._scan", "json.decoder.Gone.decode", "json.gone.decode")
    with pytest.raises(UsageError) as caught:
        require("pytest", ">=1,<2", parts)
    assert caught.value.message == (
        f"pytest {metadata.version('pytest')} has no json.JSONDecoder._scan, "
        "json.decoder.Gone.decode, json.gone.decode"
    )
    assert caught.value.fix == "pip install 'pytest>=1,<2'"


def test_the_project_asks_for_the_versions_that_have_all_parts():
    pytest.importorskip("optuna")
    from fmtool.compat import private_optuna

    core = (ROOT / "requirements" / "core.txt").read_text(encoding="utf-8").splitlines()
    assert f"keras{private_keras.VERSIONS}" in core
    assert f"optuna{private_optuna.VERSIONS}" in PROJECT["optional-dependencies"]["tune"]


def test_a_study_is_not_opened_where_optuna_lacks_a_part(call, monkeypatch):
    pytest.importorskip("optuna")
    from fmtool.compat import private_optuna

    monkeypatch.setattr(private_optuna, "_PARTS", ("optuna.Study._gone",))
    outcome = call("tune", "data=digits", "model=mlp", "model.dropout=0..0.5", "dry_run=true")
    assert outcome.code == 2
    assert outcome.err == (
        f"error: optuna {metadata.version('optuna')} has no optuna.Study._gone; "
        f"fix: pip install 'optuna{private_optuna.VERSIONS}'\n"
    )


def test_a_training_does_not_begin_where_keras_lacks_a_part(fmtool, tmp_path):
    older = tmp_path / "older.py"
    older.write_text(
        (ROOT / "examples" / "own_model" / "residual_mlp.py").read_text()
        + "\n\nfrom fmtool.compat import private_keras\n\n"
        "private_keras._PARTS += ('keras.Model._gone', 'keras.Model._symbolic_build')\n"
    )
    outcome = fmtool("train", "--plugin", str(older), "data=digits", "model=mlp", "logging=quiet")
    assert outcome.code == 2
    assert outcome.err.splitlines()[-1] == (
        f"error: keras {metadata.version('keras')} has no keras.Model._gone; "
        f"fix: pip install 'keras{private_keras.VERSIONS}'"
    )
