"""Weights of classes: where they come from, and what a training makes of them."""

import shlex

import keras
import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from fmtool.augment.stages.pipeline import Pipeline
from fmtool.class_names import ordered
from fmtool.config.arguments import prepare
from fmtool.config.compose import compose
from fmtool.data.splitting.splits import Split
from fmtool.errors import UsageError
from fmtool.targets import Label
from fmtool.tasks import classification
from fmtool.tasks.shared.class_weights import of_samples, resolve
from fmtool.training.step.feed import feed
from fmtool.training.step.indexed_model import IndexedModel, Parts
from fmtool.training.step.plan import BatchPlan
from fmtool.training.step.source import DeviceDataset
from fmtool.training.step.table import to_device
from fmtool.validate import option as validated

NAMES = ("cat", "dog", "0")
LABELS = np.array([0, 0, 0, 0, 0, 1, 1, 1, 2, 0], np.int32)


def test_balanced_weights_are_those_of_scikit_learn():
    expected = compute_class_weight("balanced", classes=np.arange(3), y=LABELS)
    np.testing.assert_allclose(resolve("balanced", LABELS, NAMES), expected, rtol=1e-7)


def test_a_class_without_a_sample_leaves_the_others_balanced():
    weights = resolve("balanced", LABELS, (*NAMES, "never"))
    np.testing.assert_array_equal(weights[:3], resolve("balanced", LABELS, NAMES))
    assert weights[LABELS].sum() == pytest.approx(len(LABELS))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([1.0, 2.0, 0.5], [1, 2, 0.5]),
        ({"dog": 3.0}, [1, 3, 1]),
        ({"cat": 0.5, "0": 4.0}, [0.5, 1, 4]),
    ],
)
def test_weights_are_taken_by_place_or_by_name(wanted, expected):
    weights = resolve(wanted, LABELS, NAMES)
    assert weights.dtype == np.float32
    np.testing.assert_array_equal(weights, expected)


def test_a_number_is_a_place_only_where_no_class_is_called_by_a_number():
    np.testing.assert_array_equal(resolve({"1": 3.0}, LABELS, ("a", "b", "c")), [1, 3, 1])
    for names, fix in (
        (("01", "02", "03"), "did you mean '01'?"),
        (("5", "10"), "did you mean '10'?"),
    ):
        with pytest.raises(UsageError, match="there is no class '1'") as error:
            resolve({"1": 3.0}, LABELS, names)
        assert error.value.fix.startswith(fix)


@pytest.mark.parametrize(
    ("names", "weights", "typed"),
    [
        (("1", "2", "10"), [1.0, 0.25, 50.0], "'task.class_weights={1: 1, 2: 0.25, 10: 50}'"),
        (("class2", "class10"), [1.0, 3.0], "'task.class_weights={class2: 1, class10: 3}'"),
        (("a, b", "a c", "B 'd'"), [1.0, 2.0, 3.0], ""),
    ],
)
def test_a_list_is_refused_where_the_order_may_be_mistaken_and_the_fix_works(names, weights, typed):
    names = ordered(names)
    with pytest.raises(UsageError, match="natural order: numbers by value") as error:
        resolve(weights, LABELS, names)
    said = error.value.fix.partition(": ")[2]
    assert not typed or said == typed
    (word,) = shlex.split(said)
    cfg = validated("task", compose("train", [prepare(word)])["task"])
    np.testing.assert_array_equal(resolve(cfg.class_weights, LABELS, names), weights)


@pytest.mark.parametrize("names", [("0", "1", "2"), ("cat", "dog", "eel"), ("T-shirt", "Bag", "a")])
def test_a_list_is_taken_where_the_order_is_plain_or_that_of_the_label_values(names):
    np.testing.assert_array_equal(resolve([1.0, 2.0, 3.0], LABELS, names), [1, 2, 3])


