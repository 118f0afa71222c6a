"""One model out of the archive that `fmtool export bundle=true` packs, unpacked for a while."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from fmtool import extras
from fmtool.errors import DataError, UsageError
from fmtool.export import bundle_file, formats, runtimes
from fmtool.runs.atomic import reporting
from fmtool.suggest import did_you_mean


@contextmanager
def unpacked(path: Path, name: str | None) -> Iterator[Path]:
    """The file of a model, in a folder of its own that is gone afterwards.

    Args:
        name: of a folder within the archive, such as `onnx_int8`; None for the first that can run.

    Raises:
        Refused: it could write outside of the folder.
        DataError: it is damaged, or no bundle.
        UsageError: it has no such model, or none that can run here.
    """
    with bundle_file.opened(path) as found:
        chosen = _choice(found.names, name, path)
        used = [each for each in found.names if each.startswith(f"{chosen}/")]
        # The other files are no concern of a prediction; `fmtool verify` looks at all.
        problems = bundle_file.problems_of_sums(found, {each: found.digest(each) for each in used})
        if problems:
            raise DataError(f"{path}: {problems[0]}", fix="get the bundle again")
        with tempfile.TemporaryDirectory(prefix="fmtool-bundle-") as folder:
            with reporting(Path(folder)):
                found.extract(f"{chosen}/", Path(folder))
            yield Path(folder, chosen, formats.module(_format_of(chosen) or "").FILE)


def _choice(members: Sequence[str], name: str | None, path: Path) -> str:
    """The folder of the model; of those that can run the one that starts soonest, unquantized."""
    folders = {member.split("/")[0] for member in members if "/" in member}
    models = {each: found for each in sorted(folders) if (found := _format_of(each))}
    if not models:
        raise DataError(f"{path}: no model in it", fix="give what `fmtool export bundle=true` made")
    if name is not None:
        if name not in models:
            raise UsageError(
                f"format={name}: the bundle has no such model", fix=did_you_mean(name, models)
            )
        return name
    order = list(runtimes.NEEDS)
    for each in sorted(models, key=lambda each: (order.index(models[each]), len(each), each)):
        if runtimes.runs_here(models[each]):
            return each
    needed = dict.fromkeys(runtimes.NEEDS[each] for each in models.values())
    raise UsageError(
        f"{path}: nothing that is installed runs {', '.join(models)}",
        fix=" or ".join(extras.install(each) for each in needed),
    )


def _format_of(folder: str) -> str | None:
    """`onnx` for `onnx_int8`; None for a folder of something else."""
    names = (name for name in formats.NAMES if folder == name or folder.startswith(f"{name}_"))
    return next(names, None)
