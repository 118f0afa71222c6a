"""What files give that tell one class of several, as their metadata say it."""

import numpy as np

from fmtool.export.measured import Measured
from fmtool.export.metadata import Input, Metadata, chosen, serving_of
from fmtool.metric import Metric
from fmtool.targets import Label
from fmtool.tasks.shared.label_reporting import LabelReporting

ACCURACY = Metric("accuracy", "max")
_FEATURES = Input("features", "features", "float32", (3,), None, None)


def declared(names, labels):
    """The outputs called `names`, for classes called `labels`."""
    return chosen(serving_of({"name": "classification"}, Label(tuple(labels))), names)


def measured(truth, labels):
    """What scores files on samples whose classes are `truth`."""
    return Measured(np.asarray(truth), LabelReporting(Label(tuple(labels))), ACCURACY)


def classes(count):
    return tuple(map(str, range(count)))


def metadata(names, count, reads=_FEATURES):
    return Metadata(
        model="plain",
        data="numbers",
        run="run",
        fmtool="0",
        manifest_digest="",
        quantization="none",
        input=reads,
        trained_shape=tuple(side or 4 for side in reads.shape),
        outputs=declared(names, classes(count)),
        target=Label(classes(count)),
    )
