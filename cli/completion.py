"""`fmtool completion`: the script for a shell, and what that script asks at a TAB."""

from fmtool.errors import UsageError
from fmtool.suggest import did_you_mean

from . import completion_words, output
from .completion_scripts import SCRIPTS
from .flags import Flags

HELP = """\
usage: fmtool completion bash|zsh|fish

prints a script; with it a TAB completes commands, groups, options, keys, names of runs and files

  bash   in ~/.bashrc:                   source <(fmtool completion bash)
  zsh    in ~/.zshrc, behind compinit:   source <(fmtool completion zsh)
  fish   in ~/.config/fish/config.fish:  fmtool completion fish | source

options are those of fmtool and of your own YAML folders, runs those in runs/ or in runs_dir=DIR
"""


def help_text() -> str:
    return HELP


def main(argv: list[str], flags: Flags) -> int:
    """Prints the script of one shell; UsageError for another."""
    shell = argv[0] if len(argv) == 1 else ""
    if not argv:
        raise UsageError(
            "completion: the shell is missing",
            fix="write fmtool completion bash, fmtool completion zsh or fmtool completion fish",
        )
    if shell not in SCRIPTS:
        what = f"completion: no shell '{' '.join(argv)}' is known"
        raise UsageError(what, fix=did_you_mean(shell, SCRIPTS))
    output.print_text(SCRIPTS[shell])
    return 0


def answer(argv: list[str]) -> int:
    """Answers a shell: `line TEXT`, of a command up to the cursor, or `words WORD...` behind it."""
    form, *rest = argv or [""]
    words = completion_words.split("".join(rest)) if form == "line" else rest
    kind, candidates = completion_words.candidates(words)
    output.print_text("".join(f"{line}\n" for line in (kind, *words[-1:], *candidates)))
    return 0
