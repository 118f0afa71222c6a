"""Whatever the metadata of a file or bundle hold, the command ends with a line and its code."""

import io
import json
import random
import zipfile
from dataclasses import replace

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

import small_onnx  # noqa: E402 - what is missing skips these tests
from exported_by_hand import repacked  # noqa: E402

from fmtool.errors import DataError  # noqa: E402
from fmtool.export import check_samples, documents, other_sizes  # noqa: E402
from fmtool.export.metadata import Metadata  # noqa: E402

ALLOWED = {0, 2, 6, 65, 77}
STRANGE = [
    None, True, 0, -1, 2**63, 2**70, 1e308, -0.5, "", "x" * 5000, "\x1b[31m", "\u202e", [], {},
    [None], [[[[]]]], {"a": {"b": []}}, "../../etc/passwd",
]  # fmt: skip


def deep(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


def places(value, path=()):
    """The paths of all that a document holds."""
    yield path
    entries = value.items() if isinstance(value, dict) else ()
    entries = enumerate(value) if isinstance(value, list) else entries
    for key, inner in entries:
        yield from places(inner, (*path, key))


def mutated(document, chance):
    """A copy in JSON with one or two places dropped, renamed, replaced, doubled or nested."""
    made = json.loads(json.dumps(document))
    for _ in range(chance.choice((1, 1, 2))):
        found = [path for path in places(made) if path]
        if not found:
            break
        *way, last = chance.choice(found)
        node = made
        for key in way:
            node = node[key]
        action = chance.randrange(5)
        if action == 0:
            del node[last]
        elif action == 1 and isinstance(node, dict):
            node[f"{last}s"] = node.pop(last)
        elif action == 2 and isinstance(node, list):
            node.extend(node * chance.choice((1, 50)))
        elif action == 3:
            node[last] = deep(chance.choice((3, 200)))
        else:
            node[last] = chance.choice(STRANGE)
    return json.dumps(made)


def texts(document, seed, count):
    chance = random.Random(seed)
    yield from (mutated(document, chance) for _ in range(count))
    whole = json.dumps(document)
    yield from (whole[: chance.randrange(len(whole))] for _ in range(5))
    yield from ("", "null", "[]", "[" * 100_000, '{"a":' * 100_000, "NaN", "1e999", "\ud800")


def described(kind):
    shape = {"image": (4, 4, 3), "text": (5,), "features": (3,)}[kind]
    how = {
        "image": {"color": "rgb", "was_resized": True, "resize_mode": "crop", "filter": "bilinear"},
        "text": {
            "tokenizer": "tokenizer.json", "length": 5, "truncate": "end", "padding": 0,
            "unknown": 1,
        },
        "features": {},
    }[kind]  # fmt: skip
    return replace(small_onnx.metadata(kind, shape), preprocessing=how)


def said(about, schema=2):
    """What the metadata say, as a file has it; schema 1 as releases before tasks wrote it."""
    document = json.loads(about.to_json())
    if schema == 1:
        del document["target"], document["task"]
        document["outputs"] = {name: each["dtype"] for name, each in document["outputs"].items()}
        document["schema_version"] = 1
    return document


@pytest.mark.parametrize("schema", [1, 2])
@pytest.mark.parametrize("kind", ["image", "text", "features"])
def test_no_metadata_do_more_than_be_refused(kind, schema):
    document = said(described(kind), schema)
    refused = [
        message
        for text in texts(document, 7, 300)
        if (message := refusal(lambda text=text: Metadata.from_json(text, origin="x.onnx")))
    ]
    assert len(refused) > 150
    for message in refused:
        assert message.startswith("x.onnx does not say what it reads and gives")
        assert message.isprintable()
        assert len(message) < 400


def refusal(read):
    """The message of the DataError, the only one that may be raised; None where there is none."""
    try:
        read()
    except DataError as error:
        return error.message
    return None


@pytest.mark.parametrize("name", ["report", "pictures"])
def test_no_document_of_a_bundle_does_more_than_be_refused(name):
    digest = "ab" * 32
    parity = {"samples": 4, "agreeing": 4, "differences": {"logits": {"max": 0.1, "mean": 0.0}}}
    row = {
        "name": "onnx", "format": "onnx", "quantization": "none", "path": "onnx/model.onnx",
        "sha256": {"model.onnx": digest}, "parity": {**parity, "pictures": parity},
    }  # fmt: skip
    kind, document = {
        "report": (documents.ReportDocument, {"manifest_digest": digest, "files": [row]}),
        "pictures": (
            documents.PicturesDocument,
            {"pictures": [{"file": "0-own.png", "label": 3, "probabilities": [0.5, 0.5]}]},
        ),
    }[name]
    assert refusal(lambda: documents.parsed(kind, json.dumps(document), what="x")) is None
    found = [
        refusal(lambda text=text: documents.parsed(kind, text, what="x.json is malformed"))
        for text in texts(document, 5, 200)
    ]
    refused = [message for message in found if message]
    assert len(refused) > 100
    assert all(message.isprintable() and len(message) < 400 for message in refused)


def chosen(found):
    """A few of many, for what takes a tenth of a second each."""
    return list(found)[::6]


def with_text(path, model, text):
    model.metadata_props[0].value = text
    path.write_bytes(model.SerializeToString())


@pytest.mark.parametrize("kind", ["image", "features"])
def test_predict_ends_in_order_whatever_a_file_says_of_itself(call, fmtool, kind):
    model = small_onnx.model(kind, described(kind).input.shape)
    np.save(fmtool.folder / "x.npy", np.zeros((2, *described(kind).input.shape), np.float32))
    if kind == "image":
        np.save(fmtool.folder / "x.npy", np.zeros((2, 4, 4, 3), np.uint8))
    codes = set()
    for text in chosen(texts(said(described(kind)), 11, 60)):
        if text.isascii():
            with_text(fmtool.folder / "x.onnx", model, text)
            outcome = call("predict", "model=x.onnx", "input=x.npy", "probabilities=true")
            assert outcome.code in ALLOWED, (text, outcome.err)
            assert "Traceback" not in outcome.err
            assert len([line for line in outcome.err.splitlines() if "error:" in line]) <= 1
            codes.add(outcome.code)
    assert 65 in codes


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"labels": ["red"] * 5}, "of shape (1, 3) for 1 samples, 5 labels"),
        ({"labels": ["red"]}, "of shape (1, 3) for 1 samples, 1 labels"),
        ({"labels": []}, "gives: labels: "),
        ({"labels": "red"}, "gives: labels: "),
        ({"run": None}, "gives: run: "),
        ({"outputs": {"probabilities": "float32"}}, "gives: outputs have no label"),
        ({"outputs": {"label": "float32"}}, "gives: outputs.label is not of type float32"),
        ({"trained_shape": [4, 5, 3]}, "gives: trained_shape is not one of input.shape"),
        ({"preprocessing": {"resize_mode": "zoom"}}, "gives: preprocessing.resize_mode: "),
        ({"manifest_digests": ""}, "gives: manifest_digests: "),
    ],
    ids=lambda value: json.dumps(value)[:40] if isinstance(value, dict) else "",
)
def test_a_wrong_field_is_named_with_its_file(call, fmtool, change, field):
    model = small_onnx.model("image", (4, 4, 3))
    np.save(fmtool.folder / "x.npy", np.zeros((1, 4, 4, 3), np.uint8))
    with_text(
        fmtool.folder / "x.onnx", model, json.dumps({**said(described("image"), 1), **change})
    )
    outcome = call("predict", "model=x.onnx", "input=x.npy")
    assert outcome.code == 65
    assert outcome.error.startswith("error: x.onnx")
    assert field in outcome.error


