"""Rules by which an earlier run may go on: what changed since, and what is left to do."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fmtool import validate
from fmtool.data.splitting.loading import Data
from fmtool.errors import ConfigChanged, ExitCode, UsageError
from fmtool.evaluation import gates
from fmtool.notices import warn
from fmtool.runs import annotations, artifacts, manifest, rules, sameness
from fmtool.runs.checkpoints import CheckpointStore
from fmtool.runs.identity import is_free, is_path, with_free_keys
from fmtool.runs.layout import ARTIFACTS, RunPaths
from fmtool.runs.result import COMPLETED, GATE_NOT_MET, RunResult, read_result
from fmtool.runs.saved_config import flatten, read_run_config
from fmtool.runs.strict_json import read_object
from fmtool.schema import TrainConfig
from fmtool.suggest import did_you_mean

Changes = Mapping[str, tuple[Any, Any]]
"""Dotted keys to what was and what is."""

_APART = frozenset({"gate", "runtime", "data", "runs_dir", "expected"})
"""Judge a run, or say how it computes: a command has them by itself each time."""
_MAX_SHOWN = 4


def command(run_directory: Path, plugins: Sequence[str], *words: str) -> str:
    """The command that goes on with a run, as it is typed in a shell.

    Args:
        words: further ones, such as `epochs=20`.
    """
    loaded = [word for each in plugins for word in ("--plugin", each)]
    return shlex.join(["fmtool", "train", f"resume={run_directory}", *words, *loaded])


def saved_config(run_directory: Path) -> TrainConfig:
    """The config that the run was made with; DataError or UsageError where it has none."""
    path = RunPaths(run_directory).config
    return validate.of_file(validate.train_config, read_run_config(path), path)


def continued_config(run_directory: Path, requested: TrainConfig) -> TrainConfig:
    """The config of a run with the epochs, logging, budget and labels that are asked for now."""
    saved = saved_config(run_directory).model_dump(serialize_as_any=True)
    wanted = requested.model_dump(serialize_as_any=True)
    return validate.train_config(with_free_keys(saved, wanted))


def require_same(
    run_directory: Path, cfg: TrainConfig, data: Data, kept: Mapping[str, str]
) -> Changes:
    """The differences from the run, all of them allowed.

    Args:
        kept: files, by name and content, of what was fitted to the rows now.

    Raises ConfigChanged, listing the differences, where one of them is neither free nor named in
    `allow_change`; UsageError where `allow_change` names no key.
    """
    request: dict[str, Any] = {"resume": None, "allow_change": []}
    then, now = (
        flatten(each.model_copy(update=request).model_dump(mode="json", serialize_as_any=True))
        for each in (saved_config(run_directory), cfg)
    )
    paths = RunPaths(run_directory)
    facts, read = read_object(paths.manifest), data.read(with_selection=True)
    digests = {sameness.DATA: read.digest, sameness.SELECTION: read.selection}
    then |= {each.what: each.was for each in sameness.edited_keys(paths)}
    then |= {name: facts.get(name) for name in digests} | facts.get("artifacts", {})
    now |= digests | artifacts.digests(kept)
    changes = {
        key: (then.get(key), now.get(key))
        for key in sorted({*then, *now})
        if then.get(key) != now.get(key)
    }
    for name in cfg.allow_change:
        if not any(_covers(name, key) for key in now):
            raise UsageError(
                f"allow_change: there is no key '{name}'", fix=did_you_mean(name, list(now))
            )
    refused = [
        key
        for key in changes
        if not is_free(key) and not any(_covers(name, key) for name in cfg.allow_change)
    ]
    if refused:
        raise _refusal(run_directory, changes, refused, facts, read)
    for name, (was, is_) in manifest.version_changes(facts).items():
        warn(f"{name} was {was} when the run began and is {is_}: results may differ in their bits")
    return changes


def require_checkpoints(run_directory: Path) -> None:
    """UsageError for a run whose checkpoints were removed, which would begin from nothing."""
    paths = RunPaths(run_directory)
    pruned = annotations.read(paths.annotations).pruned
    if pruned and CheckpointStore(paths.checkpoints, keep=1).last is None:
        raise UsageError(
            f"run {run_directory.name} cannot go on: its checkpoints were removed on {pruned[:10]} "
            "by `fmtool runs prune`",
            fix="leave resume= out, which trains anew",
        )


def require_comparable_loss(run_directory: Path, cfg: TrainConfig) -> None:
    """Raises ConfigChanged where the rows of a run have penalties within `loss` and `val_loss`."""
    facts = read_object(RunPaths(run_directory).manifest)
    if cfg.regularizer.name == "none" or rules.are_current(facts):
        return
    raise ConfigChanged(
        f"run {run_directory.name} began with an earlier release, whose loss and val_loss had the "
        f"penalty of regularizer={cfg.regularizer.name} in them: its best epoch and its rows do "
        "not compare with those to come",
        fix="start a new run, without resume",
    )


def shown_changes(changes: Changes) -> str:
    """The changes that a command asks for, in words; the gates, which judge its run, left out."""
    parts = [
        f"{key}={_plain(now)} (the run has {_plain(was)})"
        for key, (was, now) in changes.items()
        if is_free(key) and key.partition(".")[0] not in _APART and not is_path(key)
    ]
    more = [f"{len(parts) - _MAX_SHOWN} more"] if len(parts) > _MAX_SHOWN else []
    return ", ".join([*parts[:_MAX_SHOWN], *more])


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def finished(run_directory: Path, cfg: TrainConfig) -> RunResult | None:
    """The result of a run that has nothing left to do, judged by the gates of `cfg`, else None."""
    paths = RunPaths(run_directory)
    if not paths.result.exists():
        return None
    result = read_result(paths.result)
    if result.status not in (COMPLETED, GATE_NOT_MET):
        return None
    has_stopped_early = result.epochs < saved_config(run_directory).epochs
    if cfg.epochs > result.epochs and not has_stopped_early:
        return None
    if cfg.report.test and not result.metrics:
        return None  # as of a trial, whose test split nobody has looked at
    rows = gates.judge(cfg.gate, result.metrics, undefined=result.undefined)
    exit_code = ExitCode.SUCCESS if gates.all_met(rows) else ExitCode.GATE_NOT_MET
    return replace(result, gates=rows, exit_code=int(exit_code))


def _covers(name: str, key: str) -> bool:
    return key == name or key.startswith(f"{name}.")


def _refusal(
    run_directory: Path,
    changes: Changes,
    refused: list[str],
    manifest_facts: Mapping[str, Any],
    read: sameness.DataRead,
) -> ConfigChanged:
    settings = [key for key in refused if key not in (sameness.DATA, sameness.SELECTION)]
    shown = "; ".join(_shown(key, *changes[key]) for key in settings[: sameness.MAX_SHOWN])
    left = len(settings) - sameness.MAX_SHOWN
    what = [f"another configuration: {shown}{f' and {left} more' if left > 0 else ''}"]
    what, fixes = (what, ["leave that out"]) if settings else ([], [])
    if len(settings) < len(refused):
        how = sameness.described(sameness.data_differences(manifest_facts, read))
        if rules.are_current(manifest_facts):
            what.append(f"other data: {how}")
            fixes += [] if settings else ["restore them"]
        else:
            release = sameness.read_by(manifest_facts)
            what.append(f"data that {release} read by other rules: {how}")
            fixes = [f"go on with it by {release}"]
    return ConfigChanged(
        f"run {run_directory.name} cannot go on with {', and with '.join(what)}",
        fix=f"{', '.join(fixes)}, start a new run, or allow_change=[{','.join(refused)}]",
        details={"changes": {key: list(changes[key]) for key in refused}},
    )


def _shown(key: str, was: Any, is_: Any) -> str:
    # The start of a digest tells it apart; the whole is among the details.
    if key in ARTIFACTS:
        was, is_ = str(was)[:12], str(is_)[:12]
    return f"{key}: {was} -> {is_}"
