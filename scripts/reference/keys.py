"""Pages of keys: their meaning and default from conf/, types and ranges from the schema."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmtool import registry, schema
from fmtool.tuning.config import TuneConfig

ROOT = Path(__file__).parents[2]
CONF = ROOT / "conf"

COMMANDS = {
    "train": ("fmtool train", schema.TrainConfig),
    "evaluate": ("fmtool evaluate", schema.EvaluateConfig),
    "export": ("fmtool export", schema.ExportConfig),
    "predict": ("fmtool predict", schema.PredictConfig),
    "sweep": ("fmtool train -m and fmtool sweep", None),
    "tune": ("fmtool tune", TuneConfig),
    "bench": ("fmtool bench", None),
}
"""By the file in conf/ that has its own keys, the command and the class that checks them."""

GROUPS = (*registry.KINDS, "tuner", "pruner")
SETTINGS = {
    "callbacks": schema.CallbacksConfig,
    "runtime": schema.RuntimeConfig,
    "logging": schema.LoggingConfig,
    "tune/cluster": None,
}
"""Groups whose options are values of the same keys, not modules."""

_TYPES = {
    "boolean": "`true`, `false`", "null": "`null`", "object": "mapping", "string": "text",
}  # fmt: skip
_KEY = re.compile(r"(?P<indent> *)(?P<key>[\w.]+):(?P<value> .*?)?(?P<comment>  # .*)?$")
_BASE = re.compile(r"- /base/(?P<name>\w+)@_here_|- (?P<sibling>\w+)$")


@dataclass(frozen=True)
class Key:
    """A key as a YAML file has it."""

    name: str
    default: str
    meaning: str


@dataclass(frozen=True)
class File:
    """A YAML file of conf/: what its first comment says, what it inherits, and its own keys."""

    title: str
    inherits: tuple[str, ...]
    keys: tuple[Key, ...]


def read(path: Path) -> File:
    title, inherits, keys, parents = [], [], [], []
    is_head, in_defaults = True, False
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            if is_head:
                title.append(line.lstrip("# "))
            continue
        is_head = False
        in_defaults = line == "defaults:" or (in_defaults and line.startswith((" ", "-")))
        if in_defaults:
            if found := _BASE.match(line.strip()):
                inherits.append(found["name"] or found["sibling"])
            continue
        if found := _KEY.match(line):
            depth = len(found["indent"]) // 2
            parents = [*parents[:depth], found["key"]]
            value = (found["value"] or "").strip()
            if not value and not found["comment"]:
                continue
            meaning = (found["comment"] or "").removeprefix("  # ").strip()
            keys.append(Key(".".join(parents), value, meaning))
    return File(" ".join(title), tuple(each for each in inherits if each != "_self_"), tuple(keys))


def types(config: Any) -> dict[str, str]:
    """What each key of a class takes, by its name with dots."""
    document = config.model_json_schema() if config is not None else {}
    return dict(_types(document, document.get("$defs", {}), ""))


def _types(
    part: Mapping[str, Any], known: Mapping[str, Any], above: str
) -> Iterator[tuple[str, str]]:
    for name, value in part.get("properties", {}).items():
        inner = _resolved(value, known)
        yield f"{above}{name}", _takes(inner, known)
        yield from _types(inner, known, f"{above}{name}.")


def _resolved(value: Mapping[str, Any], known: Mapping[str, Any]) -> Mapping[str, Any]:
    name = value.get("$ref", "").rpartition("/")[2]
    return known.get(name, value) if name else value


def _takes(value: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    value = _resolved(value, known)
    if "anyOf" in value:
        return " or ".join(dict.fromkeys(_takes(each, known) for each in value["anyOf"]))
    if "const" in value or "enum" in value:
        return ", ".join(f"`{each}`" for each in value.get("enum") or [value["const"]])
    kind = value.get("type", "")
    if kind in {"integer", "number"}:
        return f"{kind} {_range(value)}".strip()
    if kind == "array":
        return f"list of {_takes(value.get('items', {}), known)}{_length(value)}"
    return _TYPES.get(kind, "")


def _range(value: Mapping[str, Any]) -> str:
    bounds = {"exclusiveMinimum": ">", "minimum": ">=", "exclusiveMaximum": "<", "maximum": "<="}
    return " and ".join(f"{sign} {value[name]}" for name, sign in bounds.items() if name in value)


def _length(value: Mapping[str, Any]) -> str:
    least, most = value.get("minItems"), value.get("maxItems")
    return f", {least} of them" if least is not None and least == most else ""


def table(keys: tuple[Key, ...], takes: Mapping[str, str], above: str = "") -> Iterator[str]:
    yield "| key | default | takes | meaning |"
    yield "|---|---|---|---|"
    for key in keys:
        default = f"`{key.default}`" if key.default else ""
        cells = (f"`{above}{key.name}`", default, takes.get(key.name, ""), key.meaning)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield ""


def commands() -> Iterator[str]:
    yield "# Commands and their keys"
    yield ""
    yield (
        "Keys of each command beside those of its groups; `fmtool COMMAND --help` has its words "
        "and flags. Everything that `train` takes, `tune`, `bench` and sweeps take as well."
    )
    for name, (command, config) in COMMANDS.items():
        file = read(CONF / f"{name}.yaml")
        yield ""
        yield f"## {command}"
        yield ""
        keys = tuple(key for key in file.keys if key.default != "???" or key.meaning)
        yield from table(keys, types(config))


def group(name: str) -> Iterator[str]:
    folder, base = CONF / name, _base_of(name)
    yield f"# {name}"
    yield ""
    yield f"`{name}=NAME` chooses one of these; its keys are `{name}.KEY=VALUE`."
    if base.is_file():
        yield from ["", f"## Every {name}", ""]
        yield from table(read(base).keys, types(registry.base_class(name)), f"{name}.")
    for path in sorted(folder.glob("*.yaml")):
        file = read(path)
        yield from ["", f"## {name}={path.stem}", "", file.title, ""]
        shared = [each for each in file.inherits if each != name]
        if shared:
            yield f"Also the keys of {', '.join(_link(name, each) for each in shared)}."
            yield ""
        keys = tuple(key for key in file.keys if key.name != "name")
        if keys:
            own = (path.stem in registry.names(name)) and registry.module(name, path.stem).Config
            yield from table(keys, types(own or None), f"{name}.")
    used = {each for path in folder.glob("*.yaml") for each in read(path).inherits}
    for each in sorted(used - {name}):
        if _base_of(each).is_file():
            yield from ["", f"## Keys of {each}", ""]
            yield from table(read(_base_of(each)).keys, {}, f"{name}.")


def _base_of(name: str) -> Path:
    """The file with keys that several options have."""
    return CONF / "base" / f"{name}.yaml"


def _link(group_name: str, inherited: str) -> str:
    if _base_of(inherited).is_file():
        return f"[{inherited}](#keys-of-{inherited})"
    return f"`{group_name}={inherited}`"


def settings() -> Iterator[str]:
    yield "# callbacks, runtime, logging, tune/cluster"
    for name, config in SETTINGS.items():
        base = _base_of(name)
        for path in [*([base] if base.is_file() else []), *sorted((CONF / name).glob("*.yaml"))]:
            file = read(path)
            title = f"## {name}" if path == base else f"### {name}={path.stem}"
            yield from ["", title, "", file.title, ""]
            if file.keys:
                yield from table(file.keys, types(config), f"{name.replace('/', '.')}.")
