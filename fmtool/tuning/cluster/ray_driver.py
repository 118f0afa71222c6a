"""The process in which Ray is; see `fmtool.tuning.cluster.ray`.

    {"address": "auto", "workers": 2, "cpus": 1, "gpus": 0, "command": [...], "folder": "/home/me"}

on stdin; on stdout, at the end, how the workers ended and their last lines, or why there is no
cluster.
"""

import json
import sys
import threading
from pathlib import Path
from typing import Any

from fmtool.tuning.cluster import last_line

_LOOK_SECONDS = 0.2
_END_SECONDS = 50


def main() -> None:
    import ray

    request = json.loads(sys.stdin.readline())
    try:
        ray.init(
            address=request["address"],
            log_to_driver=False,
            logging_level="ERROR",
            configure_logging=False,
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        print(json.dumps({"error": last_line(str(error))}))
        return
    task = ray.remote(work).options(num_cpus=request["cpus"], num_gpus=request["gpus"])
    running = [
        task.remote(request["command"], request["folder"]) for _ in range(request["workers"])
    ]
    is_over = threading.Event()
    threading.Thread(target=_listen, args=(is_over,), daemon=True).start()
    ends: list[Any] = []
    waiting = list(running)
    while waiting and not is_over.is_set():
        done, waiting = ray.wait(waiting, timeout=_LOOK_SECONDS)
        ends += [_end(each) for each in done]
    for each in waiting:
        ray.cancel(each)  # not by force, which would leave no time to give trials back
    done, _ = (
        ray.wait(waiting, num_returns=len(waiting), timeout=_END_SECONDS) if waiting else ([], [])
    )
    ends += [_end(each) for each in done]
    print(json.dumps({"ends": ends}))


def _listen(is_over: threading.Event) -> None:
    """Until our parent is gone, or wants the end."""
    sys.stdin.read()
    is_over.set()


def _end(task: Any) -> list[Any]:
    """A worker's exit code and its last line."""
    import ray

    try:
        return list(ray.get(task))
    except ray.exceptions.RayError as error:
        return [None, last_line(str(error))]


def work(command: list[str], folder: str) -> tuple[int, str]:
    """In a task: a worker in a process of its own, which gets SIGTERM when the task is cancelled.

    Sent to the cluster by its name, as is all of fmtool that it needs there.
    """
    import ctypes
    import signal
    import subprocess
    import tempfile
    import time

    libc = ctypes.CDLL(None)
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command,
            cwd=folder if Path(folder).is_dir() else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            # Where Ray kills the task, or its machine's daemon dies: PR_SET_PDEATHSIG.
            preexec_fn=lambda: libc.prctl(1, signal.SIGTERM),  # noqa: PLW1509 - a system call alone
        )
        try:
            # Ray interrupts Python, and no system call.
            while process.poll() is None:
                time.sleep(_LOOK_SECONDS)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(_END_SECONDS)
        log.seek(0)
        return process.returncode, last_line(log.read().decode("utf-8", errors="replace"))


if __name__ == "__main__":
    main()
