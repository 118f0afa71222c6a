"""What servers that a test starts have in common: a folder, a port, and an end."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

LOOPBACK = "127.0.0.1"


@contextmanager
def open_folder(name: str) -> Iterator[Path]:
    """A folder that other users may enter, and whose path is short.

    pytest's own are 0700, where the account that a database runs as cannot go, and are so deep
    that a socket in them passes the 107 bytes that the system allows.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"fmtool-{name}-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on; all are held until the last is found, so none comes twice."""
    held = [socket.create_server((LOOPBACK, 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


def wait_until(done: Callable[[], bool], seconds: float, what: str) -> None:
    """Asks until it is so; what failed to happen is the message."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.1)


def end(process: subprocess.Popen[bytes], number: int = signal.SIGTERM, grace: float = 20) -> None:
    """Asks one of our children to end, and makes it end when it does not."""
    with suppress(ProcessLookupError):
        process.send_signal(number)
    try:
        process.wait(grace)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def with_variable(name: str, value: str) -> set[int]:
    """Who was started with that variable and exactly that value: ours, and nobody else."""
    wanted = f"{name}={value}".encode()
    return {pid for pid in _processes() if wanted in _environment(pid).split(b"\0")}


def in_session(leader: int) -> set[int]:
    """Who has not left the session that one of our children was started with.

    Programs that set their title, as Ray's do, write it over their variables.
    """
    return {pid for pid in _processes() if _session(pid) == leader}


def end_all(find: Callable[[], set[int]], seconds: float = 10) -> None:
    """Those whose parents left them behind; one that forks meanwhile is found the next time."""
    deadline = time.monotonic() + seconds
    while found := find():
        assert time.monotonic() < deadline, f"{found} do not end"
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def without(prefixes: tuple[str, ...], **changes: str) -> dict[str, str]:
    """This process's variables, less those by which a cluster around the tests would answer."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
    return kept | changes


def run(argv: list[str], environment: Mapping[str, str], seconds: float = 60) -> str:
    """What the command prints; what it complains of is the error."""
    done = subprocess.run(
        argv, env=dict(environment), capture_output=True, text=True, timeout=seconds, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{argv}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def _processes() -> list[int]:
    return [int(each.name) for each in Path("/proc").iterdir() if each.name.isdecimal()]


def _environment(pid: int) -> bytes:
    """A zombie's is empty and another user's cannot be read: neither is ours to end."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def _session(pid: int) -> int | None:
    """None for a zombie, which has ended. The name, in parentheses, may hold spaces."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[3])
