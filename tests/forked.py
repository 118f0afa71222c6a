"""`fmtool` as a forked child of a process that has imported everything, in the place of a new one.

A child does what `python -m fmtool.cli` does with the same words, folder, variables and open files
(and so do the children of an export, `python -m fmtool.export.child`);
only the imports are there already, and what the interpreter and the libraries do at their end is
left out. Where that could be told from a process of its own (other variables than ours, a prefix,
a GPU that is chosen), `fork` declines. So it does for nothing that a command says: tests of
signals, of imports and of memory start a real process themselves.

Servers are started when they are first needed, one for each backend and one without, and shared by
all workers of a test session. A request is a line of JSON on a connection of its own, with the
child's open files; the replies are a line with its `pid`, and at its end one with `status`, as in
`subprocess`, and `cpu`, its processor time in seconds.
"""

import array
import fcntl
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

PROGRAM = Path(__file__).with_name("fork_server.py")
NONE = "none"
BACKENDS = ("tensorflow", "jax", "torch")
SERVERS = (NONE, *BACKENDS)

FOREIGN = ("FMTOOL_", "KERAS_", "HYDRA_", "COMP_")
"""Variables of whoever runs the tests, which no command of a test may see."""
_READ_EARLY = {"jax": ("FMTOOL_CACHE",)}
"""Of our variables, what a server has read while it imported."""
_READ_LATE = ("FMTOOL_", "PYTEST_", "TERM")
"""Beginnings of variables that nothing reads while it is imported."""
CLI, EXPORT_CHILD = "fmtool.cli", "fmtool.export.child"
"""Modules that are run as programs."""
_NEEDS_BACKEND = ("train", "evaluate", "predict", "reproduce", "bench", "models")


_AT_FIRST = dict(os.environ)
"""Before libraries and tests have set any in this process, which no command of a test shall see."""


def clean_environment() -> dict[str, str]:
    """The variables with which this process began, without `FOREIGN`."""
    return {name: text for name, text in _AT_FIRST.items() if not name.startswith(FOREIGN)}


