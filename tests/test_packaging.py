"""What is installed is what lies in the repository, under one name and with the right metadata."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import fmtool

ROOT = Path(__file__).parents[1]
FOLDERS = {"fmtool": "fmtool", "fmtool/cli": "cli", "fmtool/conf": "conf"}
SUFFIXES = {".py", ".yaml", ".typed", ".gz", ".md", ".json"}
REQUIREMENTS = ("core", "tensorflow")
CHECKED = (*FOLDERS.values(), ".ci", "docs", "examples", "scripts", "tests", ".")
REGISTRY_HOSTS = (
    ("pypi", "org"), ("files", "pythonhosted", "org"), ("registry", "npmjs", "org"),
    ("deb", "debian", "org"), ("archive", "ubuntu", "com"), ("download", "pytorch", "org"),
)  # fmt: skip


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel made from the sdist of a copy, so that the checkout gains no build files."""
    copy = tmp_path_factory.mktemp("source")
    for folder in FOLDERS.values():
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "requirements", copy / "requirements")
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, copy)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", "dist"]
    build = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    assert build.returncode == 0, build.stdout[-2000:] + build.stderr[-2000:]
    assert len(list((copy / "dist").glob("fmtoolkit-*.tar.gz"))) == 1
    with zipfile.ZipFile(next((copy / "dist").glob("fmtoolkit-*.whl"))) as archive:
        yield archive


@pytest.fixture(scope="module")
def metadata(wheel):
    return Parser().parsestr(read(wheel, "METADATA"))


def read(wheel, name):
    return wheel.read(f"fmtoolkit-{fmtool.__version__}.dist-info/{name}").decode()


def installed_paths():
    """Every file that belongs in an installation, as it is called there."""
    return {
        f"{package}/{path.relative_to(ROOT / folder).as_posix()}"
        for package, folder in FOLDERS.items()
        for path in (ROOT / folder).rglob("*")
        if path.suffix in SUFFIXES
    }


def repository_texts():
    """(path, text) of every file that people write; ignored and generated ones are left out."""
    for folder in CHECKED:
        files = (ROOT / folder).iterdir() if folder == "." else (ROOT / folder).rglob("*")
        for path in files:
            if path.is_file() and not {"__pycache__", "fmtoolkit.egg-info"} & set(path.parts):
                yield path.relative_to(ROOT), path.read_text(encoding="utf-8", errors="ignore")


def test_the_package_list_names_every_folder_with_python_files(project):
    folders = {path.rpartition("/")[0] for path in installed_paths() if path.endswith(".py")}
    listed = project["tool"]["setuptools"]["packages"]
    assert sorted(listed) == sorted(folder.replace("/", ".") for folder in folders)


def test_the_wheel_holds_every_python_and_yaml_file_and_nothing_else(wheel):
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert held == installed_paths()


def test_only_one_top_level_name_is_installed(wheel):
    assert read(wheel, "top_level.txt").split() == ["fmtool"]


def test_the_metadata_tells_licence_version_and_python_versions(metadata):
    told = {key: metadata[key] for key in ("License-Expression", "Version", "Requires-Python")}
    assert told == {
        "License-Expression": "Apache-2.0",
        "Version": fmtool.__version__,
        "Requires-Python": "<3.14,>=3.11",
    }


def test_the_licence_travels_with_the_wheel(wheel):
    assert read(wheel, "licenses/LICENSE") == (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_the_entry_point_is_the_command(wheel):
    expected = "[console_scripts]\nfmtool = fmtool.cli.main:entry_point\n"
    assert read(wheel, "entry_points.txt") == expected


def test_every_dependency_and_tool_is_pinned_in_the_constraints(project):
    pinned = {line.partition("==")[0] for line in constraints()}
    extras = project["project"]["optional-dependencies"]
    always = [line for name in REQUIREMENTS for line in lines_of(f"requirements/{name}.txt")]
    wanted = [*always, *extras["test"], *extras["dev"]]
    names = {re.split(r"[<>=\[]", requirement)[0] for requirement in wanted} - {"fmtoolkit"}
    assert {canonical(name) for name in names} <= {canonical(name) for name in pinned}


def test_the_constraints_give_versions_and_nothing_else():
    assert [line for line in constraints() if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []


def test_an_installation_asks_for_what_every_backend_needs_and_tensorflow(metadata):
    always = [each for each in metadata.get_all("Requires-Dist") if ";" not in each]
    listed = [line for name in REQUIREMENTS for line in lines_of(f"requirements/{name}.txt")]
    assert len(always) == len(listed) > 5
    assert {re.split(r"[<>=]", each)[0] for each in always} == {
        re.split(r"[<>=]", each)[0] for each in listed
    }


def test_no_page_or_message_names_our_distribution_to_an_index():
    """`fmtool` there is somebody else's, and `fmtoolkit` is not there."""
    wrong = re.compile(r"fmtool(kit)?\[|pip install[^\n|`&;]*(?<![/.])\bfmtool(kit)?\b")
    found = [
        (str(path), number, line)
        for path, text in repository_texts()
        if path.name not in {"pyproject.toml", "test_packaging.py"}
        for number, line in enumerate(text.splitlines(), 1)
        if wrong.search(line)
    ]
    assert found == []


def constraints():
    return lines_of("constraints.txt")


def lines_of(file):
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def test_no_file_names_a_package_registry_or_a_path_of_this_machine():
    names = [".".join(parts) for parts in REGISTRY_HOSTS]
    # A short path such as /app would also be found inside other words.
    names += [str(path) for path in (ROOT, Path(sys.prefix)) if len(path.parts) > 2]
    found = [
        (str(path), name) for path, text in repository_texts() for name in names if name in text
    ]
    assert found == []
