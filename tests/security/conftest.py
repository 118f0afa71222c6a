"""Attacks, each made anew for its test: model files and YAML that would do harm if they could.

Nothing here needs Keras: a .keras file is a zip of JSON and HDF5, and so is a hostile one.
"""

import base64
import io
import json
import marshal
import warnings
import zipfile
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

SIZE, CLASSES = 4, 2
CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"


def tensor(layer: str, *shape: int) -> dict[str, Any]:
    """What a layer's call is recorded with: the output of another one."""
    config = {"shape": [None, *shape], "dtype": "float32", "keras_history": [layer, 0, 0]}
    return {"class_name": "__keras_tensor__", "config": config}


def layer(class_name: str, name: str, *arguments: Any, **config: Any) -> dict[str, Any]:
    """A layer of a functional model, called once if there are arguments."""
    return {
        "module": "keras.layers",
        "class_name": class_name,
        "config": {"name": name, **config},
        "registered_name": None,
        "name": name,
        "inbound_nodes": [{"args": list(arguments), "kwargs": {}}] if arguments else [],
    }


def functional(*layers: dict[str, Any]) -> dict[str, Any]:
    return {
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "config": {
            "name": "network",
            "trainable": True,
            "layers": list(layers),
            "input_layers": [[layers[0]["name"], 0, 0]],
            "output_layers": [[layers[-1]["name"], 0, 0]],
        },
        "registered_name": "Functional",
        "compile_config": None,
    }


@dataclass
class Parts:
    """A model file taken apart: change what you like, then write it."""

    config: dict[str, Any]
    weights: bytes
    extra: list[tuple[str, bytes]] = field(default_factory=list)
    compression: int = zipfile.ZIP_STORED

    def write(self, path: Path) -> Path:
        members = [(METADATA, b"{}"), (CONFIG, json.dumps(self.config).encode())]
        with warnings.catch_warnings(), zipfile.ZipFile(path, "w", self.compression) as archive:
            warnings.simplefilter("ignore")  # about two members of one name
            for name, content in [*members, (WEIGHTS, self.weights), *self.extra]:
                archive.writestr(name, content)
        return path

    @property
    def dense(self) -> dict[str, Any]:
        """The layer with the weights, whose config attacks change."""
        found: dict[str, Any] = self.config["config"]["layers"][-1]
        return found

    def insert(self, node: dict[str, Any]) -> None:
        """Puts a layer between the input and the last one."""
        self.config["config"]["layers"].insert(1, node)
        self.dense["inbound_nodes"] = [{"args": [tensor(node["name"], SIZE)], "kwargs": {}}]


def hdf5(write: Callable[[h5py.File], None]) -> bytes:
    stored = io.BytesIO()
    with h5py.File(stored, "w") as file:
        write(file)
    return stored.getvalue()


def plain_weights(file: h5py.File) -> None:
    file["layers/dense/vars/0"] = np.eye(SIZE, CLASSES, dtype=np.float32)
    file["layers/dense/vars/1"] = np.zeros(CLASSES, np.float32)


@pytest.fixture
def parts() -> Parts:
    """A network of one dense layer, as Keras itself would have saved it."""
    inputs = layer("InputLayer", "pixels", batch_shape=[None, SIZE], dtype="float32")
    dense = layer("Dense", "logits", tensor("pixels", SIZE), units=CLASSES)
    return Parts(functional(inputs, dense), hdf5(plain_weights))


@dataclass(frozen=True)
class Trap:
    """What hostile code would make if it ran."""

    marker: Path

    @property
    def is_untouched(self) -> bool:
        return not self.marker.exists()

    @property
    def bytecode(self) -> str:
        """A function that makes the marker, as Keras stores one."""
        source = f"lambda x: (__import__('os').mkdir({str(self.marker)!r}), x)[1]"
        code = compile(source, "attack", "eval").co_consts[0]
        return base64.b64encode(marshal.dumps(code)).decode()


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    return Trap(tmp_path / "marker")


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    """A file of the host that no model has any business with."""
    path = tmp_path / "host" / "secret.txt"
    path.parent.mkdir()
    path.write_text("hunter2\n")
    return path


Change = Callable[[Parts, Trap, Path], None]
MODEL_ATTACKS: dict[str, Change] = {}


def attack(name: str) -> Callable[[Change], Change]:
    def add(change: Change) -> Change:
        MODEL_ATTACKS[name] = change
        return change

    return add