class Process:
    """A forked child; as much of `subprocess.Popen` as tests and fmtool use."""

    def __init__(
        self,
        connection: socket.socket,
        pid: int,
        args: Sequence[str],
        streams: tuple[IO[Any] | None, IO[Any] | None, IO[Any] | None],
    ) -> None:
        self._connection, self.pid, self.args = connection, pid, list(args)
        self.stdin, self.stdout, self.stderr = streams
        self.returncode: int | None = None
        self.cpu = 0.0

    def poll(self) -> int | None:
        if self.returncode is None and select.select([self._connection], [], [], 0)[0]:
            self._read_end()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._connection], [], [], timeout)[0]:
                assert timeout is not None
                raise subprocess.TimeoutExpired(self.args, timeout)
            self._read_end()
        assert self.returncode is not None
        return self.returncode

    def communicate(self, input: Any = None, timeout: float | None = None) -> tuple[Any, Any]:
        said: dict[str, Any] = {"stdout": None, "stderr": None}

        def read(name: str, stream: IO[Any]) -> None:
            said[name] = stream.read()

        streams = {"stdout": self.stdout, "stderr": self.stderr}
        readers = [
            threading.Thread(target=read, args=(name, stream), daemon=True)
            for name, stream in streams.items()
            if stream is not None and not stream.closed
        ]
        for reader in readers:
            reader.start()
        if self.stdin is not None and not self.stdin.closed:
            if input is not None:
                self.stdin.write(input)
            self.stdin.close()
        self.wait(timeout)
        for reader in readers:
            reader.join(timeout)
        self.close()
        return said["stdout"], said["stderr"]

    def send_signal(self, number: int) -> None:
        # As with `Popen`, it may have ended since.
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """Our ends of its files."""
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream is not None:
                stream.close()

    def _read_end(self) -> None:
        reply = json.loads(_line(self._connection))
        self._connection.close()
        self.returncode, self.cpu = reply["status"], reply["cpu"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.close()
        self.wait()


@dataclass
class Servers:
    """Fork servers of a test session, in a folder that its processes share.

    Args:
        folder: of sockets and of what the servers write; its path must be short.
        owner: the process with which they end.
        base: variables that the servers were, or will be, started with.
    """

    folder: Path
    owner: int
    base: Mapping[str, str]
    account: str = ""
    """Under which the processor time of children is written down."""
    asking: Sequence[str] = ()
    """The words of the command that asks, where a forked one does."""
    _started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def log(self) -> Path:
        """Lines of processor seconds and the account they belong to."""
        return self.folder / "cpu.log"

    def pids(self) -> set[int]:
        """Servers that this process has started."""
        return {process.pid for process in self._started}

    def fork(self, args: Sequence[str], **options: Any) -> Process | None:
        """A child that runs `args`, with options as of `Popen`; None where it must be a process."""
        program = _program(args)
        if program is None or options.keys() - _OPTIONS:
            return None
        module, words, is_safe = program
        variables = dict(os.environ if options.get("env") is None else options["env"])
        folder = Path(options.get("cwd") or Path.cwd())
        if module == CLI:
            server = backend_for(words, folder)
        else:
            server = backend_of_export(words[0], self.asking, folder)
        if not self._has_same_start(variables, server) or _chooses_a_device(words):
            return None
        request = {
            "module": module,
            "argv": words,
            "cwd": str(folder),
            "env": variables,
            "is_safe": is_safe,
            "is_leader": options.get("process_group") == 0,
        }
        return self.ask(server, request, args, **options)

    def ask(
        self,
        server: str,
        request: Mapping[str, Any],
        args: Sequence[str] = (),
        extra: Sequence[int] = (),
        **options: Any,
    ) -> Process:
        """A child of a server; `extra` are open files that it has from descriptor 3 on."""
        text = bool(options.get("text"))
        theirs, ours = _pipes(options, text=text)
        connection = self._connect(server)
        umask = os.umask(0)
        os.umask(umask)
        whole = {
            "umask": umask,
            "account": self.account,
            "is_safe": False,
            "is_leader": False,
            "module": CLI,
            "argv": [],
            **request,
        }
        line = json.dumps(whole).encode() + b"\n"
        passed = array.array("i", [*theirs, *extra])
        connection.sendmsg([b"\0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, passed)])
        connection.sendall(line)
        for descriptor in theirs:
            os.close(descriptor)
        pid = json.loads(_line(connection))["pid"]
        return Process(connection, pid, args, ours)

    def _has_same_start(self, variables: Mapping[str, str], server: str) -> bool:
        """Whether what a server has read while it imported says the same in the child."""
        names = {name for name, value in variables.items() if self.base.get(name) != value}
        names |= self.base.keys() - variables.keys()
        return not {
            name
            for name in names
            if name in _READ_EARLY.get(server, ()) or not name.startswith(_READ_LATE)
        }

    def _connect(self, server: str) -> socket.socket:
        address = str(self.folder / f"{server}.sock")
        with (self.folder / f"{server}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                return _connected(address)
            except (FileNotFoundError, ConnectionRefusedError):
                self._start(server, address)
            return _connected(address)

    def _start(self, server: str, address: str) -> None:
        with (self.folder / f"{server}.log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, str(PROGRAM), server, str(self.folder), str(self.owner)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=dict(self.base),
                text=True,
            )
        assert process.stdout is not None
        is_ready = process.stdout.readline() == "ready\n"
        process.stdout.close()
        assert is_ready, (self.folder / f"{server}.log").read_text()
        self._started.append(process)


_OPTIONS = {"cwd", "env", "stdin", "stdout", "stderr", "text", "process_group"}


def backend_for(words: Sequence[str], folder: Path) -> str:
    """The server whose imports are those of a command line; NONE where that cannot be said.

    NONE is right for every command: its children import what they need. The others are not, so
    that a wrong answer shows: Keras is there already, and on another backend.
    """
    needs_none = {"-m", "--multirun", "--help", "-h", "--cfg", "-c"}
    if not words or words[0] not in _NEEDS_BACKEND or needs_none & set(words):
        return NONE
    settings = dict(word.lstrip("+").split("=", 1) for word in words if "=" in word)
    if chosen := settings.get("runtime.backend"):
        return chosen if chosen in BACKENDS else NONE
    earlier = settings.get("run", settings.get("resume", "auto"))
    if earlier == "auto" and words[0] in ("evaluate", "reproduce", "predict"):
        earlier = next((word for word in words[1:] if "=" not in word), "last")
    if earlier == "auto":
        return "tensorflow"
    if words[0] == "predict" and "model" in settings:
        return NONE
    return _backend_of_runs(folder, earlier, settings.get("runs_dir", "runs"))


def backend_of_export(task: str, asking: Sequence[str], folder: Path) -> str:
    """The server for a child of an export, by its task and the words of the command."""
    settings = dict(word.lstrip("+").split("=", 1) for word in asking if "=" in word)
    if task == "convert":
        # torch's own format is exact on torch, all others on TensorFlow.
        formats = set(re.findall(r"\w+", settings.get("format", "onnx")))
        formats |= {"all"} if "benchmark" in settings else set()
        return NONE if formats & {"torch", "all"} else "tensorflow"
    if task == "reference" and "run" in settings:
        return _backend_of_runs(folder, settings["run"], settings.get("runs_dir", "runs"))
    return NONE


def _backend_of_runs(folder: Path, run: str, runs: str) -> str:
    """The backend of a run, or of all runs that it may be; NONE if they differ."""
    named = folder / run / "config.yaml"
    files = [named] if named.exists() else (folder / runs).glob("*/config.yaml")
    texts = (file.read_text(errors="replace") for file in files)
    found = {match[1] for text in texts if (match := _BACKEND.search(text))}
    (backend,) = found if len(found) == 1 else (NONE,)
    return backend if backend in BACKENDS else NONE


_BACKEND = re.compile(r"^runtime:\n(?:  .*\n)*?  backend: (\w+)$", re.MULTILINE)


def _program(args: Sequence[str]) -> tuple[str, list[str], bool] | None:
    """Module and words of `python -m MODULE`, and whether -P is said; None for another program."""
    if not args or args[0] != sys.executable:
        return None
    rest = list(args[1:])
    is_safe = rest[:1] == ["-P"]
    if is_safe:
        rest.pop(0)
    if rest[:1] != ["-m"] or rest[1] not in (CLI, EXPORT_CHILD):
        return None
    return rest[1], rest[2:], is_safe


def _chooses_a_device(words: Iterable[str]) -> bool:
    """Whether the backend would have been imported otherwise than a server has."""
    has_gpu = any(Path("/dev").glob("nvidia[0-9]*"))
    return has_gpu and any("runtime.device=" in word or "runtime=" in word for word in words)


def _pipes(
    options: Mapping[str, Any], *, text: bool
) -> tuple[list[int], tuple[IO[Any] | None, IO[Any] | None, IO[Any] | None]]:
    """Descriptors of stdin, stdout and stderr for the child, and our ends of those that are pipes.

    All of the child's are to be closed here once they have been passed.
    """
    theirs: list[int] = []
    ours: list[IO[Any] | None] = []
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        wanted = options.get(name)
        if wanted == subprocess.PIPE:
            reading, writing = os.pipe()
            mine, its = (writing, reading) if number == 0 else (reading, writing)
            theirs.append(its)
            ours.append(_opened(mine, "w" if number == 0 else "r", text=text))
            continue
        ours.append(None)
        if wanted == subprocess.DEVNULL:
            theirs.append(os.open(os.devnull, os.O_RDWR))
        elif wanted == subprocess.STDOUT:
            theirs.append(os.dup(theirs[1]))
        elif wanted is None:
            theirs.append(os.dup(number))
        else:
            theirs.append(os.dup(wanted if isinstance(wanted, int) else wanted.fileno()))
    return theirs, (ours[0], ours[1], ours[2])


def _opened(descriptor: int, mode: str, *, text: bool) -> IO[Any]:
    if text:
        return open(descriptor, mode)
    return open(descriptor, f"{mode}b", buffering=0 if mode == "w" else -1)


def _connected(address: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


def _line(connection: socket.socket) -> bytes:
    """A line, byte for byte, so that nothing after it is taken from the connection."""
    line = b""
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        assert byte, "the fork server is gone"
        line += byte
    return line


def popen_of(servers: Servers) -> type[subprocess.Popen[Any]]:
    """A class in the place of `Popen`, whose processes are forked where they can be."""

    class Popen(subprocess.Popen):  # type: ignore[type-arg]
        def __new__(cls, args: Any, **options: Any) -> Any:
            process = servers.fork(args, **options) if isinstance(args, list) else None
            return object.__new__(cls) if process is None else process

    return Popen
