"""Copies of commits, or of the working tree, laid out as an installed package is."""

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PLACES = {"fmtool": "fmtool", "cli": "fmtool/cli", "conf": "fmtool/conf"}
"""Folders of the repository, and where a wheel has them."""


def commit_of(revision: str) -> str:
    """The full name of a commit. Raises CalledProcessError for a revision that does not exist."""
    return (
        _git("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
    )


def copy_commit(commit: str, site: Path) -> None:
    """Puts the package of a commit into `site`."""
    with tarfile.open(fileobj=io.BytesIO(_git("archive", commit, *_PLACES))) as archive:
        archive.extractall(site.with_name("archive"), filter="data")
    _lay_out(site.with_name("archive"), site)


def copy_working_tree(site: Path) -> None:
    """Puts the package as it lies in the working tree into `site`, without what git ignores."""
    listed = _git("ls-files", "-z", "-co", "--exclude-standard", "--", *_PLACES).decode()
    archive = site.with_name("archive")
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (archive / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, archive / name)
    _lay_out(archive, site)


def _lay_out(archive: Path, site: Path) -> None:
    site.mkdir(parents=True)
    for folder, place in _PLACES.items():
        (archive / folder).rename(site / place)
    shutil.rmtree(archive)


def _git(*words: str) -> bytes:
    return subprocess.check_output(["git", "-C", str(ROOT), *words])
