"""Chooses Keras' backend, device, threads and precision: the only code that runs before Keras.

Everything `auto` is resolved here, once; the run's config stores the result.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fmtool.errors import UsageError
from fmtool.schema import RuntimeConfig
from fmtool.signals import SignalGuard

_EXTRA = {"tensorflow": "tensorflow", "jax": "fmtool[jax]", "torch": "fmtool[torch]"}
_GPU_EXTRA = {"tensorflow": "fmtool[gpu]", "jax": "fmtool[jax-cuda]", "torch": "fmtool[torch]"}


def select(cfg: RuntimeConfig) -> RuntimeConfig:
    """Imports Keras on the backend and returns `cfg` with device, precision and threads resolved.

    Raises UsageError when the backend is not installed or a GPU was asked for and there is none.
    """
    threads = physical_cores() if cfg.threads == "auto" else cfg.threads
    _set_environment(cfg, threads)
    try:
        with _quiet_start():
            import keras
    except ImportError as error:
        raise UsageError(
            f"runtime.backend={cfg.backend} cannot be imported: {error}",
            fix=f"pip install '{_EXTRA[cfg.backend]}', or choose another runtime.backend",
        ) from error
    if keras.backend.backend() != cfg.backend:
        raise RuntimeError(f"Keras was imported on {keras.backend.backend()} before the choice")
    _set_threads(cfg.backend, threads)
    device = _resolve_device(cfg)
    precision = cfg.precision
    if precision == "auto":
        precision = "bfloat16" if device == "gpu" else "float32"
    # A user's keras.json must not change what a config means.
    keras.config.set_floatx("float32")
    keras.config.set_image_data_format("channels_last")
    keras.config.set_dtype_policy(precision if precision == "float32" else f"mixed_{precision}")
    if cfg.deterministic:
        _forbid_nondeterminism(cfg.backend)
    return cfg.model_copy(update={"threads": threads, "device": device, "precision": precision})


def physical_cores() -> int:
    """Physical cores among those this process may run on; hyperthreads do not help convolutions."""
    allowed = os.sched_getaffinity(0)
    cores = set()
    for cpu in allowed:
        topology = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology")
        try:
            cores.add(
                ((topology / "physical_package_id").read_text(), (topology / "core_id").read_text())
            )
        except OSError:
            return len(allowed)
    return len(cores)


def gpu_names() -> list[str]:
    """Names of the GPUs that the chosen backend can use."""
    import keras

    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        return [device.name for device in tf.config.list_physical_devices("GPU")]
    if backend == "jax":
        import jax

        return [device.device_kind for device in jax.devices() if device.platform != "cpu"]
    import torch

    return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]


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
    if "keras" in sys.modules:
        return
    os.environ.update(environment)
    if cfg.backend != "tensorflow":
        # Keras imports TensorFlow wherever it is installed, seconds for nothing on another
        # backend; to it, and to nobody who has imported it already, it is not installed.
        sys.modules.setdefault("tensorflow", None)  # type: ignore[arg-type]


def _set_threads(backend: str, threads: int) -> None:
    if backend == "tensorflow":
        import tensorflow as tf

        if tf.config.threading.get_intra_op_parallelism_threads() != threads:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
    elif backend == "torch":
        import torch

        torch.set_num_threads(threads)


def _resolve_device(cfg: RuntimeConfig) -> str:
    gpus = gpu_names() if cfg.device != "cpu" else []
    if cfg.device == "gpu" and not gpus:
        raise UsageError(
            f"runtime.device=gpu: {cfg.backend} finds no GPU on this machine",
            fix=f"check the driver, pip install '{_GPU_EXTRA[cfg.backend]}', or runtime.device=cpu",
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