@attack("A1 lambda")
def _lambda(parts: Parts, trap: Trap, _: Path) -> None:
    function = {
        "class_name": "__lambda__",
        "config": {"code": trap.bytecode, "defaults": None, "closure": None},
    }
    parts.insert(layer("Lambda", "evil", tensor("pixels", SIZE), function=function))


@attack("A1 lambda as an activation")
def _lambda_activation(parts: Parts, trap: Trap, _: Path) -> None:
    value = {"code": trap.bytecode.replace("/", "_"), "defaults": None, "closure": None}
    parts.dense["config"]["activation"] = {"class_name": "__lambda__", "config": value}


@attack("A3 lambda within another layer")
def _nested_lambda(parts: Parts, trap: Trap, _: Path) -> None:
    inner = layer("Lambda", "evil", function={"class_name": "__lambda__", "config": {}})
    parts.insert(layer("TimeDistributed", "outer", tensor("pixels", SIZE), layer=inner))


@attack("A4 a module of Python")
def _module(parts: Parts, _: Trap, __: Path) -> None:
    parts.dense["config"]["activation"] = {
        "module": "os", "class_name": "function", "config": "system", "registered_name": "system",
    }  # fmt: skip


@attack("A4 a class of Python")
def _class(parts: Parts, _: Trap, __: Path) -> None:
    parts.dense.update(module="subprocess", class_name="Popen", registered_name="Popen")


@attack("A5 keras.utils.get_file")
def _get_file(parts: Parts, _: Trap, __: Path) -> None:
    parts.dense["config"]["activation"] = {
        "module": "keras.utils", "class_name": "function", "config": "get_file",
    }  # fmt: skip


@attack("A5 switching safe mode off")
def _unsafe(parts: Parts, _: Trap, __: Path) -> None:
    parts.dense["config"]["activation"] = {
        "module": "keras.config", "class_name": "function",
        "config": "enable_unsafe_deserialization",
    }  # fmt: skip


@attack("A5 loading another model")
def _load_model(parts: Parts, _: Trap, secret: Path) -> None:
    parts.dense.update(module="keras.models", class_name="load_model", config={"path": "x"})


@attack("A6 vocabulary from a file")
def _vocabulary(parts: Parts, _: Trap, secret: Path) -> None:
    evil = layer("StringLookup", "evil", tensor("pixels", SIZE), vocabulary=str(secret))
    parts.insert(evil)


@attack("A6 vocabulary from a file nearby")
def _vocabulary_nearby(parts: Parts, _: Trap, __: Path) -> None:
    parts.insert(layer("StringLookup", "evil", tensor("pixels", SIZE), vocabulary="secret.txt"))


@attack("A6 a path in a harmless layer")
def _path(parts: Parts, _: Trap, secret: Path) -> None:
    parts.dense["config"]["kernel_initializer"] = str(secret)


@attack("A6 an address")
def _address(parts: Parts, _: Trap, __: Path) -> None:
    parts.dense["config"]["file://host"] = None


@attack("A7 external link")
def _external_link(parts: Parts, _: Trap, secret: Path) -> None:
    parts.weights = hdf5(lambda file: file.__setitem__("layers", h5py.ExternalLink(secret, "/")))


@attack("A7 soft link")
def _soft_link(parts: Parts, _: Trap, __: Path) -> None:
    def write(file: h5py.File) -> None:
        plain_weights(file)
        file["layers/evil"] = h5py.SoftLink("/layers/dense")

    parts.weights = hdf5(write)


@attack("A7 external storage")
def _external_storage(parts: Parts, _: Trap, secret: Path) -> None:
    def write(file: h5py.File) -> None:
        file.create_dataset("layers/dense/vars/0", (8,), "u1", external=[(str(secret), 0, 8)])

    parts.weights = hdf5(write)


@attack("A7 virtual data set")
def _virtual(parts: Parts, _: Trap, secret: Path) -> None:
    layout = h5py.VirtualLayout((8,), "u1")
    layout[:] = h5py.VirtualSource(str(secret), "x", (8,), "u1")
    parts.weights = hdf5(lambda file: file.create_virtual_dataset("layers", layout) and None)


@attack("A8 array that is not there")
def _unwritten(parts: Parts, _: Trap, __: Path) -> None:
    parts.weights = hdf5(lambda file: file.create_dataset("x", (1 << 40,), "f4") and None)


