"""A run on texts keeps its tokenizer, and everything after it uses that one."""

import hashlib
import json
import shutil

import numpy as np
import pytest

MODEL = '''
"""Means of word vectors."""
from typing import Literal
from fmtool.models.base import ModelConfig

READS = ("text",)
IS_CONVOLUTIONAL = False

class Config(ModelConfig):
    name: Literal["means"]

def build(cfg, element, num_classes):
    import keras
    tokens = keras.Input(element.shape, dtype="int32")
    x = keras.layers.Embedding(element.vocabulary, 8)(tokens)
    x = keras.layers.GlobalAveragePooling1D()(x)
    return keras.Model(tokens, keras.layers.Dense(num_classes)(x))
'''
TRAIN = (
    "train", "--plugin", "means.py", "-cd", "mine", "model=means", "data=text",
    "data.path=texts.csv", "data.min_frequency=1", "batch_size=8", "logging=quiet",
    "optimizer.learning_rate=0.1",
)  # fmt: skip


def begin(command):
    """What trainings on texts need, in the folder of a command."""
    command.write("means.py", MODEL)
    command.write("mine/model/means.yaml", "name: means\n")
    words = np.random.default_rng(0).integers(0, 40, (80, 6))
    rows = (
        f"{' '.join(f'w{word}' for word in row)} {'good' if number % 2 else 'bad'},{number % 2}\n"
        for number, row in enumerate(words)
    )
    command.write("texts.csv", "text,label\n" + "".join(rows))


@pytest.fixture(scope="module")
def run(session_command, tmp_path_factory):
    """A finished training: its command, its outcome, its directory."""
    command = session_command(tmp_path_factory.mktemp("texts"))
    begin(command)
    outcome = command(*TRAIN, "epochs=2", "--json")
    assert outcome.code == 0, outcome.err
    return command, outcome, command.runs[0]


@pytest.fixture
def copy(run, fmtool):
    """The run and its data, to be spoiled."""
    for name in ("means.py", "mine", "texts.csv", "runs"):
        source, target = run[0].folder / name, fmtool.folder / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    return fmtool.runs[0]


def test_the_manifest_has_the_digest_of_the_tokenizer_and_what_is_known_of_the_texts(run):
    _, outcome, directory = run
    manifest = json.loads((directory / "manifest.json").read_text())
    content = (directory / "tokenizer.json").read_bytes()
    assert manifest["artifacts"] == {"tokenizer.json": hashlib.sha256(content).hexdigest()}
    facts = manifest["data"]
    assert facts["texts"] == {"train": 58, "validation": 6, "test": 16}
    assert facts["vocabulary"] == len(json.loads(content)["model"]["vocab"]) <= 44
    assert facts["lengths"] == {"median": 7, "p95": 7, "max": 7}
    assert facts["length"] == json.loads(content)["truncation"]["max_length"] == 7
    assert "text: 80 texts of 2 classes in texts.csv\n" in outcome.err
    known = f"text: {facts['vocabulary']} tokens are known; texts have 7 of them"
    assert known in outcome.err


UNTRAINED = """
import sys
from fmtool.cli.main import main
from fmtool.data.tokenization import tokenizer
del tokenizer.train
sys.exit(main(sys.argv[1:]))
"""


def test_evaluate_uses_the_tokenizer_of_the_run_and_trains_none(run):
    command, outcome, _ = run
    evaluated = command.python(UNTRAINED, "evaluate", "run=last", "--json")
    assert evaluated.code == 0, evaluated.err
    for metric in ("loss", "accuracy"):
        assert evaluated.json[metric] == outcome.json["metrics"][metric]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            "gone",
            "tokenizer.json: no such file or directory; fix: restore the file, or train again",
        ),
        (
            "cut",
            "tokenizer.json is damaged: it is not what the run wrote; fix: restore the",
        ),
        ("word", "tokenizer.json is damaged: it is not what the run wrote; fix: restore the"),
    ],
)
def test_without_the_tokenizer_of_the_run_there_is_no_evaluation(call, copy, damage, message):
    file = copy / "tokenizer.json"
    content = file.read_bytes()
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(content[:900] if damage == "cut" else content.replace(b"w1", b"v1", 1))
    outcome = call("evaluate", "run=last")
    assert outcome.code == 65
    assert message in outcome.err.splitlines()[-1]


def test_a_manifest_that_lists_no_tokenizer_is_bad_data(call, copy):
    manifest = copy / "manifest.json"
    document = json.loads(manifest.read_text()) | {"artifacts": {"../../texts.csv": "0" * 64}}
    manifest.write_text(json.dumps(document))
    outcome = call("evaluate", "run=last")
    assert outcome.code == 65
    assert outcome.err.splitlines()[-1] == (
        "error: the run has no tokenizer.json; fix: restore the file, or train again"
    )


@pytest.mark.slow
def test_a_resumed_training_has_the_same_tokens_and_ends_the_same(run, fmtool):
    begin(fmtool)
    assert fmtool(*TRAIN, "epochs=1").code == 0
    resumed = fmtool("train", "--plugin", "means.py", "-cd", "mine", "resume=last", "epochs=2")
    assert resumed.code == 0, resumed.err
    there, here = run[2], fmtool.runs[0]
    assert (there / "tokenizer.json").read_bytes() == (here / "tokenizer.json").read_bytes()
    metrics = [
        json.loads((directory / "result.json").read_text())["metrics"]
        for directory in (there, here)
    ]
    assert metrics[0] == metrics[1]


def test_a_resume_that_would_have_another_tokenizer_is_refused(call, copy, monkeypatch):
    from fmtool import registry

    monkeypatch.setattr(registry, "_plugins", {})
    manifest = copy / "manifest.json"
    document = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(document | {"artifacts": {"tokenizer.json": "f" * 64}}))
    outcome = call(
        "train", "--plugin", "means.py", "-cd", "mine", f"resume={copy.name}", "epochs=3"
    )
    assert outcome.code == 78
    assert "tokenizer.json: ffffffffffff -> " in outcome.err.splitlines()[-1]


def test_a_dry_run_leaves_no_tokenizer_behind(call, fmtool, monkeypatch):
    begin(fmtool)
    outcome = call("train", "data=text", "data.path=texts.csv")
    assert outcome.code == 2
    assert outcome.error.startswith("error: model=cnn reads images, but data=text holds texts; ")
    assert not list(fmtool.folder.rglob("tokenizer.json"))


def test_predict_makes_tokens_as_the_training_did(run):
    command, _, directory = run
    rows = (command.folder / "texts.csv").read_text().splitlines()[1:]
    texts = [row.rpartition(",")[0] for row in rows]
    pairs = [spelling for text in texts for spelling in (text, text.upper())]
    command.write("pairs.txt", "\n".join(pairs) + "\n")
    asked = ("predict", "--plugin", "means.py", f"run={directory}", "input=pairs.txt", "--json")
    outcome = command(*asked)
    assert outcome.code == 0, outcome.err
    labels = [each["label"] for each in outcome.json["predictions"]]
    assert labels[::2] == labels[1::2]
    right = [label == row.rpartition(",")[2] for label, row in zip(labels[::2], rows, strict=True)]
    assert sum(right) > 0.8 * len(right)
