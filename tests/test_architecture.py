"""Imports point down the layers, and nothing heavy is imported before the backend is chosen."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = {"fmtool": "fmtool", "fmtool.cli": "cli", "fmtool.conf": "conf"}

LAYERS = (
    {
        "fmtool", "conf", "elements", "errors", "extras", "metric", "notices", "privacy",
        "representations", "schemas", "suggest", "trees",
    },
    {"class_names", "hooks", "safety", "targets", "terminal"},
    {"compat", "config", "runs", "signals"},
    {"drawing", "kernels", "machine", "registry"},
    {
        "augment", "callbacks", "data", "jobs", "logging", "models", "optimizers", "pruners",
        "regularizers", "schedules", "tasks", "tuners",
    },
    {"options", "schema"},
    {"matching"},
    {"backend", "validate"},
    {"evaluation"},
    {"export", "training"},
    {"benchmarking", "diagnosis", "prediction", "sweeping", "tuning"},
    {"cli"},
    {"__main__"},
)  # fmt: skip
"""A unit imports units of lower layers only; docs/architecture.md shows the same table."""

HEAVY = {"keras", "tensorflow", "jax", "torch", "tensorboard", "tensorboardX", "sklearn", "h5py"}
BEFORE_KERAS = (
    "fmtool.cli", "fmtool.config", "fmtool.data", "fmtool.runs", "fmtool.schema",
    "fmtool.evaluation.workflow", "fmtool.export.workflow", "fmtool.training.workflow",
    "fmtool.jobs", "fmtool.prediction", "fmtool.sweeping", "fmtool.tuning", "fmtool.validate",
)  # fmt: skip
"""What runs before `backend.select`; so do the modules that hold an option's `Config`."""

BACKEND_MODULES = {
    "tensorflow": {
        "fmtool.backend",
        "fmtool.benchmarking.bare_tensorflow",
        "fmtool.export.clients.predict_saved_model",
        "fmtool.export.formats.litert",
        "fmtool.export.formats.saved_model",
        "fmtool.export.runtimes.saved_model",
        "fmtool.export.tensorflow_function",
        "fmtool.kernels.batch_normalization",
        "fmtool.kernels.gelu",
        "fmtool.kernels.xla",
        "fmtool.machine.devices",
        "fmtool.machine.probes",
        "fmtool.training.step.dispatch",
        "fmtool.training.step.feed",
        "fmtool.training.step.tensorflow_dispatch",
        "fmtool.training.profiling.trace",
    },
    "jax": {
        "fmtool.benchmarking.bare_jax",
        "fmtool.kernels.jax_pooling",
        "fmtool.machine.devices",
        "fmtool.machine.probes",
        "fmtool.training.step.dispatch",
        "fmtool.training.step.jax_dispatch",
        "fmtool.training.storage",
        "fmtool.training.profiling.trace",
    },
    "torch": {
        "fmtool.backend",
        "fmtool.benchmarking.bare_torch",
        "fmtool.export.clients.predict_torch",
        "fmtool.export.formats.torch",
        "fmtool.export.runtimes.torch",
        "fmtool.kernels.batch_normalization",
        "fmtool.kernels.torch_layout",
        "fmtool.machine.devices",
        "fmtool.machine.probes",
        "fmtool.training.step.dispatch",
        "fmtool.training.step.feed",
        "fmtool.training.step.generators",
        "fmtool.training.seeding",
        "fmtool.training.storage",
        "fmtool.training.step.torch_dispatch",
        "fmtool.training.step.torch_recording",
        "fmtool.training.profiling.trace",
    },
}


def modules() -> dict[str, Path]:
    """Every file of the distribution by the installed name of its module."""
    found = {}
    for package, folder in FOLDERS.items():
        for file in (ROOT / folder).rglob("*.py"):
            parts = file.relative_to(ROOT / folder).with_suffix("").parts
            found[".".join([package, *(part for part in parts if part != "__init__")])] = file
    return found


MODULES = modules()
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}
OPTIONS = {
    name
    for name, tree in TREES.items()
    if any(isinstance(node, ast.ClassDef) and node.name == "Config" for node in tree.body)
    and not name.endswith(".base")
}


