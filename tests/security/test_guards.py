"""Each guard against its attack: it stops the attack, and without it nothing of ours does.

The rows are the list of guards; one without a row fails a test. A guard is disabled in this
process only, and what it would have let through goes no further than the check itself.
"""

import inspect
import os
import pickle
import re
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from fmtool import notices
from fmtool.config import firewall, yaml_files
from fmtool.config.compose import compose
from fmtool.data.fetching import archives, unpickle
from fmtool.data.reading.array_files import read_npz
from fmtool.data.reading.class_folders import scan_class_folders
from fmtool.data.reading.data_warnings import DataWarnings
from fmtool.data.reading.image_files import read_image
from fmtool.data.reading.picture_modes import Look
from fmtool.errors import DataError, Refused, UsageError
from fmtool.evaluation import measure, model_size
from fmtool.runs import provenance, run
from fmtool.safety import model_config, model_file, model_weights, references, yaml_text

ENDLESS = 1 << 62
TGA = {"TGA": (".png",)}


class Harm(Exception):
    """The attack got what it was after."""


def nothing(*_: Any, **__: Any) -> None:
    """Stands in for a check and lets everything pass."""


def yes(*_: Any, **__: Any) -> bool:
    return True


def zero(*_: Any, **__: Any) -> int:
    return 0


def unpickling(file: Any, *_: Any) -> Any:
    return np.lib.format.read_array(file, allow_pickle=True)


def unread(*_: Any, **__: Any) -> model_file.Contents:
    return model_file.Contents({}, is_plain_keras=False, stored_numbers=0)


@dataclass(frozen=True)
class Row:
    """An attack by name, what it ends with, and the guards without which it does not.

    Args:
        end: what the guard raises; None where it makes the attack harmless without a word.
        guards: dotted names, with what stands in for them.
    """

    attack: str
    end: type[Exception] | None
    guards: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.attack} - {' '.join(self.guards).replace('fmtool.', '')}"


def row(attack: str, end: type[Exception] | None, guard: str, disabled: Any = nothing) -> Row:
    return Row(attack, end, {f"fmtool.{guard}": disabled})


CONFIG, FILE, WEIGHTS = (f"safety.model_{part}" for part in ("config", "file", "weights"))
CLASS, FUNCTION = (f"safety.model_classes.is_known_{kind}" for kind in ("class", "function"))
FIREWALL, TEXT, FILES = "config.firewall", "safety.yaml_text", "config.yaml_files"

