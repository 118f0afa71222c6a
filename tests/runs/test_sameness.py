"""What tells the config and the data of a run from others."""

import json

import pytest

from fmtool import validate
from fmtool.config.compose import compose, dump
from fmtool.errors import ConfigChanged, DataError
from fmtool.runs.identity import config_digest
from fmtool.runs.layout import RunPaths
from fmtool.runs.sameness import (
    DataRead,
    check_data,
    data_differences,
    described,
    edited_keys,
    require_unedited,
    target_in,
)
from fmtool.targets import Label, Labels, Numbers

WORDS = (
    [],
    ["experiment=mnist_cnn"],
    ["model=resnet", "optimizer=sgd", "optimizer.learning_rate=1e-7", "data.limit=100"],
    [
        "data=image_folder",
        "data.path='a b/~c'",
        "data.resize=[8,8]",
        "name='01'",
        "tags=['no','1e3']",
    ],
    ["model=rnn", "data=text", "data.path=x.csv", "schedule=cosine"],
)


@pytest.fixture
def run(tmp_path):
    """The two files of a run that say what it was made of."""

    def write(words, **manifest):
        cfg = validate.train_config(compose("train", words, folders=()))
        plain = cfg.model_dump(mode="json", serialize_as_any=True)
        paths = RunPaths(tmp_path)
        paths.config.write_text(dump(cfg.model_dump(serialize_as_any=True)))
        facts = {"config": plain, "config_digest": config_digest(plain), **manifest}
        paths.manifest.write_text(json.dumps(facts))
        return paths

    return write


@pytest.mark.parametrize("words", WORDS, ids=str)
def test_a_config_that_was_not_touched_is_never_taken_for_an_edited_one(run, words):
    paths = run(words)
    assert edited_keys(paths) == []
    manifest = json.loads(paths.manifest.read_text())
    # Nor where the digest is no help, since a path was changed.
    paths.manifest.write_text(json.dumps(manifest | {"config_digest": "0" * 64}))
    assert edited_keys(paths) == []


def test_an_edited_key_is_told_unless_it_is_free_or_typed(run):
    paths = run(["data=image_folder", "data.path=x"])
    text = paths.config.read_text()
    free = text.replace("path: x", "path: y").replace("\nepochs: ", "\nepochs: 1")
    assert free != text
    paths.config.write_text(free)
    assert edited_keys(paths) == []
    paths.config.write_text(free.replace("test_fraction: 0.2", "test_fraction: 0.3"))
    with pytest.raises(ConfigChanged, match=r"data\.test_fraction: 0\.2 -> 0\.3"):
        require_unedited(paths, typed=["data.limit", "seed"], typable=["data"])
    for typed in ("data.test_fraction", "data"):
        require_unedited(paths, typed=[typed], typable=["data"])


def data(digest="d", selection="s", names=("a", "b"), **samples):
    return DataRead(digest, selection, samples or {"train": 8, "test": 2}, Label(names))


MANIFEST = {
    "data_digest": "d",
    "selection_digest": "s",
    "rules": 2,
    "data": {"class_names": ["a", "b"], "samples": {"train": 8, "test": 2}},
}


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (data("e"), "samples, labels or their order are other ones; data_digest d -> e"),
        (data("e", names=("b", "a")), "the classes are in another order; data_digest d -> e"),
        (data("e", names=("a", "b", "c")), "class 'c' is new; data_digest d -> e"),
        (data("e", train=9), "train has 9 samples, had 8; test has 0 samples, had 2; data_dig"),
        (data(selection="t"), "other samples are trained or validated on, selection_digest s -> t"),
        (data("e", selection="t"), "samples, labels or their order are other ones; data_digest d"),
    ],
)
def test_differences_are_told_in_words(found, words):
    assert described(data_differences(MANIFEST, found)).startswith(words)


@pytest.mark.parametrize(
    ("was", "now", "words"),
    [
        (Labels(("a", "b")), Labels(("b", "a")), "the classes are in another order; data_dig"),
        (Labels(("a", "b")), Labels(("a",)), "class 'b' is gone; data_digest"),
        (
            Numbers(("w",), (1,)),
            Numbers(("h",), (1,)),
            "the target is numbers for each sample, 'h', was numbers for each sample, 'w'; data",
        ),
        (
            Label(("a", "b")),
            Labels(("a", "b")),
            "the target is any number of classes for each sample, 'a', 'b', was one class for each",
        ),
    ],
)
def test_a_target_that_is_another_is_told_in_words(was, now, words):
    manifest = MANIFEST | {"data": {"target": was.to_json(), "samples": {}}}
    read = DataRead("e", "s", {}, now)
    assert described(data_differences(manifest, read)).startswith(words)
    assert data_differences(manifest, DataRead("d", "s", {}, was)) == []
    assert target_in(manifest) == was


def test_earlier_runs_say_a_target_by_the_names_of_their_classes():
    assert target_in(MANIFEST) == Label(("a", "b"))
    assert target_in({}) is target_in({"data": {}}) is None
    with pytest.raises(DataError, match="is not a target"):
        target_in({"data": {"target": {"kind": "boxes"}}})


def test_what_is_not_asked_for_and_what_is_equal_is_no_difference(run):
    assert data_differences(MANIFEST, data()) == []
    assert data_differences(MANIFEST, data(selection=None)) == []
    paths = run([], **MANIFEST | {"rules": 1})
    # Equal digests prove equal data under any rules.
    assert check_data(paths, data(), typed=(), fix="") == []


def test_only_equal_rules_prove_that_data_are_others(run, capsys):
    for rules, is_refused in ((1, False), (2, True), (3, False)):
        paths = run([], **MANIFEST | {"rules": rules})
        if is_refused:
            with pytest.raises(ConfigChanged) as refused:
                check_data(paths, data("e"), typed=(), fix="type data.path=x")
            assert refused.value.fix == "restore them, or type data.path=x"
        else:
            assert len(check_data(paths, data("e"), typed=(), fix="")) == 1
            assert capsys.readouterr().err.startswith("warning: whether the data are those of run")
        assert len(check_data(paths, data("e"), typed=("data.path=x",), fix="")) == 1
        assert capsys.readouterr().err.startswith("other data than those of run ")