def test_none_is_no_weights_at_all():
    assert resolve("none", LABELS, NAMES) is None


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (
            [1.0, 2.0],
            "task.class_weights: 2 numbers for 3 classes; fix: give one for each of cat, dog, 0, "
            "or {CLASS: NUMBER} for some",
        ),
        ({"dgo": 2.0}, "task.class_weights: there is no class 'dgo'; fix: did you mean 'dog'?"),
        ({"3": 2.0}, "task.class_weights: there is no class '3'; fix: one of 0, cat, dog"),
        (
            {"dog": 2.0, " dog": 2.0},
            "task.class_weights: 'dog' and 'dog' are the same class; fix: name each class once",
        ),
    ],
)
def test_weights_of_other_classes_are_a_mistake_of_the_user(wanted, message):
    with pytest.raises(UsageError) as error:
        resolve(wanted, LABELS, NAMES)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1.0, 0.0], "task.class_weights: the weight of class 1 is 0; fix: give numbers greater"),
        ({"a": -2}, "task.class_weights: the weight of class a is -2; fix: give numbers greater"),
        ("balnced", "task.class_weights=balnced is not accepted; fix: did you mean 'balanced'?"),
        (None, "task.class_weights=null is not accepted; fix: give 'none' or 'balanced'"),
        ([1.0, "x"], "task.class_weights.1=x is not accepted; fix: give a number"),
        ([1.0, float("inf")], "task.class_weights.1=inf is not accepted"),
    ],
)
def test_what_is_no_weight_is_one_line(option, given, message):
    values = option("classification").model_dump() | {"class_weights": given}
    with pytest.raises(UsageError) as error:
        validated("task", values)
    assert str(error.value).startswith(message)


def test_a_number_names_a_class_as_text(option):
    assert option("classification", class_weights={3: 2.0}).class_weights == {"3": 2.0}


def test_mixed_labels_weigh_what_is_expected_of_them():
    weights = keras.ops.convert_to_tensor(np.array([1, 2, 4], np.float32))
    mixed = np.array([[0.5, 0.5, 0], [0, 0.25, 0.75]], np.float32)
    found = of_samples(keras.ops.convert_to_tensor(mixed), weights)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(found), [1.5, 3.5])


def mixing(images, labels, uniforms):
    """Every image and half of the one before it."""
    own = keras.ops.one_hot(labels, 3, dtype="float32")
    return images, (own + keras.ops.roll(own, 1, axis=0)) / 2


def fitted(option, class_weights, augment=None):
    """What `fit` reports of one step over all samples, and the logits before it."""
    keras.utils.set_random_seed(0)
    split = Split(np.arange(160, dtype=np.uint8).reshape(10, 4, 4, 1), LABELS)
    plan = BatchPlan(np.arange(10, dtype=np.int32), 10, seed=5, shuffles=True)
    inputs = keras.Input((4, 4, 1), dtype="uint8")
    x = keras.layers.Flatten()(keras.ops.cast(inputs, "float32") / 160)
    network = keras.Model(inputs, keras.layers.Dense(3)(x))
    source = DeviceDataset(plan, split, to_device(split))
    cfg = option("classification", class_weights=class_weights)
    task = classification.build(cfg, Label(("0", "1", "2")), LABELS)
    model = IndexedModel(Parts(network, task, source, source, augment))
    model.compile(optimizer=keras.optimizers.SGD(0.0))
    logs = model.fit(feed(plan), validation_data=feed(plan), shuffle=False, verbose=0).history
    logits = keras.ops.convert_to_numpy(network(split.x)).astype(np.float64)
    return logs, logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)), plan.arrays()[0]


def test_the_training_loss_is_weighted_and_validation_and_accuracy_are_not(option):
    logs, log_p, _ = fitted(option, [0.5, 2.0, 3.0])
    losses = -log_p[np.arange(10), LABELS]
    weights = np.array([0.5, 2.0, 3.0])[LABELS]
    assert logs["loss"][0] == pytest.approx((weights * losses).mean(), rel=1e-5)
    assert logs["val_loss"][0] == pytest.approx(losses.mean(), rel=1e-5)
    assert logs["accuracy"][0] == pytest.approx((log_p.argmax(axis=1) == LABELS).mean())


def test_mixed_samples_are_weighted_in_training_too(option):
    logs, log_p, order = fitted(option, [0.5, 2.0, 3.0], Pipeline(0, False, True, mixing))
    own = np.eye(3)[LABELS[order]]
    mixed = (own + np.roll(own, 1, axis=0)) / 2
    losses = -(mixed * log_p[order]).sum(axis=1)
    assert logs["loss"][0] == pytest.approx(((mixed @ [0.5, 2.0, 3.0]) * losses).mean(), rel=1e-5)
