"""The `fmtool` command as a process: how it starts, and how it ends.

Imports next to nothing: until `entry_point` runs, Ctrl-C ends it with a traceback of Python's.
"""

import gc
import os
import signal
import sys

_TIME_LIMIT = 124
"""`errors.ExitCode.TIME_LIMIT`, without an import."""


def entry_point() -> None:
    """Runs the command line for the installed `fmtool` script; ends the process."""
    # Where no SignalGuard is in force, Ctrl-C shall end the process as SIGTERM does, and also
    # where a shell started it in the background, with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Composing a config makes mostly objects that stay: looking for garbage among them costs a
    # tenth of the start and frees nothing. The commands that go on to work switch it on again.
    gc.disable()
    status = main(sys.argv[1:])
    if status < 0:
        die_by_signal(-status)
    if status == _TIME_LIMIT:
        # As by a signal: what threads still do, such as compiling, is not waited for.
        os._exit(status)
    if not gc.isenabled():
        # It ended before it went on to work, and has nothing open: taking apart what was imported
        # to find a mistake takes a tenth of the time.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)


def main(argv: list[str]) -> int:
    """Runs a command line and returns its exit code, or minus the number of a signal."""
    from . import dispatch

    try:
        return dispatch.run(argv)
    except BrokenPipeError:
        return -signal.SIGPIPE


def die_by_signal(number: int) -> None:
    """Ends the process by the signal itself, so that shells and supervisors see a true death."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
