"""What files give that tell one class of several, as their metadata say it."""

from fmtool.export.metadata import Input, Metadata, chosen, serving_of
from fmtool.metric import Metric
from fmtool.targets import Label

ACCURACY = Metric("accuracy", "max")
_FEATURES = Input("features", "features", "float32", (3,), None, None)


def declared(names, labels):
    """The outputs called `names`, for classes called `labels`."""
    return chosen(serving_of({"name": "classification"}, Label(tuple(labels))), names)


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