def top_level(tree: ast.Module) -> Iterator[ast.AST]:
    """What runs when a module is imported: no function bodies, nothing for type checkers only."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        yield node
        for child in ast.iter_child_nodes(node):
            is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            is_typing = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
            if not is_function and not is_typing:
                pending.append(child)


def imports(name: str, nodes: Iterator[ast.AST]) -> set[str]:
    """The modules that the import statements among `nodes` name; submodules are told apart."""
    found = set()
    is_package = MODULES[name].stem == "__init__"
    package = name if is_package else name.rpartition(".")[0]
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")[: len(package.split(".")) + 1 - node.level]
            base = ".".join([*(parts if node.level else []), node.module or ""]).strip(".")
            for alias in node.names:
                submodule = f"{base}.{alias.name}"
                found.add(submodule if submodule in MODULES else base)
    return found


ALL_IMPORTS = {name: imports(name, ast.walk(tree)) for name, tree in TREES.items()}
TOP_IMPORTS = {name: imports(name, top_level(tree)) for name, tree in TREES.items()}


def unit(module: str) -> str:
    """`fmtool.data.fetching.cifar` belongs to `data`, the package's own `__init__` to `fmtool`."""
    return [*module.split("."), "fmtool"][1]


def rank(module: str) -> int:
    ranks = [level for level, units in enumerate(LAYERS) if unit(module) in units]
    assert len(ranks) == 1, f"{module} belongs to no layer, or to several: place it in LAYERS"
    return ranks[0]


def importers_of(package: str) -> set[str]:
    return {
        name
        for name, found in ALL_IMPORTS.items()
        if any(each == package or each.startswith(f"{package}.") for each in found)
    }


def test_imports_point_down_the_layers():
    upward = [
        f"{name} imports {found}"
        for name in sorted(MODULES)
        for found in sorted(ALL_IMPORTS[name])
        if found in MODULES and unit(found) != unit(name) and rank(found) >= rank(name)
    ]
    assert upward == []


def test_no_modules_import_each_other_in_a_circle():
    """Imports within functions and for type checkers are counted."""
    graph = {name: found & MODULES.keys() - {name} for name, found in ALL_IMPORTS.items()}
    assert [" > ".join(circle) for circle in circles(graph)] == []


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """A shortest circle, from its first module back to it, through each group that has one."""
    found: list[list[str]] = []
    for start in sorted(graph):
        if any(start in circle for circle in found):
            continue
        before = {start: start}
        pending = [start]
        for name in pending:
            for each in sorted(graph[name]):
                if each == start:
                    circle = [name]
                    while circle[-1] != start:
                        circle.append(before[circle[-1]])
                    found.append([*reversed(circle), start])
                    break
                if each not in before:
                    before[each] = name
                    pending.append(each)
            else:
                continue
            break
    return found


@pytest.mark.parametrize(
    ("graph", "found"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"b", "c"}, "b": {"c"}, "c": {"b"}}, [["b", "c", "b"]]),
        (
            {"a": {"b"}, "b": {"c", "d"}, "c": {"d"}, "d": {"a"}},
            [["a", "b", "d", "a"], ["c", "d", "a", "b", "c"]],
        ),
    ],
)
def test_circles_are_found_with_their_modules(graph, found):
    assert circles(graph) == found


@pytest.mark.parametrize(
    "folder",
    ["augment", "callbacks", "data", "models", "optimizers", "pruners", "regularizers",
     "schedules", "tasks", "tuners"],
)  # fmt: skip
def test_a_folder_of_options_holds_only_options_at_its_top(folder):
    top = {name for name in MODULES if name.rpartition(".")[0] == f"fmtool.{folder}"}
    beside = {name for name in top - OPTIONS if MODULES[name].stem != "__init__"}
    assert beside == {f"fmtool.{folder}.base"}


def test_no_shared_module_knows_a_task_by_name():
    own = {name for name in MODULES if unit(name) == "tasks"}
    assert importers_of("fmtool.tasks.classification") - own == set()


def test_no_shared_module_compares_the_name_of_an_option_with_a_constant():
    compared = [
        f"{name}:{node.lineno} {ast.unparse(node)}"
        for name in sorted(MODULES.keys() - OPTIONS)
        for node in ast.walk(TREES[name])
        if asks_by_name(node)
    ]
    assert compared == []


def asks_by_name(node: ast.AST) -> bool:
    """Whether this compares `cfg.task.name`, or that of model or data, with what is written there.

    `cfg.task.name in (...)` and a table at hand, `{...}[cfg.task.name]`, do so too.
    """
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Dict) and is_option_name(node.slice)
    if not isinstance(node, ast.Compare):
        return False
    sides = [node.left, *node.comparators]
    others = [each for each in sides if not is_option_name(each)]
    written = ast.Constant | ast.Tuple | ast.List | ast.Set | ast.Dict
    return len(others) < len(sides) and any(isinstance(each, written) for each in others)


def is_option_name(node: ast.AST) -> bool:
    if not isinstance(node, ast.Attribute) or node.attr != "name":
        return False
    owner = node.value
    named = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
    return named.removesuffix("_cfg") in ("task", "model", "data")


