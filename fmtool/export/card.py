"""model_card.md: what a model is and how far it can be trusted, as far as its run can say."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fmtool.export import card_header, card_training, preprocessing
from fmtool.export.markdown import pairs, plain, points, table
from fmtool.export.run_facts import RunFacts
from fmtool.metric import show
from fmtool.tasks.classification import REPORT_METRICS

_95_PERCENT = 1.959964
"""Standard deviations, to both sides."""
_NEVER_SAID = (
    "who made the model, for whom, and under which licence it may be used",
    "how it does on data that were collected in another way than the test split",
    "whether its mistakes fall on some people more than on others",
)
"""By no run."""


def render(facts: RunFacts, rows: Sequence[Mapping[str, Any]]) -> str:
    """The same text for the same run and files.

    Args:
        rows: of export.json, of the files that the card is about.
    """
    metadata = facts.metadata
    sections = {
        "What it is for": _purpose(facts),
        "Data": _data(facts),
        "Training": card_training.render(facts),
        "How well it does": _metrics(facts),
        "Classes": _classes(facts),
        "Gates": _gates(facts),
        "Limits": points(_limits(facts)),
        "Files": _files(rows),
        "Where it is from": _origin(facts),
        "What the run does not say": points(_unsaid(facts)),
    }
    body = "\n\n".join(f"## {title}\n\n{text}" for title, text in sections.items())
    title = f"# {plain(metadata.model)} on {plain(metadata.data)}"
    return f"{card_header.render(facts, rows)}\n{title}\n\n{body}\n"


def _purpose(facts: RunFacts) -> str:
    metadata = facts.metadata
    _, task = card_header.TASKS[metadata.input.kind]
    steps = "\n".join(
        f"{number}. {step}" for number, step in enumerate(preprocessing.steps(metadata), start=1)
    )
    return (
        f"It was trained for {task}: {facts.samples}, each as one of {len(metadata.labels)} "
        "classes. It is of use for inputs like those of its data set, and nothing else was tried."
        f"\n\nHow an input becomes what it reads:\n\n{steps}"
    )


def _data(facts: RunFacts) -> str:
    info, digest = facts.info, facts.manifest.get("data_digest")
    counts = ", ".join(f"{count:,} for {name}" for name, count in facts.sizes.items())
    rows: list[tuple[str, str | None]] = [("samples", counts)]
    if info is None:
        path = str(facts.option("data", "path") or "").rstrip("/").rpartition("/")[2]
        rows = [("data", f"of the user's own, `{plain(path)}`"), *rows]
    else:
        rows = [
            ("data", f"{plain(info.title)} (`{info.name}`)"),
            ("licence", plain(info.licence)),
            ("citation", plain(info.citation)),
            ("homepage", info.homepage),
            *rows,
        ]
    return pairs("", "", [*rows, ("SHA-256 of the samples", None if digest is None else digest)])


def _metrics(facts: RunFacts) -> str:
    """As the run reported them, and as its network gives them in float32."""
    reported = {} if facts.result is None else facts.result.metrics
    precision = facts.manifest.get("precision", "its own precision")
    rows = [
        (name.replace("_", " "), _shown(reported, name), _shown(facts.figures, name))
        for name in ("samples", *REPORT_METRICS)
        if name in reported or name in facts.figures
    ]
    columns = ["on the test split", f"reported by the run, in {precision}", "float32, of the files"]
    return table(columns, rows, numbers=2)


def _shown(figures: Mapping[str, Any], name: str) -> str:
    """Empty where the figure is not there."""
    return _number(figures[name]) if name in figures else ""


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else show(value)


def _classes(facts: RunFacts) -> str:
    rows = [
        (
            plain(each["name"]),
            *(show(each[name]) for name in ("precision", "recall", "f1")),
            f"{each['support']:,}",
        )
        for each in facts.figures["per_class"]
    ]
    return table(["class", "precision", "recall", "F1", "samples"], rows, numbers=4)


def _gates(facts: RunFacts) -> str:
    if facts.result is None or not facts.result.gates:
        return "The run had none."
    rows = [
        (gate.metric, gate.wanted, _number(gate.got), "yes" if gate.met else "**no**")
        for gate in facts.result.gates
    ]
    return table(["metric", "wanted", "got", "met"], rows, numbers=3)


def _limits(facts: RunFacts) -> Iterator[str]:
    """What follows from the figures."""
    figures, metadata = facts.figures, facts.metadata
    low, high = _interval(figures["accuracy"], figures["samples"])
    yield (
        f"It was measured on {figures['samples']:,} samples: on others like them the accuracy is "
        f"between {low:.4f} and {high:.4f} (95 %, Wilson)."
    )
    yield _balance(figures["per_class"])
    absent = ", ".join(plain(name) for name in figures["absent_classes"])
    if absent:
        yield (
            f"None of them is of {absent}: how well it does there is not known, and the "
            "averages called macro leave them out."
        )
    known = [each for each in figures["per_class"] if each["support"]]
    worst = min(known, key=lambda each: float(each["f1"]))
    yield f"It does worst on the class {plain(worst['name'])}, with an F1 of {show(worst['f1'])}."
    if "expected_calibration_error" in figures:
        error = show(figures["expected_calibration_error"])
        yield f"Its probabilities are off by {error} on average (expected calibration error)."
    yield (
        f"It gives one of its {len(metadata.labels)} classes for any input, also for one that is "
        "none of them."
    )
    yield from _differences(facts)


def _differences(facts: RunFacts) -> Iterator[str]:
    """Between what was reported and what is handed over."""
    tta = facts.config.get("tta", "none")
    if tta != "none":
        yield f"The run reported the mean of several views (tta={tta}); the files look once."
    reported = None if facts.result is None else facts.result.metrics.get("accuracy")
    precision = facts.manifest.get("precision", "float32")
    if precision != "float32" and reported is not None:
        yield (
            f"It was trained in {precision}, and the files compute in float32: the accuracy is "
            f"{show(facts.figures['accuracy'])}, and was {show(reported)}."
        )
    cut = facts.manifest.get("data", {}).get("truncated", {}).get("test")
    if cut:
        yield f"{cut:.1%} of the texts were longer than it reads, and were cut."


def _balance(per_class: Sequence[Mapping[str, Any]]) -> str:
    few, many = (choose(per_class, key=_support) for choose in (min, max))
    if few["support"] == many["support"]:
        return f"Of each class there are {few['support']:,} among them."
    return (
        f"Of a class there are {few['support']:,} ({plain(few['name'])}) to {many['support']:,} "
        f"({plain(many['name'])}) among them; figures of small classes vary more."
    )


def _support(each: Mapping[str, Any]) -> int:
    return int(each["support"])


def _interval(share: float, count: int) -> tuple[float, float]:
    """Wilson 1927: unlike the normal one it holds near 0 and 1."""
    square = _95_PERCENT**2 / count
    middle = (share + square / 2) / (1 + square)
    spread = math.sqrt(share * (1 - share) * square + square**2 / 4) / (1 + square)
    return max(0.0, middle - spread), min(1.0, middle + spread)


def _files(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = []
    for row in rows:
        compared, score = row["parity"], row["score"]
        difference = compared["differences"].get("probabilities")
        lines.append(
            (
                f"`{row['path']}`",
                row["quantization"],
                f"{row['size_bytes'] / 1e6:.2f}",
                f"{score['accuracy']:.4f}",
                f"{compared['agreeing']:,} of {compared['samples']:,}",
                "" if difference is None else f"{difference['max']:.1e}",
            )
        )
    columns = ["file", "quantization", "MB", "accuracy", "labels as the run", "largest difference"]
    return (
        "Each was run in its own runtime on the held-out samples, and compared with the network of "
        "the run in float32; the difference is that of a probability.\n\n"
        + table(columns, lines, numbers=4)
    )


def _origin(facts: RunFacts) -> str:
    metadata = facts.metadata
    rows = [
        ("run", f"`{metadata.run}`"),
        ("SHA-256 of its manifest.json", f"`{metadata.manifest_digest}`"),
        ("exported by", f"fmtool {metadata.fmtool}"),
    ]
    return pairs("", "", rows)


def _unsaid(facts: RunFacts) -> Iterator[str]:
    yield from _NEVER_SAID
    if facts.info is None:
        yield "how its data were collected, and under which licence"
    if facts.result is None:
        yield "how the training ended: it has no result.json"
