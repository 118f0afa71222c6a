"""model_card.md: what a model is and how far it can be trusted, as far as its run can say."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fmtool.export import card_header, card_training, card_words, parity, preprocessing
from fmtool.export.card_words import CardWords
from fmtool.export.markdown import pairs, plain, points, table
from fmtool.export.run_facts import RunFacts
from fmtool.metric import show
from fmtool.tasks.shared.serving import CardTable

_NO_WORDS = CardWords()
_MAKER = "who made the model, for whom, and under which licence it may be used"
_NEVER_SAID = (
    "how it does on data that were collected in another way than the test split",
    "whether its mistakes fall on some people more than on others",
)
"""By no run."""


def render(facts: RunFacts, rows: Sequence[Mapping[str, Any]], words: CardWords = _NO_WORDS) -> str:
    """The same text for the same run and files.

    Args:
        rows: of export.json, of the files that the card is about.
        words: a person's own, which are taken as they are.
    """
    metadata = facts.metadata
    sections = {
        "What it is for": _purpose(facts),
        **({card_words.TITLE: words.section} if words.notes else {}),
        "Data": _data(facts),
        "Training": card_training.render(facts),
        "How well it does": _metrics(facts),
        **{title: _task_table(each) for title, each in _task_tables(facts).items()},
        "Gates": _gates(facts),
        "Limits": points(_limits(facts)),
        "Files": _files(facts, rows),
        "Where it is from": _origin(facts),
        "What the run does not say": points(_unsaid(facts, words)),
    }
    body = "\n\n".join(f"## {title}\n\n{text}" for title, text in sections.items())
    title = f"# {plain(metadata.model)} on {plain(metadata.data)}"
    return f"{card_header.render(facts, rows, words.license)}\n{title}\n\n{body}\n"


def _purpose(facts: RunFacts) -> str:
    metadata = facts.metadata
    serving = metadata.serving
    task = plain(serving.hub(metadata.input.kind).words)
    steps = "\n".join(
        f"{number}. {step}" for number, step in enumerate(preprocessing.steps(metadata), start=1)
    )
    return (
        f"It was trained for {task}: {facts.samples}, {plain(serving.purpose)}. "
        "It is of use for inputs like those of its data set, and nothing else was tried."
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
        for name in ("samples", *facts.listed)
        if name in reported or name in facts.figures
    ]
    columns = ["on the test split", f"reported by the run, in {precision}", "float32, of the files"]
    return table(columns, rows, numbers=2)


def _shown(figures: Mapping[str, Any], name: str) -> str:
    """Empty where the figure is not there."""
    return _number(figures[name]) if name in figures else ""


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else show(value)


def _task_tables(facts: RunFacts) -> Mapping[str, CardTable]:
    return facts.metadata.serving.card_tables(facts.figures)


def _task_table(made: CardTable) -> str:
    rows = [[plain(cell) for cell in row] for row in made.rows]
    return table(made.columns, rows, numbers=made.numbers)


def _gates(facts: RunFacts) -> str:
    if facts.result is None or not facts.result.gates:
        return "The run had none."
    rows = [
        (gate.metric, gate.wanted, _number(gate.got), "yes" if gate.met else "**no**")
        for gate in facts.result.gates
    ]
    return table(["metric", "wanted", "got", "met"], rows, numbers=3)


def _limits(facts: RunFacts) -> Iterator[str]:
    """The limits that follow from the figures."""
    yield from map(plain, facts.metadata.serving.card_limits(facts.figures))
    yield from _differences(facts)


def _differences(facts: RunFacts) -> Iterator[str]:
    """Between what was reported and what is handed over."""
    headline = facts.headline
    tta = facts.config.get("tta", "none")
    if tta != "none":
        yield f"The run reported the mean of several views (tta={tta}); the files look once."
    reported = None if facts.result is None else facts.result.metrics.get(headline)
    precision = facts.manifest.get("precision", "float32")
    if precision != "float32" and reported is not None:
        yield (
            f"It was trained in {precision}, and the files compute in float32: the "
            f"{headline.replace('_', ' ')} is {show(facts.figures[headline])}, and was "
            f"{show(reported)}."
        )
    cut = facts.manifest.get("data", {}).get("truncated", {}).get("test")
    if cut:
        yield f"{cut:.1%} of the texts were longer than it reads, and were cut."


def _files(facts: RunFacts, rows: Sequence[Mapping[str, Any]]) -> str:
    named = facts.metadata.outputs
    judged = [name for name in parity.compared_names(named) if named[name].compare != "equal"]
    agrees = any(output.compare == "equal" for output in named.values())
    score = facts.headline.replace("_", " ")
    columns = ["file", "quantization", "MB", score]
    columns += [f"{parity.equal_noun(named)} as the run"] if agrees else []
    columns.append("largest difference")
    lines = [_file_cells(facts, row, judged, agrees=agrees) for row in rows]
    what = " or ".join(named[name].noun or f"a value of {name}" for name in judged)
    return (
        "Each was run in its own runtime on the held-out samples, and compared with the network of "
        f"the run in float32; the difference is that of {what or 'a probability'}.\n\n"
        + table(columns, lines, numbers=len(columns) - 2)
    )


def _file_cells(
    facts: RunFacts, row: Mapping[str, Any], judged: Sequence[str], *, agrees: bool
) -> list[str]:
    compared = row["parity"]
    gaps = [compared["differences"][name] for name in judged if name in compared["differences"]]
    agreeing = [f"{compared['agreeing']:,} of {compared['samples']:,}"] if agrees else []
    return [
        f"`{row['path']}`",
        row["quantization"],
        f"{row['size_bytes'] / 1e6:.2f}",
        show(row["score"][facts.headline]),
        *agreeing,
        f"{max(each['max'] for each in gaps):.1e}" if gaps else "",
    ]


def _origin(facts: RunFacts) -> str:
    metadata = facts.metadata
    rows = [
        ("run", f"`{metadata.run}`"),
        ("SHA-256 of its manifest.json", f"`{metadata.manifest_digest}`"),
        ("exported by", f"fmtool {metadata.fmtool}"),
    ]
    return pairs("", "", rows)


def _unsaid(facts: RunFacts, words: CardWords) -> Iterator[str]:
    yield "who made the model, and for whom" if words.license else _MAKER
    yield from _NEVER_SAID
    if facts.info is None:
        yield "how its data were collected, and under which licence"
    if facts.result is None:
        yield "how the training ended: it has no result.json"
