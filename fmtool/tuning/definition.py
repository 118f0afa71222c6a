"""The definition of a study: all that decides which trials it makes, and how they are judged.

It is stored with the trials, so that a worker on another machine needs the study's name and the
address of the storage, and nothing else.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from fmtool import validate
from fmtool.config import compose
from fmtool.config.arguments import prepare
from fmtool.config.base import Config, NonNegativeInt, PositiveInt
from fmtool.errors import ConfigChanged, DataError, Refused, UsageError
from fmtool.pruners.base import PrunerConfig
from fmtool.runs.identity import config_digest, request_digest
from fmtool.schema import GateConfig, TrainConfig
from fmtool.tasks.base import TaskConfig
from fmtool.tuning.config import StudyBudget, TuneConfig
from fmtool.tuning.dimension import Dimension, Range
from fmtool.tuning.objective import Figures, Objective, comparable, parse
from fmtool.tuning.space import Space

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_FORCED_OVERRIDES = (
    "report.test=false",
    "dry_run=false",
    "resume=null",
    "allow_change=[]",
    "name=null",
)
_DEFAULT_OVERRIDES = ("logging.plots=false",)
TRIAL_KEYS = frozenset(
    {"report.test", "report.latency", "dry_run", "resume", "allow_change", "name", "logging.plots"}
)
"""The keys that make a training a trial."""


class Definition(Config):
    """See the module."""

    schema_version: Literal[1]
    name: str
    digest: str
    """The digest of all that is below, whatever the name."""
    model: str
    data: str
    device: str
    epochs: PositiveInt
    seed: NonNegativeInt
    config_name: str
    fixed: list[str]
    dimensions: list[Dimension]
    objectives: list[Objective]
    constraint: GateConfig
    tuner: dict[str, Any]
    pruner: dict[str, Any]

    @property
    def directions(self) -> list[Literal["maximize", "minimize"]]:
        return [each.direction for each in self.objectives]

    @property
    def can_prune(self) -> bool:
        """True where a course of epochs can be compared: of one objective that they have."""
        return len(self.objectives) == 1 and self.objectives[0].is_of_epochs


class StudySettings(Config):
    """The way a study is worked at, which may change from one time to the next."""

    budget: StudyBudget
    retries: NonNegativeInt
    trial_minutes: float | None
    lease_seconds: float


def trial_overrides(
    fixed: list[str], objectives: list[Objective], constraint: GateConfig
) -> list[str]:
    """The overrides of every trial: those typed, and those that make a training a trial."""
    typed = {override.partition("=")[0].lstrip("+") for override in fixed}
    own = [each for each in _DEFAULT_OVERRIDES if each.partition("=")[0] not in typed]
    leading = next((each for each in objectives if each.is_of_epochs), None)
    if leading is not None and "monitor" not in typed:
        own.append(prepare(f"monitor={leading.metric}"))
    asked = {each.metric for each in objectives} | {*constraint.min, *constraint.max}
    latency = [f"report.latency={'true' if 'latency_ms' in asked else 'false'}"]
    return [*own, *fixed, *latency, *_FORCED_OVERRIDES]


def define(
    cfg: TuneConfig, space: Space, *, config_name: str, folders: tuple[Path, ...]
) -> Definition:
    """The definition that a command line comes to; UsageError where parts do not go together."""
    figures = Figures.of(task_of(space.fixed, config_name=config_name, folders=folders))
    require_known(cfg, figures)
    typed = parse(cfg.objective, figures)
    objectives = comparable(typed, [each.key for each in space.dimensions], figures)
    if objectives != typed and cfg.budget.target is not None:
        raise UsageError(
            f"budget.target={cfg.budget.target:g} is a value of a loss, by which this study "
            "cannot go",
            fix=f"objective='{figures.example}' with a target of that, or no budget.target",
        )
    fixed = trial_overrides(space.fixed, objectives, cfg.constraint)
    composed = compose.compose(config_name, fixed, folders=folders)
    _check(cfg, composed["data"], objectives)
    plain = validate.train_config(composed)
    parts: dict[str, Any] = {
        "epochs": _epochs(plain, space.dimensions),
        "seed": plain.seed,
        "dimensions": space.dimensions,
        "objectives": objectives,
        "constraint": cfg.constraint,
        "tuner": cfg.tuner.model_dump(),
        "pruner": cfg.pruner.model_dump(),
    }
    request = plain.model_dump(mode="json", serialize_as_any=True)
    digest = config_digest(
        {"request": request_digest(request, ""), "parts": _plain(parts), "epochs": plain.epochs}
    )
    models = next((each.domain for each in space.dimensions if each.key == "model"), None)
    model = plain.model.name if models is None else models.show().replace(",", "-")
    name = cfg.study or f"{model}_{plain.data.name}_{digest[:6]}"
    check_name(name)
    return Definition(
        schema_version=1,
        name=name,
        digest=digest,
        model=model,
        data=plain.data.name,
        device=plain.runtime.device,
        config_name=config_name,
        fixed=fixed,
        **parts,
    )


def task_of(words: Sequence[str], *, config_name: str, folders: tuple[Path, ...]) -> TaskConfig:
    """The task of a study's trainings; where tasks are searched, that of the plain command.

    Args:
        words: overrides without a range.
    """
    composed = compose.compose(config_name, list(words), folders=folders)
    cfg = validate.option("task", composed.get("task"))
    assert isinstance(cfg, TaskConfig)
    return cfg


def figures_of(definition: Definition, folders: tuple[Path, ...]) -> Figures:
    """The figures by which trials of a stored study can be judged."""
    words, name = definition.fixed, definition.config_name
    return Figures.of(task_of(words, config_name=name, folders=folders))


def require_known(cfg: TuneConfig, figures: Figures) -> None:
    """UsageError for a gate or a constraint on what a trial does not have."""
    figures.require_all(cfg.gate, "gate")
    figures.require_all(cfg.constraint, "constraint")


def check_name(name: str) -> None:
    """UsageError for what cannot be a folder of that name everywhere."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"study={name} is no name", fix="use letters, digits, '.', '_' and '-'")


