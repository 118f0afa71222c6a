"""Recipes say what they reach, and the page on recipes says the same."""

import re
from pathlib import Path

import pytest

from fmtool import options, registry, validate
from fmtool.config.compose import compose

ROOT = Path(__file__).parents[1]
RECIPES = sorted(path.stem for path in (ROOT / "conf" / "experiment").glob("*.yaml"))
ROW = re.compile(r"^\| `(\w+)` \| [^|]+ \| (?P<figure>[^|]+) \|", re.MULTILINE)
SPEED_RUNS = {name for name in RECIPES if name.startswith("cifar10_speedrun")}
"""Have a page of their own."""


def config_of(name):
    data = name.partition("_")[0]
    is_local = data in registry.names("data") and (
        "path" in registry.module("data", data).Config.model_fields
    )
    path = ["data.path=."] if is_local else []
    return validate.train_config(compose("train", [f"experiment={name}", *path]))


def report_metrics(cfg):
    return options.task(cfg.task.name).report_metrics(cfg.task)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_says_what_it_is_expected_to_reach(name):
    cfg = config_of(name)
    assert cfg.expected is not None
    assert cfg.expected.metric in {each.name for each in report_metrics(cfg)}
    assert 0 < cfg.expected.value <= 1
    assert cfg.expected.epochs == cfg.epochs
    assert cfg.expected.source.startswith(("measured", "published"))


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_begins_with_a_line_on_what_it_is(name):
    text = (ROOT / "conf" / "experiment" / f"{name}.yaml").read_text(encoding="utf-8")
    package, line = text.splitlines()[:2]
    assert package == "# @package _global_"
    assert re.fullmatch(r"# [A-Z0-9~].+\.", line)


def test_the_page_lists_every_recipe_with_what_is_expected_of_it():
    page = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
    figures = {match[1]: match["figure"] for match in ROW.finditer(page)}
    assert set(figures) == set(RECIPES) - SPEED_RUNS
    for name, figure in figures.items():
        expected = config_of(name).expected
        assert f"{expected.value:g}" in figure, name