ROWS = [
    Row("A1 lambda", Refused, {  # its bytecode may look like a path
        "fmtool.safety.model_config._check_class": nothing,
        "fmtool.safety.model_config._check_text": nothing,
    }),
    row("A1 lambda as an activation", Refused, f"{CONFIG}._check_class"),
    row("A2 HDF5 under another name", Refused, f"{FILE}._check_kind"),
    row("A3 lambda within another layer", Refused, f"{CONFIG}._check_class"),
    row("A4 a module of Python", Refused, FUNCTION, yes),
    row("A4 a class of Python", Refused, CLASS, yes),
    row("A5 keras.utils.get_file", Refused, FUNCTION, yes),
    row("A5 switching safe mode off", Refused, FUNCTION, yes),
    row("A5 loading another model", Refused, CLASS, yes),
    row("A6 vocabulary from a file nearby", Refused, CLASS, yes),
    row("A6 a path in a harmless layer", Refused, f"{CONFIG}._check_text"),
    row("A6 an address", Refused, f"{CONFIG}._check_text"),
    row("A7 external link", Refused, f"{WEIGHTS}._count", zero),
    row("A7 soft link", Refused, f"{WEIGHTS}.check", zero),
    row("A7 external storage", Refused, f"{WEIGHTS}._numbers", zero),
    row("A7 virtual data set", Refused, f"{WEIGHTS}._numbers", zero),
    row("A8 array that is not there", Refused, f"{WEIGHTS}._numbers", zero),
    row("A8 compressed array", Refused, f"{WEIGHTS}._numbers", zero),
    row("A8 text instead of numbers", Refused, f"{WEIGHTS}._NUMERIC", "biufcVO"),
    row("A8 constant of enormous elements", Refused, f"{CONFIG}._NUMERIC", re.compile(".*")),
    row("A8 operation that runs at once", Refused, f"{CONFIG}._check_calls"),
    row("A8 more weights than stored", Refused, "evaluation.model_size.check"),
    row("A9 zip bomb", Refused, f"{FILE}._HIGHEST_RATIO", ENDLESS),
    row("A9 zip bomb of many files", Refused, f"{FILE}._MAX_BYTES", ENDLESS),
    row("A9 too many members", Refused, f"{FILE}._MAX_MEMBERS", ENDLESS),
    row("A9 config without end", Refused, f"{FILE}._MAX_JSON_BYTES", ENDLESS),
    row("A9 config nested without end", DataError, f"{CONFIG}._DEEPEST", ENDLESS),
    row("A10 layer name", Refused, f"{CONFIG}.check", yes),
    row("A10 member ../x", Refused, f"{FILE}._belongs", yes),
    row("A10 member assets/../../x", Refused, f"{FILE}._belongs", yes),
    row("A10 two configs", Refused, f"{FILE}._check_members"),
    row("A12 TFSMLayer", Refused, CLASS, yes),
    row("A12 TorchModuleWrapper", Refused, CLASS, yes),
    row("a class that is a list", DataError, f"{CONFIG}._check_spelling"),
    row("any model", Refused, f"{FILE}.check", unread),
    row("A14 _target_", Refused, f"{FIREWALL}.check_values"),
    row("A15 hydra.callbacks", Refused, f"{FIREWALL}.check_overrides"),
    row("A15 hydra.callbacks in YAML", Refused, f"{FIREWALL}.check_hydra_node"),
    row("A16 code from a search path", Refused, f"{FIREWALL}.check_search_path"),
    Row("A18 oc.env", Refused, {
        "fmtool.config.firewall.check_values": nothing,
        "fmtool.config.firewall.environment_hidden": nullcontext,
    }),
    row("A19 aliases", UsageError, f"{TEXT}.MAX_NODES", ENDLESS),
    row("A19 aliases", UsageError, f"{TEXT}.check"),
    row("A19 depth", UsageError, f"{TEXT}.DEEPEST", ENDLESS),
    row("A19 length", UsageError, f"{TEXT}.MAX_CHARACTERS", ENDLESS),
    row("A19 length", UsageError, f"{FILES}.check_file"),
    row("A19 references", UsageError, "safety.references.check"),
    row("A19 references", UsageError, f"{FIREWALL}.check_references"),
    row("A19 nested override", UsageError, f"{FIREWALL}._check_nesting"),
    row("58 duplicate key", UsageError, f"{TEXT}._check_key"),
    row("YAML out of the folder", Refused, f"{FILES}._check_inside"),
    row("A22 pickled batch", Refused, "data.fetching.unpickle._Reader", pickle.Unpickler),
    row(
        "A23 archive without end",
        DataError,
        "data.fetching.archives._MAX_UNPACKED_BYTES",
        ENDLESS,
    ),
    row("A21 array of objects", DataError, "data.reading.array_files._read_array", unpickling),
    row("A24 arrays without end", DataError, "data.reading.array_files._check_members"),
    row("A25 link out of the pictures", DataError, "data.reading.class_folders.check_link"),
    row("A27 picture without end", DataError, "data.reading.image_files._check_header"),
    row("A28 format that is not on the list", DataError, "data.reading.image_files._SUFFIXES", TGA),
    row("A26 run name", None, "runs.run._slug", str),
    row("A26 escape codes", None, "notices.printable", str),
    row("A30 secret in a variable", None, "runs.provenance._VARIABLES", {"FMTOOL_TOKEN"}),
    row("A30 secret in a value", None, "runs.provenance.redacted",
        lambda text, **_: text),
]  # fmt: skip


