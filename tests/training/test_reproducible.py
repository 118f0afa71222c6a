"""The same seed gives the same bits, wherever and however the training is started."""

import hashlib
import json

import numpy as np
import pytest

SMALL = ("model=cnn", "model.filters=[4,8]", "model.dense_units=[16]", "epochs=2")
"""As the shared run."""
TINY = (
    "train", "model=mlp", "model.units=[16]", "epochs=1", "data.limit=300",
    "runtime.precision=float32",
)  # fmt: skip
"""With a precision, since of two runs that measure the machine at once each decides for itself."""
BLOCKED = (
    "import sys; sys.modules['tensorflow'] = None\n"
    "from fmtool.cli.main import main; sys.exit(main(sys.argv[1:]))"
)


KERNELS = ("trainable/00000", "trainable/00002", "trainable/00004", "trainable/00006")


def digests(directory, part=""):
    """SHA-256 of each array of the newest checkpoint."""
    checkpoints = directory / "checkpoints"
    newest = (checkpoints / "last").read_text().strip()
    with np.load(checkpoints / newest / "state.npz") as arrays:
        return {
            name: hashlib.sha256(arrays[name].tobytes()).hexdigest()
            for name in arrays.files
            if name.startswith(part)
        }


def test_folder_hash_seed_locale_and_logging_change_no_bit(trained, repeated):
    assert digests(trained.directory) == digests(repeated[1])
    assert digests(trained.directory)


@pytest.fixture(scope="module")
def backends(tmp_path_factory, session_command):
    """For JAX and torch a run without TensorFlow in the process, and the same one with it."""
    runs = {}
    for backend in ("jax", "torch"):
        command = session_command(tmp_path_factory.mktemp(backend))
        argv = (*TINY, f"runtime.backend={backend}", "logging.plots=false")
        blocked = command.start_python(BLOCKED, *argv, "runs_dir=blocked")
        free = command.start(*argv, "logging=quiet", "runs_dir=free", PYTHONHASHSEED="7")
        for process in (blocked, free):
            _, err = process.communicate(timeout=120)
            assert process.returncode == 0, err
        runs[backend] = [next((command.folder / name).glob("2*")) for name in ("blocked", "free")]
    return runs


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_backends_repeat_themselves_bit_for_bit(backends, backend):
    blocked, free = backends[backend]
    assert digests(blocked) == digests(free)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_backends_write_tensorboard_files_without_tensorflow(backends, backend):
    assert list((backends[backend][0] / "tensorboard").rglob("events.out.*"))


def test_another_seed_gives_other_weights(trained, swept):
    first, second = (digests(run, "trainable/") for run in (trained.directory, swept[0].runs[0]))
    assert first.keys() == second.keys()
    assert all(first[name] != second[name] for name in KERNELS)


@pytest.fixture(scope="module")
def with_other_threads(trained, session_command, tmp_path_factory):
    """The shared run's training once more on another number of threads, and both manifests."""
    first = json.loads((trained.directory / "manifest.json").read_text())
    command = session_command(tmp_path_factory.mktemp("threads"))
    threads = 1 if first["threads"] > 1 else 2
    outcome = command("train", *SMALL, "logging=quiet", f"runtime.threads={threads}")
    assert outcome.code == 0, outcome.err
    second = json.loads((command.runs[0] / "manifest.json").read_text())
    return command.runs[0], first["threads"], second["threads"]


@pytest.mark.slow
def test_another_thread_count_keeps_the_loss_within_a_thousandth(trained, with_other_threads):
    other, threads, other_threads = with_other_threads
    assert threads != other_threads
    losses = [
        json.loads((directory / "result.json").read_text())["metrics"]["loss"]
        for directory in (trained.directory, other)
    ]
    assert losses[0] == pytest.approx(losses[1], abs=1e-3)
