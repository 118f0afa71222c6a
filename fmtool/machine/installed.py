"""The backends that are installed, and the choice of `auto` among them; imports none of them."""

from collections.abc import Callable, Iterable
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from fmtool import extras
from fmtool.errors import UsageError
from fmtool.machine.devices import shows_gpu

Backend = Literal["tensorflow", "jax", "torch"]
_FASTEST_ON_GPU: tuple[Backend, ...] = ("jax", "torch", "tensorflow")
_FASTEST_ON_CPU: dict[bool, tuple[Backend, ...]] = {
    # XLA's convolutions take two to four times as long as oneDNN's, which the others use.
    True: ("tensorflow", "torch", "jax"),
    False: ("tensorflow", "jax", "torch"),
}
"""By whether the network has convolutions."""


def installed() -> set[Backend]:
    return {name for name in _FASTEST_ON_GPU if find_spec(name) is not None}


def with_cuda() -> set[Backend]:
    """Those of the installed ones that were built to compute on an NVIDIA GPU."""
    return {name for name in installed() if _HAS_CUDA[name]()}


def fastest(
    there: Iterable[Backend], on_gpu: Iterable[Backend], *, is_convolutional: bool
) -> Backend:
    """The one to train on.

    Raises UsageError if none is there.

    Args:
        there: the backends that are installed.
        on_gpu: those of them that can use the GPU of this machine; none if there is no GPU.
    """
    order = (*_first(_FASTEST_ON_GPU, on_gpu), *_first(_FASTEST_ON_CPU[is_convolutional], there))
    if not order:
        raise UsageError(
            "runtime.backend=auto: no backend is installed",
            fix=" or ".join(extras.install(name) for name in ("tensorflow", "jax", "torch")),
        )
    return order[0]


def choose(device: str, *, is_convolutional: bool) -> Backend:
    """The backend that `runtime.backend=auto` stands for; UsageError if nothing is installed."""
    on_gpu = with_cuda() if device != "cpu" and shows_gpu() else set()
    return fastest(installed(), on_gpu, is_convolutional=is_convolutional)


def _first(order: Iterable[Backend], among: Iterable[Backend]) -> list[Backend]:
    return [name for name in order if name in set(among)]


def _jax_has_cuda() -> bool:
    return any("cuda" in plugin.name for plugin in entry_points(group="jax_plugins"))


def _torch_has_cuda() -> bool:
    spec = find_spec("torch")
    folders = spec.submodule_search_locations if spec else None
    return any((Path(folder) / "lib" / "libtorch_cuda.so").exists() for folder in folders or ())


def _tensorflow_has_cuda() -> bool:
    """Its Linux wheels have; the libraries of CUDA come with an extra, or from the system."""
    return True


_HAS_CUDA: dict[Backend, Callable[[], bool]] = {
    "tensorflow": _tensorflow_has_cuda,
    "jax": _jax_has_cuda,
    "torch": _torch_has_cuda,
}