@attack("A8 compressed array")
def _compressed(parts: Parts, _: Trap, __: Path) -> None:
    zeros = np.zeros(1 << 22, np.uint8)
    parts.weights = hdf5(lambda file: file.create_dataset("x", data=zeros, compression=9) and None)


@attack("A8 text instead of numbers")
def _objects(parts: Parts, _: Trap, __: Path) -> None:
    parts.weights = hdf5(lambda file: file.__setitem__("layers", np.array([b"x"], object)))


@attack("A8 constant of enormous elements")
def _wide_elements(parts: Parts, _: Trap, __: Path) -> None:
    wide = {"class_name": "__numpy__", "config": {"value": ["x"], "dtype": "S9999999999"}}
    parts.dense["inbound_nodes"][0]["args"].append(wide)


@attack("A8 operation that runs at once")
def _eager(parts: Parts, _: Trap, __: Path) -> None:
    evil = layer("Arange", "evil", 10**12)
    parts.config["config"]["layers"].insert(1, evil | {"module": "keras.src.ops.numpy"})


@attack("A9 zip bomb")
def _zip_bomb(parts: Parts, _: Trap, __: Path) -> None:
    parts.extra.append(("assets/zeros", bytes(1 << 26)))
    parts.compression = zipfile.ZIP_DEFLATED


@attack("A9 too many members")
def _members(parts: Parts, _: Trap, __: Path) -> None:
    parts.extra += [(f"assets/{number}", b"") for number in range(10_001)]


@attack("A9 config without end")
def _long_config(parts: Parts, _: Trap, __: Path) -> None:
    parts.config["config"]["name"] = "x" * (1 << 25)


@attack("A10 layer name")
def _layer_name(parts: Parts, _: Trap, __: Path) -> None:
    parts.dense["config"]["name"] = parts.dense["name"] = "../x"


for _name in ("../x", "/x", "assets/../../x", "assets\\..\\x", "C:x", "evil.py"):

    @attack(f"A10 member {_name}")
    def _member(parts: Parts, _: Trap, __: Path, name: str = _name) -> None:
        parts.extra.append((name, b"x"))


@attack("A10 two configs")
def _two_configs(parts: Parts, _: Trap, __: Path) -> None:
    parts.extra.append((CONFIG, json.dumps(parts.config).encode()))


for _name in ("TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "Pipeline", "Nothing"):

    @attack(f"A12 {_name}")
    def _wrapper(parts: Parts, _: Trap, __: Path, name: str = _name) -> None:
        parts.insert(layer(name, "evil", tensor("pixels", SIZE), filepath="saved"))


@pytest.fixture
def model_attack(
    parts: Parts, trap: Trap, secret_file: Path, tmp_path: Path
) -> Callable[[str], Path]:
    """Writes the model file of the attack named."""

    def make(name: str) -> Path:
        hostile = deepcopy(parts)
        MODEL_ATTACKS[name](hostile, trap, secret_file)
        return hostile.write(tmp_path / "model.keras")

    return make


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every attack on a model for the tests that take one by name."""
    if "model_attack_name" in metafunc.fixturenames:
        metafunc.parametrize("model_attack_name", MODEL_ATTACKS)


def nested(levels: int, reference: Callable[[int], str]) -> Iterator[str]:
    """Lines of YAML, of which each has ten times the values of the one before."""
    yield "x0: &x0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"
    for level in range(1, levels):
        inner = ", ".join([reference(level - 1)] * 10)
        yield f"x{level}: &x{level} [{inner}]"


@pytest.fixture(scope="session")
def bombs() -> dict[str, str]:
    """A19: YAML of a few hundred bytes that stands for 10^8 values, or for no end of them."""
    deep = 1000
    return {
        "aliases": "\n".join(nested(8, lambda n: f"*x{n}")),
        "references": "\n".join(nested(8, lambda n: f'"${{x{n}}}"')),
        "text": "x0: aaaaaaaaaa\n"
        + "\n".join(f"x{n}: ${{x{n - 1}}}${{x{n - 1}}}" for n in range(1, 40)),
        "depth": f"x: {'[' * deep}{']' * deep}",
        "an alias of itself": "x: &x [*x]",
        "a reference to itself": "x: ${y}\ny: ${x}",
        "length": "x: " + "a" * 1_000_001,
    }
