"""Compares what a command reads now with what a run was made of: its config and its data."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fmtool.errors import ConfigChanged
from fmtool.notices import note, warn
from fmtool.runs import rules
from fmtool.runs.identity import config_digest, is_free
from fmtool.runs.layout import RunPaths
from fmtool.runs.provenance import without_private_parts
from fmtool.runs.saved_config import flatten, read_config
from fmtool.runs.strict_json import read_object
from fmtool.targets import WHAT, Label, Target, from_json

DATA, SELECTION = "data_digest", "selection_digest"
"""Entries of the manifest."""
MAX_SHOWN = 3
_SAMPLES = "samples"
_SHOWN_DIGITS = 12
_NOT_IN_MANIFESTS = ("~", "./", "<redacted>")
"""Beginnings of values that stand there for folders of the user's, and for secrets."""


@dataclass(frozen=True)
class Difference:
    """A thing that is not what it was when the run was made; None where it is not known."""

    what: str
    was: Any
    now: Any

    def to_json(self) -> dict[str, Any]:
        return {"what": self.what, "was": self.was, "is": self.now}


@dataclass(frozen=True)
class DataRead:
    """The data as they are now.

    Args:
        digest: of all the samples, or None where they were not read as a training would.
        selection: the digest of which are trained and validated on; None where it does not matter.
        samples: how many there are in each split.
        target: what each sample has.
    """

    digest: str | None
    selection: str | None
    samples: Mapping[str, int]
    target: Target


def manifest_of(paths: RunPaths) -> Mapping[str, Any]:
    """Empty where it was never written; DataError where it cannot be read."""
    return read_object(paths.manifest) if paths.manifest.is_file() else {}


def target_in(manifest: Mapping[str, Any]) -> Target | None:
    """The target of a run's data; None where the manifest says nothing of it.

    Runs of releases that knew no other targets have the names of their classes alone.
    """
    facts = manifest.get("data")
    if not isinstance(facts, Mapping):
        return None
    if isinstance(facts.get("target"), Mapping):
        return from_json(facts["target"])
    names = facts.get("class_names")
    return Label(tuple(map(str, names))) if isinstance(names, list) else None


def edited_keys(paths: RunPaths) -> list[Difference]:
    """Keys of config.yaml that are not as the run wrote them, and that its numbers depend on."""
    manifest, config = manifest_of(paths), read_config(paths.config)
    written = manifest.get("config")
    if not isinstance(written, Mapping) or _digest(config) == manifest.get("config_digest"):
        return []
    was, now = flatten(written), flatten(without_private_parts(config))
    return [
        Difference(key, was.get(key), now.get(key))
        for key in sorted({*was, *now})
        if was.get(key) != now.get(key) and not is_free(key) and not _is_private(was.get(key))
    ]


def _digest(config: Mapping[str, Any]) -> str | None:
    try:
        return config_digest(config)
    except (TypeError, ValueError):  # such as a date, or a NaN, which no run writes
        return None


