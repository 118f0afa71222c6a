"""A real TensorBoard on the run directory that a training left."""

import json

import pytest


@pytest.fixture(scope="module")
def data(trained, tensorboard):
    with tensorboard(trained.directory.parent) as fetch:
        yield fetch


@pytest.fixture(scope="module")
def prefix(trained):
    return f"{trained.directory.name}/tensorboard"


def rows(trained, kind):
    lines = (trained.directory / "metrics.jsonl").read_text().splitlines()
    return [row for row in map(json.loads, lines) if row["kind"] == kind]


@pytest.mark.parametrize(
    ("part", "tag", "key"),
    [
        ("train", "epoch_loss", "loss"),
        ("train", "epoch_accuracy", "accuracy"),
        ("validation", "epoch_loss", "val_loss"),
        ("validation", "epoch_accuracy", "val_accuracy"),
    ],
)
def test_its_curves_are_those_of_metrics_jsonl(data, prefix, trained, part, tag, key):
    series = data("plugin/scalars/scalars", run=f"{prefix}/{part}", tag=tag)
    assert [(step, pytest.approx(value)) for _, step, value in series] == [
        (row["epoch"], row[key]) for row in rows(trained, "epoch")
    ]


def test_the_config_and_the_layers_are_text(data, prefix):
    texts = {
        tag: data("plugin/text/text", run=f"{prefix}/train", tag=f"{tag}/text_summary")[0]["text"]
        for tag in ("config", "model")
    }
    assert "learning_rate: 0.001" in texts["config"]
    assert "Conv2D" in texts["model"]


def test_the_confusion_matrix_and_the_mistakes_are_images(data, prefix):
    tags = data("plugin/images/tags")[f"{prefix}/result"]
    assert {tag.partition("/")[0] for tag in tags} == {
        "confusion_matrix",
        "misclassified",
        "roc_pr",
    }


def test_the_run_is_in_the_table_of_hyperparameters_with_its_test_scores(data, trained):
    request = {"startIndex": 0, "sliceSize": 10, "allowedStatuses": ["STATUS_SUCCESS"]}
    (group,) = data("plugin/hparams/session_groups", request)["sessionGroups"]
    assert group["hparams"]["model.name"] == "cnn"
    scores = {each["name"]["tag"]: each["value"] for each in group["metricValues"]}
    assert scores["test/accuracy"] == pytest.approx(trained.outcome.json["metrics"]["accuracy"])
