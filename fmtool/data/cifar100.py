"""CIFAR-100: 50,000 + 10,000 colour photographs of 32x32 pixels in 100 classes (fine labels)."""

from typing import TYPE_CHECKING, Literal

from fmtool.data.base import DataConfig, SetInfo
from fmtool.targets import Label

if TYPE_CHECKING:
    from fmtool.data.fetching.acquire import Recipe
    from fmtool.data.splitting.splits import Splits


class Config(DataConfig):
    name: Literal["cifar100"]


_CLASSES = """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus
    butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach
    couch crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster
    house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree
    motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear
    pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket
    rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar
    sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip
    turtle wardrobe whale willow_tree wolf woman worm
"""

# Without digests: no copy of the arrays in their canonical order was at hand, so that of the
# official archive decides, and the extracted files are not accepted in its place.
INFO = SetInfo(
    name="cifar100",
    title="CIFAR-100 tiny images, fine labels",
    licence="none stated by the authors",
    citation="A. Krizhevsky, Learning multiple layers of features from tiny images, "
    "technical report, University of Toronto, 2009",
    homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
    target=Label(tuple(_CLASSES.split())),
    image_shape=(32, 32, 3),
    train_size=50_000,
    test_size=10_000,
    download_bytes=169_001_437,
    digests=None,
)


def load(cfg: Config) -> "Splits":
    from fmtool.data.fetching import acquire

    return acquire.load(recipe(), source=cfg.source)


def recipe() -> "Recipe":
    from fmtool.data.fetching import cifar
    from fmtool.data.fetching.acquire import Recipe
    from fmtool.data.fetching.download import RemoteFile

    archive = RemoteFile(
        name="cifar-100-python.tar.gz",
        urls=("https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",),
        size=INFO.download_bytes,
        sha256="85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
    )
    layout = cifar.Layout(
        folder="cifar-100-python",
        train=("train",),
        test="test",
        labels_key=b"fine_labels",
        archive=archive,
        archive_names=(
            "cifar-100-python.tar.gz",
            "cifar-100-python-target_archive",
        ),
    )
    return Recipe(
        info=INFO,
        official=(archive,),
        read_files=lambda folder: cifar.read_archive(folder, layout),
        accepted="cifar-100-python.tar.gz",
    )
