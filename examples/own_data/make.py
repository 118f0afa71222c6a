"""Makes the data of docs/first-data.md in the working directory, as data of one's own come.

    python examples/own_data/make.py

Scanned digits (scikit-learn's) in files of several kinds, letters and reviews, an archive with the
keys of MedMNIST, and a table of tumours (Wisconsin breast cancer). Nothing that is there already
is replaced.
"""

import csv
from pathlib import Path

import numpy as np
from PIL import Image

from fmtool.data.fetching import catalog

RANDOM = np.random.default_rng(0)
ANIMALS, PLACES = ("dog", "cat", "parrot", "horse"), ("hall", "garden", "kitchen", "attic")
GOOD, BAD = ("lovely", "quiet", "clean", "bright"), ("broken", "dirty", "noisy", "dark")


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Grey pictures (n, 24, 24) of digits, and which they are."""
    found = catalog.load("digits", source="auto")
    small = np.concatenate([found.train.array, found.test.array])[..., 0] * 15
    return small.repeat(3, axis=1).repeat(3, axis=2), np.concatenate([found.train.y, found.test.y])


def scans(root: Path, images: np.ndarray, labels: np.ndarray) -> None:
    """A folder of threes and one of eights, in files as they come from several machines."""
    for name, digit in (("three", 3), ("eight", 8)):
        (root / name).mkdir(parents=True)
        for number, image in enumerate(images[labels == digit][:80]):
            save(root / name / f"{number}", Image.fromarray(image), number)
        (root / name / ".DS_Store").write_bytes(b"\0")


def save(path: Path, picture: Image.Image, number: int) -> None:
    """One in ten is deep, one transparent, one turned, as its EXIF data say; half are PGM."""
    kind = number % 10
    if kind == 0:
        deep = np.asarray(picture).astype(np.uint16) * 257
        Image.fromarray(deep).save(path.with_suffix(".png"))
    elif kind == 1:
        ink = Image.fromarray(255 - np.asarray(picture))
        icon = Image.new("RGBA", picture.size, (0, 0, 0, 0))
        icon.putalpha(ink)
        icon.save(path.with_suffix(".png"))
    elif kind == 2:
        exif = Image.Exif()
        exif[0x0112] = 6
        picture.rotate(90).save(path.with_suffix(".jpg"), exif=exif, quality=95)
    else:
        picture.save(path.with_suffix(".pgm" if kind % 2 else ".png"))


def new_scans(root: Path, images: np.ndarray, labels: np.ndarray) -> None:
    """Other threes and eights, of which it is known what they are."""
    for name, digit in (("three", 3), ("eight", 8)):
        (root / name).mkdir(parents=True)
        for number, image in enumerate(images[labels == digit][80:120]):
            Image.fromarray(image).save(root / name / f"{number}.png")


def review(number: int) -> tuple[str, str]:
    """A sentence with commas and quotes in it, and what is felt."""
    mood, words = (("good", GOOD), ("bad", BAD))[number % 2]
    place, word = PLACES[number % 4], words[number // 2 % 4]
    return f'We called it "{word}", number {number}, and the {place} too', mood


def texts(root: Path) -> None:
    """A table without names of columns, and letters in files without an ending."""
    with (root / "reviews.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(review(number) for number in range(240))
    for name, words in (("praise", GOOD), ("complaints", BAD)):
        (root / "letters" / name).mkdir(parents=True)
        for number in range(60):
            line = f"Dear all,\nthe {PLACES[number % 4]} was {words[number // 4 % 4]}.\n{number}\n"
            (root / "letters" / name / f"{4000 + number}").write_text(line, encoding="utf-8")


def archive(path: Path, images: np.ndarray, labels: np.ndarray) -> None:
    """Images and labels (n, 1) under the keys that MedMNIST has."""
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2)))
    ends = {"train": (0, 1200), "val": (1200, 1500), "test": (1500, 1797)}
    np.savez(path, **{
        f"{split}_{what}": (padded if what == "images" else labels[:, np.newaxis])[begin:end]
        for split, (begin, end) in ends.items()
        for what in ("images", "labels")
    })  # fmt: skip


def tumours(root: Path) -> None:
    """A table with a diagnosis and the number of the patient, and one of new patients."""
    info, found = catalog.info("breast_cancer"), catalog.load("breast_cancer", source="auto")
    rows = np.concatenate([found.train.array, found.test.array])
    names = [info.target.names[y] for y in np.concatenate([found.train.y, found.test.y])]
    order = RANDOM.permutation(len(rows))
    known, new = order[:500], order[500:]
    with (root / "tumours.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["patient", *info.columns, "finding"])
        out.writerows([n + 1, *map(float, rows[row]), names[row]] for n, row in enumerate(known))
    with (root / "new_patients.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow([*reversed(info.columns), "ward"])
        out.writerows([*map(float, rows[row][::-1]), "north"] for row in new)


def main() -> None:
    images, labels = digits()
    scans(Path("scans"), images, labels)
    new_scans(Path("new_scans"), images, labels)
    texts(Path())
    archive(Path("digitmnist.npz"), images.astype(np.uint8), labels.astype(np.uint8))
    tumours(Path())


if __name__ == "__main__":
    main()
