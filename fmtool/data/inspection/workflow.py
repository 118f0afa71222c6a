"""Looks at a data set of a user's own and gathers all that there is to say about it."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.data.inspection import arrays, number_tables, pictures, starter, texts
from fmtool.data.inspection.asked import Asked
from fmtool.data.inspection.balance import (
    classes_without_training,
    duplicates_of,
    groups_of_classes,
    report_of_classes,
    warn_of_classes,
    warn_of_duplicates,
)
from fmtool.data.inspection.findings import Findings, Problems, evenly
from fmtool.data.inspection.kinds import DESCRIPTIONS, DataKind, Guess, guess
from fmtool.data.inspection.merging import merged
from fmtool.data.inspection.numbers import groups_of_numbers, report_of_numbers, warn_of_numbers
from fmtool.data.inspection.sheet import draw_sheet
from fmtool.elements import Element
from fmtool.errors import CannotCreate, DataError
from fmtool.targets import Target, TargetKind

Result = dict[str, Any]

_PICTURES, _TEXTS = 4, 3
"""Samples that are shown of each class."""


@dataclass(frozen=True)
class _Balance:
    """The findings on targets of a kind.

    Args:
        groups: the places of samples by what they have, to show some of each.
    """

    report: Callable[[Findings], Result]
    warn: Callable[[Findings, Problems], None]
    groups: Callable[[Findings], dict[str, list[int]]]


_OF_CLASSES = _Balance(report_of_classes, warn_of_classes, groups_of_classes)
_BALANCE: dict[TargetKind, _Balance] = {
    "label": _OF_CLASSES,
    "labels": _OF_CLASSES,
    "numbers": _Balance(report_of_numbers, warn_of_numbers, groups_of_numbers),
}


@dataclass(frozen=True)
class InspectDefaults:
    """The defaults of a training on the data that were found, and what goes together in one.

    Args:
        test_fraction: share of the training split that is held out where there is no test split.
        task: the task that trains without being named.
        tasks: the names of the tasks that learn a target.
        fits: whether a model by its name takes an element.
        flags: of fmtool, which the commands to begin with need too.
    """

    test_fraction: Callable[[], float]
    task: Callable[[], str]
    tasks: Callable[[Target], list[str]]
    fits: Callable[[str, Element], bool]
    flags: Sequence[str] = ()


def inspect(path: Path, *, sheet: Path | None, settings: InspectDefaults, asked: Asked) -> Result:
    """All about the data set in JSON types; `usable` says whether it can be trained on at all.

    A sheet of samples is drawn where they are pictures.

    Args:
        sheet: where to draw it; None for a new file in the working directory.
        asked: what was typed beside the path.

    Raises:
        CannotCreate: `sheet` is there already, or cannot be written.
        DataError: it is no data set of a known kind.
    """
    if sheet is not None and sheet.exists():
        fix = "remove it, or give output= another name"
        raise CannotCreate(f"output={sheet}: the file exists", fix=fix)
    problems = Problems()
    guessed = guess(path, asked.option, asked.style)
    base: Result = {"path": str(guessed.path), "kind": guessed.kind}
    base["description"] = DESCRIPTIONS[guessed.kind]
    try:
        findings = _findings(guessed, asked, problems)
    except DataError as error:
        problems.report(error)
        return base | {"usable": False, "problems": merged(problems.found, guessed.path)}
    result = base | _report(findings, guessed.path, settings, problems)
    return result | (_start(findings, path, sheet, settings) if result["usable"] else {})


def _report(
    findings: Findings, root: Path, settings: InspectDefaults, problems: Problems
) -> Result:
    duplicates, balance = duplicates_of(findings.samples), _BALANCE[findings.target.kind]
    warn_of_duplicates(findings, duplicates, problems)
    usable = _is_usable(findings)
    if findings.samples:
        balance.warn(findings, problems)
    if usable:
        _report_small_classes(findings, settings, problems)
    return {
        "usable": usable,
        "target": findings.target.to_json(),
        "samples": len(findings.samples),
        **(balance.report(findings) if findings.samples else {}),
        "statistics": dict(findings.statistics),
        "duplicates": duplicates,
        "problems": merged(problems.found, root),
    }


def _is_usable(findings: Findings) -> bool:
    """True where there is anything to learn: two classes, or samples with different targets."""
    return len({sample.row for sample in findings.of_split("train")}) > 1


def _findings(guessed: Guess, asked: Asked, problems: Problems) -> Findings:
    path, kind = guessed.path, guessed.kind
    if kind == "option":
        assert asked.option is not None, "none guesses it"
        return arrays.inspect_option(asked.option, path, asked)
    return _INSPECTORS[kind](path, asked, problems)


_INSPECTORS: dict[DataKind, Callable[[Path, Asked, Problems], Findings]] = {
    "picture_folders": pictures.inspect_folders,
    "picture_table": pictures.inspect_table,
    "number_table": number_tables.inspect_numbers,
    "number_tables": number_tables.inspect_numbers,
    "text_table": texts.inspect_tables,
    "text_tables": texts.inspect_tables,
    "text_folders": texts.inspect_folders,
    "text_files": texts.inspect_files,
    "arrays": lambda path, asked, _: arrays.inspect_arrays(path, asked),
}


def _report_small_classes(
    findings: Findings, settings: InspectDefaults, problems: Problems
) -> None:
    for name in classes_without_training(findings, test_fraction=settings.test_fraction()):
        message = f"class '{name}': no sample is left to train on beside the test split"
        problems.report(DataError(message, fix="add samples, or give a test split"))


def _start(findings: Findings, path: Path, sheet: Path | None, settings: InspectDefaults) -> Result:
    name = starter.name_of(path)
    groups = _BALANCE[findings.target.kind].groups(findings)
    tasks = settings.tasks(findings.target)
    usual = settings.task()
    task = None if usual in tasks else next(iter(tasks), None)
    begin = starter.Beginning(findings, _model(findings, settings), task, settings.flags)
    result: Result = {
        "sheet": None,
        "examples": _examples(findings, groups),
        "config_file": f"fmtool_conf/data/{name}.yaml",
        "config": starter.yaml_of(findings),
        "command_with_config_file": begin.with_file(name),
        "next": begin.commands() if tasks else [],
        "tasks": sorted(tasks, key=lambda each: each not in (task, usual)),
    }
    if findings.picture_of is not None:
        read, place = findings.picture_of, sheet or _new_file(_outside(path), f"{name}_samples")

        def pictures_of(group: str) -> list[NDArray[np.uint8]]:
            places = groups[group]
            return [read(places[each]) for each in evenly(len(places), _PICTURES)]

        draw_sheet(pictures_of, list(groups), place)
        result["sheet"] = str(place)
    return result


def _model(findings: Findings, settings: InspectDefaults) -> str:
    """The first model that takes the samples as they are read; the first of all where none does."""
    element, models = findings.element, findings.models
    if element is None or len(models) < 2:
        return next(iter(models), "mlp")
    return next((name for name in models if settings.fits(name, element)), models[0])


def _examples(findings: Findings, groups: dict[str, list[int]]) -> dict[str, list[str]]:
    """A few texts of each group; none where they are no texts."""
    if findings.text_of is None:
        return {}
    return {
        name: [findings.text_of(places[each]) for each in evenly(len(places), _TEXTS)]
        for name, places in groups.items()
    }


def _outside(data: Path) -> Path:
    """The working directory; where that is part of the data, the folder for temporary files."""
    here = Path.cwd().resolve()
    is_within = data.is_dir() and here.is_relative_to(data.resolve())
    return Path(tempfile.gettempdir()) if is_within else Path()


def _new_file(folder: Path, stem: str) -> Path:
    """A file that is not there yet: with a number where there is one of that name."""
    path, number = folder / f"{stem}.png", 2
    while path.exists():
        path, number = folder / f"{stem}_{number}.png", number + 1
    return path
