"""Where the workers of a study meet: a file, a journal on a shared disk, or a database server."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmtool.errors import Unavailable, UsageError

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

_BUSY_SECONDS = 60
_NETWORK = ("nfs", "cifs", "smb", "fuse.sshfs", "lustre", "beegfs", "gpfs", "ceph")
_SQLITE, _JOURNAL = "sqlite:///", "journal://"
_EXTRAS = {"postgresql": ("psycopg", "fmtool[postgres]"), "mysql": ("pymysql", "pymysql")}
_DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}


def require_optuna() -> None:
    """UsageError where the extra is missing; where it is there, it is silent from now on."""
    if find_spec("optuna") is None:
        raise UsageError("optuna is not installed", fix="pip install 'fmtool[tune]'")
    silence()


def default_url(directory: Path) -> str:
    return f"{_SQLITE}{directory.absolute() / 'study.db'}"


def is_missing(url: str) -> bool:
    """Whether the address is that of a file which is not there."""
    path = url.removeprefix(_SQLITE).removeprefix(_JOURNAL)
    return url.startswith((_SQLITE, _JOURNAL)) and not Path(path).is_file()


def lock_file(url: str) -> Path | None:
    """The file that is locked while SQLite decides who gets a trial; None where a server does."""
    return Path(f"{url.removeprefix(_SQLITE)}.lock") if url.startswith(_SQLITE) else None


@contextmanager
def locked(path: Path | None) -> Iterator[None]:
    """SQLite reads before it locks: two workers could take the same trial."""
    import fcntl

    if path is None:
        yield
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def connect(url: str) -> "BaseStorage":
    """The storage behind an address; see `is_outage` for what else may be raised.

    Raises UsageError: the address is none, its driver is missing, or SQLite would be on a network.
    """
    from optuna import storages

    if url.startswith(_JOURNAL):
        return _journal(Path(url.removeprefix(_JOURNAL)))
    kind = url.partition("://")[0].partition("+")[0]
    if kind not in ("sqlite", *_EXTRAS) or "://" not in url:
        raise UsageError(
            f"storage={hidden(url)} is no address that is known",
            fix="write sqlite:////PATH, journal:///PATH or postgresql://USER@HOST/DATABASE",
        )
    options: dict[str, Any] = {"pool_pre_ping": True}
    if kind == "sqlite":
        _refuse_network(Path(url.removeprefix(_SQLITE)))
        options = {"connect_args": {"timeout": _BUSY_SECONDS}}
    else:
        url = _with_driver(url, kind)
    return storages.get_storage(storages.RDBStorage(url, engine_kwargs=options))


def _journal(path: Path) -> "BaseStorage":
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    if not path.is_absolute() or not path.parent.is_dir():
        raise UsageError(
            f"storage={_JOURNAL}{path}: no such folder", fix="write journal:///SHARED/FOLDER/FILE"
        )
    return JournalStorage(JournalFileBackend(str(path)))


def is_outage(error: BaseException) -> bool:
    """Whether it is that the storage is away or busy, which may pass."""
    from optuna.exceptions import StorageInternalError
    from sqlalchemy import exc

    passing = (exc.OperationalError, exc.InterfaceError, exc.PendingRollbackError, exc.TimeoutError)
    cause = error.__cause__ if isinstance(error, StorageInternalError) else error
    return isinstance(error, StorageInternalError | OSError) or isinstance(cause, passing)


def unavailable(url: str, error: BaseException) -> Unavailable:
    reason = str(getattr(error, "orig", None) or error).strip().splitlines() or [""]
    return Unavailable(
        f"the storage {hidden(url)} does not answer: {reason[0][:200]}",
        fix="see that it runs, then type the same line again: nothing is lost",
    )


def hidden(url: str) -> str:
    """The address without its password."""
    head, separator, rest = url.partition("://")
    account, at, place = rest.rpartition("@")
    return f"{head}{separator}{account.partition(':')[0]}{at}{place}"


def silence() -> None:
    """Optuna tells of each trial on stderr, where our own lines are."""
    import warnings

    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    warnings.filterwarnings("ignore", category=UserWarning, module="optuna")


def _with_driver(url: str, kind: str) -> str:
    module, package = _EXTRAS[kind]
    scheme = url.partition("://")[0]
    if "+" in scheme:
        return url
    if find_spec(module) is None:
        raise UsageError(f"storage={hidden(url)} needs {module}", fix=f"pip install '{package}'")
    return f"{_DRIVERS[kind]}{url.removeprefix(scheme)}"


def _refuse_network(path: Path) -> None:
    """SQLite's locks do not hold on network file systems, and what is written there is lost."""
    kind = _file_system(path.absolute())
    if kind.startswith(_NETWORK):
        raise UsageError(
            f"{path} is on a network file system ({kind}), where SQLite loses trials",
            fix=f"write storage=journal://{path.absolute().with_suffix('.log')}, or a database's",
        )


def _file_system(path: Path) -> str:
    """Its name as the kernel has it; empty where it does not say."""
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    found = [line.split()[1:3] for line in mounts]
    holding = [(place, kind) for place, kind in found if path.is_relative_to(place)]
    return max(holding, key=lambda each: len(each[0]), default=("", ""))[1]
