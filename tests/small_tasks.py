"""Tasks of tests, written without the built-in ones; imported where Keras is."""

import keras
from keras import ops

from fmtool.targets import Label
from fmtool.tasks.base import Task


class Labelled(Task[Label]):
    """Cross-entropy of logits."""

    def head(self, representation, hints=None):
        return keras.layers.Dense(len(self.target.names))(representation)

    def loss(self, y, outputs):
        return keras.losses.sparse_categorical_crossentropy(y, outputs, from_logits=True)

    def metrics(self):
        return [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]


def labelled(classes):
    return Labelled(Label(tuple(map(str, range(classes)))))


def one_hot(classes):
    """A function that gives labels as weights of so many classes."""
    return lambda labels: ops.one_hot(labels, classes, dtype="float32")
