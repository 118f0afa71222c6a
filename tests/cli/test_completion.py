"""A TAB in real shells, driven through a pseudo-terminal, and the answers that they are given."""

import fcntl
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import termios
import time

import pytest
import yardstick

from fmtool import registry
from fmtool.cli import commands, completion_words, runs, runs_change, tune
from fmtool.cli.completion_scripts import SCRIPTS
from fmtool.config import compose
from fmtool.config.explain import flatten_keys
from fmtool.config.key_tree import KeyTree
from fmtool.runs import records, selection

STARTS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}
LOADS = {
    "bash": "source <(fmtool completion bash)",
    "zsh": "source <(fmtool completion zsh)",
    "fish": "fmtool completion fish | source",
}
RUN = "2026-01-31_081500_cnn_digits_abcdef"
SECONDS = yardstick.scaled(60)
"""Until a shell that does not answer is given up."""


class Shell:
    """An interactive shell whose `fmtool` writes down its words, but for completion."""

    def __init__(self, name, fmtool):
        self.folder, self.said = fmtool.folder, ""
        binaries = fmtool.folder.parent / "bin"
        binaries.mkdir(exist_ok=True)
        program = binaries / "fmtool"
        program.write_text(
            '#!/bin/sh\nif [ "$1" = completion ]; then\n'
            f'    exec {sys.executable} -m fmtool.cli "$@"\nfi\n'
            f"printf '%s\\0' \"$@\" > {fmtool.folder.parent}/draft\n"
            f"mv {fmtool.folder.parent}/draft {fmtool.folder.parent}/typed\n"
        )
        program.chmod(0o755)
        self.typed = fmtool.folder.parent / "typed"
        self._keyboard, terminal = os.openpty()
        self._process = subprocess.Popen(
            STARTS[name],
            cwd=fmtool.folder,
            env=fmtool.environment(
                PATH=f"{binaries}:{os.environ['PATH']}",
                HOME=str(fmtool.folder.parent),
                TERM="xterm",
                PS1="$ ",
            ),
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
            # fish wants a terminal of its own.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )
        os.close(terminal)
        self.words(f"{LOADS[name]}; fmtool ready")

    def type(self, keys):
        os.write(self._keyboard, keys.encode())

    def words(self, keys):
        """The words that `fmtool` is called with once `keys` are typed, and Enter."""
        self.typed.unlink(missing_ok=True)
        self.type(f"{keys}\r")
        self._until(self.typed.exists)
        return self.typed.read_text().split("\0")[:-1]

    def shows(self, keys, *expected):
        """Whether the words are all on the screen once `keys` are typed; the line is given up."""
        self.said = ""
        self.type(keys)
        self._until(lambda: all(each in self.said for each in expected))
        self.type("\x03")

    def _until(self, is_so):
        deadline = time.monotonic() + SECONDS
        while not is_so():
            assert time.monotonic() < deadline, self.said
            if select.select([self._keyboard], [], [], 0.02)[0]:
                self.said += os.read(self._keyboard, 65536).decode(errors="replace")

    def close(self):
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._keyboard)


@pytest.fixture(params=SCRIPTS)
def shell(request, fmtool):
    if shutil.which(request.param) is None:
        pytest.skip(f"no {request.param} is installed")
    fmtool.write(f"runs/{RUN}/config.yaml", "name: pilot\ndata:\n  name: digits\n  limit: 100\n")
    fmtool.write("pictures of pets/cat.png", "")
    fmtool.write("fmtool_conf/model/thin.yaml", "defaults: [cnn, _self_]\nfilters: [4]\n")
    started = Shell(request.param, fmtool)
    yield started
    started.close()


def test_a_tab_completes_commands_groups_options_keys_runs_and_files(shell):
    typed = {
        "fmtool repro\t": ["reproduce"],
        "fmtool train --pl\t x": ["train", "--plugin", "x"],
        "fmtool train sched\t": ["train", "schedule"],
        "fmtool train model=th\t": ["train", "model=thin"],
        "fmtool train -m model=cnn,thi\t": ["train", "-m", "model=cnn,thin"],
        "fmtool train model=mlp model.un\t4": ["train", "model=mlp", "model.units=4"],
        "fmtool train resume=2026\t": ["train", f"resume={RUN}"],
        "fmtool evaluate pil\t": ["evaluate", "pilot"],
        "fmtool runs show 20\t": ["runs", "show", RUN],
        "fmtool data inspect path=pic\t": ["data", "inspect", "path=pictures of pets"],
        "fmtool data fetch bre\t": ["data", "fetch", "breast_cancer"],
        "fmtool data inspect fil\tal\t": ["data", "inspect", "files=all"],
        "fmtool tune stat\t study=x": ["tune", "status", "study=x"],
    }
    for keys, words in typed.items():
        found = shell.words(keys)
        if words[-1] == "schedule":  # as far as `schedule=` and `schedule.` are the same
            assert found[1].rstrip("=.") == "schedule"
        else:
            # The slash of a folder is taken back by zsh where nothing follows it.
            assert [each.rstrip("/") for each in found] == words, keys
    shell.shows("fmtool train optimizer=a\t\t\t", "adadelta", "adamw")


@pytest.fixture
def answer(call, monkeypatch):
    """The kind of an answer, and its words."""

    def ask(*words):
        outcome = call("completion", "answer", "words", *words)
        assert (outcome.code, outcome.err) == (0, "")
        kind, word, *candidates = outcome.out.splitlines()
        assert word == words[-1]
        return kind, candidates

    return ask


