"""A name in a config is a module: built in, from an entry point, or a plugin of the user's."""

from importlib.metadata import EntryPoint

import pytest

from fmtool import registry
from fmtool.errors import UsageError

PLUGIN = """
from typing import Literal
from fmtool.models.base import ModelConfig

class Config(ModelConfig):
    name: Literal["{name}"]
"""


@pytest.fixture(autouse=True)
def plugins(monkeypatch):
    monkeypatch.setattr(registry, "_plugins", {})


@pytest.fixture
def entry_point(monkeypatch):
    """Declares one entry point among the models."""

    def declare(value):
        point = EntryPoint("theirs", value, "fmtool.models")

        def entry_points(*, group, name="theirs"):
            return (point,) if (group, name) == ("fmtool.models", "theirs") else ()

        monkeypatch.setattr(registry, "entry_points", entry_points)

    return declare


@pytest.mark.parametrize("group", registry.KINDS)
def test_every_file_of_a_folder_is_an_option_that_can_be_built_or_loaded(group):
    names = registry.names(group)
    assert names
    for name in names:
        module = registry.module(group, name)
        assert issubclass(module.Config, registry.base_class(group))
        assert module.Config.model_fields["name"].annotation.__args__ == (name,)


def test_files_that_hold_no_option_are_none():
    assert "blocks" not in registry.names("model")
    assert "base" not in registry.names("model")


@pytest.mark.parametrize("name", ["base", "blocks", "__init__", "../cli/main", "os", ""])
def test_only_an_option_can_be_named(name):
    with pytest.raises(UsageError, match="no model is called"):
        registry.module("model", name)


def test_the_closest_name_is_offered():
    with pytest.raises(UsageError, match="fix: did you mean 'cnn'"):
        registry.module("model", "cnnn")


def test_a_plugin_file_is_named_by_its_file(tmp_path):
    file = tmp_path / "first_of_mine.py"
    file.write_text(PLUGIN.format(name="first_of_mine"))
    assert registry.load_plugin(str(file)) == "first_of_mine"
    assert "first_of_mine" in registry.names("model")
    assert registry.module("model", "first_of_mine").__file__ == str(file)


def test_what_is_built_in_is_told_from_a_plugin_of_its_name(tmp_path):
    assert registry.is_built_in("model", "cnn")
    file = tmp_path / "cnn.py"
    file.write_text(PLUGIN.format(name="cnn"))
    registry.load_plugin(str(file))
    assert not registry.is_built_in("model", "cnn")


def test_a_plugin_module_is_found_in_the_working_directory(tmp_path, monkeypatch):
    (tmp_path / "second_of_mine.py").write_text(PLUGIN.format(name="second_of_mine"))
    monkeypatch.chdir(tmp_path)
    assert registry.load_plugin("second_of_mine") == "second_of_mine"
    assert "second_of_mine" in registry.names("model")


def test_a_third_partys_model_joins_by_its_entry_point(entry_point):
    entry_point("fmtool.models.mlp")
    assert "theirs" in registry.names("model")
    assert registry.module("model", "theirs").__name__ == "fmtool.models.mlp"


def test_an_entry_point_without_the_contract_is_refused(entry_point):
    entry_point("json")
    with pytest.raises(UsageError, match="holds no class Config derived from ModelConfig"):
        registry.module("model", "theirs")