def settings_of(cfg: TuneConfig) -> StudySettings:
    return StudySettings(
        budget=cfg.budget,
        retries=cfg.tune.retries,
        trial_minutes=cfg.tune.trial_minutes,
        lease_seconds=cfg.tune.lease_seconds,
    )


def read_definition(text: str, name: str) -> Definition:
    """The definition of a study in a storage.

    Raises:
        DataError: it was written by another version, or by something else.
        Refused: its words would be flags of a command line, such as --plugin.
    """
    try:
        definition = Definition.model_validate_json(text)
    except ValidationError as error:
        raise DataError(
            f"study {name} was defined by another version of fmtool, or by something else",
            fix="use another study=NAME",
        ) from error
    keys = [each.key for each in definition.dimensions]
    for word in (definition.config_name, *definition.fixed, *keys):
        if word.startswith("-"):
            raise Refused(
                f"study {name}: '{word}' in its storage is a flag, not a key",
                fix="do not work at it: somebody has changed it",
            )
    return definition


def require_same(there: Definition, asked: Definition) -> None:
    """Raises ConfigChanged where the command asks for another search than the study of its name."""
    if there.digest == asked.digest:
        return
    then, now = _plain(there.model_dump()), _plain(asked.model_dump())
    changed = [key for key in then if key != "digest" and then[key] != now[key]]
    raise ConfigChanged(
        f"study {there.name} is another search: {', '.join(changed) or 'the config'} changed",
        fix="take another study=NAME, or leave it out",
    )


def _plain(parts: Any) -> Any:
    if isinstance(parts, Config):
        return parts.model_dump(mode="json")
    if isinstance(parts, dict):
        return {key: _plain(value) for key, value in parts.items()}
    return [_plain(each) for each in parts] if isinstance(parts, list) else parts


def _epochs(cfg: TrainConfig, dimensions: list[Dimension]) -> int:
    """The most that a trial has."""
    domain = next((each.domain for each in dimensions if each.key == "epochs"), None)
    if domain is None:
        return cfg.epochs
    return int(domain.high) if isinstance(domain, Range) else max(map(int, domain.values))


def _check(cfg: TuneConfig, data: dict[str, Any], objectives: list[Objective]) -> None:
    for objective in objectives:
        if objective.metric.startswith("val_") and data.get("validation_fraction") == 0:
            raise UsageError(
                f"objective={objective} needs a validation split, but data.validation_fraction=0",
                fix="raise data.validation_fraction",
            )
    if len(objectives) > 1 and cfg.tuner.name in ("cmaes",):
        raise UsageError(
            f"tuner={cfg.tuner.name} knows one objective",
            fix="use tuner=nsgaii, tpe, gp, random, qmc or grid",
        )
    if len(objectives) > 1 and cfg.budget.target is not None:
        raise UsageError(
            "budget.target is of one objective", fix="leave it out, or name one objective"
        )


def pruner_of(definition: Definition) -> PrunerConfig:
    """Its typed config."""
    config = validate.option("pruner", definition.pruner)
    assert isinstance(config, PrunerConfig)
    return config
