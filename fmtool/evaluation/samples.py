"""The samples that `fmtool evaluate` measures: of the run's own data, or other ones."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool import options
from fmtool.data.samples.images import join
from fmtool.data.splitting import loading
from fmtool.data.splitting.loading import Data
from fmtool.data.splitting.measured import ALL, AUTO, Measured
from fmtool.data.splitting.splits import Split, Splits
from fmtool.errors import DataError, FmtoolError, UsageError
from fmtool.notices import note, warn
from fmtool.runs import artifacts, sameness
from fmtool.runs.layout import RunPaths
from fmtool.runs.sameness import DATA, Difference
from fmtool.runs.saved_config import read_config
from fmtool.schema import SavedRunConfig
from fmtool.targets import WHAT, Target
from fmtool.trees import mapped

UNUSED = "unused"
"""Samples of the training split that the run has left out, by `data.limit` or `data.fraction`."""
_ELSEWHERE = ("data", "data.path")


@dataclass(frozen=True)
class Samples:
    """The samples that are measured.

    Args:
        splits: the data set it is of, with the classes of the run.
        part: `train`, `validation`, `test` or `all`.
        parts: str (n,), the part of each sample.
        names: (n,), see `Split.names`.
        differs: how the data are not those of the run.
    """

    splits: Splits
    part: str
    split: Split
    parts: NDArray[Any]
    names: NDArray[Any]
    differs: tuple[Difference, ...]


def find(
    part: str, run_cfg: SavedRunConfig, paths: RunPaths, *, data_words: Sequence[str]
) -> Samples:
    """The samples of a part, `auto` for `test`, or for all of labelled data without such a part.

    Other data than the run's, named by `data.path` or `data`, are taken as they are: nothing is
    held out of them, and their classes are found by the names that the run has for them.

    Args:
        data_words: what was typed of the data.

    Raises:
        ConfigChanged: the data are not those of the run, and nothing was typed of them.
        DataError: the data are not sound, or have a class that the run has not.
        UsageError: there is no such part.
    """
    # Where the samples lay while training says nothing about this machine.
    run_cfg = run_cfg.model_copy(
        update={"data": run_cfg.data.model_copy(update={"storage": "auto"})}
    )
    manifest, kept = sameness.manifest_of(paths), artifacts.read(paths)
    target = sameness.target_in(manifest)
    keys = {word.lstrip("+~").partition("=")[0] for word in data_words}
    has_own_way = options.data(run_cfg.data.name).load_measured is not None
    if target is not None and has_own_way and keys.intersection(_ELSEWHERE):
        measured = Measured(target, part, _origin(data_words))
        splits = loading.load_measured(run_cfg.data, measured, artifacts=kept)
        own = _own_if_equal(run_cfg, kept, manifest, measured)
        if own is None:
            return _given(splits, measured, manifest, run_cfg, paths)
        return _of_run(part, own, ())
    loaded = loading.load(run_cfg.data, seed=run_cfg.seed, artifacts=kept)
    differs = sameness.check_data(
        paths,
        loaded.read(with_selection=part not in (AUTO, "test")),
        typed=data_words,
        fix=loading.how_to_mean_it(run_cfg.data),
    )
    if differs and target is not None and data_words:
        loaded = replace(loaded, splits=_by_names(loaded.splits, target))
    return _of_run(part, loaded, tuple(differs))


def _origin(data_words: Sequence[str]) -> str:
    paths = [word for word in data_words if word.startswith("data.path=")]
    return (paths or list(data_words))[-1]


def _own_if_equal(
    run_cfg: SavedRunConfig,
    kept: Mapping[str, str],
    manifest: Mapping[str, Any],
    measured: Measured,
) -> Data | None:
    """The data as the run had them, if they are the same in another place."""
    facts = manifest.get("data", {})
    counts = facts.get("samples")
    if isinstance(counts, Mapping) and sum(counts.values()) != sum(measured.counts.values()):
        return None
    try:
        loaded = loading.load(run_cfg.data, seed=run_cfg.seed, artifacts=kept)
    except FmtoolError:  # nothing that a run could have been trained on
        return None
    return loaded if loaded.splits.digest == manifest.get(DATA) else None


def _given(
    splits: Splits,
    measured: Measured,
    manifest: Mapping[str, Any],
    run_cfg: SavedRunConfig,
    paths: RunPaths,
) -> Samples:
    split, names = splits.test, splits.names.get("test")
    is_whole = len(measured.taken) == len(measured.counts)
    part = measured.part
    if part == AUTO:
        part = "test" if measured.taken == ("test",) else ALL
    which = f"all {len(split):,}" if is_whole else f"the {len(split):,} of {measured.taken[0]}"
    note(f"{measured.origin}: {which} samples are measured; they are not the data of the run")
    is_trained_on = measured.taken != ("test",) and _is_own_path(run_cfg, paths)
    if is_trained_on:
        warn(f"{measured.origin} is the path of the run: it may have been trained on some of them")
    facts = manifest.get("data", {}).get("samples")
    had = sum(facts.values()) if isinstance(facts, Mapping) else None
    now = sum(measured.counts.values())
    differs = [Difference(DATA, manifest.get(DATA), None)]
    differs += [Difference("samples", had, now)] if had != now else []
    return Samples(
        splits=splits,
        part=part,
        split=split,
        # What has no parts was not trained on because its reader calls it `train`.
        parts=np.repeat([part], len(split))
        if len(measured.taken) == 1
        else np.repeat(measured.taken, [measured.counts[each] for each in measured.taken]),
        names=split.sample_names if names is None else names,
        differs=tuple(differs),
    )


def _is_own_path(run_cfg: SavedRunConfig, paths: RunPaths) -> bool:
    own = read_config(paths.config).get("data", {}).get("path")
    now = getattr(run_cfg.data, "path", None)
    return own is not None and now is not None and _same_place(str(own), str(now))


def _same_place(one: str, other: str) -> bool:
    return os.path.realpath(Path(one)) == os.path.realpath(Path(other))


def _by_names(splits: Splits, target: Target) -> Splits:
    """The splits of another set with the target of the run, by the names of classes or numbers."""
    own = splits.target
    if own == target:
        return splits
    if own.kind != target.kind:
        raise DataError(
            f"data={splits.name} has {WHAT[own.kind]}, the run was trained on {WHAT[target.kind]}",
            fix="evaluate it on data like those it was trained on",
        )
    parts = {
        name: replace(part, y=target.by_names(part.y, own.names, place=f"data={splits.name}"))
        for name, part in splits.parts.items()
    }
    return replace(
        splits,
        target=target,
        train=parts["train"],
        test=parts["test"],
        validation=parts.get("validation"),
    )


def _of_run(part: str, data: Data, differs: tuple[Difference, ...]) -> Samples:
    splits = data.splits
    part = "test" if part == AUTO else part
    if part == ALL:
        return _all_of_run(data, differs)
    if part == "test":
        split, names = splits.test, _names(splits, "test")
    elif part == "train":
        rows = data.selection.train
        split, names = splits.train.take(rows), _names(splits, "train")[rows]
    elif data.validation is None:
        raise UsageError(
            "split=validation: the run held out no validation samples",
            fix="evaluate split=test or split=train",
        )
    else:
        split, rows = data.validation
        is_own = split is splits.validation
        names = _names(splits, "validation" if is_own else "train")[rows]
        split = split if is_own else split.take(rows)
    return Samples(splits, part, split, np.repeat([part], len(split)), names, differs)


def _names(splits: Splits, part: str) -> NDArray[Any]:
    names = splits.names.get(part)
    return splits.parts[part].sample_names if names is None else names


def _all_of_run(data: Data, differs: tuple[Difference, ...]) -> Samples:
    splits, selection = data.splits, data.selection
    of_train = np.repeat([UNUSED.ljust(len("validation"))], len(splits.train))
    of_train[selection.train] = "train"
    of_train[selection.validation] = "validation"
    parts = [np.char.strip(of_train)]
    parts += [np.repeat([name], len(split)) for name, split in splits.parts.items()][1:]
    whole = Split(
        mapped(lambda *arrays: join(arrays), *(split.x for split in splits.parts.values())),
        np.concatenate([split.y for split in splits.parts.values()]),
    )
    trained = len(selection.train)
    warn(f"split=all: the run was trained on {trained:,} of the {len(whole):,} samples")
    names = [_names(splits, name).astype(object) for name in splits.parts]
    return Samples(splits, ALL, whole, np.concatenate(parts), np.concatenate(names), differs)
