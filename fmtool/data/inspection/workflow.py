"""Looks at a data set of a user's own and gathers all that there is to say about it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmtool.data.inspection import arrays, pictures, starter, texts
from fmtool.data.inspection.balance import (
    classes_of,
    classes_without_training,
    duplicates_of,
    imbalance_of,
    warn_of_classes,
    warn_of_duplicates,
)
from fmtool.data.inspection.findings import Findings, Problems
from fmtool.data.inspection.kinds import DESCRIPTIONS, Guess, guess
from fmtool.data.inspection.sheet import draw_sheet
from fmtool.data.splitting.splits import Splits
from fmtool.errors import CannotCreate, DataError

Result = dict[str, Any]


@dataclass(frozen=True)
class Settings:
    """What the options of a data set say by default, and how one is loaded.

    Args:
        load: a data set by option and path.
    """

    max_pixels: int
    test_fraction: float
    load: Callable[[str, Path], Splits]


def inspect(path: Path, *, sheet: Path | None, settings: Settings) -> Result:
    """All about the data set in JSON types; `usable` says whether it can be trained on at all.

    A sheet of samples is drawn where they are pictures.

    Args:
        sheet: where to draw it; None for a new file in the working directory.

    Raises:
        CannotCreate: `sheet` is there already, or cannot be written.
        DataError: it is no data set of a known kind.
    """
    if sheet is not None and sheet.exists():
        fix = "remove it, or give output= another name"
        raise CannotCreate(f"output={sheet}: the file exists", fix=fix)
    problems = Problems()
    guessed = guess(path)
    base: Result = {"path": str(guessed.path), "kind": guessed.kind}
    base["description"] = DESCRIPTIONS[guessed.kind]
    try:
        findings = _findings(guessed, settings, problems)
    except DataError as error:
        problems.report(error)
        return base | {"usable": False, "problems": _listed(problems)}
    result = base | _report(findings, settings, problems)
    return result | (_start(findings, path, sheet) if result["usable"] else {})


def _report(findings: Findings, settings: Settings, problems: Problems) -> Result:
    duplicates = duplicates_of(findings.samples)
    warn_of_duplicates(duplicates, problems)
    warn_of_classes(findings, problems)
    trained = {each.class_name for each in findings.samples if each.split == "train"}
    usable = len(trained) > 1
    if usable:
        _report_small_classes(findings, settings, problems)
    return {
        "usable": usable,
        "samples": len(findings.samples),
        "classes": classes_of(findings),
        "imbalance": imbalance_of(classes_of(findings)),
        "statistics": dict(findings.statistics),
        "duplicates": duplicates,
        "problems": _listed(problems),
    }


def _findings(guessed: Guess, settings: Settings, problems: Problems) -> Findings:
    path, limit = guessed.path, settings.max_pixels
    match guessed.kind:
        case "picture_folders":
            return pictures.inspect_folders(path, max_pixels=limit, problems=problems)
        case "picture_table":
            return pictures.inspect_table(path, max_pixels=limit, problems=problems)
        case "text_table" | "text_tables":
            return texts.inspect_tables(path, problems)
        case "arrays":
            return arrays.inspect_arrays(path, settings.load)
    is_folders = guessed.kind == "text_folders"
    return texts.inspect_files(path, is_folders=is_folders, problems=problems)


def _report_small_classes(findings: Findings, settings: Settings, problems: Problems) -> None:
    for name in classes_without_training(findings, test_fraction=settings.test_fraction):
        message = f"class '{name}': no sample is left to train on beside the test split"
        problems.report(DataError(message, fix="add samples, or give a test split"))


def _start(findings: Findings, path: Path, sheet: Path | None) -> Result:
    name = starter.name_of(path)
    with_samples = [each["name"] for each in classes_of(findings) if each["samples"]]
    result: Result = {
        "sheet": None,
        "examples": dict(findings.examples),
        "config_file": f"fmtool_conf/data/{name}.yaml",
        "config": starter.yaml_of(findings),
        "command_with_config_file": starter.command_with_file(findings, name),
        "next": starter.commands_of(findings),
    }
    if findings.pictures_of is not None:
        place = sheet or _new_file(f"{name}_samples")
        draw_sheet(findings.pictures_of, with_samples, place)
        result["sheet"] = str(place)
    return result


def _new_file(stem: str) -> Path:
    """In the working directory, with a number where there is one of that name."""
    path, number = Path(f"{stem}.png"), 2
    while path.exists():
        path, number = Path(f"{stem}_{number}.png"), number + 1
    return path


def _listed(problems: Problems) -> list[Result]:
    """Those that stop a training first."""
    return [each._asdict() for each in sorted(problems.found, key=lambda p: not p.stops_training)]
