"""The YAML at the top of a model card, as model hubs read it."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from fmtool.export.card_words import UNKNOWN
from fmtool.export.run_facts import RunFacts


def render(facts: RunFacts, rows: Sequence[Mapping[str, Any]], licence: str) -> str:
    """Between two lines of `---`.

    Args:
        rows: of export.json.
        licence: empty where nobody has said which.
    """
    metadata = facts.metadata
    hub = metadata.serving.hub(metadata.input.kind)
    result = {
        "task": {"type": hub.tag, "name": hub.words},
        "dataset": _dataset(facts),
        "metrics": [
            {"type": name, "value": facts.figures[name]}
            for name in hub.metrics or (facts.headline,)
            if facts.figures.get(name) is not None
        ],
    }
    header = {
        "license": licence or UNKNOWN,
        "library_name": "keras",
        "pipeline_tag": hub.tag,
        "tags": ["fmtool", *sorted({str(row["format"]) for row in rows})],
        "metrics": [facts.headline],
        "model-index": [{"name": f"{metadata.model} on {metadata.data}", "results": [result]}],
    }
    text = yaml.safe_dump(header, sort_keys=False, allow_unicode=True, width=100)
    return f"---\n{text}---\n"


def _dataset(facts: RunFacts) -> dict[str, str]:
    name = facts.metadata.data
    title = name if facts.info is None else facts.info.title
    return {"type": name, "name": title, "split": "test"}