def test_an_input_that_the_graph_does_not_have_is_bad_data(call, fmtool):
    model = small_onnx.model("image", (4, 4, 3))
    np.save(fmtool.folder / "x.npy", np.zeros((1, 4, 4, 3), np.uint8))
    for change in ({"name": "picture"}, {"batch": 7}):
        document = said(described("image"))
        document["input"] |= change
        with_text(fmtool.folder / "x.onnx", model, json.dumps(document))
        outcome = call("predict", "model=x.onnx", "input=x.npy")
        assert outcome.code == (65 if "name" in change else 0), outcome.err
    assert call("predict", "model=x.onnx", "input=x.npy").code == 0


def test_an_empty_file_and_a_folder_are_not_models(call, fmtool):
    np.save(fmtool.folder / "x.npy", np.zeros((1, 3), np.float32))
    (fmtool.folder / "empty.onnx").touch()
    (fmtool.folder / "folder.onnx").mkdir()
    for name in ("empty", "folder"):
        outcome = call("predict", f"model={name}.onnx", "input=x.npy")
        assert outcome.code == 65
        assert f"{name}.onnx" in outcome.error


def test_verify_ends_in_order_whatever_the_documents_of_a_bundle_hold(call, by_hand):
    path = by_hand.publish()
    original = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        report = json.loads(archive.read("export.json"))
    answers = {"pictures": [{"file": "0-own.png", "label": 3, "probabilities": [0.5, 0.5]}]}
    for name, document, count in (
        ("export.json", report, 40),
        ("pictures/answers.json", answers, 25),
    ):
        for text in chosen(texts(document, 5, count)):
            path.write_bytes(original)
            repacked(path, {name: text.encode("utf-8", "surrogatepass")}, sums=True)
            outcome = call("verify", str(path))
            assert outcome.code in ALLOWED, (text[:500], outcome.err)
            assert "Traceback" not in outcome.err


def npz(**arrays):
    target = io.BytesIO()
    np.savez(target, **arrays)
    return target.getvalue()


def enormous():
    """A sound archive of an array that says it has 2**60 numbers."""
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1152921504606846976,), }"
    content = npz(samples=np.zeros(1), label=np.zeros(1))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    start = members["label.npy"][:10]
    size = int.from_bytes(start[8:10], "little")
    members["label.npy"] = start + header.ljust(size - 1) + b"\n" + bytes(8)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return target.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x05\x06",
        b"\x93NUMPY\x01\x00",
        npz(samples=np.zeros(3))[:-30],
        npz(samples=np.zeros(3), label=np.zeros(4)),
        npz(samples=np.zeros(3), label=np.zeros(())),
        npz(samples=np.zeros(3)),
        npz(samples=np.array([print], dtype=object), label=np.zeros(1)),
        enormous(),
    ],
    ids=[
        "empty", "no member", "one array", "cut off", "lengths", "no axis", "no labels", "objects",
        "enormous",
    ],
)  # fmt: skip
def test_samples_of_a_wrong_form_are_bad_data(tmp_path, content):
    (tmp_path / "samples.npz").write_bytes(content)
    message = refusal(lambda: check_samples.unpack(tmp_path / "samples.npz"))
    assert message is not None
    assert message.startswith("samples.npz of the bundle ")


@pytest.mark.parametrize("name", ["0-own.png", "0-own.npy"])
def test_a_picture_of_a_bundle_that_is_damaged_is_bad_data(tmp_path, name):
    for content in (b"", b"no picture", b"\x89PNG\r\n\x1a\n", npz(samples=np.zeros(1))):
        (tmp_path / name).write_bytes(content)
        message = refusal(lambda: other_sizes.read(tmp_path / name))
        assert message is not None
        assert message.startswith(f"{name} cannot be read: ")
