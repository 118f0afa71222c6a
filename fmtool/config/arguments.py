"""Splits a command line into Hydra's flags and overrides, before Hydra sees either.

Values of keys that hold names and paths are quoted here, because Hydra's override grammar would
read `run=0e1234` as a number and stumble over `~`, `#`, `(`, `=` and accents. Thresholds of
`gate.*` are turned into additions, since which metrics exist is known to the task and not to YAML.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from fmtool.errors import UsageError
from fmtool.safety.addresses import require_path
from fmtool.suggest import did_you_mean

_WITH_VALUE = {
    "-cn": "config_name",
    "--config-name": "config_name",
    "-cd": "config_dir",
    "--config-dir": "config_dir",
    "-c": "show",
    "--cfg": "show",
    "-p": "package",
    "--package": "package",
}
_SWITCHES = {"-m": "multirun", "--multirun": "multirun", "--resolve": "resolve"}
_REFUSED = {
    "-cp": "--config-path",
    "--config-path": "--config-path",
    "--experimental-rerun": "--experimental-rerun",
}
_COMPLETION = ("-sc", "--shell-completion")
_FLAGS = (
    *(*_SWITCHES, *_WITH_VALUE, "-i", "--info"),
    *("--help", "--json", "--plugin", "--timeout", "--version", "--wide"),
)
"""Those of every command among them, which are taken out before."""
_INFO_TOPICS = ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")
_LABELS = frozenset({"name", "study", "monitor", "card.license", "card.notes"})
"""Text that is no path: a leading `~` stands for itself."""
_TEXT_KEYS = frozenset(
    {
        *_LABELS, "run", "resume", "input", "output", "storage",
        "data.x", "data.y", "data.label_separator",
    }
)  # fmt: skip
_FREE_KEYS = (
    "gate.",
    "constraint.",
    "optimizer.learning_rate_factors",
    "optimizer.freeze_after",
    "task.class_weights.",
)
"""Below these a user names metrics, variables and classes, which no YAML file can list."""
_NAMED_BY_USERS = "task.class_weights"
"""Maps names of classes, which may be spelled as numbers are."""
_ENTRY = re.compile(
    r"""\s*(?P<name>'[^'\\]*'|"[^"\\]*"|[^\s'"\\:,{}\[\]][^'"\\:,{}\[\]]*?)\s*:(?P<value>[^:,]+)"""
)
_MAPPING = re.compile(r"\{[^{}\[\]\\]*\}")
_HYDRA_KEY = re.compile(r"[A-Za-z_][\w-]*|0|[1-9][0-9_]*")
_TEXT_ENDINGS = ("_dir", ".path", "_column", ".tokenizer", ".vectors")
_LISTS_OF_NAMES = frozenset(
    {"tags", "data.columns", "data.ignore_columns", "data.label_columns", "data.target_names"}
)
_NO_PATHS = _LABELS | {"storage"}
"""Text in which an address may be meant."""
_PAIR = re.compile(r"~(?!/)|\+*[A-Za-z_][\w.@]*=|\+*hydra\b")
"""The beginning of an override, where a word may also be a path."""
_WITH_EQUALS = re.compile(r"~|[^=]*=")
_QUOTED = re.compile(r"""'([^'\\]|\\.)*'|"([^"\\]|\\.)*\"""", re.DOTALL)


@dataclass
class Arguments:
    """A command line taken apart. `overrides` are ready for Hydra, `typed` is what was typed."""

    overrides: list[str] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    config_dirs: list[Path] = field(default_factory=list)
    config_name: str | None = None
    multirun: bool = False
    show: str | None = None
    package: str | None = None
    resolve: bool = False
    info: str | None = None

    @property
    def asks_for_information(self) -> bool:
        """True where Hydra itself shall answer, without running anything."""
        return bool(self.show or self.info)


def parse(argv: list[str], *, paths: Collection[str] = (), bare: str = "") -> Arguments:
    """Raises UsageError for an unknown flag, a flag without its value, a word that says nothing.

    Args:
        paths: keys that hold paths in this command alone.
        bare: the key whose value a word without a key is; none by default.
    """
    arguments = Arguments()
    rest = iter(argv)
    for word in rest:
        flag, equals, attached = word.partition("=")
        if not word.startswith("-"):
            pair = _as_pair(word, bare, arguments.typed)
            arguments.typed.append(pair)
            arguments.overrides.append(prepare(pair, paths=paths))
        elif flag in _SWITCHES:
            setattr(arguments, _SWITCHES[flag], True)
        elif flag in ("-i", "--info"):
            topic = attached or (next(rest, "") if _is_topic(argv, word) else "")
            arguments.info = topic or "all"
        elif flag in _WITH_VALUE:
            value = attached if equals else next(rest, None)
            if value is None:
                raise UsageError(f"{flag} needs a value", fix=f"write {flag} VALUE")
            _store(arguments, _WITH_VALUE[flag], value)
        elif flag in _COMPLETION:
            shell = next((each for each in ("zsh", "fish") if each in " ".join(argv)), "bash")
            raise UsageError(
                f"{flag}: Hydra's completion knows no commands",
                fix=f"fmtool completion {shell} prints what the shell needs",
            )
        elif flag in _REFUSED:
            raise UsageError(f"{flag} is not supported", fix="use -cd DIR to add a config folder")
        else:
            raise UsageError(f"unknown flag {flag}", fix=did_you_mean(flag, _FLAGS))
    return arguments


