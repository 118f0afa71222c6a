"""A real Ray cluster of one node, this machine, on the loopback address only."""

import importlib.util
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from local_processes import (
    LOOPBACK,
    end,
    end_all,
    free_ports,
    in_session,
    open_folder,
    wait_until,
    with_variable,
    without,
)

INSTALL = "pip install ray"
MARK = "FMTOOL_TESTS_RAY"

LOCAL = {
    # Else Ray takes 127.0.0.1 for the machine's outer address, and listens on all of them: anyone
    # who reaches the machine could run code on it. A client needs it too, to say the same address.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    # A client looks for a lost cluster for a minute, with a whole processor, and then its process
    # is ended without an exception.
    "RAY_gcs_rpc_server_reconnect_timeout_s": "10",
}
DAEMONS = LOCAL | {
    # A service's half minute, in which its clients could go elsewhere.
    "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "0",
    # Ends workers when the machine's memory is short, whoever took it.
    "RAY_memory_monitor_refresh_ms": "0",
}


class Cluster:
    """Ray in a folder whose path is short: its sockets lie four folders below.

    Its processes are children of one of ours, which ends them with itself, and those that it may
    leave are known by their session. `ray stop` would end every Ray on the machine.
    """

    def __init__(self, folder: Path, cpus: int = 2, gpus: int = 0) -> None:
        self.folder, self.log = folder, folder / "ray.log"
        self.cpus, self.gpus = cpus, gpus
        self.port, self._client_port = free_ports(2)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Of a process that connects; of a cluster around the tests it has no trace."""
        return without(("RAY_",), **LOCAL)

    def start(self) -> None:
        """Returns when tasks can be sent; a cluster that was stopped comes back empty."""
        assert self._process is None
        started = self.folder / "ray_current_cluster"
        started.unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ray.scripts.scripts", "start", *self._options()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=without(("RAY_",), **DAEMONS, **{MARK: str(self.folder)}),
                cwd=self.folder,
                start_new_session=True,
            )
        wait_until(lambda: self._has(started), 120, "Ray has started")

    def stop(self, number: int = signal.SIGTERM) -> None:
        """SIGKILL is the loss of the machine. What tasks have started ends in either case."""
        if (process := self._process) is None:
            return
        end(process, number)
        mark = (MARK, str(self.folder))
        end_all(lambda: in_session(process.pid) | with_variable(*mark))
        self._process = None

    def _options(self) -> list[str]:
        return [
            "--head",
            "--block",
            f"--node-ip-address={LOOPBACK}",
            f"--port={self.port}",
            f"--ray-client-server-port={self._client_port}",
            # Any free one; its own choice is from 10002 on, for every cluster of the machine.
            "--min-worker-port=0",
            "--max-worker-port=0",
            f"--num-cpus={self.cpus}",
            f"--num-gpus={self.gpus}",
            f"--temp-dir={self.folder}",
            # A container's /dev/shm is often smaller than the least that Ray asks for.
            f"--plasma-directory={self.folder}",
            f"--object-store-memory={80 * 2**20}",
            "--include-dashboard=false",
            "--disable-usage-stats",
            "--no-monitor",
        ]

    def _has(self, started: Path) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError(f"Ray ended:\n{self.log.read_text()[-3000:]}")
        return started.exists()


@contextmanager
def cluster(cpus: int = 2, gpus: int = 0) -> Iterator[Cluster]:
    """A cluster that runs; the test is skipped where Ray is not installed."""
    if importlib.util.find_spec("ray") is None:
        pytest.skip(f"no Ray here; {INSTALL}")
    with open_folder("ray") as folder:
        made = Cluster(folder, cpus, gpus)
        try:
            made.start()
            yield made
        finally:
            made.stop()
