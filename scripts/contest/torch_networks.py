"""The measured networks in PyTorch's own layers, (batch, channels, height, width) to logits.

Imports PyTorch alone, so that Lightning's environment can have them.
"""

from collections.abc import Callable

from torch import nn


def build(name: str, shape: tuple[int, int, int]) -> nn.Module:
    """A workload's network for images of `shape`, (channels, height, width), and 10 classes."""
    return NETWORKS[name](shape)


def cnn(shape: tuple[int, int, int]) -> nn.Module:
    """Two blocks of 32 and 64 filters, a hidden layer of 128."""
    channels, height, width = shape
    return nn.Sequential(
        nn.Conv2d(channels, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64 * (height // 4) * (width // 4), 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )


def mlp(shape: tuple[int, int, int]) -> nn.Module:
    """A hidden layer of 128."""
    pixels = shape[0] * shape[1] * shape[2]
    return nn.Sequential(nn.Flatten(), nn.Linear(pixels, 128), nn.ReLU(), nn.Linear(128, 10))


def net94(shape: tuple[int, int, int]) -> nn.Module:
    """model=airbench (Jordan 2024, arXiv:2404.00498), without the final scaling of its logits."""
    whitening = nn.Conv2d(shape[0], 24, 2)
    whitening.weight.requires_grad_(False)
    return nn.Sequential(
        whitening,
        nn.GELU(approximate="tanh"),
        *_group(24, 64),
        *_group(64, 256),
        *_group(256, 256),
        nn.MaxPool2d(3),
        nn.Flatten(),
        nn.Linear(256, 10, bias=False),
    )


def _group(channels: int, filters: int) -> list[nn.Module]:
    return [
        nn.Conv2d(channels, filters, 3, padding=1, bias=False),
        nn.MaxPool2d(2),
        _normalization(filters),
        nn.GELU(approximate="tanh"),
        nn.Conv2d(filters, filters, 3, padding=1, bias=False),
        _normalization(filters),
        nn.GELU(approximate="tanh"),
    ]


def _normalization(filters: int) -> nn.Module:
    layer = nn.BatchNorm2d(filters, eps=1e-12, momentum=0.4)
    layer.weight.requires_grad_(False)
    return layer


NETWORKS: dict[str, Callable[[tuple[int, int, int]], nn.Module]] = {
    "cnn": cnn,
    "mlp": mlp,
    "net94": net94,
}
