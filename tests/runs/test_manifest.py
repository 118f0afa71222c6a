import getpass
import json
import os
import subprocess
from pathlib import Path

import pytest

from fmtool import __version__
from fmtool.errors import DataError
from fmtool.runs import hardware, manifest, provenance

SECRET = "hunter2hunter2"


def collect(**changes):
    facts = {
        "argv": ["train", "model=cnn"],
        "seeds": {"global": 1, "data": 2},
        "data_digest": "d" * 64,
        "selection_digest": "s" * 64,
        "backend": "tensorflow",
        "device": "cpu",
        "precision": "float32",
        "threads": 2,
        "plugins": [],
        "extra": {},
    }
    return manifest.collect(**facts | changes)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A git work tree with one commit, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    (tmp_path / "code.py").write_text("x = 1")
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "code.py"],
        [*identity, "commit", "-q", "-m", "first"],
    ):
        subprocess.run(["git", *command], check=True, cwd=tmp_path)
    return tmp_path


def head(repository):
    answer = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=repository, capture_output=True, text=True
    )
    return answer.stdout.strip()


def test_the_manifest_holds_what_the_caller_knows_and_what_it_finds_out():
    facts = collect(extra={"sweep": "s1"})
    assert facts["seeds"] == {"global": 1, "data": 2}
    assert facts["extra"] == {"sweep": "s1"}
    assert facts["fmtool"] == __version__
    assert facts["python"].startswith("3.")
    assert facts["platform"]["system"] == "Linux"
    assert facts["threads"] == 2
    assert facts["hardware"]["memory_bytes"] > 2**28
    assert facts["started"].endswith("+00:00")


def test_the_installed_versions_are_recorded_and_absent_packages_left_out(monkeypatch):
    import numpy

    monkeypatch.delitem(provenance.sys.modules, "torch", raising=False)
    monkeypatch.setattr(provenance, "_PACKAGES", ("numpy", "surely-not-installed"))
    assert provenance.package_versions("torch") == {"numpy": numpy.__version__}


def test_a_backend_under_another_distribution_name_is_recorded_from_its_module(monkeypatch):
    monkeypatch.setattr(provenance, "_PACKAGES", ())
    module = type("Module", (), {"__version__": "2.99"})
    monkeypatch.setitem(provenance.sys.modules, "tensorflow", module)
    assert provenance.package_versions("tensorflow") == {"tensorflow": "2.99"}


def test_a_clean_work_tree_gives_commit_and_branch(repository):
    (repository / "untracked").touch()
    assert provenance.git_state(repository) == {
        "commit": head(repository),
        "branch": "main",
        "dirty": False,
    }


def test_a_changed_tracked_file_makes_it_dirty(repository):
    (repository / "code.py").write_text("x = 2")
    assert collect()["git"]["dirty"] is True


