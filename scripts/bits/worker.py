"""Runs the trainings in the present folder on one backend, each command in a fork.

Started by `same_bits` as a program, with a copy of fmtool first on Python's path. Keras is imported
once, in a process that makes no array before it forks.
"""

import importlib
import json
import os
import subprocess
import sys
import traceback
from contextlib import suppress
from pathlib import Path

if __package__:
    from .trainings import ALWAYS, TRAININGS, Training
else:
    from trainings import ALWAYS, TRAININGS, Training

_MODULES = ".modules"
LOG = "worker.log"
COMMANDS = "commands.json"
"""Beside the runs of a training: each command with its exit code and its last line of errors."""

_LIBRARIES = {"tensorflow": "tensorflow", "jax": "jax.numpy", "torch": "torch"}
_ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "OMP_NUM_THREADS": "1",
    "PJRT_NPROC": "1",
    "CUDA_VISIBLE_DEVICES": "",
    "JAX_PLATFORMS": "cpu",
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "FMTOOL_OFFLINE": "1",
}
"""As fmtool sets it before it imports Keras, which is too late here."""


def start(backend: str, names: list[str], folder: Path, site: Path) -> subprocess.Popen[str]:
    """The worker as a process in a new folder; writes a line for each training on stdout."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = {k: text for k, text in os.environ.items() if not k.startswith(("FMTOOL_", "KERAS_"))}
    shared = folder.parents[1]
    own = {
        "PYTHONPATH": str(site),
        "KERAS_BACKEND": backend,
        "FMTOOL_CACHE": str(shared / "cache"),
        "JAX_COMPILATION_CACHE_DIR": str(shared / "cache" / "jax"),
    }
    return subprocess.Popen(
        [sys.executable, __file__, backend, str(site), *names],
        cwd=folder,
        env=kept | _ENVIRONMENT | own,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=(folder / LOG).open("w"),
        text=True,
    )


def main(backend: str, site: str, *names: str) -> None:
    # The folder of this file, whose modules are not those of fmtool.
    del sys.path[0]
    import fmtool

    assert str(fmtool.__file__).startswith(site), f"{fmtool.__file__} is not below {site}"
    if backend != "tensorflow":
        from fmtool.machine.hiding import hide

        # Keras imports it wherever it is installed.
        hide("tensorflow")
    for name in ("keras", _LIBRARIES[backend], "fmtool.cli.main"):
        importlib.import_module(name)
    for training in TRAININGS:
        if training.name in names:
            began = _processor_seconds()
            results = [run(words, training.name) for words in commands(training, backend)]
            Path(training.name, COMMANDS).write_text(json.dumps(results))
            failed = [f"{each['words'][0]} {each['code']}" for each in results if each["code"]]
            said = f"exit codes: {', '.join(failed)}" if failed else "done"
            print(
                f"{training.name}: {said}, {_processor_seconds() - began:.1f} s of CPU", flush=True
            )


def _processor_seconds() -> float:
    return os.times().children_user + os.times().children_system


def commands(training: Training, backend: str) -> list[list[str]]:
    of_run = [f"runs_dir={training.name}", "run=last"]
    always = [*ALWAYS, f"runtime.backend={backend}", f"runs_dir={training.name}"]
    words = [["train", *training.words, *always]]
    if training.is_evaluated:
        words.append(["evaluate", *of_run, "plots=false"])
    if training.unseen is not None:
        output = f"output={training.name}/predicted.csv"
        words.append(["predict", *of_run, f"input={training.unseen}", output, "probabilities=true"])
        words.append(["export", *of_run, "format=[onnx]", "export.samples=16"])
    return words


def run(words: list[str], name: str) -> dict[str, object]:
    """A command in a fork; its words, exit code and last line on stderr."""
    Path(name).mkdir(exist_ok=True)
    log = Path(name, f"{words[0]}.log")
    process = os.fork()
    if process == 0:
        _become(words, log)
    _, status = os.waitpid(process, 0)
    _import_what_it_imported(log)
    said = log.read_text(errors="replace").strip().splitlines()
    code = os.waitstatus_to_exitcode(status)
    return {"words": words, "code": code, "said": said[-1] if code and said else ""}


def _import_what_it_imported(log: Path) -> None:
    """What a command has imported late, the next ones find here."""
    found = log.with_suffix(_MODULES)
    names = found.read_text().split() if found.exists() else []
    for name in names:
        # A module may look at what only the command had set up.
        with suppress(Exception):
            importlib.import_module(name)


def _become(words: list[str], log: Path) -> None:
    code = 1
    try:
        with log.open("w") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        from fmtool.cli.main import main

        early = set(sys.modules)
        code = int(main(words))
        log.with_suffix(_MODULES).write_text("\n".join(set(sys.modules) - early))
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code & 0xFF)


if __name__ == "__main__":
    main(*sys.argv[1:])
