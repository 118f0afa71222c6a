"""The origin of a run's code: installed versions, the git commit, environment variables."""

import hashlib
import importlib.metadata
import os
import pwd
import re
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from fmtool import __version__
from fmtool.privacy import REDACTED, is_secret, redacted
from fmtool.safety.words import words

PACKAGES = (
    "keras",
    "tensorflow",
    "jax",
    "jaxlib",
    "torch",
    "numpy",
    "h5py",
    "pillow",
    "protobuf",
    "ml_dtypes",
    "tokenizers",
    "hydra-core",
    "omegaconf",
    "pydantic",
)
_GIT_TIMEOUT_SECONDS = 3
_LONGEST_DIFF_BYTES = 2**26
# core.fsmonitor names a program that git would start.
_GIT = ("git", "-c", "core.fsmonitor=false", "--no-optional-locks")

_VARIABLES = words("""
    FMTOOL_CACHE FMTOOL_CONF FMTOOL_DATA FMTOOL_DEBUG FMTOOL_JOB FMTOOL_OFFLINE FMTOOL_STUDY
    FMTOOL_SWEEP FMTOOL_THREADS FMTOOL_VARIANT
    KERAS_BACKEND KERAS_NNX_ENABLED KERAS_TORCH_DEVICE
    TF_CUDNN_DETERMINISTIC TF_CUDNN_USE_AUTOTUNE TF_DETERMINISTIC_OPS TF_DISABLE_MKL
    TF_ENABLE_CUBLAS_TENSOR_OP_MATH_FP32 TF_ENABLE_CUDNN_TENSOR_OP_MATH_FP32
    TF_ENABLE_ONEDNN_OPTS TF_FORCE_GPU_ALLOW_GROWTH TF_GPU_ALLOCATOR TF_GPU_THREAD_COUNT
    TF_GPU_THREAD_MODE TF_NUM_INTEROP_THREADS TF_NUM_INTRAOP_THREADS TF_USE_LEGACY_KERAS
    TF_XLA_FLAGS
    JAX_CPU_ENABLE_ASYNC_DISPATCH JAX_DEBUG_NANS JAX_DEFAULT_DTYPE_BITS
    JAX_DEFAULT_MATMUL_PRECISION JAX_DEFAULT_PRNG_IMPL JAX_DISABLE_JIT JAX_ENABLE_COMPILATION_CACHE
    JAX_ENABLE_CUSTOM_PRNG JAX_ENABLE_X64 JAX_NUMPY_DTYPE_PROMOTION JAX_PLATFORMS
    JAX_PLATFORM_NAME JAX_THREEFRY_PARTITIONABLE
    XLA_FLAGS XLA_PYTHON_CLIENT_ALLOCATOR XLA_PYTHON_CLIENT_MEM_FRACTION
    XLA_PYTHON_CLIENT_PREALLOCATE
    ATEN_CPU_CAPABILITY PYTORCH_CUDA_ALLOC_CONF TORCHDYNAMO_DISABLE
    TORCH_ALLOW_TF32_CUBLAS_OVERRIDE TORCH_BLAS_PREFER_CUBLASLT TORCH_CUDNN_V8_API_DISABLED
    CUBLAS_WORKSPACE_CONFIG CUDA_LAUNCH_BLOCKING CUDA_VISIBLE_DEVICES NVIDIA_TF32_OVERRIDE
    DNNL_DEFAULT_FPMATH_MODE DNNL_MAX_CPU_ISA ONEDNN_DEFAULT_FPMATH_MODE ONEDNN_MAX_CPU_ISA
    KMP_AFFINITY KMP_BLOCKTIME KMP_DETERMINISTIC_REDUCTION
    MKL_CBWR MKL_DEBUG_CPU_TYPE MKL_DYNAMIC MKL_ENABLE_INSTRUCTIONS MKL_NUM_THREADS
    OMP_DYNAMIC OMP_NUM_THREADS OMP_PLACES OMP_PROC_BIND OMP_SCHEDULE
    OPENBLAS_CORETYPE OPENBLAS_NUM_THREADS
    CI PYTHONHASHSEED
""")
"""Variables that change the numbers or the speed of a run; those of other programs stay out.

A list and no pattern: `TF_VAR_...` are a deployment tool's, and hold whatever it deploys.
"""


