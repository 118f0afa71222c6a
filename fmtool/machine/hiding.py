"""A package that is installed, and yet cannot be imported by this process from now on."""

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


def hide(name: str) -> None:
    """Makes `import name` an ImportError, unless somebody has imported it already.

    Unlike None in its place in `sys.modules`, this does not look as if it were there: Keras'
    preprocessing layers ask for tensors of TensorFlow wherever it has an entry.
    """
    if name not in sys.modules:
        sys.meta_path.insert(0, _Finder(name))


class _Finder(MetaPathFinder):
    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, _Refusal()) if fullname == self._name else None


class _Refusal(Loader):
    def exec_module(self, module: ModuleType) -> None:
        raise ModuleNotFoundError(f"No module named '{module.__name__}'", name=module.__name__)
