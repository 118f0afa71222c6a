"""Losses against references in NumPy, for labels that are numbers and for mixed ones."""

import keras
import numpy as np
import pytest

from fmtool.errors import UsageError
from fmtool.tasks import classification
from fmtool.validate import option as validated

CLASSES = 4
GENERATOR = np.random.default_rng(0)
LOGITS = GENERATOR.normal(0, 3, (12, CLASSES)).astype(np.float32)
NUMBERS = GENERATOR.integers(0, CLASSES, 12).astype(np.int32)
MIXED = GENERATOR.dirichlet(np.ones(CLASSES), 12).astype(np.float32)


def huber(error, delta):
    size = np.abs(error)
    return np.where(size <= delta, error**2 / 2, delta * size - delta**2 / 2)


REFERENCES = {
    "cross_entropy": lambda q, p: -(q * np.log(p)).sum(axis=-1),
    "focal": lambda q, p: -(q * (1 - p) ** 1.5 * np.log(p)).sum(axis=-1),
    "mse": lambda q, p: ((q - p) ** 2).mean(axis=-1),
    "mae": lambda q, p: np.abs(q - p).mean(axis=-1),
    "huber": lambda q, p: huber(q - p, 0.2).mean(axis=-1),
}
KEYS = {"focal_gamma": 1.5, "huber_delta": 0.2}


def probabilities(logits):
    powers = np.exp(logits.astype(np.float64))
    return powers / powers.sum(axis=-1, keepdims=True)


def values(cfg, labels, logits):
    tensors = map(keras.ops.convert_to_tensor, (labels, logits))
    return keras.ops.convert_to_numpy(classification.loss(cfg, CLASSES)(*tensors))


def gradient(loss, weights):
    """Of the mean loss of a network whose logits are its weights, after a step of SGD."""
    inputs = keras.Input((1,))
    outputs = keras.layers.Dense(CLASSES, use_bias=False)(inputs)
    model = keras.Model(inputs, outputs)
    model.set_weights([weights])
    model.compile(optimizer=keras.optimizers.SGD(1.0), loss=loss)
    model.train_on_batch(np.ones((1, 1), np.float32), np.zeros(1, np.int32))
    return weights - model.get_weights()[0]


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("labels", [NUMBERS, MIXED], ids=["numbers", "mixed"])
@pytest.mark.parametrize("name", REFERENCES)
def test_a_loss_is_that_of_a_reference_in_numpy(option, name, labels, smoothing):
    cfg = option("classification", loss=name, label_smoothing=smoothing, **KEYS)
    targets = np.eye(CLASSES)[labels] if labels.ndim == 1 else labels
    smoothed = (1 - smoothing) * targets + smoothing / CLASSES
    expected = REFERENCES[name](smoothed, probabilities(LOGITS))
    found = values(cfg, labels, LOGITS)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("labels", [NUMBERS, MIXED], ids=["numbers", "mixed"])
def test_focal_without_focus_is_cross_entropy(option, labels):
    focal = values(option("classification", loss="focal", focal_gamma=0.0), labels, LOGITS)
    plain = values(option("classification", loss="cross_entropy"), labels, LOGITS)
    np.testing.assert_allclose(focal, plain, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_a_sample_that_is_certain_has_a_finite_focal_gradient(option, gamma):
    loss = classification.loss(option("classification", loss="focal", focal_gamma=gamma), CLASSES)
    certain = np.array([[200.0, 0.0, 0.0, 0.0]], np.float32)
    np.testing.assert_allclose(gradient(loss, certain), 0, atol=1e-6)


@pytest.mark.parametrize("name", REFERENCES)
def test_a_step_raises_the_logit_of_the_label_alone(option, name):
    loss = classification.loss(option("classification", loss=name, **KEYS), CLASSES)
    first, *others = gradient(loss, np.zeros((1, CLASSES), np.float32))[0]
    assert first < 0
    assert all(each > 0 for each in others)


@pytest.mark.parametrize(
    ("key", "value", "fix"),
    [
        ("loss", "focl", "did you mean 'focal'?"),
        ("focal_gamma", -1.0, "give a value greater than or equal to 0"),
        ("huber_delta", 0.0, "give a value greater than 0"),
    ],
)
def test_a_wrong_key_is_one_line(option, key, value, fix):
    values = option("classification").model_dump() | {key: value}
    with pytest.raises(UsageError) as error:
        validated("task", values)
    assert str(error.value) == f"task.{key}={value} is not accepted; fix: {fix}"