@pytest.mark.parametrize(
    ("line", "is_found"),
    [
        ("cfg.task.name == 'classification'", True),
        ("'cnn' != run_cfg.model.name", True),
        ("data.name in ('digits', 'mnist')", True),
        ("{'classification': 1}[cfg.task.name]", True),
        ("cfg.model.name == other.model.name", False),
        ("cfg.model.name in names", False),
        ("cfg.augment.name != 'none'", False),
    ],
)
def test_a_comparison_with_the_name_of_an_option_is_found(line, is_found):
    assert any(map(asks_by_name, ast.walk(ast.parse(line)))) == is_found


def test_the_page_on_the_architecture_shows_these_layers():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| layer \d+ \| ([^|]+) \|", page, flags=re.MULTILINE)
    shown = [set(re.findall(r"`(\w+)`", row)) for row in rows]
    assert shown == list(reversed(LAYERS))


@pytest.mark.parametrize("library", ["hydra", "omegaconf"])
def test_only_the_config_package_knows(library):
    assert {unit(name) for name in importers_of(library)} == {"config"}


def test_private_parts_of_keras_and_optuna_are_used_by_compat_alone():
    used = [
        f"{name}:{node.lineno} {ast.unparse(node)}"
        for name in sorted(MODULES)
        if unit(name) != "compat"
        for node in ast.walk(TREES[name])
        if isinstance(node, ast.Attribute) and is_private(node.attr)
        if ast.unparse(node.value) not in ("self", "cls") and node.attr not in OWN_PRIVATE_NAMES
    ]
    used += [
        f"{name} imports {found}"
        for name in sorted(MODULES)
        if unit(name) != "compat"
        for found in sorted(ALL_IMPORTS[name] - MODULES.keys())
        if found.startswith("keras.src") or re.match(r"(keras|optuna)\b.*\._", found)
    ]
    assert used == []


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


OWN_PRIVATE_NAMES = {"_replace", "_asdict", "_exit"} | {
    name
    for module, tree in TREES.items()
    if unit(module) != "compat"
    for node in ast.walk(tree)
    if isinstance(node, ast.FunctionDef | ast.Attribute | ast.Name)
    for name in [getattr(node, "name", None) or getattr(node, "attr", None) or node.id]
    if isinstance(node, ast.FunctionDef) or isinstance(node.ctx, ast.Store)
}
"""Public ones of the standard library, and what the modules define themselves."""


def test_the_yaml_files_are_read_by_composition_and_help_alone():
    helps = {"fmtool.cli.train_help", "fmtool.cli.tune_help"}
    assert importers_of("fmtool.conf") == {
        "fmtool.config.compose",
        "fmtool.config.key_tree",
        *helps,
    }


@pytest.mark.parametrize("backend", sorted(BACKEND_MODULES))
def test_only_the_modules_listed_import_the_backend(backend):
    assert importers_of(backend) == BACKEND_MODULES[backend]


def test_nothing_that_runs_before_the_backend_is_chosen_imports_keras_at_its_top():
    pending = {name for name in MODULES if name.startswith(BEFORE_KERAS)} | OPTIONS
    reached: set[str] = set()
    while pending:
        name = pending.pop()
        reached.add(name)
        pending |= {each for each in TOP_IMPORTS[name] if each in MODULES} - reached
    heavy = {
        f"{name} imports {found}"
        for name in reached
        for found in TOP_IMPORTS[name]
        if found.split(".")[0] in HEAVY
    }
    assert heavy == set()
    assert {"fmtool.models.cnn", "fmtool.training.session", "fmtool.runs.run"} <= reached


def test_validating_a_config_imports_nothing_heavy():
    code = (
        "import sys\n"
        "from importlib import import_module\n"
        "from fmtool import validate\n"
        "from fmtool.config.compose import compose\n"
        f"for name in {sorted(OPTIONS)}: import_module(name)\n"
        "validate.train_config(compose('train', []))\n"
        f"print(sorted(set(sys.modules) & {HEAVY}))\n"
    )
    command = [sys.executable, "-c", code]
    assert subprocess.check_output(command, text=True, cwd=ROOT).strip() == "[]"


INDIRECT = ("What ", "Whether ", "How ", "Which ", "That ", "Where ")


def test_docstrings_say_what_a_thing_is_and_ask_no_indirect_question():
    """A docstring of a module, class or function, or of the constant before it."""
    found = [
        f"{name}:{node.lineno}"
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        and node.value.value.startswith(INDIRECT)
    ]
    assert found == []
