"""The part of a model card on how the model came to be."""

from collections.abc import Mapping
from typing import Any

from fmtool.export.markdown import pairs, plain
from fmtool.export.run_facts import RunFacts
from fmtool.metric import show
from fmtool.notices import counted

_NOT_OF_THE_NETWORK = {"name", "summary"}


def render(facts: RunFacts) -> str:
    """A table of what config.yaml, manifest.json and result.json say."""
    rows = [*_of_config(facts), *_of_result(facts), *_of_machine(facts)]
    return pairs("", "", rows)


def _of_config(facts: RunFacts) -> list[tuple[str, str | None]]:
    config = facts.config
    return [
        ("network", _network(facts)),
        ("numbers stored", f"{facts.stored_numbers:,}, weights and what normalises the input"),
        ("loss", _text(facts.option("task", "loss"))),
        ("optimizer", _with(facts, "optimizer", "learning_rate", "weight_decay")),
        ("schedule", _with(facts, "schedule")),
        ("regularizer", _with(facts, "regularizer")),
        ("augmentation", _with(facts, "augment")),
        _preparation(facts),
        ("batch size", _text(config.get("batch_size"))),
        ("seed", _text(config.get("seed"))),
    ]


def _preparation(facts: RunFacts) -> tuple[str, str | None]:
    """The preparation of samples before the network sees them."""
    if facts.metadata.input.kind != "text":
        return "normalization", _text(facts.option("data", "normalize"))
    tokenizer = str(facts.option("data", "tokenizer") or "").rpartition("/")[2]
    known = facts.manifest.get("data", {}).get("vocabulary")
    return "tokenizer", plain(tokenizer) + (f", {known:,} tokens" if known else "")


def _network(facts: RunFacts) -> str:
    options = facts.config.get("model", {})
    shown = ", ".join(
        f"{key}={value}" for key, value in options.items() if key not in _NOT_OF_THE_NETWORK
    )
    return plain(f"{facts.metadata.model}: {shown}" if shown else facts.metadata.model)


def _with(facts: RunFacts, group: str, *keys: str) -> str | None:
    name = facts.option(group)
    if name is None:
        return None
    values = {key: facts.option(group, key) for key in keys}
    return plain(
        ", ".join([name, *(f"{key}={value}" for key, value in values.items() if value is not None)])
    )


def _of_result(facts: RunFacts) -> list[tuple[str, str | None]]:
    result, asked = facts.result, facts.config.get("epochs")
    if result is None:
        return [("epochs asked for", _text(asked))]
    best = result.best
    rows: list[tuple[str, str | None]] = [
        ("epochs", f"{result.epochs} of {asked}, {counted(result.steps, 'step')}"),
        ("time", f"{result.seconds:,.0f} s"),
        ("end", result.status),
    ]
    if best is not None:
        value = "" if best.value is None else f", {best.monitor} {show(best.value)}"
        rows.insert(1, ("best epoch", f"{best.epoch}{value}"))
    return rows


def _of_machine(facts: RunFacts) -> list[tuple[str, str | None]]:
    manifest = facts.manifest
    return [
        ("begun", _text(manifest.get("started"))),
        ("ended", _text(manifest.get("ended"))),
        ("resumed", _count(manifest.get("resumes"))),
        ("rolled back", _count(manifest.get("rollbacks"))),
        ("precision", _text(manifest.get("precision"))),
        ("backend", _joined(manifest, "backend", "device")),
        ("versions", _versions(manifest)),
        ("hardware", _hardware(manifest.get("hardware", {}), manifest.get("threads"))),
    ]


def _versions(manifest: Mapping[str, Any]) -> str:
    packages = manifest.get("packages", {})
    names = ("fmtool", "keras", manifest.get("backend", ""))
    known = [f"{name} {packages[name]}" for name in names if name in packages]
    return plain(", ".join([f"Python {manifest.get('python')}", *known]))


def _hardware(hardware: Mapping[str, Any], threads: int | None) -> str | None:
    cpu = hardware.get("cpu", {})
    if not cpu:
        return None
    gpus = [str(gpu.get("name")) for gpu in hardware.get("gpus", ())]
    memory = f"{hardware['memory_bytes'] / 2**30:.1f} GiB" if "memory_bytes" in hardware else ""
    used = "" if threads is None else counted(threads, "thread")
    return plain(", ".join(filter(None, [cpu.get("model"), used, memory, *gpus])))


def _joined(manifest: Mapping[str, Any], *keys: str) -> str | None:
    found = [str(manifest[key]) for key in keys if key in manifest]
    return " on ".join(found) or None


def _count(events: Any) -> str | None:
    return counted(len(events), "time") if events else None


def _text(value: Any) -> str | None:
    return None if value is None else plain(str(value))
