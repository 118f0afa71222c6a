"""Example clients, copied as they are into a bundle: a script for each format, and what all share.

They import nothing of fmtool. Their names are none of a package: a script called torch.py would be
what `import torch` finds.
"""

from collections.abc import Iterable
from importlib.resources import files

SHARED = "model_inputs.py"


def script(name: str) -> str:
    """The file name of the client of a format."""
    return f"predict_{name}.py"


def texts(formats: Iterable[str]) -> dict[str, str]:
    """The clients of `formats`, and what they share, by file name."""
    names = (SHARED, *map(script, sorted(set(formats))))
    return {name: files(__name__).joinpath(name).read_text(encoding="utf-8") for name in names}
