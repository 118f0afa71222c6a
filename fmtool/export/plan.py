"""The files that an export is to write."""

from collections.abc import Sequence
from dataclasses import dataclass

from fmtool.errors import UsageError
from fmtool.export import formats
from fmtool.export.options import QUANTIZATIONS
from fmtool.schema import ExportConfig

_ALL = "all"


@dataclass(frozen=True)
class Target:
    """One file."""

    format: str
    quantization: str

    @property
    def name(self) -> str:
        """The name of the folder that it has for itself."""
        return self.format if self.quantization == "none" else f"{self.format}_{self.quantization}"


def targets(cfg: ExportConfig) -> list[Target]:
    """In the order of the formats, without repetition.

    What `all` stands for is left out where it is not installed, or cannot be had in a format.

    Raises UsageError for what was named and cannot be had.
    """
    named_formats = [_ALL] if cfg.benchmark else _distinct(cfg.format, "format")
    named = [_ALL] if cfg.benchmark else _distinct(cfg.quantization, "quantization")
    chosen = [name for name in named_formats if name != _ALL]
    for name in chosen:
        formats.require_installed(name)
    if _ALL in named_formats:
        installed = [name for name in formats.NAMES if formats.is_installed(name)]
        chosen += [name for name in installed if name not in chosen]
    any_size = cfg.export.any_size
    found = [
        Target(name, each) for name in chosen for each in _quantizations(name, named, any_size)
    ]
    if not found:
        raise UsageError("format: nothing to export", fix="write format=onnx, or format=all")
    return found


def _quantizations(name: str, named: Sequence[str], any_size: bool) -> list[str]:
    module = formats.module(name)
    of_one_size = getattr(module, "OF_ONE_SIZE", ()) if any_size else ()
    possible = [each for each in ("none", *module.QUANTIZATIONS) if each not in of_one_size]
    for each in named:
        if each in of_one_size:
            others = [
                other
                for other in formats.NAMES
                if each in formats.module(other).QUANTIZATIONS and other != name
            ]
            raise UsageError(
                f"export.any_size=true: what resizes pictures would be quantized to {each} too "
                f"in {name}",
                fix=f"leave export.any_size out, or write format={' or '.join(others)}, or "
                f"quantization={' or '.join(possible)}",
            )
        if each not in (*possible, _ALL):
            raise UsageError(
                f"quantization={each}: {name} has none",
                fix=f"leave it out, or write quantization={' or '.join(possible)}",
            )
    return [each for each in QUANTIZATIONS if each in possible and {each, _ALL} & set(named)]


def _distinct(values: Sequence[str], key: str) -> list[str]:
    if not values:
        raise UsageError(f"{key}=[] names none", fix=f"write {key}=all, or name one")
    return list(dict.fromkeys(values))
