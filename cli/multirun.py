"""`fmtool train -m`: validates every job of a sweep, runs them, and tells how each ended."""

import sys
from pathlib import Path

from fmtool.config.arguments import Arguments
from fmtool.notices import note
from fmtool.sweeping.display import view_for
from fmtool.sweeping.table import failure_lines, tables
from fmtool.sweeping.workflow import run_sweep

from . import output, sweep_command
from .flags import Flags


def run(config_name: str, arguments: Arguments, folders: tuple[Path, ...], flags: Flags) -> int:
    """Exit code 3 if any job failed, else 4 if any missed a gate.

    Interrupted, it waits for the jobs at hand to end in order, and tells how far it came.
    """
    sweep = sweep_command.read(config_name, arguments, folders, flags)
    view = view_for(sys.stderr, sweep.own, total=len(sweep.jobs))
    document = run_sweep(sweep, view)
    if flags.as_json:
        output.print_json(document)
    else:
        output.print_tables(*tables(document))
    for line in failure_lines(document["runs"]):
        note(line)
    return int(document["exit_code"])
