"""The backend that `auto` takes, by what is installed, the device and the network."""

import sys

import pytest

from fmtool.errors import UsageError
from fmtool.machine.devices import Gpu, shows_gpu, visible_gpus
from fmtool.machine.installed import fastest, installed

ALL = ("tensorflow", "jax", "torch")


@pytest.mark.parametrize(
    ("there", "on_gpu", "is_convolutional", "expected"),
    [
        (ALL, (), True, "tensorflow"),
        (ALL, (), False, "tensorflow"),
        (("jax", "torch"), (), True, "torch"),
        (("jax", "torch"), (), False, "jax"),
        (("jax",), (), True, "jax"),
        (("torch",), (), False, "torch"),
        (ALL, ALL, True, "jax"),
        (ALL, ("tensorflow", "torch"), True, "torch"),
        (ALL, ("tensorflow",), False, "tensorflow"),
        (("jax", "torch"), ("torch",), False, "torch"),
    ],
)
def test_the_fastest_backend_that_is_there(there, on_gpu, is_convolutional, expected):
    assert fastest(there, on_gpu, is_convolutional=is_convolutional) == expected


def test_without_any_backend_it_says_what_to_install():
    with pytest.raises(UsageError, match="no backend is installed") as error:
        fastest((), (), is_convolutional=True)
    assert "pip install" in error.value.fix


def test_looking_for_backends_imports_none(fmtool):
    code = (
        "import sys\n"
        "from fmtool.machine.installed import choose\n"
        "choose('auto', is_convolutional=True)\n"
        "print(sorted({'keras', 'tensorflow', 'jax', 'torch'} & {*sys.modules}))\n"
    )
    assert fmtool.python(code).out.strip() == "[]"


def test_a_backend_that_is_kept_from_being_imported_is_not_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert "torch" not in installed()


@pytest.mark.parametrize(
    ("device", "visible", "expected"),
    [
        ("nvidia0", None, True),
        ("dxg", None, True),
        ("nvidia0", "0", True),
        ("nvidia0", "", False),
        ("nvidia0", "-1", False),
        ("nvidiactl", None, False),
        ("null", None, False),
    ],
)
def test_a_gpu_is_told_from_its_device_file(tmp_path, monkeypatch, device, visible, expected):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    (tmp_path / device).touch()
    assert shows_gpu(tmp_path) is expected


@pytest.mark.parametrize(("capability", "expected"), [(0, False), (7, False), (8, True), (9, True)])
def test_a_gpu_has_bfloat16_from_ampere_on(capability, expected):
    assert Gpu("some", capability).has_bfloat16 is expected


@pytest.mark.parametrize(
    ("files", "visible", "expected"),
    [
        (["nvidia0", "nvidia1", "nvidiactl"], None, ["0", "1"]),
        (["nvidia3"], None, ["0"]),
        (["dxg"], None, ["0"]),
        (["nvidia0", "nvidia1"], "1", ["1"]),
        (["nvidia0"], "GPU-8a, GPU-9b", ["GPU-8a", "GPU-9b"]),
        (["nvidia0"], "", []),
        (["null"], None, []),
    ],
)
def test_each_gpu_has_the_name_that_cuda_knows(tmp_path, monkeypatch, files, visible, expected):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    for name in files:
        (tmp_path / name).touch()
    assert visible_gpus(tmp_path) == expected
