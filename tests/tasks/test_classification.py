"""The task of classification: its layers, its loss and weights, and what mixing blends."""

import keras
import numpy as np
import pytest

from fmtool.errors import UsageError
from fmtool.targets import Label
from fmtool.tasks import classification

TARGET = Label(("cat", "dog", "eel"))
LABELS = np.array([0, 0, 2, 1, 0], np.int32)
LOGITS = np.array([[2, 1, 0], [0, 0, 1], [1, 1, 1], [0, 3, 1], [1, 0, 4]], np.float32)


def task(option, **keys):
    return classification.build(option("classification", **keys), TARGET, LABELS)


def computed(function, *arrays):
    return keras.ops.convert_to_numpy(function(*map(keras.ops.convert_to_tensor, arrays)))


def test_the_head_gives_a_float32_logit_for_each_class(option):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        outputs = task(option).head(keras.Input((7,)))
    finally:
        keras.config.set_dtype_policy("float32")
    assert (outputs.shape, outputs.dtype) == ((None, 3), "float32")
    assert keras.Model(outputs._keras_history.operation.input, outputs).layers[-1].name == "logits"


def test_the_loss_is_a_value_for_each_sample_of_labels_and_of_distributions(option):
    log_p = LOGITS - np.log(np.exp(LOGITS.astype(float)).sum(axis=1, keepdims=True))
    expected = -log_p[np.arange(5), LABELS]
    for y in (LABELS, np.eye(3, dtype=np.float32)[LABELS]):
        np.testing.assert_allclose(computed(task(option).loss, y, LOGITS), expected, rtol=1e-6)


def test_mixing_blends_one_hot_labels(option):
    weights = computed(task(option).as_weights, LABELS)
    assert weights.dtype == np.float32
    np.testing.assert_array_equal(weights, np.eye(3)[LABELS])


def test_samples_count_by_their_class_as_fitted_to_the_training_rows(option):
    balanced = task(option, class_weights="balanced")
    np.testing.assert_allclose(
        computed(balanced.sample_weights, LABELS), [5 / 9, 5 / 9, 5 / 3, 5 / 3, 5 / 9], rtol=1e-6
    )
    mixed = np.array([[0.5, 0.5, 0]], np.float32)
    np.testing.assert_allclose(
        computed(balanced.sample_weights, mixed), [(5 / 9 + 5 / 3) / 2], rtol=1e-6
    )
    assert task(option).sample_weights(LABELS) is None


def test_weights_of_other_classes_are_a_mistake_of_the_user(option):
    with pytest.raises(UsageError, match="2 numbers for 3 classes"):
        task(option, class_weights=[1.0, 2.0])


def test_accuracy_is_the_one_metric(option):
    (accuracy,) = task(option).metrics()
    accuracy.update_state(LABELS, LOGITS)
    assert (accuracy.name, float(accuracy.result())) == ("accuracy", pytest.approx(2 / 5))
