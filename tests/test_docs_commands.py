"""Commands that the pages show: trainings are composed and checked, all others have known keys."""

import re
import shlex
from pathlib import Path

import pytest

from fmtool import validate
from fmtool.cli import commands as completed
from fmtool.cli import dispatch, export
from fmtool.config import arguments
from fmtool.config.compose import compose

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PROSE = {"yaml", "python", "json", "toml"}
OWN_WORDS = {
    "path", "plugin", "study", "storage", "top", "seeds", "defaults", "output", "run", "input",
    "want", "limit", "sort", "columns", "model", "bundle", "background", "runs_dir",
}  # fmt: skip
"""Words of commands that are no keys of a config."""

KNOWN = {
    key
    for page in (ROOT / "docs" / "reference").glob("*.md")
    for key in re.findall(r"^\| `([\w./]+)` \|", page.read_text(encoding="utf-8"), re.M)
}
TYPED = {
    key
    for grammar in completed.GRAMMARS.values()
    for each in (grammar, *grammar.actions.values())
    for key in each.keys
}
"""Keys of commands and actions, as a shell completes them."""
GROUPS = {path.name for path in (ROOT / "conf").iterdir() if path.is_dir()} | {"tune/cluster"}


def commands():
    """(page, words) of each command in a block of a page; of several in a line, each."""
    found = {}
    for page in PAGES:
        blocks = re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)
        for text in (block for language, block in blocks if language not in PROSE):
            for line in text.replace("\\\n", " ").splitlines():
                for part in re.split(r" && | \| ", line):
                    typed = re.sub(r"^\$ ", "", part.strip())
                    # Names of figures in printed tables begin so too.
                    if re.match(r"fmtool [a-z-]+( \S|$)", typed):
                        words = shlex.split(typed, comments=True)[1:]
                        if words[0] in dispatch.COMMANDS:
                            found.setdefault(tuple(words), page.name)
    return found


COMMANDS = commands()
WRONG = {("train", "optimizer.learning_rte=1e-3"), ("train", "model=ccn")}
"""Shown with the error that they end in."""


def of(*names):
    return [
        pytest.param(words, id=f"{page}: {' '.join(words)[:60]}")
        for words, page in COMMANDS.items()
        if words[0] in names and words not in WRONG
    ]


@pytest.mark.parametrize("words", of("train"))
def test_a_training_could_begin(words, call, monkeypatch):
    monkeypatch.setattr("fmtool.cli.train._train", lambda *_: 0)
    # A run of one's own, which the page has made before.
    words = tuple(word for word in words if word != "resume=last")
    tuned = Path("fmtool_conf/experiment/tuned.yaml")
    tuned.parent.mkdir(parents=True)
    tuned.write_text("# @package _global_\nepochs: 3\n", encoding="utf-8")
    Path("examples").symlink_to(ROOT / "examples")
    if "-m" in words:
        words = ("sweep", "plan", *(word for word in words[1:] if word != "-m"))
    done = call(*words)
    assert done.code == 0, done.err


OWN = {
    "evaluate": validate.evaluate_config,
    "export": validate.export_config,
    "predict": validate.predict_config,
}
"""Commands whose own keys are composed and checked; those of a run come from its config."""


@pytest.mark.parametrize("words", of(*OWN))
def test_the_own_keys_of_a_command_are_accepted(words):
    command, *given = (word for word in words if not word.startswith(("-", "[")))
    # What the commands themselves do before anything is composed.
    typed = [word.replace("model=", "model_file=", 1) for word in given]
    if command == "export":
        typed = [export._as_list(word) for word in given]
    own = {path.split(".")[0] for path in keys_of(command)}
    chosen = [word for word in typed if re.split(r"[.=]", word)[0] in own]
    if not any(word.startswith(("run=", "model_file=", "bundle=")) for word in chosen):
        chosen.append("run=last")
    assert OWN[command](compose(command, [arguments.prepare(word) for word in chosen]))


def keys_of(command):
    text = (ROOT / "conf" / f"{command}.yaml").read_text(encoding="utf-8")
    return re.findall(r"^(\w+):", text, re.M)


@pytest.mark.parametrize("words", of(*dispatch.COMMANDS))
def test_every_key_is_one_that_there_is(words):
    keys = [word.lstrip("[+~").partition("=")[0] for word in words[1:] if "=" in word]
    free = ("gate.", "constraint.", "task.class_weights")
    free += ("min.", "max.") if words[0] == "runs" else ()
    unknown = [
        key
        for key in keys
        if key not in KNOWN | GROUPS | OWN_WORDS | TYPED
        and not key.startswith(free)
        # Keys of a report or a data set without their group.
        and not (words[0] == "data" and f"data.{key}" in KNOWN)
    ]
    assert unknown == []


@pytest.mark.parametrize("words", sorted(WRONG))
def test_a_mistake_ends_in_the_line_that_is_shown(words, call):
    assert words in COMMANDS
    done = call(*words)
    assert done.code == 2
    assert f"\n{done.error}\n" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_pages_are_searched_for_commands():
    assert len(COMMANDS) > 80
