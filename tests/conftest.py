"""The real command, in a process of its own and in this one, and runs that many tests look at."""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from copy import copy
from dataclasses import astuple, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf

from fmtool import registry
from fmtool.registry import KINDS

# Modules that several tests share.
sys.path.insert(0, str(Path(__file__).parent))

import forked
import groups
import json_schemas
import kept_configs
import yardstick

TIMEOUT = yardstick.scaled(120)

if "PYTEST_XDIST_WORKER" not in os.environ:
    _SHARED = tempfile.TemporaryDirectory(prefix="fmtool-tests-")
    os.environ["FMTOOL_TESTS"] = _SHARED.name
    os.environ["FMTOOL_TESTS_OWNER"] = str(os.getpid())
SHARED = Path(os.environ["FMTOOL_TESTS"])
"""A folder of all workers of this session."""
CACHE = SHARED / "cache"
"""What is measured of the machine, once for all tests, and not where users keep it."""
CACHE.mkdir(exist_ok=True)
os.environ["FMTOOL_CACHE"] = str(CACHE)

BASE = forked.clean_environment() | {
    "FMTOOL_CACHE": str(CACHE),
    "FMTOOL_DATA": str(SHARED / "data"),
    "FMTOOL_OFFLINE": "1",
    "XDG_CONFIG_HOME": str(SHARED / "config"),
}
SERVERS = forked.Servers(SHARED, int(os.environ["FMTOOL_TESTS_OWNER"]), BASE)

# Ignored in the background of a script and under nohup, and then by every process of the tests.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--costs", type=int, default=0, metavar="N", help="show the N costliest tests at the end"
    )
    groups.add_option(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    groups.by_file(config)


def pytest_configure(config: pytest.Config) -> None:
    has_workers = bool(getattr(config.option, "numprocesses", None))
    config.pluginmanager.register(yardstick.Costs(SERVERS, has_workers=has_workers))
    kept_configs.keep()


def pytest_itemcollected(item: pytest.Item) -> None:
    groups.mark(item)


# After those that are not asked for, with -m and -k, are gone.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    groups.choose(config, items)


def pytest_runtest_setup(item: pytest.Item) -> None:
    groups.require_time(item)


def pytest_report_header() -> str:
    return yardstick.header()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section("processor time")
    costs = yardstick.totals(SERVERS.log)
    for line in yardstick.summary(costs, terminalreporter.config.getoption("--costs")):
        terminalreporter.line(line)
    groups.keep_costs(terminalreporter.config, costs)


Process = subprocess.Popen[str] | forked.Process


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str
    argv: tuple[str, ...] = ()

    @property
    def json(self) -> Any:
        """The one JSON object on stdout, which is as its schema says."""
        document = json.loads(self.out)
        json_schemas.require_valid(self.argv, document)
        return document

    @property
    def error(self) -> str:
        """The one line on stderr."""
        line, *others = self.err.splitlines()
        assert not others, self.err
        return line


class Command:
    """`fmtool` in a folder of its own, with a data cache of its own beside it.

    Its processes are forked where that cannot be told; `real` is the same command without.
    """

    is_real = False

    def __init__(self, root: Path) -> None:
        self.folder, self.cache = root / "work", root / "cache"
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def real(self) -> "Command":
        """For what is said of a process: signals, imports, memory, open files, its very start."""
        same = copy(self)
        same.is_real = True
        return same

    def environment(self, **changes: str) -> dict[str, str]:
        ours = BASE | {"FMTOOL_DATA": str(self.cache)}
        return ours | changes

    def start(
        self,
        *argv: str,
        prefix: tuple[str, ...] = (),
        stdout: int = subprocess.PIPE,
        stderr: int = subprocess.PIPE,
        **env: str,
    ) -> Process:
        command = [*prefix, sys.executable, "-m", "fmtool.cli", *argv]
        return self._start(command, env, stdout, stderr)

    def _start(
        self,
        command: list[str],
        env: dict[str, str],
        stdout: int = subprocess.PIPE,
        stderr: int = subprocess.PIPE,
    ) -> Process:
        options: dict[str, Any] = {
            "cwd": self.folder,
            "env": self.environment(**env),
            "stdin": subprocess.DEVNULL,
            "stdout": stdout,
            "stderr": stderr,
            "text": True,
        }
        forks = None if self.is_real else SERVERS.fork(command, **options)
        return subprocess.Popen(command, **options) if forks is None else forks

    def __call__(self, *argv: str, **env: str) -> Outcome:
        return replace(finish(self.start(*argv, **env)), argv=argv)

    def start_python(self, code: str, *argv: str, **env: str) -> Process:
        return self._start([sys.executable, "-c", code, *argv], env)

    def python(self, code: str, *argv: str, **env: str) -> Outcome:
        return finish(self.start_python(code, *argv, **env))

    def forked_python(self, backend: str, code: str, *argv: str) -> Outcome:
        """A script in a child of the server that has imported Keras on the backend."""
        request = {
            "function": "forked_script.run",
            "path": str(Path(__file__).parent),
            "arguments": [code, *argv],
            "cwd": str(self.folder),
            "env": self.environment(),
        }
        streams = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
        return finish(SERVERS.ask(backend, request, text=True, stdin=subprocess.DEVNULL, **streams))

    def write(self, path: str, text: str) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    @property
    def runs(self) -> list[Path]:
        """Run directories, oldest first."""
        return sorted((self.folder / "runs").glob("2*"))

    def files(self) -> set[str]:
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*")}


def finish(process: Process) -> Outcome:
    out, err = process.communicate(timeout=TIMEOUT)
    return Outcome(process.returncode, out, err)


@pytest.fixture(scope="session")
def fork_servers() -> forked.Servers:
    """For what asks them for other programs than `fmtool`."""
    return SERVERS


@pytest.fixture
def fmtool(tmp_path: Path) -> Command:
    return Command(tmp_path)


@pytest.fixture(scope="session")
def session_command() -> type[Command]:
    """For fixtures that several tests share: `fmtool` in a folder that they name."""
    return Command


@pytest.fixture
def call(
    fmtool: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Outcome]:
    """The command in this process, for what ends before Keras would be imported."""
    from fmtool import registry
    from fmtool.cli.main import main

    monkeypatch.chdir(fmtool.folder)
    # What --plugin registers is of the test alone.
    monkeypatch.setattr(registry, "_plugins", dict(registry._plugins))
    for name in ("FMTOOL_CONF", "FMTOOL_DEBUG", "KERAS_BACKEND"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(fmtool.folder.parent / "config"))
    monkeypatch.setenv("FMTOOL_DATA", str(fmtool.cache))
    monkeypatch.setenv("FMTOOL_OFFLINE", "1")

    def run(*argv: str) -> Outcome:
        code = int(main(list(argv)))
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err, argv)

    return run


