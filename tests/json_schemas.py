"""The schema that an object of `--json` keeps, found by the command line that printed it."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

FOLDER = Path(__file__).parents[1] / "fmtool" / "schemas"
_SUBCOMMANDS = {"tune", "runs", "data"}
_NAMES = {
    "sweep": "sweep_plan",
    "tune_status": "tune",
    "tune_plot": "tune",
    "runs_list": "runs",
}


def require_valid(argv: Sequence[str], document: Any) -> None:
    """Fails where an object is not as its schema says."""
    name = name_of(argv, document)
    if name is None:
        return
    wrong = [
        f"{'.'.join(map(str, error.absolute_path))}: {error.message[:300]}"
        for error in validator(name).iter_errors(document)
    ]
    if wrong:
        raise AssertionError(f"{' '.join(argv)} is not as {name}.json: {wrong}")


def name_of(argv: Sequence[str], document: Mapping[str, Any]) -> str | None:
    """None for objects without a schema, and of other programs."""
    words = [word for word in argv if "=" not in word and not word.startswith("-")]
    if not words or not isinstance(document, Mapping):
        return None
    if document.get("error") and "run" not in document and "path" not in document:
        return "error"
    name = _named(words, argv)
    return name if (FOLDER / f"{name}.json").is_file() else None


def _named(words: Sequence[str], argv: Sequence[str]) -> str:
    command = words[0]
    if "dry_run=true" in argv:
        return "dry_run" if command == "train" else "none"
    if command == "train" and {"-m", "--multirun"} & {*argv}:
        return "sweep"
    if command == "models" and len(words) > 1:
        return "model"
    if command in _SUBCOMMANDS and len(words) > 1:
        command = f"{command}_{words[1]}"
    return _NAMES.get(command, command)


@cache
def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(schemas()[f"{name}.json"], registry=_registry())


@cache
def schemas() -> dict[str, Any]:
    return {
        path.name: json.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.json")
    }


@cache
def _registry() -> Registry:
    return Registry().with_resources(
        (name, Resource.from_contents(schema)) for name, schema in schemas().items()
    )
