"""Chooses Keras' backend, device, threads and precision: the only code that runs before Keras.

Everything `auto` is resolved before the first step; the run's config stores the result.
"""

import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fmtool import extras
from fmtool.compat import private_keras
from fmtool.errors import UsageError
from fmtool.kernels import replacements
from fmtool.machine import devices, installed
from fmtool.machine.cache import private_folder
from fmtool.machine.flops import layer_flops
from fmtool.machine.hiding import hide
from fmtool.machine.measurement import measured
from fmtool.machine.precision import faster
from fmtool.machine.processor import automatic_threads, processor
from fmtool.notices import note
from fmtool.schema import RuntimeConfig
from fmtool.signals import SignalGuard

_GPU_EXTRA = {"tensorflow": "gpu", "jax": "jax-cuda", "torch": "torch"}
_UNLESS_SET = {
    "TF_ENABLE_ONEDNN_OPTS": "1",
    # Threads of torch wait for one another between operations. Those that sleep at once take three
    # times as long for small models, and those that spin for long take the cores from the threads
    # they wait for: beside other programs, eight times as long. This many turns are microseconds.
    "GOMP_SPINCOUNT": "4000",
    # As on the other backends, so that several trainings can share a GPU.
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
}
"""Variables that a user may set otherwise."""


def select(cfg: RuntimeConfig, *, is_convolutional: bool = True) -> RuntimeConfig:
    """Imports Keras on the backend; gives `cfg` with backend, device and threads resolved.

    So is the precision, except on a CPU that multiplies bfloat16: there the network decides, and
    `auto` stays for `choose_precision`. The machine is measured here, before anything is seeded.

    Raises UsageError when the backend is not installed or a GPU was asked for and there is none.

    Args:
        is_convolutional: whether the network has convolutions; it decides backend=auto on a CPU.
    """
    if cfg.backend == "auto":
        chosen = installed.choose(cfg.device, is_convolutional=is_convolutional)
        cfg = cfg.model_copy(update={"backend": chosen})
    threads = automatic_threads() if cfg.threads == "auto" else cfg.threads
    _import_keras(cfg, threads)
    _set_threads(cfg, threads)
    private_keras.check(cfg.backend)
    replacements.use(cfg.backend)
    device = _resolve_device(cfg)
    _forget_user_settings()
    if cfg.deterministic:
        _forbid_nondeterminism(cfg.backend)
    precision = _precision(cfg, device, threads)
    _set_policy(precision)
    return cfg.model_copy(update={"threads": threads, "device": device, "precision": precision})


def choose_precision(runtime: RuntimeConfig, network: Any, *, batch_size: int) -> RuntimeConfig:
    """`runtime` with the precision that trains `network` the fastest; it was measured by `select`.

    `network` is one in float32. What is built afterwards has the precision that was chosen.
    """
    assert isinstance(runtime.threads, int), "select resolved it"
    steps = measured(runtime.threads).steps
    precision = faster(steps, layer_flops(network), batch_size)
    _set_policy(precision)
    return runtime.model_copy(update={"precision": precision})


def _import_keras(cfg: RuntimeConfig, threads: int) -> None:
    _set_environment(cfg, threads)
    if "keras" not in sys.modules and sys.stderr.isatty():
        note(f"importing Keras on {cfg.backend}, which takes some seconds")
    try:
        with _quiet_start():
            import keras
    except ImportError as error:
        others = sorted(installed.installed() - {cfg.backend})
        choices = ", ".join(["auto", *others]) if others else "another"
        raise UsageError(
            f"runtime.backend={cfg.backend} cannot be imported: {error}",
            fix=f"{extras.install(cfg.backend)}, or runtime.backend={choices}",
        ) from error
    if keras.backend.backend() != cfg.backend:
        raise RuntimeError(f"Keras was imported on {keras.backend.backend()} before the choice")


def _forget_user_settings() -> None:
    """A user's keras.json must not change what a config means."""
    import keras

    keras.config.set_floatx("float32")
    keras.config.set_image_data_format("channels_last")


def _precision(cfg: RuntimeConfig, device: str, threads: int) -> str:
    if cfg.precision != "auto":
        return cfg.precision
    if device == "gpu":
        return "bfloat16" if all(gpu.has_bfloat16 for gpu in devices.gpus()) else "float32"
    if not processor().has_bfloat16:
        return "float32"
    measured(threads)
    return "auto"


