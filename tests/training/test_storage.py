"""`data.storage=auto` takes the fastest place that has room for the images and for the training."""

import math

import numpy as np
import pytest

from fmtool.data.samples.images import ChosenImages, is_in_memory
from fmtool.data.splitting.splits import Split
from fmtool.machine.memory import available
from fmtool.training import storage
from fmtool.training.storage import free_on_device, in_memory, place_of, resolve

PIXELS = np.arange(6 * 2 * 2 * 1, dtype=np.uint8).reshape(6, 2, 2, 1)
LABELS = np.arange(6, dtype=np.int32)
HELD = Split(PIXELS, LABELS)
READ = Split(ChosenImages(PIXELS, np.arange(6)), LABELS)


@pytest.mark.parametrize(
    ("size", "device_bytes", "host_bytes", "place"),
    [
        (50, 100, 0, "device"),
        (51, 100, 102, "host"),
        (51, 100, 101, "stream"),
        (10**15, 100, math.inf, "host"),
    ],
)
def test_auto_leaves_half_of_the_room_to_the_training(size, device_bytes, host_bytes, place):
    assert resolve("auto", size=size, device_bytes=device_bytes, host_bytes=host_bytes) == place


@pytest.mark.parametrize("place", ["device", "host", "stream"])
def test_a_place_that_is_named_is_taken(place):
    assert resolve(place, size=10**15, device_bytes=1, host_bytes=1) == place


def test_all_the_splits_together_have_to_fit(monkeypatch):
    monkeypatch.setattr(storage, "free_on_device", lambda _: 2 * (PIXELS.nbytes + LABELS.nbytes))
    assert place_of("auto", [HELD], device="gpu") == "device"
    assert place_of("auto", [HELD, HELD], device="gpu") == "host"


@pytest.mark.parametrize(("split", "place"), [(HELD, "host"), (READ, "stream")])
def test_without_room_images_stay_in_memory_or_on_disk(monkeypatch, split, place):
    monkeypatch.setattr(storage, "available", lambda: 0)
    assert place_of("auto", [split], device="cpu") == place


def test_a_small_set_on_disk_goes_to_the_device():
    assert place_of("auto", [READ], device="cpu") == "device"


def test_the_free_memory_of_a_cpu_is_that_of_the_process():
    assert free_on_device("cpu") == pytest.approx(available(), rel=0.2)


def test_a_gpu_that_says_nothing_is_taken_to_have_a_little():
    assert 1 << 30 <= free_on_device("gpu") <= 1 << 32


def test_in_memory_reads_what_is_not():
    read = in_memory(READ)
    assert is_in_memory(read.x)
    np.testing.assert_array_equal(read.x, PIXELS)
    assert in_memory(HELD) is HELD