@dataclass
class Bench:
    """What an attack is made of."""

    folder: Path
    parts: Any
    trap: Any
    bombs: dict[str, str]
    stderr: Callable[[], str]

    def check_model(self) -> Any:
        """As far as the checks go that are in front of Keras."""
        return model_file.check(self.parts.write(self.folder / "model.keras"), registered=())

    def load_model(self) -> Any:
        return measure.load_model(self.parts.write(self.folder / "model.keras"))

    def read_picture(self, kind: str, *, max_pixels: int = 100) -> None:
        path = self.folder / "picture.png"
        Image.new("L", (11, 11)).save(path, format=kind)
        look = Look("auto", "white", None, max_pixels, None, "stretch")
        read_image(path, look, DataWarnings())

    def check_yaml(self, text: str) -> None:
        path = self.folder / "mine.yaml"
        path.write_text(text)
        yaml_files.check_file(path)

    def compose(self, *overrides: str, text: str = "", entry: str = "_self_") -> Any:
        """A config of the user's own that inherits from fmtool's."""
        own = self.folder / "yaml"
        own.mkdir()
        (self.folder / "outside.yaml").write_text("epochs: 3\n")
        (own / "mine.yaml").write_text(f"defaults: [train, {entry}]\n{text}\n")
        return compose("mine", list(overrides), folders=(own,))


Attack = Callable[[Bench], Any]
ATTACKS: dict[str, Attack] = {
    "A14 _target_": lambda bench: bench.compose("++data={_target_:os.mkdir,path:marker}"),
    "A15 hydra.callbacks": lambda _: compose("train", ["+hydra.callbacks.x={_target_:x}"]),
    "A15 hydra.callbacks in YAML": lambda bench: bench.compose(text="hydra: {callbacks: {x: 1}}"),
    "A16 code from a search path": lambda _: compose("train", ["hydra.searchpath=[pkg://x]"]),
    "A18 oc.env": lambda _: compose("train", ["name=${oc.env:HOME}"]),
    "A19 aliases": lambda bench: bench.check_yaml(bench.bombs["aliases"]),
    "A19 depth": lambda bench: bench.check_yaml(bench.bombs["depth"]),
    "A19 length": lambda bench: bench.check_yaml(bench.bombs["length"]),
    "A19 references": lambda bench: firewall.check_references(
        yaml.safe_load(bench.bombs["references"])
    ),
    "A19 nested override": lambda _: firewall.check_overrides([f"x={'[' * 99}{']' * 99}"]),
    "58 duplicate key": lambda bench: bench.check_yaml("a: 1\na: 2\n"),
    "YAML out of the folder": lambda bench: bench.compose(entry="../outside"),
}


def attack(name: str) -> Callable[[Attack], Attack]:
    def add(carry_out: Attack) -> Attack:
        ATTACKS[name] = carry_out
        return carry_out

    return add


@attack("A2 HDF5 under another name")
def _disguised(bench: Bench) -> None:
    path = bench.folder / "model.keras"
    path.write_bytes(bench.parts.weights)
    model_file.check(path, registered=())


@attack("A8 more weights than stored")
def _large(bench: Bench) -> None:
    bench.parts.dense["config"]["units"] = 10**6
    bench.load_model()


@attack("A9 zip bomb of many files")
def _many_files(bench: Bench) -> None:
    members = [zipfile.ZipInfo(f"assets/{number}") for number in range(9)]
    for member in members:
        member.file_size = member.compress_size = 1 << 33
    model_file._check_members(members, origin="model.keras")


@attack("A9 config nested without end")
def _nested(bench: Bench) -> None:
    for _ in range(101):
        outer = {"class_name": "Model", "module": "keras", "config": bench.parts.config}
        bench.parts.config = outer
    bench.check_model()


@attack("a class that is a list")
def _list(bench: Bench) -> None:
    bench.parts.dense["class_name"] = ["Dense"]
    bench.check_model()


@attack("any model")
def _any(bench: Bench) -> None:
    bench.parts.dense.update(module="os", class_name="system")
    bench.load_model()


@attack("A22 pickled batch")
def _pickle(bench: Bench) -> None:
    content = pickle.dumps(Payload(bench.trap.marker))
    with suppress(DataError):
        unpickle.read_batch(content, labels_key=b"labels", origin="batch")
    if not bench.trap.is_untouched:
        raise Harm