def _set_policy(precision: str) -> None:
    import keras

    is_mixed = precision not in {"auto", "float32"}
    keras.config.set_dtype_policy(f"mixed_{precision}" if is_mixed else "float32")


@contextmanager
def _quiet_start() -> Iterator[None]:
    """Keeps back what libraries print on stderr while they load, unless loading fails.

    TensorFlow's C++ side writes several lines there before any log level applies.
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as kept, _stderr_into(kept.fileno()) as stderr:
        try:
            yield
        except BaseException:
            kept.seek(0)
            os.write(stderr, kept.read())
            raise


@contextmanager
def _stderr_into(descriptor: int) -> Iterator[int]:
    """Points file descriptor 2 at another; gives a copy of what it was."""
    original = os.dup(2)
    # A signal during an import ends the process there: its line must be seen.
    with SignalGuard(on_abandon=lambda _: _point_stderr_at(original)):
        _point_stderr_at(descriptor)
        try:
            yield original
        finally:
            _point_stderr_at(original)
            os.close(original)


def _point_stderr_at(descriptor: int) -> None:
    os.dup2(descriptor, 2)


def _set_environment(cfg: RuntimeConfig, threads: int) -> None:
    if "keras" in sys.modules:
        return
    _set_variables(cfg, threads)
    if cfg.backend != "tensorflow":
        # Keras imports TensorFlow wherever it is installed, seconds for nothing on another
        # backend.
        hide("tensorflow")


def _set_variables(cfg: RuntimeConfig, threads: int) -> None:
    environment = {
        "KERAS_BACKEND": cfg.backend,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "OMP_NUM_THREADS": str(threads),
        "PJRT_NPROC": str(threads),
    }
    if cfg.device == "cpu":
        environment |= {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
    if cfg.deterministic and cfg.backend == "jax":
        environment["XLA_FLAGS"] = (
            f"{os.environ.get('XLA_FLAGS', '')} --xla_gpu_deterministic_ops=true".strip()
        )
    if cfg.deterministic and cfg.backend == "torch":
        environment["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
    os.environ.update(environment)
    for name, value in _UNLESS_SET.items():
        os.environ.setdefault(name, value)
    if cfg.backend == "jax":
        _keep_compiled_programs()


def _keep_compiled_programs() -> None:
    """JAX finds what an earlier process compiled, also what took less than a second.

    The first weights of a network are a program for each of their shapes, a quarter of a second
    each. In a folder for this kind of processor, since a home may be shared, and for nobody else to
    write to, since what lies there is run.
    """
    if "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return
    try:
        folder = private_folder(f"jax-{processor().digest}")
    except OSError as error:
        note(f"compiled programs cannot be kept: {error}")
        return
    os.environ["JAX_COMPILATION_CACHE_DIR"] = str(folder)
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    # A process that was killed may leave half a file: what it would hold is compiled again.
    warnings.filterwarnings("ignore", "Error (reading|writing) persistent compilation cache")


def _set_threads(cfg: RuntimeConfig, threads: int) -> None:
    if cfg.backend == "tensorflow":
        import tensorflow as tf

        if tf.config.threading.get_intra_op_parallelism_threads() != threads:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
        # In bfloat16, operations that run beside each other now and then give other bits.
        can_be_bfloat16 = cfg.precision != "float32" and processor().has_bfloat16
        needs_order = can_be_bfloat16 and not devices.shows_gpu()
        if needs_order and tf.config.threading.get_inter_op_parallelism_threads() != 1:
            tf.config.threading.set_inter_op_parallelism_threads(1)
    elif cfg.backend == "torch":
        import torch

        torch.set_num_threads(threads)


def _resolve_device(cfg: RuntimeConfig) -> str:
    gpus = devices.gpus() if cfg.device != "cpu" else []
    if cfg.device == "gpu" and not gpus:
        command = extras.install_extra(_GPU_EXTRA[cfg.backend])
        raise UsageError(
            f"runtime.device=gpu: {cfg.backend} finds no GPU on this machine",
            fix=f"check the driver, {command}, or runtime.device=cpu",
        )
    if gpus and cfg.backend == "tensorflow":
        _grow_memory_on_demand()
    return "gpu" if gpus else "cpu"


def _grow_memory_on_demand() -> None:
    import tensorflow as tf

    for device in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(device, True)


def _forbid_nondeterminism(backend: str) -> None:
    if backend == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
    elif backend == "torch":
        import torch

        torch.use_deterministic_algorithms(True)
