"""A process that has imported Keras on a backend, and forks a child for each program asked for.

Importing Keras takes seconds and a training of the tests less, so this is what makes a suite of
real commands affordable. It forks before the backend has started a thread or made an array; a
child then does what the interpreter would have done with the same words. `forked` starts it, says
what requests and replies are, and decides which programs may run so.
"""

import array
import atexit
import gc
import importlib
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

import forked

_PACKAGES = ("fmtool.cli", "fmtool.evaluation", "fmtool.runs", "fmtool.tasks", "fmtool.training")
"""Imported whole, where there is a backend."""
_LATE_IMPORTS = (
    "encodings.ascii",
    "encodings.cp437",
    "fmtool.models.layers.blocks",
    "fmtool.optimizers.shared.selected",
    "google.protobuf.struct_pb2",
    "matplotlib.backends.backend_agg",
    "matplotlib.pyplot",
    "rich._emoji_codes",
    "sklearn.metrics",
    "tensorboardX.proto.api_pb2",
    "tensorboardX.proto.plugin_hparams_pb2",
)
"""What libraries import when it is first needed."""
_OF_SERVER = {
    forked.NONE: ("fmtool.tuning.workflow", "optuna.storages.journal", "sqlalchemy.orm"),
    "tensorflow": ("tensorflow.python.data.ops.range_op",),
    "jax": ("jax.experimental.multihost_utils", "jaxlib.mlir.dialects.mhlo"),
    "torch": ("torch._inductor.compiler_bisector", "torch._inductor.fx_passes.dedupe_symint_uses"),
}
_NOT_OF_ALL = (
    "fmtool.training.step.jax_dispatch",
    "fmtool.training.step.tensorflow_dispatch",
    "fmtool.training.step.torch_dispatch",
    "fmtool.training.step.torch_recording",
)
"""They import a backend, which may be another one."""
_EXTRA_DESCRIPTORS = 3


def import_everything(server: str) -> None:
    """As a command on the backend does before it builds something."""
    if server != forked.NONE:
        _import_keras(server)
        for package in _PACKAGES:
            for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
                name = f"{package}.{module.name}"
                if name not in _NOT_OF_ALL and module.name not in ("__main__", "batch_probe"):
                    importlib.import_module(name)
        for name in _LATE_IMPORTS:
            importlib.import_module(name)
    for name in (*_OF_SERVER[server], "fmtool.cli.main", "fmtool.cli.dispatch"):
        importlib.import_module(name)
    if server == forked.NONE:
        # Imports what needs Optuna.
        importlib.import_module("kept_revision").keep()
    gc.freeze()


def _import_keras(backend: str) -> None:
    from PIL import Image

    from fmtool import backend as backends
    from fmtool import validate
    from fmtool.config.compose import compose
    from fmtool.kernels import replacements
    from fmtool.logging.event_file import EventFile
    from fmtool.machine.processor import automatic_threads

    cfg = validate.train_config(compose("train", [f"runtime.backend={backend}"])).runtime
    # The rest of `select` may ask the backend for its devices, and compute, whose threads do not
    # live on in a child.
    backends._import_keras(cfg, automatic_threads())
    replacements.use(backend)
    Image.preinit()
    with tempfile.TemporaryDirectory() as folder:
        # Imports what it needs, without what it does not, when the first one is made.
        EventFile(Path(folder)).close()