def _is_private(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(_NOT_IN_MANIFESTS)


def require_unedited(paths: RunPaths, *, typed: Collection[str], typable: Sequence[str]) -> None:
    """ConfigChanged where config.yaml was edited since, in a key that is not typed anew.

    Args:
        typed: the keys on the command line; a group stands for all of its keys.
        typable: the groups and keys that the command takes.
    """
    changed = [each for each in edited_keys(paths) if not _is_covered(each.what, typed)]
    if not changed:
        return
    shown = "; ".join(f"{each.what}: {each.was} -> {each.now}" for each in changed[:MAX_SHOWN])
    words = [f"{each.what}={each.now}" for each in changed if _is_covered(each.what, typable)]
    back = ", ".join(f"{each.what}: {each.was}" for each in changed[:MAX_SHOWN])
    anew = f", or type {' '.join(words)}" if len(words) == len(changed) else ""
    raise ConfigChanged(
        f"{paths.config} was edited since the run was made: {shown}{_more(len(changed))}",
        fix=f"put it back to {back}{anew}",
        details={"changes": {each.what: [each.was, each.now] for each in changed}},
    )


def _is_covered(key: str, names: Collection[str]) -> bool:
    return any(key == name or key.startswith(f"{name}.") for name in names)


def _more(count: int) -> str:
    return f" and {count - MAX_SHOWN} more" if count > MAX_SHOWN else ""


def data_differences(manifest: Mapping[str, Any], data: DataRead) -> list[Difference]:
    """The proof that the data are other ones, then the known differences; nothing if equal."""
    pairs = {DATA: data.digest, SELECTION: data.selection}
    found = [
        Difference(key, manifest.get(key), now)
        for key, now in pairs.items()
        if manifest.get(key) != now and not (key == SELECTION and now is None)
    ]
    facts = manifest.get("data")
    if not any(each.what == DATA for each in found) or not isinstance(facts, Mapping):
        return found
    was, counts = target_in(manifest), facts.get(_SAMPLES)
    if was is not None and was != data.target:
        found.append(_of_targets(was, data.target))
    if isinstance(counts, Mapping):
        parts = dict.fromkeys([*counts, *data.samples])
        pairs_of_counts = {part: (counts.get(part, 0), data.samples.get(part, 0)) for part in parts}
        found += [
            Difference(f"{_SAMPLES}.{part}", was, now)
            for part, (was, now) in pairs_of_counts.items()
            if was != now
        ]
    return found


def _of_targets(was: Target, now: Target) -> Difference:
    if was.kind == now.kind != "numbers":
        return Difference("class_names", list(was.names), list(now.names))
    return Difference("target", was.to_json(), now.to_json())


def described(differences: Sequence[Difference]) -> str:
    """`data_differences` in words."""
    words = []
    known = {each.what: each for each in differences}
    if "class_names" in known:
        was, now = (set(names) for names in (known["class_names"].was, known["class_names"].now))
        missing, new = sorted(was - now), sorted(now - was)
        words += [f"class {_few(missing)} is gone"] if missing else []
        words += [f"class {_few(new)} is new"] if new else []
        words += [] if missing or new else ["the classes are in another order"]
    if "target" in known:
        now_is, was_was = (
            f"{WHAT[each.kind]}, {_few(each.names)}"
            for each in map(from_json, (known["target"].now, known["target"].was))
        )
        words.append(f"the target is {now_is}, was {was_was}")
    words += [
        f"{each.what.partition('.')[2]} has {each.now:,} samples, had {each.was:,}"
        for each in differences
        if each.what.startswith(f"{_SAMPLES}.")
    ]
    if DATA in known and not words:
        words.append("samples, labels or their order are other ones")
    if DATA in known:
        words.append(f"{DATA} {_short(known[DATA].was)} -> {_short(known[DATA].now)}")
    elif SELECTION in known:
        digests = f"{_short(known[SELECTION].was)} -> {_short(known[SELECTION].now)}"
        words.append(f"other samples are trained or validated on, {SELECTION} {digests}")
    return "; ".join(words)


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:MAX_SHOWN])
    return f"{shown}{_more(len(names))}"


def _short(digest: Any) -> str:
    return "unknown" if digest is None else str(digest)[:_SHOWN_DIGITS]


def check_data(
    paths: RunPaths, data: DataRead, *, typed: Sequence[str], fix: str
) -> list[Difference]:
    """The differences from the run's data, of which a line tells where there may be some.

    Args:
        typed: the words of the command line that ask for other data, empty where there are none.
        fix: how the user says that other data are meant.

    Raises ConfigChanged where nothing was typed and the digests prove that the data are others,
    and in any case where the classes are those of the run in another order.
    """
    manifest = manifest_of(paths)
    found = data_differences(manifest, data)
    if not found:
        return []
    run, how = paths.root.name, described(found)
    _require_order(run, manifest, found)
    if typed:
        note(f"other data than those of run {run}, as {' '.join(typed)} says: {how}")
    elif not rules.are_current(manifest):
        warn(
            f"whether the data are those of run {run} is not known, as {read_by(manifest)} read "
            f"them by other rules: {how}"
        )
    else:
        raise ConfigChanged(
            f"the data are not those of run {run}: {how}",
            fix=f"restore them, or {fix}",
            details={"data_differs": [each.to_json() for each in found]},
        )
    return found


def _require_order(
    run: str, manifest: Mapping[str, Any], differences: Sequence[Difference]
) -> None:
    """ConfigChanged for the run's classes in another order, which its model knows by place.

    By other rules of order the rows of a data set are others too, and with them those that were
    held out: they cannot be drawn again.
    """
    for each in differences:
        if each.what != "class_names" or sorted(each.was) != sorted(each.now):
            continue
        fix = "put them back into that order"
        if not rules.are_current(manifest):
            fix = f"use {read_by(manifest)} for this run, or train again"
        raise ConfigChanged(
            f"the classes of run {run} are in the order {_few(each.was)}, those of the data in "
            f"the order {_few(each.now)}",
            fix=fix,
            details={"data_differs": [each.to_json()]},
        )


def read_by(manifest: Mapping[str, Any]) -> str:
    """The release that a run was begun by, in words."""
    version, day = manifest.get("fmtool"), str(manifest.get("started"))[:10]
    return "an unknown release of fmtool" if version is None else f"fmtool {version} of {day}"
