"""A real PostgreSQL server of our own, which a test can stop, kill and start again."""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest
from local_processes import LOOPBACK, end, free_ports, open_folder, wait_until

INSTALL = "apt-get install -y postgresql"
STOP = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
Mode = Literal["smart", "fast", "immediate"]

OPTIONS = {
    "listen_addresses": LOOPBACK,
    # Its default, /var/run/postgresql, is the packaged server's and may not be ours to write.
    "unix_socket_directories": "",
    # The machine stays up when the server is killed, and what is written to it stays too.
    # synchronous_commit stays on: without it, a server that is killed loses what it had confirmed.
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "100",
}


class Server:
    """A cluster of databases in a folder, which any account may enter, and its server.

    The server is a child of ours and not of pg_ctl's, so that it can be killed as a machine that
    fails would, and so that nobody else's can be meant.
    """

    def __init__(self, folder: Path) -> None:
        self.data, self.log = folder / "data", folder / "postgresql.log"
        (self.port,) = free_ports(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._create()

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres@{LOOPBACK}:{self.port}/postgres"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Returns when it takes connections; after a crash that is when it has recovered."""
        assert not self.running
        options = [f"--{name}={value}" for name, value in (OPTIONS | {"port": self.port}).items()]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [_program("postgres"), "-D", self.data, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self._account(),
            )
        wait_until(self._answers, 30, "PostgreSQL takes connections")

    def stop(self, mode: Mode = "fast") -> None:
        """`immediate` is a crash: no checkpoint, and clients see their connections break."""
        if self._process is not None:
            end(self._process, STOP[mode])
            self._process = None

    def restart(self, mode: Mode = "fast") -> None:
        self.stop(mode)
        self.start()

    def new_database(self, name: str) -> str:
        """The URL of an empty database: tests that share a server do not see each other's."""
        self._run("createdb", "-h", LOOPBACK, "-p", str(self.port), "-U", "postgres", name)
        return self.url.removesuffix("postgres") + name

    def _create(self) -> None:
        self.data.mkdir(mode=0o700)
        if (account := _account()) is not None:
            os.chown(self.data, account.pw_uid, account.pw_gid)
        options = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale")
        self._run("initdb", "-D", str(self.data), "--no-sync", *options)

    def _answers(self) -> bool:
        if not self.running:
            raise RuntimeError(f"PostgreSQL ended:\n{self.log.read_text()[-2000:]}")
        argv = [_program("pg_isready"), "-q", "-h", LOOPBACK, "-p", str(self.port)]
        return subprocess.run(argv, check=False).returncode == 0

    def _run(self, name: str, *argv: str) -> None:
        done = subprocess.run(
            [_program(name), *argv], capture_output=True, text=True, check=False, **self._account()
        )
        if done.returncode:
            raise RuntimeError(f"{name}: {done.stderr}")

    def _account(self) -> dict[str, Any]:
        """A working folder that the account may enter, without which each program complains."""
        where = {"cwd": self.data.parent}
        if (account := _account()) is None:
            return where
        ids = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        return where | ids


@contextmanager
def server() -> Iterator[Server]:
    """A server that runs; the test is skipped where PostgreSQL is not installed."""
    if not installed():
        pytest.skip(f"no PostgreSQL server here; {INSTALL}")
    with open_folder("postgresql") as folder:
        made = Server(folder)
        try:
            made.start()
            yield made
        finally:
            made.stop("immediate")


def installed() -> bool:
    return all(_found(name) for name in ("initdb", "postgres", "pg_isready", "createdb"))


@cache
def _found(name: str) -> str | None:
    """Debian puts the server's programs off PATH, in a folder for each version: the newest."""
    if (path := shutil.which(name)) is not None:
        return path
    versions = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    by_number = sorted(versions, key=lambda path: float(path.parts[4]))
    return str(by_number[-1]) if by_number else None


def _program(name: str) -> str:
    path = _found(name)
    assert path is not None, name
    return path


def _account() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root; anyone else runs it as themselves."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("PostgreSQL refuses root, and there is no account `postgres` or `nobody`")