def test_outside_a_work_tree_there_is_no_git_entry(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert provenance.git_state(tmp_path) is None


def test_a_machine_without_git_is_fine(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert provenance.git_state(tmp_path) is None


def test_a_repository_cannot_make_git_start_a_program(repository):
    hook = repository / "hook"
    hook.write_text("#!/bin/sh\ntouch ran\n")
    hook.chmod(0o755)
    subprocess.run(["git", "config", "core.fsmonitor", "./hook"], cwd=repository, check=True)
    assert provenance.git_state(repository)["commit"] == head(repository)
    assert not (repository / "ran").exists()


def test_only_listed_variables_are_recorded():
    variables = {"KERAS_BACKEND": "jax", "OMP_NUM_THREADS": "2", "CI": "true", "HOME": "/h"}
    listed = provenance.environment({**variables, "MY_CI": "x", "DATABASE_URL": "x"})
    assert listed == {"CI": "true", "KERAS_BACKEND": "jax", "OMP_NUM_THREADS": "2"}


@pytest.mark.parametrize("name", ["FMTOOL_API_KEY", "TF_TOKEN", "FMTOOL_PASSWORD", "JAX_AUTH_X"])
def test_a_variable_named_like_a_secret_is_left_out(name):
    assert provenance.environment({name: SECRET}) == {}


@pytest.mark.parametrize(
    "word",
    [
        f"logging.api_key={SECRET}",
        f"db.password={SECRET}",
        f"storage=mysql://user:{SECRET}@host/db",
        f"x=hf_{SECRET}",
        f"name=ghp_{SECRET}",
    ],
)
def test_a_secret_on_the_command_line_is_blanked(word):
    recorded = collect(argv=["train", word])["argv"]
    assert SECRET not in str(recorded)
    assert "<redacted>" in recorded[1]


def test_ordinary_words_are_not_taken_for_secrets():
    words = ["train", "model.num_heads=4", "data.max_tokens=5", "name=sketch-of-a-long-name-here"]
    assert collect(argv=words)["argv"] == words


def test_paths_do_not_tell_who_the_user_is(monkeypatch, tmp_path):
    home, work = tmp_path / "alice", tmp_path / "alice" / "project"
    work.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XLA_FLAGS", f"--xla_dump_to={home}/dump")
    monkeypatch.chdir(work)
    argv = ["train", f"data.path={home}/data", f"runs_dir={work}/runs", f"x={home}_2/y"]
    facts = collect(argv=argv)
    assert facts["argv"] == ["train", "data.path=~/data", "runs_dir=./runs", f"x={home}_2/y"]
    assert facts["environment"]["XLA_FLAGS"] == "--xla_dump_to=~/dump"


def test_a_user_without_a_home_directory_is_fine(monkeypatch):
    def fail():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", fail)
    assert collect()["argv"] == ["train", "model=cnn"]


def test_neither_host_nor_user_nor_secret_is_anywhere_in_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "environ", {**os.environ, "AWS_SECRET_ACCESS_KEY": SECRET})
    manifest.write(tmp_path / "manifest.json", collect())
    text = (tmp_path / "manifest.json").read_text()
    assert os.uname().nodename not in text
    assert str(Path.home()) + "/" not in text
    assert f"/{getpass.getuser()}/" not in text
    assert SECRET not in text


def test_finish_adds_the_end_and_keeps_the_rest(tmp_path):
    path = tmp_path / "manifest.json"
    before = collect()
    manifest.write(path, before)
    manifest.finish(path, seconds=12.5)
    after = json.loads(path.read_text())
    assert after.pop("seconds") == 12.5
    assert after.pop("ended") > before["started"]
    assert after == before


def test_a_damaged_manifest_cannot_be_finished(tmp_path):
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(DataError, match=r"manifest\.json"):
        manifest.finish(tmp_path / "manifest.json", seconds=1.0)


CPUINFO = """\
processor\t: {number}
model name\t: Fast CPU @ 3.00GHz
physical id\t: 0
core id\t\t: {core}
flags\t\t: fpu avx2 avx512f avx512_bf16x amx_bf16
"""


def test_the_cpu_is_described_by_model_cores_and_instruction_sets(tmp_path):
    blocks = [CPUINFO.format(number=number, core=number // 2) for number in range(4)]
    (tmp_path / "cpuinfo").write_text("\n".join(blocks))
    cpu = hardware._cpu(tmp_path / "cpuinfo")
    assert cpu["model"] == "Fast CPU @ 3.00GHz"
    assert cpu["cores"] == 2
    assert cpu["flags"] == ["avx2", "avx512f", "amx_bf16"]
    assert cpu["usable"] == len(os.sched_getaffinity(0))


def test_a_machine_without_cpuinfo_is_described_by_its_architecture(tmp_path):
    assert hardware._cpu(tmp_path / "missing")["model"] == os.uname().machine


def fake_nvidia_smi(folder, monkeypatch, script):
    tool = folder / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_gpus_are_listed_by_name_memory_and_driver(tmp_path, monkeypatch):
    fake_nvidia_smi(tmp_path, monkeypatch, "echo 'NVIDIA H100, 81559 MiB, 550.1'")
    assert hardware.describe()["gpus"] == [
        {"name": "NVIDIA H100", "memory": "81559 MiB", "driver": "550.1"}
    ]


@pytest.mark.parametrize("script", ["exit 9", "sleep 60", "echo 'no devices were found'"])
def test_a_driver_that_fails_or_hangs_means_no_gpu(tmp_path, monkeypatch, script):
    monkeypatch.setattr(hardware, "_GPU_TIMEOUT_SECONDS", 0.2)
    fake_nvidia_smi(tmp_path, monkeypatch, f"exec {script}" if "sleep" in script else script)
    assert hardware.describe()["gpus"] == []