class Server:
    """Answers requests until its owner ends."""

    def __init__(self, name: str, folder: Path, owner: int) -> None:
        self._name = name
        self.servers = forked.Servers(folder, owner, dict(os.environ))
        self._selector = selectors.PollSelector()
        self._owner = os.pidfd_open(owner)
        self._selector.register(self._owner, selectors.EVENT_READ)
        self._children: dict[int, tuple[int, str, socket.socket]] = {}
        """By the descriptor of the process: its number, its account, and who waits for it."""

    def serve(self) -> None:
        replies = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        # Ctrl-C reaches everything in the terminal; who owns us ends by it, and then we do.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        import_everything(self._name)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.servers.folder / f"{self._name}.sock"))
        listener.listen()
        self._selector.register(listener, selectors.EVENT_READ)
        self._write_down(f"server {self._name}", time_of(os.times()))
        print("ready", file=replies)
        replies.close()
        while True:
            for key, _ in self._selector.select():
                if key.fd == self._owner:
                    self._kill_all()
                    return
                if key.fd in self._children:
                    self._bury(key.fd)
                else:
                    self._answer(listener)

    def _answer(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        _, descriptors = _received(connection)
        with connection.makefile("rb", buffering=0) as lines:
            request = json.loads(lines.readline())
        pid = os.fork()
        if pid == 0:
            for kept in (listener, connection, *(each for *_, each in self._children.values())):
                kept.close()
            for descriptor in (self._owner, *self._children):
                os.close(descriptor)
            _become(self._name, self.servers, request, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        watched = os.pidfd_open(pid)
        self._children[watched] = pid, request["account"], connection
        self._selector.register(watched, selectors.EVENT_READ)
        _tell(connection, {"pid": pid})

    def _bury(self, watched: int) -> None:
        pid, account, connection = self._children.pop(watched)
        self._selector.unregister(watched)
        os.close(watched)
        _, status, used = os.wait4(pid, 0)
        seconds = used.ru_utime + used.ru_stime
        self._write_down(account, seconds)
        _tell(connection, {"status": os.waitstatus_to_exitcode(status), "cpu": seconds})
        connection.close()

    def _write_down(self, account: str, seconds: float) -> None:
        with self.servers.log.open("a") as log:
            log.write(f"{seconds:.3f}\t{account}\n")

    def _kill_all(self) -> None:
        for pid, *_ in self._children.values():
            os.kill(pid, signal.SIGKILL)


def time_of(times: os.times_result) -> float:
    return times.user + times.system + times.children_user + times.children_system


def _received(connection: socket.socket) -> tuple[bytes, list[int]]:
    """The first byte of a request, with which its open files come."""
    numbers = array.array("i")
    first, ancillary, _, _ = connection.recvmsg(1, socket.CMSG_SPACE(8 * numbers.itemsize))
    for *_, data in ancillary:
        numbers.frombytes(data)
    return first, list(numbers)


def _tell(connection: socket.socket, reply: dict[str, Any]) -> None:
    # Who asked may be gone.
    with suppress(OSError):
        connection.sendall(json.dumps(reply).encode() + b"\n")


def _become(
    server: str,
    servers: forked.Servers,
    request: dict[str, Any],
    descriptors: list[int],
) -> None:
    """The program in this process, which ends with it."""
    code = 1
    of_imports = {k: text for k, text in os.environ.items() if k not in servers.base}
    try:
        _take_place(request, descriptors)
        servers.account, servers.asking = request["account"], request["argv"]
        subprocess.Popen = forked.popen_of(servers)  # type: ignore[misc]
        if server != forked.NONE:
            _take_backend(server, of_imports)
        code = _run(request)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _take_place(request: dict[str, Any], descriptors: list[int]) -> None:
    """Signals, files, folder and variables of a process that was started with them."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if request["is_leader"]:
        os.setpgid(0, 0)
    # Numbers that a later one is to take are out of the way first.
    moved = [os.dup(each) for each in descriptors]
    for descriptor in descriptors:
        os.close(descriptor)
    for number, descriptor in enumerate(moved):
        os.dup2(descriptor, number, inheritable=number < _EXTRA_DESCRIPTORS)
    for descriptor in moved:
        if descriptor >= len(moved):
            os.close(descriptor)
    os.umask(request["umask"])
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv[:] = ["-m", *request["argv"]]
    # The folder of this file is there until now, since children that are asked for come from it.
    sys.path[:1] = [] if request["is_safe"] else [request["cwd"]]


def _take_backend(server: str, of_imports: dict[str, str]) -> None:
    """The variables that were set before the import are set once more, where a command does it."""
    import numpy as np

    from fmtool import backend as backends

    def set_environment(cfg: Any, threads: int) -> None:
        assert cfg.backend == server, f"{server} is imported, and {cfg.backend} was asked for"
        backends._set_variables(cfg, threads)
        for name, text in of_imports.items():
            os.environ.setdefault(name, text)

    np.random.seed()
    backends._set_environment = set_environment


def _run(request: dict[str, Any]) -> int:
    """The exit code, after what the interpreter does at the end of a program."""
    code: Any = 0
    try:
        if "function" in request:
            module, _, name = request["function"].rpartition(".")
            sys.path.insert(0, request["path"])
            code = getattr(importlib.import_module(module), name)(*request["arguments"])
        else:
            if request["module"] != forked.CLI:
                # As in a process of its own, what is run is not what was imported.
                sys.modules.pop(request["module"], None)
            runpy.run_module(request["module"], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code
        if isinstance(code, str):
            print(code, file=sys.stderr)
    except KeyboardInterrupt:
        traceback.print_exc()
        code = -signal.SIGINT
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    code = 0 if code is None else code if isinstance(code, int) else 1
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            code = 120
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code & 0xFF


if __name__ == "__main__":
    name, folder, owner = sys.argv[1:]
    Server(name, Path(folder), int(owner)).serve()
