"""Finds the subcommand, runs it, turns what is raised into a line and an exit code."""

import os
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module

from fmtool import __version__
from fmtool.errors import (
    ExitCode,
    FmtoolError,
    Interrupted,
    Stopped,
    TimeLimit,
    UsageError,
    raise_if_used_up,
    to_json,
)
from fmtool.notices import note
from fmtool.privacy import redacted
from fmtool.signals import SignalGuard
from fmtool.suggest import did_you_mean

from . import flags as flags_module
from . import output
from .commands import COMMANDS

HELP = f"""fmtool {__version__}: train, evaluate and compare Keras models from the command line

usage: fmtool COMMAND [group=option] [key=value] [flags]

{chr(10).join(f"  {name:<10} {purpose}" for name, purpose in COMMANDS.items())}

  fmtool COMMAND --help   options and keys of a command; so does fmtool help COMMAND

flags of every command:
  --json            exactly one JSON object on stdout
  --plugin MODULE   import your own model, data set, ... (a module or a .py file); may be repeated
  --timeout TIME    end in order, with exit code 124, after 90, 30s, 10m or 2h of the whole command
  --wide            all columns of a table, also those for which the terminal is too narrow
  --version         print the version

try:
  fmtool train model=cnn data=digits epochs=3
  fmtool evaluate run=last
  fmtool predict run=last input=pictures/ output=labels.csv

exit codes:
  0 success   1 bug   2 usage or config   3 a job of a sweep or a study failed
  4 quality gate not met   5 training diverged   6 an export does not match the model
  65 bad data or corrupt file   69 a download or service is unavailable
  71 out of memory or file descriptors   73 cannot create the output
  74 write failed, disk full   75 busy, retry   77 refused for security
  78 not the config or data of the run
  124 time limit reached, after a checkpoint   129/130/141/143 ended by HUP/INT/PIPE/TERM
environment:
  FMTOOL_DATA      where data sets are cached    FMTOOL_CONF    folders of your own YAML files
  FMTOOL_OFFLINE=1 never touch the network       FMTOOL_DEBUG=1 show tracebacks
  FMTOOL_CACHE     what can be made again        FMTOOL_THREADS what runtime.threads=auto is
  KERAS_BACKEND    default of runtime.backend    XDG_CONFIG_HOME  holds fmtool/, a folder of yours
"""


_HELP = ("-h", "--help", "help")
_VERSION = {"-V", "--version"}


def run(argv: list[str]) -> int:
    """Runs a command line and returns its exit code, or minus the number of a signal."""
    report = partial(_report, as_json="--json" in argv)
    try:
        return _run(argv, report)
    except FmtoolError as error:
        report(error)
        return int(error.exit_code)
    except (TimeLimit, Stopped) as end:
        report(end)
        return end.exit_code
    except Interrupted as interruption:
        report(interruption)
        return -interruption.signal_number
    except BrokenPipeError:
        raise
    except Exception as error:
        known = _known(error)
        if known is not None:
            report(known)
            return int(known.exit_code)
        if os.environ.get("FMTOOL_DEBUG") == "1":
            raise
        fault = FmtoolError(
            f"internal error: {type(error).__name__}: {error}",
            fix="run again with FMTOOL_DEBUG=1 and report the traceback",
        )
        report(fault)
        return ExitCode.BUG


def _known(error: Exception) -> FmtoolError | None:
    """The error of fmtool for one of the operating system; None for an error that is a bug."""
    from fmtool.runs.atomic import full_disk

    try:
        raise_if_used_up(error)
    except FmtoolError as known:
        return known
    return full_disk(error) if isinstance(error, OSError) else None


def _run(argv: list[str], report: Callable[[Interrupted], None]) -> int:
    if argv[:2] == ["completion", "answer"]:
        from . import completion

        return completion.answer(argv[2:])
    if argv[:1] == ["help"] and argv[1:2] not in ([], ["help"]):
        return _run([*argv[1:], "--help"], report)
    if not argv or argv[0] in _HELP:
        output.print_help(HELP)
        return ExitCode.SUCCESS
    if argv[0] in _VERSION:
        return _print_version()
    with SignalGuard(on_abandon=report) as signals:
        flags, rest = flags_module.take(argv)
        if flags.timeout is not None:
            signals.limit(flags.timeout)
        with output.widened(flags.wide):
            return _dispatch(rest, flags)


def _print_version() -> int:
    output.print_line(f"fmtool {__version__}")
    return ExitCode.SUCCESS


def _dispatch(words: list[str], flags: flags_module.Flags) -> int:
    command, arguments = (words[0], words[1:]) if words else ("", [])
    if command not in COMMANDS:
        fix = did_you_mean(command, [*COMMANDS, "help"])
        raise UsageError(f"unknown command '{command}'", fix=fix)
    if not _VERSION.isdisjoint(arguments):
        return _print_version()
    module = import_module(f"fmtool.cli.{command}")
    if {"--help", "-h"} & {*arguments} or arguments[:1] == ["help"]:
        output.print_help(module.help_text())
        return ExitCode.SUCCESS
    execute: Callable[[list[str], flags_module.Flags], int] = module.main
    status = execute(arguments, flags)
    sys.stdout.flush()
    return status


def _report(error: FmtoolError | Interrupted, *, as_json: bool) -> None:
    """One line on stderr, and with --json the run's result on stdout, or one that stands in."""
    if as_json:
        output.print_json(error.result or _failure(error))
    if os.environ.get("FMTOOL_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    note(_line(error))


def _line(error: FmtoolError | Interrupted) -> str:
    if isinstance(error, FmtoolError):
        return f"error: {redacted(str(error))}"
    if isinstance(error, Stopped):
        return f"stopped: {error}"
    return f"interrupted: {error}" + (f"; go on with: {error.go_on}" if error.go_on else "")


def _failure(error: FmtoolError | Interrupted) -> dict[str, object]:
    """The result of a command that ended before there was a run."""
    entry = to_json(error)
    return {
        "status": "interrupted" if isinstance(error, Interrupted) else "failed",
        "exit_code": int(error.exit_code),
        "error": {**entry, "message": redacted(str(error)), "hint": redacted(entry["hint"])},
    }
