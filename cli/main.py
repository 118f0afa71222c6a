"""The `fmtool` command: finds the subcommand, runs it, turns what is raised into an exit code."""

import gc
import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module

from fmtool import __version__
from fmtool.errors import ExitCode, FmtoolError, Interrupted, UsageError
from fmtool.notices import note
from fmtool.suggest import did_you_mean

from . import flags as flags_module

COMMANDS = {
    "train": "train a model and leave a run directory",
    "evaluate": "measure a run on a split, with gates for CI",
    "runs": "list, show and compare runs",
    "data": "list, fetch, describe and check data sets",
}

HELP = f"""fmtool {__version__}: train, evaluate and compare Keras models from the command line

usage: fmtool COMMAND [group=option] [key=value] [flags]

{chr(10).join(f"  {name:<10} {purpose}" for name, purpose in COMMANDS.items())}

  fmtool COMMAND --help   options and keys of a command

flags of every command:
  --json            exactly one JSON object on stdout
  --plugin MODULE   import your own model or data set (a module or a .py file); may be repeated
  --version         print the version

try:
  fmtool train model=cnn data=digits epochs=3
  fmtool evaluate run=last

exit codes:
  0 success   1 bug   2 usage or config   3 a job of a sweep failed   4 quality gate not met
  5 training diverged   65 bad data or corrupt file   69 a download or service is unavailable
  71 out of memory   73 cannot create the output   74 write failed, disk full
  75 busy, retry   77 refused for security   129/130/141/143 ended by HUP/INT/PIPE/TERM
environment:
  FMTOOL_DATA      where data sets are cached    FMTOOL_CONF    folders of your own YAML files
  FMTOOL_OFFLINE=1 never touch the network       FMTOOL_DEBUG=1 show tracebacks
"""


def entry_point() -> None:
    """What the installed `fmtool` script calls; ends the process."""
    # Composing a config makes mostly objects that stay: looking for garbage among them costs a
    # tenth of the start and frees nothing. The commands that go on to work switch it on again.
    gc.disable()
    status = main(sys.argv[1:])
    if status < 0:
        die_by_signal(-status)
    sys.exit(status)


def main(argv: list[str]) -> int:
    """Runs a command line and returns its exit code, or minus the number of a signal."""
    try:
        return _run_and_report(argv)
    except BrokenPipeError:
        return -signal.SIGPIPE
    except KeyboardInterrupt:
        return -signal.SIGINT


def die_by_signal(number: int) -> None:
    """Ends the process by the signal itself, so that shells and supervisors see a true death."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _run_and_report(argv: list[str]) -> int:
    try:
        return _run(argv)
    except FmtoolError as error:
        _report(error, as_json="--json" in argv)
        return int(error.exit_code)
    except Interrupted as interruption:
        _report(interruption, as_json="--json" in argv)
        return -interruption.signal_number
    except BrokenPipeError:
        raise
    except Exception as error:
        if os.environ.get("FMTOOL_DEBUG") == "1":
            raise
        fault = FmtoolError(
            f"internal error: {type(error).__name__}: {error}",
            fix="run again with FMTOOL_DEBUG=1 and report the traceback",
        )
        _report(fault, as_json="--json" in argv)
        return ExitCode.BUG


def _run(argv: list[str]) -> int:
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(HELP, end="", flush=True)
        return ExitCode.SUCCESS
    if argv[0] in ("-V", "--version"):
        print(f"fmtool {__version__}", flush=True)
        return ExitCode.SUCCESS
    flags, rest = flags_module.take(argv)
    command, arguments = (rest[0], rest[1:]) if rest else ("", [])
    if command not in COMMANDS:
        raise UsageError(f"unknown command '{command}'", fix=did_you_mean(command, COMMANDS))
    module = import_module(f"fmtool.cli.{command}")
    if "--help" in arguments or "-h" in arguments:
        print(module.help_text(), end="", flush=True)
        return ExitCode.SUCCESS
    execute: Callable[[list[str], flags_module.Flags], int] = module.main
    status = execute(arguments, flags)
    sys.stdout.flush()
    return status


def _report(error: FmtoolError | Interrupted, *, as_json: bool) -> None:
    """One line on stderr, and with --json the run's result on stdout, or one that stands in."""
    if as_json:
        import json

        print(json.dumps(error.result or _failure(error)), flush=True)
    if os.environ.get("FMTOOL_DEBUG") == "1":
        import traceback

        traceback.print_exc()
    kind = "interrupted" if isinstance(error, Interrupted) else "error"
    note(f"{kind}: {error}")


def _failure(error: FmtoolError | Interrupted) -> dict[str, object]:
    """The result of a command that ended before there was a run."""
    fix = error.fix if isinstance(error, FmtoolError) else ""
    return {
        "status": "interrupted" if isinstance(error, Interrupted) else "failed",
        "exit_code": int(error.exit_code),
        "error": {"type": type(error).__name__, "message": str(error), "hint": fix},
    }
