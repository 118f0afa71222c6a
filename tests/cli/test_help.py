"""Help lists what is there and costs next to nothing."""

import re
import sys
from pathlib import Path

import pytest

import fmtool.conf
from fmtool import __version__
from fmtool.cli.dispatch import COMMANDS
from fmtool.config.compose import groups
from fmtool.errors import ExitCode

HEAVY = "('keras', 'tensorflow', 'jax', 'torch', 'optuna', 'sklearn', 'matplotlib')"
REPORT = (
    "import sys\nfrom fmtool.cli.main import main\ncode = main(sys.argv[1:])\n"
    f"print([name for name in {HEAVY} if name in sys.modules], code)"
)


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["--help"], 0),
        (["--version"], 0),
        (["train", "--help"], 0),
        (["evaluate", "--help"], 0),
        (["models"], 0),
        (["train", "epochs=0"], 2),
        (["train", "hydra.callbacks={}"], 77),
        (["train", "runs_dir=/proc/x"], 73),
        (["train", "-m", "seed=0,1", "epochs=0"], 2),
        (["train", "--cfg", "job"], 0),
        (["evaluate", "run=nope"], 2),
        (["verify", "nope.zip"], 65),
    ],
    ids=str,
)
def test_what_needs_no_model_imports_no_framework(fmtool, argv, code):
    outcome = fmtool.python(REPORT, *argv)
    assert outcome.out.splitlines()[-1] == f"[] {code}"


def test_a_mistake_in_a_config_is_found_without_numpy_and_tables(fmtool):
    code = (
        "import sys\nfrom fmtool.cli.main import main\ncode = main(sys.argv[1:])\n"
        "print([name for name in ('numpy', 'rich', 'PIL') if name in sys.modules], code)"
    )
    assert fmtool.python(code, "train", "epochs=0").out == "[] 2\n"


@pytest.mark.parametrize(
    "argv", [["--version"], ["-V"], ["train", "--version"], ["tune", "worker", "x=1", "-V"]]
)
def test_version_is_printed(call, argv):
    assert call(*argv).out == f"fmtool {__version__}\n"


@pytest.mark.parametrize("argv", [["help", "train"], ["train", "help"], ["help", "train", "x"]])
def test_help_of_a_command_is_reached_by_the_word_too(call, argv):
    assert call(*argv).out == call("train", "--help").out


def test_the_package_runs_as_the_command_does(fmtool):
    code = (
        "import runpy, sys\nsys.argv[0] = 'fmtool'\nrunpy.run_module('fmtool', run_name='__main__')"
    )
    assert fmtool.python(code, "--version").out == f"fmtool {__version__}\n"
    assert fmtool.python(code, "train", "epochs=0").code == 2


def test_help_names_every_command_and_every_exit_code(call):
    text = call("--help").out
    assert all(f"\n  {command} " in text for command in COMMANDS)
    shown = re.findall(r"\b\d+\b", text.partition("exit codes:")[2].partition("environment")[0])
    assert {int(code) for code in shown} == {*ExitCode, 129, 130, 141, 143}


@pytest.mark.parametrize("flag", ["--json", "--plugin", "--timeout", "--version"])
def test_help_names_every_flag(call, flag):
    assert f"\n  {flag} " in call("--help").out


@pytest.mark.parametrize("argv", [[], ["-h"], ["help"]])
def test_no_command_shows_the_same_help(call, argv):
    assert call(*argv).out == call("--help").out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_on_stdout(call, command):
    outcome = call(command, "--help")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("usage: fmtool ")


@pytest.mark.parametrize("group", groups())
def test_train_help_lists_exactly_the_options_of_a_group(call, group):
    root = Path(fmtool.conf.__path__[0])
    options = {path.stem for path in (root / group).glob("*.yaml")}
    lines = call("train", "--help").out.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"  {group} "))
    words = lines[start].split()[1:]
    for line in lines[start + 1 :]:
        if not line.startswith(" " * 10):
            break
        words += line.split()
    assert {word.rstrip("*") for word in words} == options


def test_train_help_marks_one_default_a_group_and_shows_the_keys(call):
    text = call("train", "--help").out
    assert "cnn*" in text
    assert "mlp*" not in text
    assert "  batch_size: 64 " in text


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_on_a_narrow_terminal_breaks_between_words(command, call, monkeypatch):
    whole = call(*([command] if command else []), "--help").out
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    shown = call(*([command] if command else []), "--help").out
    assert shown.split() == whole.split()
    too_long = [line for line in shown.splitlines() if len(line) > 80]
    assert all(line.startswith("  fmtool ") for line in too_long)
    assert {line for line in whole.splitlines() if len(line) <= 80} <= set(shown.splitlines())
