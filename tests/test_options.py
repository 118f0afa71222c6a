"""What an option's file has is read once, into the contract of its kind, and checked there."""

import ast
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from fmtool import options, registry
from fmtool.errors import UsageError

MODEL = """
from typing import Literal
from fmtool.models.base import ModelConfig
from fmtool.models.layers.keys import check
from fmtool.data.splitting import check as adapt

class Config(ModelConfig):
    name: Literal["mine"]

def build(cfg, element, wanted):
    raise NotImplementedError
"""
BUILT_IN = [(group, name) for group in options.CONTRACTS for name in registry.names(group)]


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Registers a model file of that text."""
    monkeypatch.setattr(registry, "_plugins", {})

    def register(text, name="mine"):
        file = tmp_path / f"{name}.py"
        file.write_text(text)
        monkeypatch.delitem(registry.sys.modules, name, raising=False)
        registry.load_plugin(str(file))
        return file

    yield register
    registry.sys.modules.pop("mine", None)


@pytest.mark.parametrize(("group", "name"), BUILT_IN)
def test_every_file_fits_the_contract_of_its_kind(group, name):
    found = registry.option(group, name, options.CONTRACTS[group])
    assert found.Config is registry.module(group, name).Config


@pytest.mark.parametrize(("group", "name"), BUILT_IN)
def test_a_hook_that_is_imported_is_declared(group, name):
    module = registry.module(group, name)
    hooks = {each.name for each in fields(options.CONTRACTS[group]) if each.default is not MISSING}
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    imported = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert hooks & imported <= set(getattr(module, "__all__", ()))


def test_what_is_not_there_is_at_its_default():
    found = options.model("cnn")
    assert (found.READS, found.IS_CONVOLUTIONAL, found.adapt) == (("image",), True, None)
    assert options.model("rnn").check is registry.module("model", "rnn").check
    assert options.data("digits").load_measured is None
    assert options.data("arrays").KIND is None


def test_a_name_that_a_plugin_imports_to_use_it_is_no_hook(plugin):
    plugin(MODEL)
    found = options.model("mine")
    assert found.check is not registry.module("model", "mine").check
    assert found.adapt is None


def test_a_name_that_a_plugin_imports_and_lists_is_a_hook(plugin):
    plugin(MODEL + "\n__all__ = ['check']\n")
    assert options.model("mine").check is registry.module("model", "mine").check


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("def check(cfg): pass", "check is not a function that can be called as "
         "check(cfg, element); fix: define it as `def check(cfg, element)`"),
        ("check = 3", "check is not a function that can be called as check(cfg, element)"),
        ("READS = 'text'", "READS='text' is not accepted; fix: Input should be a valid tuple"),
        ("READS = ('sound',)", "READS=('sound',) is not accepted; fix: Input should be 'image', "),
        ("del build", "there is no build in it; fix: add build(cfg, element, wanted)"),
        ("def build(cfg): pass", "fix: define it as `def build(cfg, element, wanted)`"),
    ],
)  # fmt: skip
def test_a_malformed_hook_is_one_line_that_names_the_file(plugin, change, message):
    file = plugin(f"{MODEL}\n{change}\n")
    with pytest.raises(UsageError) as caught:
        options.model("mine")
    assert str(caught.value).startswith(f"{file}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_list_of_kinds_is_as_good_as_a_tuple(plugin):
    plugin(MODEL + "\nREADS = ['text', 'image']\n")
    assert options.model("mine").READS == ("text", "image")
