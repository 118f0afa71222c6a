"""The words that could stand at the cursor of a command, without Hydra, Keras or a run's records.

A shell waits for these at every TAB: what is imported here is what a tenth of a second allows.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from fmtool.config.folders import user_folders
from fmtool.config.key_tree import KeyTree, Tree, read
from fmtool.errors import FmtoolError
from fmtool.runs.layout import RunPaths, StudyPaths, studies_directory

from . import commands
from .commands import FLAGS, GRAMMARS, Grammar, Values

Candidates = tuple[str, list[str]]
"""`words`, `files` or `folders`, and the words."""

_SAFE = re.compile(r"[\w.,=/+@:~-]+")
"""Words that no shell takes for anything else; others are not offered."""
_NAME_LINE = re.compile(r"^name: ([\w.-]+)$", re.MULTILINE)
_MAX_NAMES = 300
"""Runs whose config is looked into for the name that was given to them."""
_SPECIAL = {commands.FILE: "files", commands.FOLDER: "folders"}
_ASSIGNMENT = re.compile(r"\w+=")


def split(line: str) -> list[str]:
    """The words of a line up to the cursor, the last one unfinished; quotes may be open."""
    words, word, quote, is_open = [], "", "", False
    characters = iter(line)
    for character in characters:
        if character == "\\" and quote != "'":
            word, is_open = word + next(characters, ""), True
        elif quote:
            quote = "" if character == quote else quote
            word += "" if not quote else character
        elif character in "'\"":
            quote, is_open = character, True
        elif character.isspace():
            words += [word] if word or is_open else []
            word, is_open = "", False
        else:
            word += character
    words.append(word)
    # Variables in front of the program, and the program.
    while len(words) > 1 and _ASSIGNMENT.match(words[0]):
        words.pop(0)
    return words[1:]


def candidates(words: Sequence[str]) -> Candidates:
    """The words that could stand in the place of the last one."""
    *before, word = words or [""]
    kind, found = _found(before, word)
    matching = (each for each in found if each.startswith(word) and _SAFE.fullmatch(each))
    return kind, list(dict.fromkeys(matching))


def _found(before: list[str], word: str) -> tuple[str, Iterable[str]]:
    names = [each for each in before if not each.startswith("-")]
    if not names:
        return "words", [*commands.COMMANDS, "help", *FLAGS]
    rest = before[before.index(names[0]) + 1 :]
    grammar = GRAMMARS.get(names[0], Grammar())
    action = next((each for each in rest if _is_bare(each)), None)
    if action is not None and action in grammar.actions:
        rest.remove(action)
        return _Line(grammar.actions[action], rest, names[0]).at(word)
    kind, found = _Line(grammar, rest, names[0]).at(word)
    can_be_action = action is None and not any("=" in each for each in rest)
    return kind, [*(grammar.actions if can_be_action else ()), *found]


def _is_bare(word: str) -> bool:
    return "=" not in word and not word.startswith("-")


class _Line:
    """A command or its action with the words that are complete, `before` the one at the cursor."""

    def __init__(self, grammar: Grammar, before: Sequence[str], command: str) -> None:
        self.grammar, self.before, self.command = grammar, before, command
        pairs = (each.lstrip("+~").partition("=") for each in before if "=" in each)
        self.typed = {key: value for key, _, value in pairs}

    def at(self, word: str) -> tuple[str, Iterable[str]]:
        flags = {**FLAGS, **self.grammar.flags}
        last = self.before[-1] if self.before else ""
        if flags.get(last):
            return self._of(flags[last], "", "")
        if word.startswith("-"):
            return "words", flags
        if "=" in word:
            key, _, value = word.partition("=")
            return self._values(key, value)
        return self._names(word)

    def _names(self, word: str) -> tuple[str, Iterable[str]]:
        """Bare words, groups and keys."""
        keys = [*self._keys(word)]
        bare = self.grammar.words
        if not bare or any(map(_is_bare, self.before)):
            return "words", keys
        kind, words = self._of(bare, "", "")
        if kind != "words" and not any(each.startswith(word) for each in keys if word):
            return kind, ()
        return "words", [*words, *keys]

    def _keys(self, word: str) -> Iterator[str]:
        yield from (f"{key}=" for key in self.grammar.keys)
        prefix = word[: len(word) - len(word.lstrip("+~"))]
        parent, _, _ = word[len(prefix) :].rpartition(".")
        stem = f"{prefix}{parent}." if parent else prefix
        if not parent:
            yield from (f"{prefix}{group}=" for group in self._groups())
        for key, value in _below(self._tree(), parent).items():
            is_mapping = isinstance(value, dict)
            yield f"{stem}{key}." if is_mapping else f"{stem}{key}="

    def _values(self, key: str, value: str) -> tuple[str, Iterable[str]]:
        stem = value[: value.rfind(",") + 1]
        bare = key.lstrip("+~")
        if bare in self.grammar.keys:
            return self._of(self.grammar.keys[bare], key, stem)
        if bare in self._groups():
            return "words", (f"{key}={stem}{name}" for name in self._files().options(bare))
        if bare in commands.VALUES:
            return self._of(commands.VALUES[bare], key, stem)
        if bare.endswith(commands.PATH_ENDINGS):
            kind = commands.FOLDER if bare.endswith("_dir") else commands.FILE
            return self._of(kind, key, stem)
        parent, _, leaf = bare.rpartition(".")
        if isinstance(_below(self._tree(), parent).get(leaf), bool):
            return self._of(commands.BOOL, key, stem)
        return "words", ()

    def _of(self, values: Values, key: str, stem: str) -> tuple[str, Iterable[str]]:
        if isinstance(values, str) and values in _SPECIAL:
            return _SPECIAL[values], ()
        names = values if isinstance(values, tuple) else self._things(values, key)
        return "words", (f"{key}={stem}{name}" if key else name for name in names)

    def _things(self, kind: str, key: str) -> Iterable[str]:
        runs_dir = Path(self.typed.get("runs_dir") or "runs").expanduser()
        if kind == commands.RUN:
            return [*(["auto"] if key == "resume" else []), "last", *_runs(runs_dir)]
        if kind == commands.STUDY:
            places = studies_directory(runs_dir).glob("*")
            return ["last", *(each.name for each in places if StudyPaths(each).definition.exists())]
        if kind == commands.COMMAND:
            return commands.COMMANDS
        group = {commands.DATA: "data", commands.MODEL: "model"}[kind]
        return self._files().options(group)

    def _files(self) -> KeyTree:
        named = zip(self.before, self.before[1:], strict=False)
        folders = [Path(folder).expanduser() for flag, folder in named if flag == "-cd"]
        try:
            return KeyTree(user_folders([each for each in folders if each.is_dir()]))
        except FmtoolError:
            return KeyTree()

    def _configs(self) -> tuple[str, ...]:
        is_sweep = "-m" in self.before and self.command == "train"
        return (*self.grammar.configs, *(["sweep"] if is_sweep else []))

    def _groups(self) -> list[str]:
        files = self._files()
        of_configs = (group for name in self._configs() for group in files.groups(name))
        return [*of_configs, *self.grammar.groups]

    def _tree(self) -> Tree:
        files, choices = self._files(), self._choices()
        found: Tree = {}
        for name in self._configs():
            found |= files.keys(name, choices)
        if self.command == "models":
            for model in filter(_is_bare, self.before):
                found |= files.option_keys("model", model)
        saved = self._saved()
        for group in self.grammar.groups:
            own = saved.get(group)
            if not isinstance(own, dict):
                own = files.keys("train", choices).get(group, {})
            found[group] = found.get(group, {}) | own
        return found

    def _choices(self) -> dict[str, list[str]]:
        return {key: value.split(",") for key, value in self.typed.items() if "." not in key}

    def _saved(self) -> Tree:
        """The config of the run that is named, as far as it can be found at once."""
        if not self.grammar.groups:
            return {}
        name = self.typed.get("run") or next(filter(_is_bare, self.before), "")
        runs_dir = Path(self.typed.get("runs_dir") or "runs").expanduser()
        names = _runs(runs_dir)
        if name == "last":
            name = next(iter(names), "")
        return read(RunPaths(runs_dir / name).config) if name in names else {}


def _below(tree: Tree, parent: str) -> dict[str, Any]:
    place: Any = tree
    for part in parent.split(".") if parent else ():
        place = place.get(part) if isinstance(place, dict) else None
    return place if isinstance(place, dict) else {}


def _runs(runs_dir: Path) -> list[str]:
    """Ids, the newest first, and the names that were given."""
    try:
        there = sorted(
            (each for each in runs_dir.iterdir() if RunPaths(each).is_run()), reverse=True
        )
    except OSError:
        return []
    names = []
    for root in there[:_MAX_NAMES]:
        try:
            found = _NAME_LINE.search(RunPaths(root).config.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        names += [found[1]] if found and found[1] != "null" else []
    return [*(root.name for root in there), *names]
