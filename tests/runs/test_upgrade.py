"""Runs of earlier releases, whose configs lack keys of today and whose manifests lack the rules."""

import pytest

from fmtool import registry
from fmtool.config.compose import compose
from fmtool.runs import rules, upgrade
from fmtool.runs.identity import request_digest
from fmtool.runs.upgrade import NEW_KEYS, NewKey

OLD = {"seed": 0, "model": {"name": "cnn", "width": 8}, "data": {"name": "digits"}}
KEYS = (
    NewKey("model.depth", 3, since="0.2.0", options=frozenset({"cnn"})),
    NewKey("model.head", "flat", since="0.2.0", options=frozenset({"mlp"})),
    NewKey("patience", None, since="0.2.0"),
    NewKey("runtime.pace", 1, since="0.2.0"),
)


@pytest.fixture
def new_keys(monkeypatch):
    monkeypatch.setattr(upgrade, "NEW_KEYS", KEYS)


@pytest.mark.usefixtures("new_keys")
def test_an_old_config_gets_the_keys_that_its_options_have_and_no_others():
    model = {"name": "cnn", "width": 8, "depth": 3}
    assert upgrade.completed(OLD) == {**OLD, "model": model, "patience": None}
    assert OLD["model"] == {"name": "cnn", "width": 8}


@pytest.mark.usefixtures("new_keys")
def test_what_a_config_says_is_left():
    config = {**OLD, "model": {"name": "cnn", "width": 8, "depth": 5}, "patience": 2}
    assert upgrade.completed(config) == config


@pytest.mark.usefixtures("new_keys")
def test_a_neutral_value_is_no_part_of_what_was_asked_for():
    assert request_digest(upgrade.completed(OLD), "d") == request_digest(OLD, "d")
    deeper = {**OLD, "model": {**OLD["model"], "depth": 5}}
    assert request_digest(deeper, "d") != request_digest(OLD, "d")


def test_a_manifest_without_rules_is_of_the_first_ones():
    assert rules.rules_of({}) == 1
    assert not rules.are_current({})
    assert rules.are_current({"rules": rules.CURRENT})


OPTIONS = [
    (new.key, option, new.neutral)
    for new in NEW_KEYS
    for option in sorted(new.options or registry.names(new.key.partition(".")[0]))
]


@pytest.mark.parametrize(("key", "option", "neutral"), OPTIONS)
def test_every_new_key_is_one_of_today_that_takes_its_neutral_value(key, option, neutral):
    group, _, last = key.partition(".")
    node = compose("train", [f"{group}={option}"])[group]
    assert last in node
    place = {"path": "somewhere"} if "path" in node else {}
    config = registry.module(group, option).Config.model_validate({**node, **place, last: neutral})
    assert config.model_dump(mode="json")[last] == neutral


def test_no_key_is_new_twice():
    assert len({new.key for new in NEW_KEYS}) == len(NEW_KEYS)
