"""The parts that targets made of classes share."""

from collections.abc import Collection, Sequence

from fmtool.errors import DataError
from fmtool.suggest import did_you_mean

_MAX_NAMED = 10


def places_of(names: Sequence[str]) -> dict[str, int]:
    """The place of each class by its name."""
    return {name: place for place, name in enumerate(names)}


def absent(names: Sequence[str], counts: Sequence[int]) -> tuple[str, ...]:
    """The classes without a sample."""
    return tuple(name for name, count in zip(names, counts, strict=True) if not count)


def require_samples_of_each(missing: Sequence[str], split: str) -> None:
    """Raises DataError for the first of the missing classes."""
    if missing:
        raise DataError(
            f"class '{missing[0]}' is absent from {split}",
            fix="add samples of it, or remove its name and renumber the labels",
        )


def unknown_class(place: object, name: str, known: Collection[str]) -> DataError:
    """The error for a class that the run has not.

    Args:
        place: of a sample that has it.
        known: the classes of the run.
    """
    shown = ", ".join(f"'{each}'" for each in list(known)[:_MAX_NAMED])
    more = f" and {len(known) - _MAX_NAMED} more" if len(known) > _MAX_NAMED else ""
    return DataError(
        f"{place}: class '{name}' is none of the run's, which are {shown}{more}",
        fix=did_you_mean(name, known, otherwise="leave its samples out, or train with them"),
    )
