"""Fashion-MNIST: articles of clothing, 60,000 + 10,000 grey images of 28x28 pixels."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fmtool.data.base import DataConfig, SetInfo
from fmtool.targets import Label

if TYPE_CHECKING:
    from fmtool.data.fetching.acquire import Recipe
    from fmtool.data.fetching.four_arrays import Arrays
    from fmtool.data.splitting.splits import Splits


class Config(DataConfig):
    name: Literal["fashion_mnist"]


INFO = SetInfo(
    name="fashion_mnist",
    title="Fashion-MNIST articles of clothing",
    licence="MIT",
    citation="H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST: a novel image dataset for "
    "benchmarking machine learning algorithms, arXiv:1708.07747, 2017",
    homepage="https://github.com/zalandoresearch/fashion-mnist",
    target=Label(
        (
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        )
    ),
    image_shape=(28, 28, 1),
    train_size=60_000,
    test_size=10_000,
    download_bytes=30_878_645,
    digests={
        "x_train": "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
        "y_train": "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
        "x_test": "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
        "y_test": "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
    },
)

_PLACES = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
)
_FILES = {
    "train-images-idx3-ubyte.gz": (
        26_421_880,
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    ),
    "train-labels-idx1-ubyte.gz": (
        29_515,
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    ),
    "t10k-images-idx3-ubyte.gz": (
        4_422_102,
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    ),
    "t10k-labels-idx1-ubyte.gz": (
        5_148,
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
}
_PACKAGE_FOLDER = "usr/share/datasets/fashion-mnist"


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
        read_files=idx.read_folder,
        accepted="the four idx files (train-images-idx3-ubyte.gz, ...)",
        keras_folder="fashion-mnist",
        mirror=Mirror(Package("apt-get", "dataset-fashion-mnist"), _read_package),
    )


def _read_package(archive: Path) -> "Arrays":
    from fmtool.data.fetching import idx
    from fmtool.data.fetching.archives import deb_members, gunzip

    members = {f"{_PACKAGE_FOLDER}/{name}.gz": idx.MAX_BYTES for name in idx.FILES.values()}
    contents = dict(deb_members(archive, members))

    def content_of(name: str) -> bytes:
        return gunzip(contents[f"{_PACKAGE_FOLDER}/{name}.gz"], idx.MAX_BYTES, origin=name)

    return idx.to_arrays(content_of, origin=archive.name)
