"""The storage in which workers meet: a file, a journal on a shared disk, or a database server."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmtool import extras
from fmtool.errors import Unavailable, UsageError
from fmtool.privacy import without_password, without_secrets_of
from fmtool.tuning.damage import JOURNAL, SQLITE, path_of

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

_BUSY_SECONDS = 60
_NETWORK = ("nfs", "cifs", "smb", "fuse.sshfs", "lustre", "beegfs", "gpfs", "ceph")
_MODULES = {"postgresql": "psycopg", "mysql": "pymysql"}
_DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}


def require_optuna() -> None:
    """UsageError where the extra is missing or too new; else it is silent from now on."""
    if find_spec("optuna") is None:
        raise UsageError("optuna is not installed", fix=extras.install_extra("tune"))
    from fmtool.compat import private_optuna

    private_optuna.check()
    silence()


def default_url(directory: Path) -> str:
    return f"{SQLITE}{directory.absolute() / 'study.db'}"


def is_missing(url: str) -> bool:
    """True where the address is that of a file which is not there."""
    path = path_of(url)
    return path is not None and not path.is_file()


def lock(url: str) -> int | None:
    """An open file, locked until it is closed; None where a server decides who gets a trial.

    SQLite reads before it locks: two workers could take the same trial. Raises OSError where the
    file's folder is away.
    """
    import fcntl

    if not url.startswith(SQLITE):
        return None
    path = f"{url.removeprefix(SQLITE)}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def connect(url: str) -> "BaseStorage":
    """The storage behind an address; see `is_outage` for what else may be raised.

    Raises UsageError where its driver is missing; `check` has seen the address.
    """
    from optuna import storages

    if url.startswith(JOURNAL):
        from fmtool.tuning import journal

        return journal.journal(Path(url.removeprefix(JOURNAL)))
    if url.startswith(SQLITE):
        options: dict[str, Any] = {"connect_args": {"timeout": _BUSY_SECONDS}}
        return storages.get_storage(storages.RDBStorage(url, engine_kwargs=options))
    url = _with_driver(url)
    options = {"pool_pre_ping": True, "connect_args": _connection(url)}
    return storages.get_storage(storages.RDBStorage(url, engine_kwargs=options))


def check(url: str) -> None:
    """UsageError for what is no address of a storage, or cannot be one."""
    path, shown = path_of(url), without_password(url)
    if path is not None:
        if url.startswith(JOURNAL) and not path.is_absolute():
            raise UsageError(
                f"storage={shown} is no whole path", fix="write journal:///FOLDER/FILE"
            )
        if not path.absolute().parent.is_dir():
            raise UsageError(
                f"storage={shown}: there is no folder {path.parent}",
                fix="make it, or name another one",
            )
        if path.is_dir():
            raise UsageError(f"storage={shown} is a folder", fix="name a file in it")
        if url.startswith(SQLITE):
            _refuse_network(path)
    elif _kind(url) not in _MODULES:
        raise UsageError(
            f"storage={shown} is no address that is known",
            fix="write sqlite:////PATH, journal:///PATH or postgresql://USER@HOST/DATABASE",
        )
    else:
        _require_readable(url)


def is_of_this_machine(url: str | None) -> bool:
    """True where only workers on this machine can meet there."""
    return url is None or url.startswith(SQLITE)


def is_outage(error: BaseException) -> bool:
    """True for an error that says that the storage is away or busy, which may pass.

    So may what a database finds wrong while somebody else is just creating the same thing.
    """
    from optuna.exceptions import StorageInternalError
    from sqlalchemy import exc

    passing = (exc.DBAPIError, exc.PendingRollbackError, exc.TimeoutError)
    return isinstance(error, (StorageInternalError, OSError, *passing))


def unavailable(url: str, error: BaseException) -> Unavailable:
    error = error.__cause__ or error
    said = without_secrets_of(url, str(getattr(error, "orig", None) or error))
    reason = said.strip().splitlines() or [""]
    return Unavailable(
        f"the storage {without_password(url)} does not answer: {reason[0][:200]}",
        fix="see that it runs, then type the same command again: nothing is lost",
    )


def silence() -> None:
    """Optuna tells of each trial on stderr, where our own lines are."""
    import warnings

    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    warnings.filterwarnings("ignore", category=UserWarning, module="optuna")


def _require_readable(url: str) -> None:
    """UsageError for the address of a server that SQLAlchemy makes nothing of."""
    from sqlalchemy import exc
    from sqlalchemy.engine import make_url

    try:
        make_url(url)
    except (exc.ArgumentError, ValueError) as error:
        raise UsageError(
            f"storage={without_password(url)} is not an address",
            fix="write postgresql://USER@HOST:PORT/DATABASE, other signs percent-encoded",
        ) from error


def _kind(url: str) -> str:
    """`postgresql` of postgresql+psycopg://...; empty where it is no address."""
    scheme, separator, _ = url.partition("://")
    return scheme.partition("+")[0] if separator else ""


def _connection(url: str) -> dict[str, Any]:
    """So that a server whose machine or network fails is known to be away, in half a minute."""
    if not url.startswith("postgresql+psycopg"):
        return {}
    alive = {"keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5}
    return {**alive, "keepalives_count": 3, "connect_timeout": 10, "tcp_user_timeout": 30_000}


def _with_driver(url: str) -> str:
    kind, scheme = _kind(url), url.partition("://")[0]
    module = _MODULES[kind]
    if "+" in scheme:
        return url
    if find_spec(module) is None:
        raise UsageError(
            f"storage={without_password(url)} needs {module}", fix=extras.install(module)
        )
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
