"""Networks of records: a model that reads all fields, and a task that makes one array of them."""

from types import ModuleType

import keras
import numpy as np
import pytest
from small_models import classification
from two_numbers import TwoNumbers

from fmtool import options, registry, validate
from fmtool.config.compose import compose
from fmtool.data.samples.images import ChosenImages
from fmtool.data.splitting.splits import Split, Splits
from fmtool.elements import Features, Pixels, Record, Tokens
from fmtool.errors import DataError
from fmtool.evaluation.measure import check_fits, load_model, predict
from fmtool.evaluation.model_facts import model_facts
from fmtool.machine.flops import model_flops
from fmtool.models.base import ModelConfig
from fmtool.schema import ReportConfig
from fmtool.targets import Label, Numbers
from fmtool.tasks.shared.label_reporting import LabelReporting
from fmtool.training import network
from fmtool.training.batch_statistics import BatchStatistics
from fmtool.training.network import normalization
from fmtool.training.seen_samples import as_seen

RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(0, 200, (30, 2, 2, 1), dtype=np.uint8)
WORDS = RANDOM.integers(0, 11, (30, 3), dtype=np.int32)
NUMBERS = RANDOM.normal(5, 2, (30, 2)).astype(np.float32)
X = {"words": WORDS, "pixels": ChosenImages(PIXELS, np.arange(30)), "numbers": NUMBERS}
RECORD = Record({"words": Tokens((3,), 11), "pixels": Pixels((2, 2, 1)), "numbers": Features((2,))})
LABEL = Label(("a", "b"))
SPLIT = Split(X, np.zeros(30, np.int32))
SPLITS = Splits("x", SPLIT, SPLIT, LABEL, "0", RECORD)
ROWS = np.arange(0, 30, 2, dtype=np.int32)
DATA = validate.option("data", compose("train", ["data=digits"])["data"])


class ReaderConfig(ModelConfig):
    name: str


def read(cfg, element, wanted):
    layers = keras.layers
    inputs = {
        name: keras.Input(each.shape, dtype="int32" if name == "words" else "float32", name=name)
        for name, each in element.fields.items()
    }
    vectors = layers.GlobalAveragePooling1D()(layers.Embedding(11, 4)(inputs["words"]))
    rest = [layers.Flatten()(inputs["pixels"]), inputs["numbers"]]
    x = layers.BatchNormalization()(layers.Concatenate()([vectors, *rest]))
    return keras.Model(inputs, x)


@pytest.fixture
def reader(monkeypatch):
    module = ModuleType("reader")
    vars(module).update(
        __file__="reader.py", build=read, Config=ReaderConfig, READS=("record",), GIVES=("vector",)
    )
    monkeypatch.setitem(registry._plugins, ("model", "reader"), module)
    return ReaderConfig(name="reader", summary=False)


def built(cfg, splits, task):
    scaling = network.scaling(cfg, DATA, splits, ROWS)
    return network.build(cfg, splits, ROWS, scaling, task, needs="vector"), scaling


def test_a_model_that_reads_records_is_given_each_field_normalised_by_itself(reader, tmp_path):
    assert options.model("reader").READS == ("record",)
    task = classification(2)
    whole, scaling = built(reader, SPLITS, task)
    assert as_seen(SPLITS, task) is SPLITS
    assert network.presented(whole, task, RECORD) is whole
    for name, array in (("pixels", PIXELS), ("numbers", NUMBERS)):
        alone = Splits("x", Split(array, LABEL), SPLIT, LABEL, "0", RECORD.fields[name])
        expected = np.asarray(normalization(DATA.normalize, alone, ROWS), np.float32)
        np.testing.assert_array_equal(scaling[name], expected)
    given = whole.get_layer("normalization")({"pixels": PIXELS, "numbers": NUMBERS})
    for name, array in (("pixels", PIXELS), ("numbers", NUMBERS)):
        scale, offset = scaling[name]
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(given[name]), array * scale + offset, rtol=1e-6
        )
    x = {"words": WORDS, "pixels": PIXELS, "numbers": NUMBERS}
    expected = keras.ops.convert_to_numpy(whole(x))
    path = tmp_path / "model.keras"
    whole.save(path)
    again = load_model(path)
    outputs = np.concatenate(list(predict(again, X, batch_size=8)))
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-6)
    check_fits(again, SPLITS, LabelReporting(LABEL))
    other = Record({**RECORD.fields, "numbers": Features((3,))})
    with pytest.raises(DataError, match=r"'numbers': \(3,\).*made for"):
        check_fits(again, Splits("x", SPLIT, SPLIT, LABEL, "0", other), LabelReporting(LABEL))


def test_operations_statistics_and_latency_of_several_inputs_are_found(reader, tmp_path):
    whole, _ = built(reader, SPLITS, classification(2))
    assert model_flops(whole).dense == 2 * 10 * 2
    assert len(BatchStatistics(whole).variables()) == 2
    path = tmp_path / "model.keras"
    whole.save(path)
    wanted = ReportConfig(test=True, latency=True)
    assert model_facts(whole, path, wanted)["latency_ms"] > 0


class Joining(TwoNumbers):
    """The network reads the numbers and the sum of the pixels."""

    def input(self, element):
        return Features((3,))

    def as_input(self, x):
        sums = keras.ops.sum(keras.ops.cast(x["pixels"], "float32"), axis=(1, 2))
        return keras.ops.concatenate([x["numbers"], sums], axis=1)

    def present(self, outputs):
        return keras.ops.multiply(outputs, 10.0)


def test_what_a_task_makes_of_records_is_fitted_to_and_part_of_the_saved_model(tmp_path):
    task = Joining(Numbers(("a", "b"), (2,)))
    seen = as_seen(SPLITS, task)
    joined = np.concatenate([NUMBERS, PIXELS.sum(axis=(1, 2), dtype=np.float32)], axis=1)
    np.testing.assert_array_equal(np.asarray(seen.train.x), joined)
    cfg = validate.option("model", compose("train", ["model=mlp", "model.units=[4]"])["model"])
    learned, (scale, offset) = built(cfg, seen, task)
    np.testing.assert_allclose(scale, 1 / joined[ROWS].astype(np.float64).std(axis=0), rtol=1e-6)
    np.testing.assert_allclose(offset, -joined[ROWS].mean(axis=0) * scale, rtol=1e-5)
    saved = network.presented(learned, task, RECORD)
    assert [each.path for each in saved.weights] == [each.path for each in learned.weights]
    expected = 10 * keras.ops.convert_to_numpy(learned(joined))
    path = tmp_path / "model.keras"
    saved.save(path)
    outputs = np.concatenate(list(predict(load_model(path), X, batch_size=30)))
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-5)
