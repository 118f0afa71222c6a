"""The page of what commands print with --json, from the schemas in fmtool/schemas."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

SCHEMAS = Path(__file__).parents[2] / "fmtool" / "schemas"


def objects() -> Iterator[str]:
    """The lines of the page."""
    schemas = {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(SCHEMAS.glob("*.json"))
    }
    yield "# Objects of --json"
    yield ""
    yield (
        "With `--json` a command prints one object on standard output, also where it fails. Each "
        "is described by a JSON Schema (2020-12) in the folder `fmtool/schemas` of the "
        "installation, which tests compare with what is printed. Keys may be added; what is listed "
        "here stays, or `schema_version` is raised."
    )
    common = schemas.pop("common")
    for name, found in schemas.items():
        yield from [
            "",
            f"## {found['title']}",
            "",
            f"`{name}.json`. {found.get('description', '')}",
            "",
        ]
        yield from _fields(found)
    for name, found in common["$defs"].items():
        yield from ["", f"## Part: {name}", "", found.get("description", ""), ""]
        yield from _fields(found)


def _fields(schema: Mapping[str, Any]) -> Iterator[str]:
    if "properties" not in schema:
        return
    yield "| key | holds | meaning |"
    yield "|---|---|---|"
    for name, value in schema["properties"].items():
        key = f"`{name}`" if name in schema.get("required", ()) else f"`{name}` (not always)"
        yield f"| {key} | {_holds(value)} | {_meaning(value)} |"
    yield ""


def _holds(value: Mapping[str, Any]) -> str:
    if "anyOf" in value:
        return " or ".join(_holds(each) for each in value["anyOf"])
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{name}](#part-{name})"
    if "const" in value:
        return f"`{value['const']}`"
    if "enum" in value:
        return ", ".join(f"`{'null' if each is None else each}`" for each in value["enum"])
    kinds = value.get("type", "anything")
    text = kinds if isinstance(kinds, str) else " or ".join(kinds)
    inner = value.get("items") or value.get("additionalProperties")
    if isinstance(inner, dict) and "properties" not in inner:
        return f"{text} of {_holds(inner)}"
    return text


def _meaning(value: Mapping[str, Any]) -> str:
    inner = value.get("items") or value.get("additionalProperties")
    said = value.get("description", "")
    if isinstance(inner, dict) and "properties" in inner:
        keys = ", ".join(f"`{name}`" for name in inner["properties"])
        said = f"{said}{'; ' if said else ''}each with {keys}"
    return said.replace("|", "\\|")