def _as_pair(word: str, bare: str, before: Collection[str]) -> str:
    """`last` as `run=last` where `bare` is `run`; UsageError where it is the second one, or none.

    A path may hold a `=` too, and `~key` takes a key away.
    """
    pattern = _PAIR if bare else _WITH_EQUALS
    is_pair = pattern.match(word) is not None
    if not is_pair and not bare:
        raise UsageError(
            f"'{word}' is no key=value",
            fix="write group=option or key=value, such as epochs=3; see `fmtool train --help`",
        )
    key = f"{bare}=" if bare else "="
    pair = word if is_pair else f"{key}{word}"
    if bare and pair.startswith(key) and any(each.startswith(key) for each in before):
        raise UsageError(f"'{word}' is one {bare} too many", fix="name only one")
    return pair


def prepare(override: str, *, paths: Collection[str] = ()) -> str:
    """One override as Hydra shall read it: text quoted, free keys added."""
    key, equals, value = override.partition("=")
    if equals and key.startswith(f"{_NAMED_BY_USERS}."):
        _require_typeable(key, value)
    if equals and key.startswith(_FREE_KEYS):
        return f"++{key}={value}"
    if equals and key.lstrip("+") == _NAMED_BY_USERS:
        return f"{key}={_MAPPING.sub(_as_pairs, value)}"
    if equals and key in _LISTS_OF_NAMES:
        return f"{key}={_quote_list(value)}"
    is_text = key in _TEXT_KEYS or key in paths or key.endswith(_TEXT_ENDINGS)
    if equals and is_text and value != "null":
        if key not in _NO_PATHS:
            require_path(key, value)
        return f"{key}={quote(value if key in _LABELS else _at_home(value))}"
    return override


def top_key(override: str) -> str:
    """The first part of the key that an override is for."""
    return override.lstrip("+~").partition("=")[0].partition(".")[0]


def quote(value: str) -> str:
    """`value` as a quoted string of Hydra's grammar; quoted already: unchanged."""
    if _QUOTED.fullmatch(value):
        return value
    # A backslash stands for itself except in front of a quote, the closing one included.
    escaped = re.sub(r"(\\*)'", lambda found: f"{found[1] * 2}\\'", value)
    trailing = len(escaped) - len(escaped.rstrip("\\"))
    return f"'{escaped}{chr(92) * trailing}'"


def _quote_list(value: str) -> str:
    """The elements of `[a,b]` quoted; anything else, or what holds quotes, unchanged."""
    words = value[1:-1].strip()
    if not words or "'" in words or '"' in words or value[0] + value[-1] != "[]":
        return value
    return f"[{','.join(quote(word.strip()) for word in words.split(','))}]"


def _as_pairs(mapping: re.Match[str]) -> str:
    """`{01: 2, no: 3}` as `[['01',2],['no',3]]`, since Hydra takes names without quotes for values.

    What is not a mapping of names to values stays as it is.
    """
    text = mapping[0][1:-1]
    pairs, end = [], 0
    while end < len(text):
        entry = _ENTRY.match(text, end)
        if entry is None:
            return mapping[0]
        pairs.append(f"[{quote(entry['name'])},{entry['value'].strip()}]")
        end = entry.end() + 1
    return f"[{','.join(pairs)}]" if pairs else mapping[0]


def _require_typeable(key: str, value: str) -> None:
    """UsageError for the name of a class that Hydra would take apart or not read at all."""
    name = key.removeprefix(f"{_NAMED_BY_USERS}.")
    if not _HYDRA_KEY.fullmatch(name):
        raise UsageError(
            f"{key}: a class of this name cannot stand in a key",
            fix=f"write {_NAMED_BY_USERS}='{{\"{name}\": {value}}}'",
        )


def _at_home(path: str) -> str:
    """`path` with `~` expanded; where there is no such home, as it is."""
    try:
        return str(Path(path).expanduser()) if path.startswith("~") else path
    except RuntimeError:
        return path


def _is_topic(argv: list[str], flag: str) -> bool:
    """True where the word behind the flag is what to inform about, and not an override."""
    following = argv[argv.index(flag) + 1 : argv.index(flag) + 2]
    return bool(following) and following[0] in _INFO_TOPICS


def _store(arguments: Arguments, attribute: str, value: str) -> None:
    if attribute == "config_dir":
        directory = Path(_at_home(value))
        if not directory.is_dir():
            raise UsageError(f"-cd {value}: no such folder", fix="name a folder of YAML files")
        arguments.config_dirs.append(directory.resolve())
    else:
        setattr(arguments, attribute, value)
