"""`fmtool runs rm`, `prune`, `archive`, `tag` and `note`: changes of runs that are there."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fmtool.errors import ExitCode, UsageError
from fmtool.notices import note
from fmtool.runs import annotations, housekeeping, selection
from fmtool.runs.find import find
from fmtool.runs.housekeeping import KEEPS, Keep, Planned
from fmtool.runs.layout import RunPaths
from fmtool.runs.records import RunRecord, read_record
from fmtool.suggest import did_you_mean

from . import output
from .flags import Flags

KEYS: Mapping[str, tuple[str, ...]] = {
    "rm": ("runs_dir", "yes"),
    "prune": ("runs_dir", "keep", "yes"),
    "archive": ("runs_dir", "output", "remove", "yes"),
    "tag": ("runs_dir", "add", "remove"),
    "note": ("runs_dir",),
}
"""Beside the filters of `fmtool runs`, but for `note`, which takes one run."""
_CONFIRMING = ("--yes", "-y")
_ARCHIVE = "archive"
_RUNS_DIR = "runs_dir="


@dataclass(frozen=True)
class _Asked:
    """The words of an action taken apart, and the runs that they mean."""

    records: list[RunRecord]
    are_named: bool
    settings: Mapping[str, str]
    runs_dir: Path
    as_json: bool

    def says_yes(self, key: str = "yes") -> bool:
        text = self.settings.get(key, "false")
        if text not in ("true", "false"):
            raise UsageError(f"{key}={text} is not accepted", fix=f"write {key}=true")
        return text == "true"


def main(action: str, argv: Sequence[str], flags: Flags) -> int:
    """Raises UsageError for a run, a key or a flag that there is not."""
    actions: dict[str, Callable[[_Asked], int]] = {"rm": _rm, "prune": _prune, "archive": _archive}
    if action == "note":
        return _note(argv, flags)
    asked = _read(action, argv, flags)
    return _tag(asked) if action == "tag" else actions[action](asked)


def _read(action: str, argv: Sequence[str], flags: Flags) -> _Asked:
    words, settings = _taken_apart(action, argv)
    runs_dir = Path(settings.get("runs_dir", "runs")).expanduser()
    filters = {key: value for key, value in settings.items() if selection.is_filter(key)}
    if not words and not filters and action != "prune":
        raise UsageError(
            f"runs {action}: no run was named", fix="name one, or write a filter such as tag=NAME"
        )
    chosen = selection.select(runs_dir, filters) if filters or not words else []
    named = list(dict.fromkeys(find(word, runs_dir) for word in words))
    roots = {each.paths.root for each in chosen}
    records = [read_record(root) for root in named if root in roots or not filters]
    return _Asked(records if words else chosen, bool(words), settings, runs_dir, flags.as_json)


def _taken_apart(action: str, argv: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    words: list[str] = []
    settings: dict[str, str] = {}
    for word in argv:
        key, _, value = word.partition("=")
        if word in _CONFIRMING and "yes" in KEYS[action]:
            settings["yes"] = "true"
        elif word.startswith("-") and word != "-":
            known = ["--json", *(_CONFIRMING if "yes" in KEYS[action] else ())]
            raise UsageError(f"runs {action}: unknown flag {word}", fix=did_you_mean(word, known))
        elif re.match(r"[A-Za-z_][\w.]*=", word) is None:
            words.append(word)
        elif key not in KEYS[action] and not selection.is_filter(key):
            known = [*KEYS[action], *selection.FILTERS]
            raise UsageError(f"runs {action}: no key '{key}'", fix=did_you_mean(key, known))
        else:
            settings[key] = value
    return words, settings


def _rm(asked: _Asked) -> int:
    plans = [housekeeping.removal(record) for record in asked.records]
    return _carry_out("rm", plans, housekeeping.remove, asked)


def _prune(asked: _Asked) -> int:
    text = asked.settings.get("keep", "best")
    keep: Keep | None = next((each for each in KEEPS if each == text), None)
    if keep is None:
        raise UsageError(f"keep={text} is not accepted", fix=did_you_mean(text, KEEPS))
    chosen: Keep = keep
    plans = [housekeeping.pruning(record, chosen) for record in asked.records]
    found = [each for each in plans if each is not None]
    return _carry_out("prune", found, lambda each: housekeeping.prune(each, chosen), asked)


def _archive(asked: _Asked) -> int:
    folder = Path(asked.settings.get("output") or asked.runs_dir / _ARCHIVE).expanduser()
    removes = asked.says_yes("remove")
    plans = [
        replace(housekeeping.removal(each), frees=each.bytes if removes else 0)
        for each in asked.records
    ]
    if not removes:
        plans = [replace(each, loses="") for each in plans]

    def work(planned: Planned) -> Planned:
        made = housekeeping.packed(planned, folder)
        return housekeeping.remove(made) if removes and made.is_done else made

    return _carry_out("archive", plans, work, asked, is_harmless=not removes)


def _carry_out(
    action: str,
    plans: list[Planned],
    work: Callable[[Planned], Planned],
    asked: _Asked,
    *,
    is_harmless: bool = False,
) -> int:
    """Does what was planned if it was confirmed, and shows it."""
    is_dry = not (is_harmless or asked.says_yes())
    done = plans if is_dry else [work(each) for each in plans]
    size = sum(each.frees for each in done if each.hindrance is None)
    if asked.as_json:
        document = {
            "action": action,
            "dry": is_dry,
            "bytes": size,
            "runs": [each.to_json() for each in done],
        }
        output.print_json(document)
    elif not done:
        output.print_line(f"no run in {asked.runs_dir} has anything to {action}")
    else:
        rows = [
            [each.record.id, each.record.status, _size(each.frees), each.state, each.loses]
            for each in done
        ]
        _print(rows)
        if is_dry and size:
            output.print_line(f"nothing was changed; yes=true frees {_size(size)}")
    if not asked.are_named:
        return int(ExitCode.SUCCESS)
    for each in done:
        if each.hindrance is not None:
            note(f"error: {each.record.id}: {each.hindrance}")
    return housekeeping.exit_code(done)


def _print(rows: list[list[str]]) -> None:
    """A table; what is lost with each run alike stands below it."""
    from fmtool.terminal import Column

    losses = {row[-1] for row in rows}
    columns = [
        Column("run"),
        Column("status", leave_out=1),
        Column("frees", is_number=True, is_whole=True),
        Column("state", at_least=12),
    ]
    if len(losses) > 1:
        output.print_table([*columns, Column("lost with it", leave_out=2, at_least=24)], rows)
        return
    output.print_table(columns, [row[:-1] for row in rows])
    if lost := next(iter(losses)):
        output.print_tables(f"lost with each: {lost}")


def _tag(asked: _Asked) -> int:
    added, removed = (_names(asked.settings.get(key, "")) for key in ("add", "remove"))
    if not added and not removed:
        raise UsageError("runs tag: no tag is named", fix="write add=NAME or remove=NAME")
    rows: list[dict[str, Any]] = []
    for record in asked.records:
        tags = [*(each for each in record.tags if each not in removed), *added]
        tags = list(dict.fromkeys(tags))
        _annotate(record.paths.root, tags=tuple(tags))
        rows.append({"id": record.id, "tags": tags})
    if asked.as_json:
        output.print_json({"action": "tag", "runs": rows})
    else:
        output.print_table(
            ["run", "tags"], [[each["id"], ", ".join(each["tags"])] for each in rows]
        )
    return ExitCode.SUCCESS


def _names(text: str) -> list[str]:
    """The names in a list written `a,b` or `[a,b]`."""
    return [each.strip() for each in text.strip("[]").split(",") if each.strip()]


def _note(argv: Sequence[str], flags: Flags) -> int:
    words = [each for each in argv if not each.startswith(_RUNS_DIR)]
    named = [each.removeprefix(_RUNS_DIR) for each in argv if each.startswith(_RUNS_DIR)]
    if not words:
        raise UsageError("runs note: no run was named", fix="fmtool runs note last 'TEXT'")
    runs_dir = Path(named[-1] if named else "runs").expanduser()
    root = find(words[0], runs_dir)
    if len(words) > 1:
        _annotate(root, note=" ".join(words[1:]))
    record = read_record(root)
    if flags.as_json:
        output.print_json({"action": "note", "id": record.id, "note": record.note})
    else:
        output.print_line(f"{record.id}: {record.note or 'no note'}")
    return ExitCode.SUCCESS


def _annotate(root: Path, **changes: Any) -> None:
    def change(paths: RunPaths) -> None:
        said = annotations.read(paths.annotations)
        annotations.write(paths, replace(said, **changes))

    housekeeping.annotate(root, change)


def _size(count: int) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