@attack("A23 archive without end")
def _archive(bench: Bench) -> None:
    entry = tarfile.TarInfo("junk")
    entry.size = 2 << 30
    path = bench.folder / "data.tar"
    path.write_bytes(entry.tobuf())
    try:
        list(archives.tar_members(path, {"wanted": 1}))
    except DataError as error:
        if "unpacks to more than" in error.message:
            raise
        raise Harm from error


@attack("A21 array of objects")
def _objects(bench: Bench) -> None:
    path = bench.folder / "mine.npz"
    np.savez(path, x=np.array([Payload(bench.trap.marker)], dtype=object))
    with suppress(TypeError):  # of what the payload returned
        read_npz(path)
    if not bench.trap.is_untouched:
        raise Harm


@attack("A24 arrays without end")
def _zeros(bench: Bench) -> None:
    path = bench.folder / "mine.npz"
    np.savez_compressed(path, x=np.zeros(80_000_000, np.uint8))
    read_npz(path)


@attack("A25 link out of the pictures")
def _link(bench: Bench) -> None:
    outside = bench.folder / "outside.png"
    Image.new("L", (8, 8)).save(outside)
    for name in ("a", "b"):
        (bench.folder / "pictures" / name).mkdir(parents=True)
        (bench.folder / "pictures" / name / "1.png").write_bytes(outside.read_bytes())
    (bench.folder / "pictures" / "a" / "2.png").symlink_to(outside)
    scan_class_folders(bench.folder / "pictures")


@attack("A27 picture without end")
def _pixels(bench: Bench) -> None:
    bench.read_picture("PNG")


@attack("A28 format that is not on the list")
def _format(bench: Bench) -> None:
    bench.read_picture("TGA", max_pixels=1000)


@attack("A26 run name")
def _run_name(bench: Bench) -> None:
    with run.Run.create(bench.folder / "runs", model="\x1b[31m$(id)", data="d") as created:
        if "$" in created.id:
            raise Harm


@attack("A26 escape codes")
def _escape(bench: Bench) -> None:
    notices.note("\x1b[31mred\nforged")
    if "\x1b" in (shown := bench.stderr()) or len(shown.splitlines()) > 1:
        raise Harm


@attack("A30 secret in a variable")
def _variable(_: Bench) -> None:
    if provenance.environment({"FMTOOL_TOKEN": "hunter2"}):
        raise Harm


@attack("A30 secret in a value")
def _value(_: Bench) -> None:
    if "hunter2" in str(provenance.without_private_parts(["https://me:hunter2@host/"])):
        raise Harm


class Payload:
    """Makes the marker when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.marker),)


@pytest.fixture
def end_of(
    parts: Any,
    trap: Any,
    bombs: dict[str, str],
    model_attack: Callable[[str], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> Callable[[str], type[Exception] | None]:
    """Carries out the attack of a name; gives what it raised."""

    def carry_out(name: str) -> type[Exception] | None:
        bench = Bench(tmp_path, parts, trap, bombs, lambda: capsys.readouterr().err)
        try:
            if name in ATTACKS:
                ATTACKS[name](bench)
            else:
                model_file.check(model_attack(name), registered=())
        except Exception as error:
            return type(error)
        return None

    return carry_out


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_the_guard_stops_the_attack(end_of, row):
    assert end_of(row.attack) is row.end


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_without_the_guard_nothing_of_ours_does(end_of, monkeypatch, row):
    for guard, disabled in row.guards.items():
        monkeypatch.setattr(guard, disabled)
    assert end_of(row.attack) is not row.end


def test_every_check_has_a_row():
    modules = (
        model_config, model_file, model_size, model_weights, references, yaml_text, firewall,
        yaml_files,
    )  # fmt: skip
    checks = {
        f"{module.__name__}.{name}"
        for module in modules
        for name, each in vars(module).items()
        if name.lstrip("_").startswith("check")
        and inspect.isfunction(each)
        and each.__module__ == module.__name__
    }
    assert checks - {guard for row in ROWS for guard in row.guards} == set()
    assert len(checks) > 15