SMALL = ("model=cnn", "model.filters=[4,8]", "model.dense_units=[16]", "epochs=2", "name=pilot")
"""A training of less than a second, once everything is imported."""


@dataclass(frozen=True)
class Trained:
    """A finished training, the command that did it, and how the command ended."""

    command: Command
    outcome: Outcome

    @property
    def directory(self) -> Path:
        return self.command.folder / self.outcome.json["run_directory"]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Path, list[Outcome]]]:
    """For session fixtures: what `make` leaves in a folder, made by one worker for all of them.

    `make` takes the folder and gives how its commands ended.
    """
    place = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent

    def shared(name: str, make: Callable[[Path], Iterable[Outcome]]) -> tuple[Path, list[Outcome]]:
        folder, said = place / name, place / f"{name}.json"
        with (place / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not said.exists():
                # Left by a worker that failed; the next one shall fail as it did.
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                said.write_text(json.dumps([astuple(each) for each in make(folder)]))
        return folder, [Outcome(*each[:3], tuple(each[3])) for each in json.loads(said.read_text())]

    return shared


def _train_twice(folder: Path) -> Iterator[Outcome]:
    first, again = Command(folder / "shared"), Command(folder / "somewhere_else")
    gates = ("gate.min.accuracy=0.05", "gate.max.loss=9")
    processes = (
        first.start("train", *SMALL, *gates, "logging.every_n_steps=10", "--json"),
        again.start(
            "train",
            *SMALL,
            "logging=quiet",
            "gate.min.accuracy=1.5",
            "gate.min.f1_macro=0.01",
            PYTHONHASHSEED="4711",
            LC_ALL="C",
            TZ="Asia/Kolkata",
        ),
    )
    done, repeated = (finish(process) for process in processes)
    assert done.code == 0, done.err
    yield from (done, repeated)


@pytest.fixture(scope="session")
def two_trainings(once: Callable[..., Any]) -> tuple[Trained, Outcome, Command]:
    """The shared run, and beside it the same training elsewhere, quietly, missing a gate."""
    folder, (done, repeated) = once("trainings", _train_twice)
    first, again = Command(folder / "shared"), Command(folder / "somewhere_else")
    return Trained(first, done), repeated, again


@pytest.fixture(scope="session")
def trained(two_trainings: tuple[Trained, Outcome, Command]) -> Trained:
    """One training on digits with all that it leaves; look, but do not change it."""
    return two_trainings[0]


@pytest.fixture(scope="session")
def repeated(two_trainings: tuple[Trained, Outcome, Command]) -> tuple[Outcome, Path]:
    """The same training from another folder and environment, with a gate that it misses."""
    return two_trainings[1], two_trainings[2].runs[0]


def _sweep(folder: Path) -> Iterator[Outcome]:
    sizes = "data.limit=1,null"
    argv = ("train", "-m", *SMALL, sizes, "seed=1", "name='a,b'", "logging=quiet", "--json")
    yield Command(folder / "swept")(*argv)


@pytest.fixture(scope="session")
def swept(once: Callable[..., Any]) -> tuple[Command, Outcome]:
    """Two jobs with another seed than the shared run; the first has no validation and fails."""
    folder, (outcome,) = once("sweep", _sweep)
    return Command(folder / "swept"), outcome


class Stepper:
    """one_step.py on a backend."""

    _XLA_FLAGS = "--xla_backend_optimization_level=0"
    """A program runs once, and what makes it fast takes longer than it does."""

    def __init__(self, backend: str) -> None:
        self._process = SERVERS.ask(
            backend,
            {
                "function": "one_step.main",
                "path": str(Path(__file__).parent),
                "arguments": [],
                "cwd": str(SHARED),
                "env": BASE | {"XLA_FLAGS": self._XLA_FLAGS},
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._always = [f"runtime.backend={backend}", "runtime.device=cpu", "runtime.threads=1"]
        self._always += ["runtime.precision=float32", "runtime.steps_per_dispatch=1"]
        self._always += ["batch_size=8"]

    def __call__(self, words: list[str], kind: str | None = None) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([[*words, *self._always], kind]), file=self._process.stdin, flush=True)
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="session")
def stepper() -> Iterator[Callable[[str], Stepper]]:
    """Trains a step on a backend, in a process that is started when it is first asked for."""
    steppers: dict[str, Stepper] = {}

    def stepper_on(backend: str) -> Stepper:
        if backend not in steppers:
            steppers[backend] = Stepper(backend)
        return steppers[backend]

    yield stepper_on
    for each in steppers.values():
        each.close()


@pytest.fixture
def started() -> Iterator[list[Process]]:
    """Processes put in here are gone after the test, whatever happened."""
    processes: list[Process] = []
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


@cache
def shipped(group: str, name: str) -> dict[str, Any]:
    """An option of conf/ as Hydra composes it."""
    with initialize_config_module("fmtool.conf", version_base=None):
        composed = OmegaConf.to_container(compose(f"{group}/{name}")[group])
    assert isinstance(composed, dict)
    return {str(key): value for key, value in composed.items()}


@pytest.fixture
def option(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """A function from an option's name, and keys to change, to its validated config.

    The kind is that of the folder the test is in: tests/optimizers, tests/schedules, ...
    """
    package = f"fmtool.{request.path.parent.name}"
    (group,) = (kind.group for kind in KINDS.values() if kind.package == package)

    def config_of(name: str, **changes: Any) -> Any:
        return registry.module(group, name).Config.model_validate(shipped(group, name) | changes)

    return config_of


@pytest.fixture(scope="session")
def tensorboard() -> Callable[[Path], AbstractContextManager[Callable[..., Any]]]:
    """Starts a real TensorBoard on a folder; gives a function that fetches paths below /data/."""

    @contextmanager
    def serve(folder: Path) -> Iterator[Callable[..., Any]]:
        command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder)]
        server = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", "0"], stderr=subprocess.PIPE, text=True
        )
        assert server.stderr is not None
        try:
            lines = iter(server.stderr.readline, "")
            port = next(
                found[1] for line in lines if (found := re.search(r"127\.0\.0\.1:(\d+)", line))
            )

            def fetch(path: str, body: Any = None, **query: Any) -> Any:
                address = f"http://127.0.0.1:{port}/data/{path}?{urlencode(query)}"
                payload = None if body is None else json.dumps(body).encode()
                request = Request(address, payload, {"Content-Type": "application/json"})
                with urlopen(request) as reply:
                    content = reply.read()
                return content if path.endswith("individualImage") else json.loads(content)

            deadline = time.monotonic() + 30
            while not fetch("runs") and time.monotonic() < deadline:
                time.sleep(0.1)
            yield fetch
        finally:
            server.terminate()
            server.wait(timeout=10)
            server.stderr.close()

    return serve