def test_commands_and_their_actions_are_offered(answer):
    assert answer("")[1][:3] == ["train", "tune", "evaluate"]
    assert set(answer("")[1]) == {*commands.COMMANDS, "help", *commands.FLAGS}
    assert answer("tune", "")[1][: len(tune.ACTIONS)] == list(tune.ACTIONS)
    assert answer("help", "tr")[1] == ["train"]
    assert answer("completion", "")[1] == ["bash", "zsh", "fish"]


def test_options_are_those_of_the_registry_and_of_the_users_folders(answer, fmtool):
    fmtool.write("fmtool_conf/model/thin.yaml", "defaults: [cnn, _self_]\nfilters: [4]\n")
    fmtool.write("mine/data/few.yaml", "defaults: [digits, _self_]\nlimit: 100\n")
    names = sorted([*registry.names("model"), "thin"])
    assert answer("train", "model=") == ("words", [f"model={name}" for name in names])
    assert answer("train", "-cd", "mine", "data=fe")[1] == ["data=few"]
    assert answer("train", "model=thin", "model.filt")[1] == ["model.filters="]


@pytest.mark.parametrize("group", ["model", "data", "optimizer", "schedule", "task", "augment"])
def test_keys_are_those_that_hydra_composes(group):
    tree = KeyTree()
    for name in compose.options(group):
        composed = compose.compose("train", [f"{group}={name}"])
        ours = tree.keys("train", {group: [name]})
        assert set(flatten_keys(ours)) == set(flatten_keys(composed)), name


def test_keys_are_those_of_the_options_that_a_recipe_chooses(answer):
    assert (
        "optimizer.sgd_lr_ratio="
        in answer("train", "experiment=cifar10_speedrun", "optimizer.s")[1]
    )


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["train", "data.path="], "files"),
        (["train", "runs_dir="], "folders"),
        (["predict", "model=exp"], "files"),
        (["verify", "bun"], "files"),
        (["train", "-cd", ""], "folders"),
        (["train", "--plugin", ""], "files"),
    ],
)
def test_paths_are_left_to_the_shell(answer, words, kind):
    assert answer(*words) == (kind, [])


def test_runs_are_offered_by_id_and_name_and_their_keys_by_their_config(answer, fmtool):
    fmtool.write(f"elsewhere/{RUN}/config.yaml", "name: pilot\ndata:\n  unheard_of: 3\n")
    assert answer("evaluate", "runs_dir=elsewhere", "")[1][:3] == ["last", RUN, "pilot"]
    assert answer("train", "runs_dir=elsewhere", "resume=a")[1] == ["resume=auto"]
    assert answer("evaluate", "last", "runs_dir=elsewhere", "data.un")[1] == ["data.unheard_of="]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("fmtool train a", ["train", "a"]),
        ("fmtool train ", ["train", ""]),
        ("FMTOOL_DATA=x fmtool  train 'a b' \"c", ["train", "a b", "c"]),
        (r"fmtool a\ b", ["a b"]),
        ("fmtool ", [""]),
    ],
)
def test_a_line_is_taken_apart_as_a_shell_does(line, words):
    assert completion_words.split(line) == words


def test_the_words_of_commands_are_those_that_they_take(call):
    for name in commands.COMMANDS:
        assert name in commands.GRAMMARS
    assert set(commands.GRAMMARS["tune"].actions) == set(tune.ACTIONS)
    actions = commands.GRAMMARS["runs"].actions
    assert {name: {*each.keys} for name, each in actions.items()} == {
        name: {*keys, *(selection.FILTERS if name in runs_change.KEYS and name != "note" else ())}
        for name, keys in {**runs._KEYS, **runs_change.KEYS}.items()
    }
    assert commands.STATUSES == records.STATUSES
    for action in commands.GRAMMARS["data"].actions:
        assert "no action" not in call("data", action, "odd=1").err


def test_a_name_that_a_shell_would_read_otherwise_is_not_offered(answer, fmtool):
    fmtool.write("runs/$(touch marker)/config.yaml", "name: a;b\n")
    fmtool.write(f"runs/{RUN}/config.yaml", "name: null\n")
    assert answer("runs", "show", "") == ("words", ["last", RUN, "runs_dir="])


def test_an_answer_imports_neither_hydra_nor_pydantic_nor_rich(fmtool):
    code = (
        "import sys\nfrom fmtool.cli.main import main\n"
        "main(['completion', 'answer', 'words', 'train', 'model=mlp', 'model.un'])\n"
        "print(sorted({'hydra', 'pydantic', 'rich', 'keras', 'numpy'} & set(sys.modules)))\n"
    )
    assert fmtool.python(code).out.splitlines() == ["words", "model.un", "model.units=", "[]"]


@pytest.mark.parametrize("text", ["{", "a: &a [*a]\n", "defaults: [loop, _self_]\n", "\0"])
def test_a_file_that_cannot_be_read_is_left_out(answer, fmtool, text):
    fmtool.write("fmtool_conf/model/loop.yaml", text)
    assert answer("train", "model=loop", "epo") == ("words", ["epochs="])


def test_a_script_for_each_shell_is_printed_and_says_how_to_use_it(call):
    for shell, script in SCRIPTS.items():
        outcome = call("completion", shell)
        assert (outcome.code, outcome.out, outcome.err) == (0, script, "")
        assert re.search(rf"fmtool completion {shell}", script)
