"""A real TensorBoard shows what the sink wrote: two runs of different models, over HTTP."""

import time
from types import SimpleNamespace

import numpy as np
import pytest

from fmtool.logging.tensorboard import TensorBoardSink

RUNS = {
    "cnn": ({"model.name": "cnn", "model.width": 8, "augmented": True}, 0.5),
    "mlp": ({"model.name": "mlp", "model.units": 64, "augmented": True}, 0.75),
}
IMAGE = np.arange(12 * 16 * 3, dtype=np.uint8).reshape(12, 16, 3)


def write_run(directory, config, loss):
    circumstances = {"seconds": 1.0, "learning_rate": 0.25, "samples_per_second": 100.0}
    sink = TensorBoardSink(directory, config_text="epochs: 2\n", model_summary="Layer (type)")
    sink.start(SimpleNamespace(past=()))
    for epoch in (1, 2):
        for step in (10 * epoch - 5, 10 * epoch):
            row = {"kind": "step", "epoch": epoch, "step": step, **circumstances}
            sink.step({**row, "loss": loss + 1 / 2**epoch, "accuracy": 0.5})
        row = {"kind": "epoch", "epoch": epoch, "step": 10 * epoch, **circumstances}
        sink.epoch({**row, "loss": loss, "val_loss": loss + epoch, "val_accuracy": 0.25})
    sink.images("confusion_matrix", IMAGE, 20)
    sink.hparams(config, {"test_loss": loss, "test_accuracy": 0.5})
    sink.close()


@pytest.fixture(scope="module")
def data(tmp_path_factory, tensorboard):
    """Fetches `path` below /data/ of the server."""
    root = tmp_path_factory.mktemp("runs")
    for name, (config, loss) in RUNS.items():
        write_run(root / name, config, loss)
    with tensorboard(root) as fetch:
        deadline = time.monotonic() + 20
        while len(fetch("runs")) < 6 and time.monotonic() < deadline:
            time.sleep(0.1)
        yield fetch


def points(data, run, tag):
    series = data("plugin/scalars/scalars", run=run, tag=tag)
    return [(step, value) for _time, step, value in series]


def test_each_run_has_train_validation_and_result(data):
    parts = ("result", "train", "validation")
    assert sorted(data("runs")) == [f"{name}/{part}" for name in RUNS for part in parts]


def test_the_tags_are_those_that_keras_users_know(data):
    tags = {run: set(tags) for run, tags in data("plugin/scalars/tags").items()}
    assert tags["cnn/train"] == {
        "epoch_loss", "epoch_learning_rate", "batch_loss", "batch_accuracy",
        "learning_rate", "samples_per_second",
    }  # fmt: skip
    assert tags["cnn/validation"] == {"epoch_loss", "epoch_accuracy"}


def test_epoch_curves_have_the_epoch_as_x_and_share_their_tag_with_validation(data):
    assert points(data, "mlp/train", "epoch_loss") == [(1, 0.75), (2, 0.75)]
    assert points(data, "mlp/validation", "epoch_loss") == [(1, 1.75), (2, 2.75)]


def test_batch_curves_have_the_step_as_x(data):
    assert points(data, "cnn/train", "batch_loss") == [(5, 1.0), (10, 1.0), (15, 0.75), (20, 0.75)]
    assert points(data, "cnn/train", "learning_rate")[-1] == (20, 0.25)
    assert points(data, "cnn/train", "samples_per_second")[0] == (5, 100.0)


def test_config_and_model_are_shown_as_text(data):
    assert set(data("plugin/text/tags")["cnn/train"]) == {
        "config/text_summary",
        "model/text_summary",
    }
    (config,) = data("plugin/text/text", run="cnn/train", tag="config/text_summary")
    assert "<pre><code>epochs: 2\n</code></pre>" in config["text"]
    (model,) = data("plugin/text/text", run="cnn/train", tag="model/text_summary")
    assert "Layer (type)" in model["text"]


def test_an_image_comes_back_pixel_for_pixel(data):
    import io

    from PIL import Image

    (entry,) = data("plugin/images/images", run="cnn/result", tag="confusion_matrix", sample=0)
    assert entry["step"] == 20
    key = entry["query"].removeprefix("blob_key=")
    png = data("plugin/images/individualImage", blob_key=key)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(png))), IMAGE)


def test_the_hparams_tab_knows_the_keys_of_every_model_and_which_differ(data):
    experiment = data("plugin/hparams/experiment", body={})
    differs = {info["name"]: info["differs"] for info in experiment["hparamInfos"]}
    assert differs.keys() == {"model.name", "model.width", "model.units", "augmented"}
    assert (differs["model.name"], differs["augmented"]) == (True, False)


def test_the_hparams_tab_lists_the_final_metrics_only(data):
    experiment = data("plugin/hparams/experiment", body={})
    names = {info["name"]["tag"] for info in experiment["metricInfos"]}
    assert names == {"test_loss", "test_accuracy"}


def test_each_run_is_a_session_group_with_its_values(data):
    request = {"startIndex": 0, "sliceSize": 10, "allowedStatuses": ["STATUS_SUCCESS"]}
    groups = data("plugin/hparams/session_groups", body=request)["sessionGroups"]
    found = {
        group["name"]: (
            group["hparams"],
            {entry["name"]["tag"]: entry["value"] for entry in group["metricValues"]},
        )
        for group in groups
    }
    assert found == {
        f"{name}/result": (config, {"test_loss": loss, "test_accuracy": 0.5})
        for name, (config, loss) in RUNS.items()
    }


def test_a_session_has_its_begin_and_end(data):
    request = {"startIndex": 0, "sliceSize": 10, "allowedStatuses": ["STATUS_SUCCESS"]}
    for group in data("plugin/hparams/session_groups", body=request)["sessionGroups"]:
        (session,) = group["sessions"]
        assert 0 < session["endTimeSecs"] - session["startTimeSecs"] < 60
