"""The penalty of a regularizer is minimized with the loss, and recorded apart from it."""

import json
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from small_tasks import labelled

from fmtool.data.splitting.splits import Split
from fmtool.errors import ConfigChanged
from fmtool.training.resume import require_comparable_loss
from fmtool.training.step.feed import feed
from fmtool.training.step.indexed_model import IndexedModel, Parts
from fmtool.training.step.plan import BatchPlan
from fmtool.training.step.source import DeviceDataset
from fmtool.training.step.table import to_device

X = np.random.default_rng(0).integers(0, 9, (30, 4)).astype(np.uint8)
Y = (X.sum(axis=1) % 3).astype(np.int32)


def network(factor):
    keras.utils.set_random_seed(1)
    inputs = keras.Input((4,), dtype="uint8")
    penalty = keras.regularizers.L2(factor) if factor else None
    dense = keras.layers.Dense(3, kernel_regularizer=penalty)
    return keras.Model(inputs, dense(keras.ops.cast(inputs, "float32") / 9))


def plainly_compiled(model):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), loss, metrics=["accuracy"])
    return model


def trained(factor):
    """History and kernel of our model, and of plain Keras on the same batches."""
    split = Split(X, Y)
    table = to_device(split)
    plan, held_out = (BatchPlan(np.arange(30, dtype=np.int32), size) for size in (10, 7))
    sources = DeviceDataset(plan, split, table), DeviceDataset(held_out, split, table)
    ours, plain = IndexedModel(Parts(network(factor), labelled(3), *sources)), network(factor)
    ours.compile(keras.optimizers.SGD(0.1))
    plainly_compiled(plain)
    keys = {"epochs": 2, "shuffle": False, "verbose": 0}
    history = ours.fit(feed(plan), validation_data=feed(held_out), **keys).history
    plain.fit(X, Y, batch_size=10, **keys)
    return history, ours.network, plain


def test_loss_is_that_of_the_samples_and_the_penalty_a_figure_of_its_own():
    history, ours, plain = trained(0.5)
    kernels = [np.asarray(each.layers[-1].kernel) for each in (ours, plain)]
    np.testing.assert_allclose(*kernels, rtol=1e-5, err_msg="both minimize the sum")
    logits = keras.ops.convert_to_numpy(ours(X))
    of_samples = keras.losses.sparse_categorical_crossentropy(Y, logits, from_logits=True)
    expected = float(np.mean(keras.ops.convert_to_numpy(of_samples)))
    assert history["val_loss"][-1] == pytest.approx(expected, rel=1e-5)
    assert history["val_penalty"][-1] == pytest.approx(0.5 * np.square(kernels[0]).sum(), rel=1e-5)
    assert plain.evaluate(X, Y, verbose=0)[0] == pytest.approx(
        history["val_loss"][-1] + history["val_penalty"][-1], rel=1e-5
    )
    assert set(history) == {f"{part}{name}" for part in ("", "val_") for name in
                            ("loss", "penalty", "accuracy")}  # fmt: skip


def test_without_a_regularizer_there_is_no_penalty():
    history, *_ = trained(0.0)
    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy"}


@pytest.mark.parametrize(
    ("manifest", "regularizer", "is_refused"),
    [({}, "l2", True), ({}, "none", False), ({"rules": 2}, "l2", False)],
)
def test_a_regularized_run_of_an_earlier_release_is_not_resumed(
    tmp_path, manifest, regularizer, is_refused
):
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    cfg = SimpleNamespace(regularizer=SimpleNamespace(name=regularizer))
    if not is_refused:
        require_comparable_loss(tmp_path, cfg)
        return
    with pytest.raises(ConfigChanged, match="had the penalty of regularizer=l2 in them") as caught:
        require_comparable_loss(tmp_path, cfg)
    assert caught.value.exit_code == 78
