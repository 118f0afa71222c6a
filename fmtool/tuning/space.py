"""The space of a search: ranges and lists of a command or of a file, and what stays fixed."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from fmtool import validate
from fmtool.config import compose, sweep
from fmtool.errors import UsageError
from fmtool.runs.saved_config import flatten
from fmtool.schema import TrainConfig
from fmtool.suggest import did_you_mean
from fmtool.tuning import space_file
from fmtool.tuning.dimension import Choice, Dimension, Domain, Range, Value, of_kind, parse_range

AUTO, NONE = "auto", "none"
_NOT_SEARCHED = frozenset(
    {"seed", "resume", "allow_change", "name", "tags", "runs_dir", "dry_run", "report", "expected"}
)
_MAX_COMBINATIONS = 64


@dataclass(frozen=True)
class Space:
    """A command line taken apart.

    Args:
        dimensions: groups first.
        fixed: the other overrides, ready for Hydra.
    """

    dimensions: list[Dimension]
    fixed: list[str]


@dataclass(frozen=True)
class _Combination:
    """A choice of options of the groups that are searched, and the config it comes to."""

    chosen: Mapping[str, str]
    raw: Mapping[str, Any]
    cfg: TrainConfig

    def model(self) -> str:
        return self.chosen.get("model", str(self.raw["model"]["name"]))


def read(
    overrides: Sequence[str],
    *,
    space: str,
    config_name: str,
    folders: tuple[Path, ...],
    base: Sequence[str] = (),
) -> Space:
    """Takes ranges and lists out of `overrides`; every end of each has passed the schema then.

    Args:
        space: the name of a file of ranges, `auto` for that of the model, or `none`.
        base: overrides that the trials get besides.

    Raises UsageError for a key that is not there or a value that is not accepted.
    """
    typed, fixed = _split(overrides, folders)
    groups = {key: domain for key, domain in typed.items() if key in compose.groups()}
    combinations = list(_combinations(groups, [*base, *fixed], config_name, folders))
    dimensions = [_group(key, domain) for key, domain in groups.items()]
    others = {key: domain for key, domain in typed.items() if key not in groups}
    dimensions += [_typed(key, domain, combinations) for key, domain in others.items()]
    names = {each.model() for each in combinations}
    for name in _files(space, names, has_ranges=bool(others), folders=folders):
        found = space_file.read(name, folders)
        only = name if name in names and len(names) > 1 else None
        for key, domain in found.items():
            if key not in typed and not _is_fixed(key, fixed):
                dimensions.append(_typed(key, domain, combinations, only_model=only))
    if not dimensions:
        raise UsageError(
            "nothing to tune: no key has a range, and there is no file of ranges for the model",
            fix="write optimizer.learning_rate=1e-4..1e-2:log, a list such as model=cnn,mlp, or "
            f"space=NAME, one of {', '.join(compose.options('space', folders))}",
        )
    for combination in combinations:
        _check_ends(dimensions, combination)
    return Space(dimensions, fixed)


def overrides_of(dimensions: Sequence[Dimension], values: Mapping[str, Value]) -> list[str]:
    """The words for a training at a point."""
    return [each.override(values[each.name]) for each in dimensions if each.name in values]


def _split(
    overrides: Sequence[str], folders: tuple[Path, ...]
) -> tuple[dict[str, Domain], list[str]]:
    typed: dict[str, Domain] = {}
    fixed = []
    for override in overrides:
        key, _, text = override.partition("=")
        domain: Domain | None = parse_range(key, text)
        if domain is None:
            listed = sweep.values(override, folders)
            # A list of one is a value.
            if listed is not None and len(listed) > 1:
                domain = Choice(kind="choice", values=list(dict.fromkeys(listed)))
        if domain is None:
            fixed.append(override)
        elif key.partition(".")[0] in _NOT_SEARCHED:
            raise UsageError(f"{override}: {key} is not searched", fix=f"give {key} one value")
        else:
            typed[key] = domain
    return typed, fixed


def _combinations(
    groups: Mapping[str, Domain],
    fixed: Sequence[str],
    config_name: str,
    folders: tuple[Path, ...],
) -> Iterator[_Combination]:
    listed = [domain.ends() for domain in groups.values()]
    count = 1
    for each in listed:
        count *= len(each)
    if count > _MAX_COMBINATIONS:
        raise UsageError(
            f"{count} combinations of {', '.join(groups)} are more than {_MAX_COMBINATIONS}",
            fix="search fewer options at once",
        )
    for options in product(*listed):
        chosen = dict(zip(groups, map(str, options), strict=True))
        words = [f"{group}={option}" for group, option in chosen.items()]
        raw = compose.compose(config_name, [*fixed, *words], folders=folders)
        yield _Combination(chosen, raw, validate.train_config(raw))


def _group(key: str, domain: Domain) -> Dimension:
    if isinstance(domain, Range):
        raise UsageError(
            f"{key}={domain.show()}: {key} has options, not numbers",
            fix=f"write a list of {', '.join(compose.options(key))}",
        )
    return Dimension(name=key, key=key, domain=domain, is_group=True, when={})


def _typed(
    key: str,
    domain: Domain,
    combinations: Sequence[_Combination],
    *,
    only_model: str | None = None,
) -> Dimension:
    """The dimension of a key, under the options that have it; of one model only, if named."""
    having = [each for each in combinations if key in flatten(each.raw)]
    if only_model is not None:
        having = [each for each in having if each.model() == only_model]
    if not having:
        known = sorted({known for each in combinations for known in flatten(each.raw)})
        raise UsageError(f"unknown key '{key}'", fix=did_you_mean(key, known))
    if isinstance(domain, Range):
        domain = of_kind(domain, _kind_of(having[0].cfg, key), key)
    group = "model" if only_model is not None else key.partition(".")[0]
    when = {}
    if len(having) < len(combinations) and group in having[0].chosen:
        when = {group: list(dict.fromkeys(each.chosen[group] for each in having))}
    name = key if only_model is None else f"{key}@{only_model}"
    return Dimension(name=name, key=key, domain=domain, is_group=False, when=when)


def _kind_of(cfg: TrainConfig, key: str) -> Literal["float", "int"]:
    """The kind of numbers that a key takes; UsageError where it takes none."""
    *path, last = key.split(".")
    node: Any = cfg
    for part in path:
        node = node.get(part) if isinstance(node, dict) else getattr(node, part, None)
    if isinstance(node, BaseModel) and last in type(node).model_fields:
        types = set(_types(type(node).model_fields[last].annotation))
        if float in types:
            return "float"
        if int in types:
            return "int"
    elif isinstance(node, dict):
        return "float"
    raise UsageError(f"{key} is no number", fix=f"write a list, as {key}=a,b")


def _types(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) in (Union, UnionType):
        for each in get_args(annotation):
            yield from _types(each)
    elif hasattr(annotation, "__metadata__"):
        yield from _types(get_args(annotation)[0])
    else:
        yield annotation


def _files(
    space: str, models: set[str], *, has_ranges: bool, folders: tuple[Path, ...]
) -> list[str]:
    there = compose.options("space", folders)
    if space == NONE or (space == AUTO and has_ranges):
        return []
    if space == AUTO:
        return [name for name in sorted(models) if name in there]
    if space not in there:
        raise UsageError(f"space={space}: there is no such file", fix=did_you_mean(space, there))
    return [space]


def _is_fixed(key: str, fixed: Sequence[str]) -> bool:
    return any(override.partition("=")[0].lstrip("+") == key for override in fixed)


def _check_ends(dimensions: Sequence[Dimension], combination: _Combination) -> None:
    for dimension in dimensions:
        if dimension.is_group or not dimension.is_active(combination.chosen):
            continue
        for end in dimension.domain.ends():
            changed = copy.deepcopy(dict(combination.raw))
            _set(changed, dimension.key, sweep.value(dimension.override(end)))
            validate.train_config(changed)


def _set(raw: dict[str, Any], key: str, value: Any) -> None:
    *path, last = key.split(".")
    for part in path:
        raw = raw[part]
    raw[last] = value