def package_versions(backend: str) -> dict[str, str]:
    """The versions of fmtool and of the installed packages that decide a result."""
    versions = {"fmtool": __version__}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    # TensorFlow also comes as tensorflow-cpu, tf-nightly and more: the module knows its version.
    if backend not in versions and backend in sys.modules:
        versions[backend] = str(sys.modules[backend].__version__)
    return versions


def git_state(directory: Path) -> dict[str, Any] | None:
    """Commit, branch and whether tracked files differ from it; None outside a work tree.

    `diff_sha256` tells two differing states apart; None when clean, or not to be had quickly.
    """
    try:
        status = subprocess.run(
            [*_GIT, "status", "--porcelain=v2", "--branch", "--untracked-files=no"],
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=_GIT_TIMEOUT_SECONDS,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    lines = status.splitlines()
    headers = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# branch."))
    is_dirty = any(not line.startswith("#") for line in lines)
    return {
        "commit": headers.get("branch.oid"),
        "branch": headers.get("branch.head"),
        "dirty": is_dirty,
        "diff_sha256": _diff_digest(directory) if is_dirty else None,
    }


def _diff_digest(directory: Path) -> str | None:
    """SHA-256 of `git diff HEAD`; None where that fails, takes too long or is too large."""
    # A repository may name programs that turn its files into something readable.
    options = ["--binary", "--full-index", "--no-color", "--no-ext-diff", "--no-textconv"]
    digest = hashlib.sha256()
    with subprocess.Popen(
        [*_GIT, "diff", "HEAD", *options],
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        timer = threading.Timer(_GIT_TIMEOUT_SECONDS, process.kill)
        timer.start()
        try:
            room = _LONGEST_DIFF_BYTES
            while chunk := process.stdout.read(2**16):
                digest.update(chunk)
                room -= len(chunk)
                if room < 0:
                    process.kill()
        finally:
            timer.cancel()
    return digest.hexdigest() if process.returncode == 0 else None


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Those of `variables` that change what a run computes or how fast, by name."""
    return {name: value for name, value in sorted(variables.items()) if name in _VARIABLES}


def without_private_parts(value: Any) -> Any:
    """`value` with secrets blanked, and the home and working directory written `~` and `.`.

    Works on nested JSON types; a string `key=value` counts as a key with its value.
    """
    if isinstance(value, Mapping):
        return {
            key: REDACTED
            if isinstance(item, str) and is_secret(str(key))
            else without_private_parts(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [without_private_parts(item) for item in value]
    return _public_text(value) if isinstance(value, str) else value


def _public_text(text: str) -> str:
    key, separator, _ = text.partition("=")
    if separator and is_secret(key):
        return f"{key}={REDACTED}"
    text = redacted(text, with_accounts=True)
    for place, sign in _private_places():
        text = re.sub(rf"(?<![\w.-]){re.escape(place)}(?=/|$|[:,;\s'\"])", sign, text)
    return text


def _private_places() -> list[tuple[str, str]]:
    """The directories whose names tell who the user is, and what stands for them."""
    places = [(Path.cwd(), ".")]
    # A container may run under a user number without a home; HOME may be another place than the
    # one that the system knows the user by.
    with suppress(RuntimeError):
        places.append((Path.home(), "~"))
    with suppress(KeyError):
        places.append((Path(pwd.getpwuid(os.getuid()).pw_dir), "~"))
    # A directory at the root, such as /, would match every path.
    return [(os.fspath(place), sign) for place, sign in places if len(place.parts) > 1]
