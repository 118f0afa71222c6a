"""Where a run's code came from: installed versions, the git commit, environment variables."""

import hashlib
import importlib.metadata
import os
import re
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

_PACKAGES = (
    "fmtool",
    "keras",
    "tensorflow",
    "jax",
    "jaxlib",
    "torch",
    "numpy",
    "scikit-learn",
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

_ALLOWED_VARIABLE = re.compile(
    r"(FMTOOL|TF|KERAS|JAX|XLA|OMP|MKL|KMP|NVIDIA_TF32)_[A-Z0-9_]*"
    r"|CUDA_VISIBLE_DEVICES|CUBLAS_WORKSPACE_CONFIG|PYTHONHASHSEED|CI"
)
_SECRET_NAME = re.compile(
    r"secret|passw|passphrase|credential|api_?key|access_?key|private_?key"
    r"|(^|[._-])(auth|pwd)([._-]|$)|token$",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"(?<=://)[^/@\s]+@"  # user:password@ in an address
    r"|\b(gh[pousr]_|github_pat_|glpat-|hf_|sk-|xox[abp]-|AKIA)[A-Za-z0-9_-]{12,}"
)
_REDACTED = "<redacted>"


def package_versions(backend: str) -> dict[str, str]:
    """The installed ones of the packages that decide a result."""
    versions = {}
    for name in _PACKAGES:
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
    """The few variables that change what a run computes, and those of fmtool."""
    return {
        name: value
        for name, value in sorted(variables.items())
        if _ALLOWED_VARIABLE.fullmatch(name) and not _SECRET_NAME.search(name)
    }


def without_private_parts(value: Any) -> Any:
    """`value` with secrets blanked, and the home and working directory written `~` and `.`.

    Works on nested JSON types; a string `key=value` counts as a key with its value.
    """
    if isinstance(value, Mapping):
        return {
            key: _REDACTED
            if isinstance(item, str) and _SECRET_NAME.search(str(key))
            else without_private_parts(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [without_private_parts(item) for item in value]
    return _public_text(value) if isinstance(value, str) else value


def _public_text(text: str) -> str:
    key, separator, _ = text.partition("=")
    if separator and _SECRET_NAME.search(key):
        return f"{key}={_REDACTED}"
    text = _SECRET_VALUE.sub(lambda found: _REDACTED + "@" * found[0].endswith("@"), text)
    for place, sign in _private_places():
        text = re.sub(rf"(?<![\w.-]){re.escape(place)}(?=/|$|[:,;\s'\"])", sign, text)
    return text


def _private_places() -> list[tuple[str, str]]:
    """The directories whose names tell who the user is, and what stands for them."""
    places = [(Path.cwd(), ".")]
    # A container may run under a user number without a home.
    with suppress(RuntimeError):
        places.append((Path.home(), "~"))
    # A directory at the root, such as /, would match every path.
    return [(os.fspath(place), sign) for place, sign in places if len(place.parts) > 1]
