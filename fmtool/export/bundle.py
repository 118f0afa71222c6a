"""bundle.zip: the files of an export with all that it takes to use, to check and to judge them."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fmtool.export import archive, clients, files, preprocessing
from fmtool.export.archive import Content
from fmtool.export.metadata import Metadata
from fmtool.runs.strict_json import encode

NAME = "bundle.zip"
CARD = "model_card.md"
LABELS = "labels.txt"
PREPROCESSING = "preprocessing.json"
README = "README.md"
REPORT = "export.json"
SAMPLES = "samples.npz"
PICTURES = "pictures"
SUMS = "SHA256SUMS"
CLIENTS = "clients"

FACTS = (
    "name", "format", "quantization", "path", "size_bytes", "sha256", "input", "outputs", "parity",
    "score",
)  # fmt: skip
"""Keys of a row of export.json that a second export would repeat. Times are not among them."""

RUNTIMES: Mapping[str, str] = {
    "keras": "tensorflow keras",
    "saved_model": "tensorflow",
    "onnx": "onnxruntime",
    "litert": "ai-edge-litert",
    "openvino": "openvino",
    "torch": "torch",
}
"""The packages that pip installs to run a file of a format."""

_READERS = {"image": " pillow", "text": " tokenizers", "features": ""}
_EXAMPLES = {"image": "picture.png", "text": '"a text"', "features": "0.5,1.2,..."}


def write(
    path: Path,
    *,
    rows: Sequence[Mapping[str, Any]],
    reference: Mapping[str, Any],
    metadata: Metadata,
    folder: Path,
    card: str,
    kept: Mapping[str, str],
    checks: Mapping[str, bytes],
) -> None:
    """Packs the files of `rows`, which lie in `folder`; equal arguments give equal bytes.

    Args:
        rows: of export.json.
        card: the text of the model card.
        kept: files by name that a model needs beside it, such as a tokenizer.
        checks: members that the models can be tried on, by name: samples.npz and pictures/.
    """
    texts = {
        CARD: card,
        **({LABELS: "\n".join(metadata.labels) + "\n"} if metadata.labels else {}),
        PREPROCESSING: encode(preprocessing.document(metadata)),
        README: _readme(rows, metadata, checks),
        REPORT: encode(_report(rows, reference, metadata)),
        **kept,
    }
    scripts = clients.texts(row["format"] for row in rows)
    texts |= {f"{CLIENTS}/{name}": text for name, text in scripts.items()}
    members: dict[str, Content] = {name: text.encode() for name, text in texts.items()}
    members |= checks
    for row in rows:
        for name in row["sha256"]:
            members[f"{row['name']}/{name}"] = folder / row["name"] / name
    members[SUMS] = _sums(members)
    archive.write(path, members)


def _report(
    rows: Sequence[Mapping[str, Any]], reference: Mapping[str, Any], metadata: Metadata
) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "run": metadata.run,
        "model": metadata.model,
        "data": metadata.data,
        "fmtool": metadata.fmtool,
        "manifest_digest": metadata.manifest_digest,
        **({} if metadata.labels else {"target": metadata.target.to_json()}),
        "reference": dict(reference),
        "files": [{key: row[key] for key in FACTS} for row in rows],
    }


def _sums(members: Mapping[str, Content]) -> bytes:
    """As `sha256sum -c` reads them."""
    lines = (f"{_digest(members[name])}  {name}\n" for name in sorted(members))
    return "".join(lines).encode()


def _digest(content: Content) -> str:
    if isinstance(content, Path):
        return files.digest(content)
    return hashlib.sha256(content).hexdigest()


def _readme(
    rows: Sequence[Mapping[str, Any]], metadata: Metadata, checks: Mapping[str, bytes]
) -> str:
    kind = metadata.input.kind
    commands = "\n".join(
        f"pip install numpy{_READERS[kind]} {RUNTIMES[row['format']]}\n"
        f"python {CLIENTS}/{clients.script(row['format'])} {row['path']} {_EXAMPLES[kind]}\n"
        for row in rows
    )
    steps = "\n".join(f"{number}. {step}" for number, step in _numbered(metadata))
    samples = (
        f"\n- `{SAMPLES}`: held-out samples with the answers of the run; they are part of the data "
        "set, so look at its licence before you pass them on"
        if SAMPLES in checks
        else ""
    )
    labels, holds = "", "what it gives and its preprocessing"
    if metadata.labels:
        labels = f"- `{LABELS}`: the classes, in the order of the probabilities\n"
        holds = "its labels and its preprocessing"
    if any(name.startswith(f"{PICTURES}/") for name in checks):
        samples += f"\n- `{PICTURES}/`: the same for pictures of other sizes, made of such samples"
    return f"""\
# {metadata.model} on {metadata.data}

What the model is, how well it does and where its limits are: `{CARD}`.

{labels}- `{PREPROCESSING}`: how an input becomes what a model reads
- `{REPORT}`: what each file reads and gives, and how it compares with the run{samples}
- `{SUMS}`: `sha256sum -c {SUMS}`, or `fmtool verify {NAME}` for the whole archive

## To use it

A model file holds {holds}; each client is a short example of its runtime.

```
{commands}```

## What a model reads

{steps}
"""


def _numbered(metadata: Metadata) -> enumerate[str]:
    return enumerate(preprocessing.steps(metadata), start=1)
