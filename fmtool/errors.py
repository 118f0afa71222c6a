"""The errors a user can cause, and the exit code each one ends the process with.

FmtoolError                1   base; on its own only for internal faults
├── UsageError             2   command line or configuration
├── GateNotMet             4   a quality gate was missed
├── Diverged               5   the loss became NaN or infinite
├── ExportFailed           6   an exported file does not match the model, or cannot be made
├── DataError             65   bad data, a corrupt file, a path that is not a run
├── Unavailable           69   a download or service that cannot be reached
├── OutOfMemory           71
├── OutOfDescriptors      71   more files are open than the system allows
├── CannotCreate          73   an output that cannot be created
├── WriteFailed           74   a write that failed, such as on a full disk
├── Busy                  75   locked by another process; retry later
├── Refused               77   refused for security
└── ConfigChanged         78   the configuration or the data are not those of the run

Interrupted          128 + n   signal n arrived; the process dies by it
├── TimeLimit            124   the time that the user allowed is over
└── Stopped                0   who started the training, such as a study, wants no more of it
"""

import errno
from collections.abc import Mapping
from enum import IntEnum
from signal import Signals
from typing import Any


class ExitCode(IntEnum):
    """Every status `fmtool` ends with on its own; signals add 128 + their number."""

    SUCCESS = 0
    BUG = 1
    USAGE = 2
    JOBS_FAILED = 3
    GATE_NOT_MET = 4
    DIVERGED = 5
    EXPORT_FAILED = 6
    BAD_DATA = 65
    UNAVAILABLE = 69
    OUT_OF_MEMORY = 71
    CANNOT_CREATE = 73
    WRITE_FAILED = 74
    BUSY = 75
    REFUSED = 77
    CONFIG_CHANGED = 78
    TIME_LIMIT = 124


class FmtoolError(Exception):
    """A fault and how to mend it, shown as `error: <message>; fix: <fix>`."""

    exit_code = ExitCode.BUG

    def __init__(
        self, message: str, *, fix: str = "", details: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.details = details
        """For programs: what result.json says beside the message, in JSON types."""
        self.result: dict[str, Any] | None = None
        """The result.json of the run that the error ended, if there was one."""

    def __str__(self) -> str:
        return f"{self.message}; fix: {self.fix}" if self.fix else self.message


class UsageError(FmtoolError):
    exit_code = ExitCode.USAGE


class GateNotMet(FmtoolError):
    exit_code = ExitCode.GATE_NOT_MET


class Diverged(FmtoolError):
    exit_code = ExitCode.DIVERGED


class ExportFailed(FmtoolError):
    exit_code = ExitCode.EXPORT_FAILED


class DataError(FmtoolError):
    exit_code = ExitCode.BAD_DATA


class Unavailable(FmtoolError):
    exit_code = ExitCode.UNAVAILABLE


class OutOfMemory(FmtoolError):
    exit_code = ExitCode.OUT_OF_MEMORY


class OutOfDescriptors(FmtoolError):
    exit_code = ExitCode.OUT_OF_MEMORY


class CannotCreate(FmtoolError):
    exit_code = ExitCode.CANNOT_CREATE


class WriteFailed(FmtoolError):
    exit_code = ExitCode.WRITE_FAILED


class Busy(FmtoolError):
    exit_code = ExitCode.BUSY


class Refused(FmtoolError):
    exit_code = ExitCode.REFUSED


class ConfigChanged(FmtoolError):
    exit_code = ExitCode.CONFIG_CHANGED


class Interrupted(BaseException):
    """A signal asked the process to end; the process shall die by it once its work is safe.

    Not an Exception, so that no library's `except Exception` can swallow it.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"by {Signals(signal_number).name}")
        self.signal_number = signal_number
        self.result: dict[str, Any] | None = None
        """The result.json of the run that was interrupted, if there was one."""
        self.go_on = ""
        """The command that goes on with that run."""

    @property
    def exit_code(self) -> int:
        """The code that a shell shows for the death: 128 + the signal's number."""
        return 128 + self.signal_number


class TimeLimit(Interrupted):
    """The time that the user allowed is over; the process ends by itself, with 124."""

    def __init__(self) -> None:
        super().__init__(Signals.SIGALRM)
        self.args = ("the time limit was reached",)

    @property
    def exit_code(self) -> int:
        return ExitCode.TIME_LIMIT


class Stopped(Interrupted):
    """The program that started a training ends it; the process ends by itself, with 0."""

    def __init__(self) -> None:
        super().__init__(Signals.SIGTERM)
        self.args = ("as who started it asked",)

    @property
    def exit_code(self) -> int:
        return ExitCode.SUCCESS


def raise_if_used_up(error: BaseException) -> None:
    """Raises OutOfDescriptors for an OSError that says so; to be called before it is explained."""
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EMFILE:
        raise OutOfDescriptors(
            "too many open files for one process", fix="raise the limit, as by `ulimit -n 4096`"
        ) from error
    if number == errno.ENFILE:
        raise OutOfDescriptors(
            "too many open files on this machine", fix="end other programs, or raise fs.file-max"
        ) from error


def to_json(error: BaseException) -> dict[str, Any]:
    """The entry `error` of a result: its type, message and hint, and details where it has any."""
    message, hint, details = str(error), "", None
    if isinstance(error, FmtoolError):
        message, hint, details = error.message, error.fix, error.details
    told = {} if details is None else {"details": details}
    return {"type": type(error).__name__, "message": message, "hint": hint, **told}


def from_json(entry: Mapping[str, Any], exit_code: int) -> FmtoolError:
    """The error that the entry `error` of another process tells of, to be raised in this one.

    Args:
        entry: as `to_json` makes it; what is missing is empty.
        exit_code: of that process: it says the class where the type is none of this module.
    """
    kinds = [each for each in _kinds() if each.__name__ == entry.get("type")]
    kinds += [each for each in _kinds() if each.exit_code == exit_code]
    hint = str(entry.get("hint", ""))
    message = str(entry.get("message", "")).removesuffix(f"; fix: {hint}")
    kind = kinds[0] if kinds else FmtoolError
    return kind(message, fix=hint, details=entry.get("details"))


def _kinds() -> list[type[FmtoolError]]:
    found = (each for each in globals().values() if isinstance(each, type))
    return [each for each in found if issubclass(each, FmtoolError)]
