"""GPUs: whether there is one, before a backend is imported, and what the backend says of it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_BFLOAT16_CAPABILITY = 8
"""CUDA's major compute capability from which on tensor cores take bfloat16: Ampere."""


@dataclass(frozen=True)
class Gpu:
    name: str
    capability: int
    """Major compute capability; 0 where it is not CUDA's."""

    @property
    def has_bfloat16(self) -> bool:
        return self.capability >= _BFLOAT16_CAPABILITY


def shows_gpu(devices: Path = Path("/dev")) -> bool:
    """True where the kernel shows an NVIDIA GPU to this process; imports nothing."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "all") in {"", "-1"}:
        return False
    # Linux has a file for each, its subsystem for Windows one for all.
    return any(devices.glob("nvidia[0-9]*")) or (devices / "dxg").exists()


def visible_gpus(devices: Path = Path("/dev")) -> list[str]:
    """The names CUDA_VISIBLE_DEVICES has for each NVIDIA GPU of this process; imports nothing."""
    if not shows_gpu(devices):
        return []
    if chosen := os.environ.get("CUDA_VISIBLE_DEVICES"):
        return [name.strip() for name in chosen.split(",")]
    # CUDA numbers what a container was given from 0, whatever the names of the files.
    return [str(number) for number in range(max(1, len(list(devices.glob("nvidia[0-9]*")))))]


def gpus() -> list[Gpu]:
    """Those that the active backend can use."""
    import keras

    return {"tensorflow": _of_tensorflow, "jax": _of_jax, "torch": _of_torch}[
        keras.backend.backend()
    ]()


def _of_tensorflow() -> list[Gpu]:
    import tensorflow as tf

    def gpu(device: Any) -> Gpu:
        details = tf.config.experimental.get_device_details(device)
        major, _ = details.get("compute_capability", (0, 0))
        return Gpu(details.get("device_name", device.name), major)

    return [gpu(device) for device in tf.config.list_physical_devices("GPU")]


def _of_jax() -> list[Gpu]:
    import jax

    def gpu(device: Any) -> Gpu:
        capability = str(getattr(device, "compute_capability", "0"))
        major = capability.partition(".")[0]
        return Gpu(device.device_kind, int(major) if device.platform == "gpu" else 0)

    return [gpu(device) for device in jax.devices() if device.platform != "cpu"]


def _of_torch() -> list[Gpu]:
    import torch

    return [
        Gpu(torch.cuda.get_device_name(index), torch.cuda.get_device_capability(index)[0])
        for index in range(torch.cuda.device_count())
    ]
