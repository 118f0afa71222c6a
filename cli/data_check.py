"""`fmtool data check`: verifies a set, and counts its labels and duplicate samples."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import output
from .data_config import configured

if TYPE_CHECKING:
    from fmtool.data.samples.images import Images
    from fmtool.data.splitting.splits import Splits

Result = dict[str, Any]


def check(name: str, keys: dict[str, str], folders: tuple[Path, ...] = ()) -> Result:
    """Digest, labels and duplicates of a cached set, or of a user's own with the `keys` of `data=`.

    Raises DataError where a digest, a shape, a label or a file is wrong.
    """
    from fmtool.data.fetching import catalog
    from fmtool.data.splitting import check
    from fmtool.trees import mapped

    # Loading verifies every digest, shape and label, and raises DataError where one is wrong.
    splits = (
        load_local(name, keys, folders)
        if catalog.is_local(name)
        else catalog.load(name, source="cache", folders=folders)
    )
    duplicates = check.find_duplicates(splits.train.x, splits.test.x)
    parts = {"train": splits.train, "test": splits.test}
    return {
        "name": name,
        "kind": splits.element.kind,
        "digest": splits.digest,
        "target": splits.target.to_json(),
        "splits": {
            part: {
                "images": mapped(_array_facts, split.x),
                "labels": {
                    "dtype": str(split.y.dtype),
                    "min": split.y.min().item(),
                    "max": split.y.max().item(),
                },
                "class_counts": splits.target.counts(split.y),
                "duplicates": getattr(duplicates, part),
            }
            for part, split in parts.items()
        },
        "test_images_in_train": duplicates.across,
    }


def load_local(name: str, keys: dict[str, str], folders: tuple[Path, ...] = ()) -> "Splits":
    """A set of the user's own, with the keys of `data=`."""
    from fmtool import options

    cfg = configured(name, keys, folders=folders)
    own = options.data(name)
    splits = own.load(cfg)
    own.check(cfg, splits)
    return splits


def show(result: Result) -> None:
    from fmtool.elements import WHAT

    splits = result["splits"].values()
    samples, labels = ([split[name] for split in splits] for name in ("images", "labels"))
    counts = [split["class_counts"] for split in splits]
    are_fields = result["kind"] == "record"
    rows = [
        ["digest", f"{result['digest'][:12]} verified"],
        [WHAT[result["kind"]], *(_shown_arrays(x, are_fields=are_fields) for x in samples)],
        ["labels", *(f"{y['min']} to {y['max']}" for y in labels)],
        *([["per class", *map(cell, counts)]] if any(counts) else []),
        ["duplicates", *(cell(split["duplicates"]) for split in splits)],
        ["duplicates in train", "", cell(result["test_images_in_train"])],
    ]
    output.print_table([result["name"], *result["splits"]], rows)


def cell(value: Any) -> str:
    """A value, or several of a list, in a cell of a table; a dash for none."""
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return "-" if value is None else str(value)


def _array_facts(array: "Images") -> Result:
    dtype = str(array.dtype)
    return {"shape": list(array.shape), "dtype": "text" if dtype == "object" else dtype}


def _shown_arrays(facts: Result, *, are_fields: bool) -> str:
    if are_fields:
        shown = (f"{name} {_shown_arrays(each, are_fields=False)}" for name, each in facts.items())
        return ", ".join(shown)
    return f"{facts['dtype']} {tuple(facts['shape'])}"
