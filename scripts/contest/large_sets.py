"""Data sets of any size on disk, to be streamed: an npz file, a folder of pictures."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

CLASSES = 4
_BLOCK = 256
_SIDE = 64
"""Of the images in the npz file."""
_PICTURE_SIDE = 512
_KINDS_OF_PICTURE = 8
"""Different pictures in each class; the others have the same bytes."""


def arrays(folder: Path, size: int) -> list[str]:
    """`size` bytes of random images, uncompressed; gives the overrides to train on them."""
    count = _BLOCK * (size // (_BLOCK * _SIDE**2 * 3))
    random = np.random.default_rng(0)
    path = folder / "large.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        with archive.open("x.npy", "w", force_zip64=True) as file:
            shape = (count, _SIDE, _SIDE, 3)
            header = {"descr": "|u1", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            for _ in range(count // _BLOCK):
                file.write(random.bytes(_BLOCK * _SIDE**2 * 3))
        with archive.open("y.npy", "w") as file:
            np.lib.format.write_array(file, np.arange(count) % CLASSES)
    return ["data=arrays", f"data.path={path}", "batch_size=256", "eval_batch_size=256"]


def image_folder(folder: Path, size: int) -> list[str]:
    """Pictures that have `size` bytes once decoded; gives the overrides to train on them.

    The batches are small: what the network keeps of a batch is a multiple of its size.
    """
    from PIL import Image

    count = size // (_PICTURE_SIDE**2 * 3)
    random = np.random.default_rng(0)
    root = folder / "pictures"
    for label in range(CLASSES):
        (root / f"class{label}").mkdir(parents=True)
        kinds = []
        for _ in range(_KINDS_OF_PICTURE):
            coarse = random.integers(0, 256, (16, 16, 3), dtype=np.uint8)
            picture = Image.fromarray(coarse).resize((_PICTURE_SIDE, _PICTURE_SIDE), 0)
            picture.save(folder / "picture.png")
            kinds.append((folder / "picture.png").read_bytes())
        for number in range(count // CLASSES):
            path = root / f"class{label}" / f"{number}.png"
            path.write_bytes(kinds[number % _KINDS_OF_PICTURE])
    return ["data=image_folder", f"data.path={root}", "batch_size=8", "eval_batch_size=8"]


KINDS: dict[str, Callable[[Path, int], list[str]]] = {
    "arrays": arrays,
    "image_folder": image_folder,
}
