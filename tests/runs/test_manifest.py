import getpass
import hashlib
import json
import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from fmtool import __version__
from fmtool.errors import DataError
from fmtool.runs import hardware, manifest, provenance
from fmtool.runs.identity import config_digest

ROOT = Path(__file__).parents[2]
SECRET = "hunter2hunter2"


def collect(**changes):
    facts = {
        "argv": ["train", "model=cnn"],
        "config": {"model": {"name": "cnn"}, "epochs": 3},
        "request_digest": "r" * 64,
        "seeds": {"global": 1, "data": 2},
        "data_digest": "d" * 64,
        "selection_digest": "s" * 64,
        "data_facts": {"vocabulary": 9},
        "artifacts": {"tokenizer.json": "t" * 64},
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
    assert facts["request_digest"] == "r" * 64
    assert facts["config"] == {"model": {"name": "cnn"}, "epochs": 3}
    assert facts["config_digest"] == config_digest(facts["config"])
    assert facts["fmtool"] == __version__
    assert facts["python"].startswith("3.")
    assert facts["platform"]["system"] == "Linux"
    assert facts["threads"] == 2
    assert facts["hardware"]["memory_bytes"] > 2**28
    assert facts["started"].endswith("+00:00")


def test_the_installed_versions_are_recorded_and_absent_packages_left_out(monkeypatch):
    import numpy

    monkeypatch.delitem(provenance.sys.modules, "torch", raising=False)
    monkeypatch.setattr(provenance, "PACKAGES", ("numpy", "surely-not-installed"))
    assert provenance.package_versions("torch") == {
        "fmtool": __version__,
        "numpy": numpy.__version__,
    }


def test_a_backend_under_another_distribution_name_is_recorded_from_its_module(monkeypatch):
    monkeypatch.setattr(provenance, "PACKAGES", ())
    module = type("Module", (), {"__version__": "2.99"})
    monkeypatch.setitem(provenance.sys.modules, "tensorflow", module)
    assert provenance.package_versions("tensorflow") == {
        "fmtool": __version__,
        "tensorflow": "2.99",
    }


def test_a_clean_work_tree_gives_commit_and_branch(repository):
    (repository / "untracked").touch()
    assert provenance.git_state(repository) == {
        "commit": head(repository),
        "branch": "main",
        "dirty": False,
        "diff_sha256": None,
    }


def test_a_changed_tracked_file_makes_it_dirty_and_each_change_has_its_digest(repository):
    states = []
    for number in (2, 3, 2):
        (repository / "code.py").write_text(f"x = {number}")
        states.append(collect()["git"])
    assert all(state["dirty"] for state in states)
    first, other, again = (state["diff_sha256"] for state in states)
    assert len(first) == 64
    assert first == again != other


def test_the_digest_of_a_change_is_that_of_the_diff(repository):
    (repository / "code.py").write_text("x = 2")
    diff = subprocess.run(
        ["git", "diff", "HEAD", "--full-index"], cwd=repository, capture_output=True
    )
    expected = hashlib.sha256(diff.stdout).hexdigest()
    assert provenance.git_state(repository)["diff_sha256"] == expected


def test_a_change_that_is_too_large_has_no_digest(repository, monkeypatch):
    monkeypatch.setattr(provenance, "_LONGEST_DIFF_BYTES", 2**20)
    (repository / "code.py").write_text("x = 2\n" * 2**20)
    state = provenance.git_state(repository)
    assert state["dirty"] is True
    assert state["diff_sha256"] is None


def test_a_diff_that_takes_too_long_is_given_up(repository, monkeypatch, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bin")
    monkeypatch.setenv("REAL_GIT", shutil.which("git"))
    slow = 'case "$*" in *diff*) exec sleep 60;; esac\nexec "$REAL_GIT" "$@"'
    (folder / "git").write_text(f"#!/bin/sh\n{slow}\n")
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setattr(provenance, "_GIT_TIMEOUT_SECONDS", 0.5)
    (repository / "code.py").write_text("x = 2")
    state = provenance.git_state(repository)
    assert state["dirty"] is True
    assert state["diff_sha256"] is None


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
    subprocess.run(["git", "config", "diff.external", "./hook"], cwd=repository, check=True)
    subprocess.run(["git", "config", "diff.words.textconv", "./hook"], cwd=repository, check=True)
    (repository / ".gitattributes").write_text("*.py diff=words")
    (repository / "code.py").write_text("x = 2")
    state = provenance.git_state(repository)
    assert state["commit"] == head(repository)
    assert state["diff_sha256"]
    assert not (repository / "ran").exists()


def test_only_listed_variables_are_recorded():
    variables = {"KERAS_BACKEND": "jax", "OMP_NUM_THREADS": "2", "CI": "true", "HOME": "/h"}
    listed = provenance.environment({**variables, "MY_CI": "x", "DATABASE_URL": "x"})
    assert listed == {"CI": "true", "KERAS_BACKEND": "jax", "OMP_NUM_THREADS": "2"}


@pytest.mark.parametrize(
    "name",
    [
        "FMTOOL_API_KEY", "TF_TOKEN", "JAX_AUTH_X",
        # of other programs: Terraform, Kubeflow's training operator, a tool of a user's own
        "TF_VAR_db", "TF_CLI_CONFIG_FILE", "TF_CONFIG", "KERAS_MIRROR", "OMP_TOOL_LIBRARIES",
    ],
)  # fmt: skip
def test_a_variable_that_is_not_on_the_list_is_left_out(name):
    assert provenance.environment({name: SECRET}) == {}


def test_the_variables_of_fmtool_are_on_the_list():
    sources = [*(ROOT / "fmtool").rglob("*.py"), *(ROOT / "cli").rglob("*.py")]
    found = {name for path in sources for name in re.findall(r"\bFMTOOL_[A-Z]+", path.read_text())}
    assert "FMTOOL_CONF" in found
    for_tests_alone = {"FMTOOL_FAULT"}
    assert found - provenance.environment(dict.fromkeys(found, "x")).keys() == for_tests_alone


@pytest.mark.parametrize(
    "word",
    [
        f"logging.api_key={SECRET}",
        f"db.password={SECRET}",
        f"storage=mysql://user:{SECRET}@host/db",
        f"storage=postgresql://host/db?user=x&password={SECRET}&sslmode=require",
        f"data.path=https://host/a.zip?TOKEN={SECRET}",
        f"storage=postgresql://host/db?p%61ssword={SECRET}",
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


def test_the_home_that_the_system_knows_is_none_of_the_manifests_affairs(tmp_path, monkeypatch):
    known = pwd.getpwuid(os.getuid()).pw_dir
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TF_SOMETHING", f"{known}/tools")
    monkeypatch.setenv("XLA_FLAGS", f"--xla_dump_to={known}/dump")
    facts = collect()
    assert "TF_SOMETHING" not in facts["environment"]
    assert facts["environment"]["XLA_FLAGS"] == "--xla_dump_to=~/dump"


def test_finish_adds_the_end_and_keeps_the_rest(tmp_path):
    path = tmp_path / "manifest.json"
    before = collect()
    manifest.write(path, before)
    manifest.finish(path, seconds=12.5)
    after = json.loads(path.read_text())
    assert after.pop("seconds") == 12.5
    assert after.pop("ended") > before["started"]
    assert after == before


def test_a_resume_is_added_and_the_run_has_not_ended(tmp_path):
    path = tmp_path / "manifest.json"
    before = collect()
    manifest.write(path, before | {"packages": before["packages"] | {"numpy": "0.9"}})
    manifest.finish(path, seconds=12.5)
    entry = {
        "from_step": 30,
        "argv": ["resume=last", f"db.password={SECRET}"],
        "changes": {"epochs": [3, 5]},
    }
    config = {"model": {"name": "cnn"}, "epochs": 5}
    for step in (30, 60):
        manifest.resumed(path, entry | {"from_step": step}, config=config)
    after = json.loads(path.read_text())
    assert "ended" not in after
    assert "seconds" not in after
    assert after["config"] == config
    assert after["config_digest"] == config_digest(config) != before["config_digest"]
    assert [resume["from_step"] for resume in after["resumes"]] == [30, 60]
    resume = after["resumes"][0]
    assert resume["time"] > before["started"]
    assert resume["argv"] == ["resume=last", "db.password=<redacted>"]
    assert resume["changes"] == {"epochs": [3, 5]}
    assert resume["versions"] == {"numpy": ["0.9", before["packages"]["numpy"]]}


def test_rollbacks_are_added_in_their_order(tmp_path):
    path = tmp_path / "manifest.json"
    before = collect()
    manifest.write(path, before)
    for step in (10, 20):
        manifest.rolled_back(path, {"from_step": step, "learning_rate": 0.5})
    after = json.loads(path.read_text())
    assert [each["from_step"] for each in after.pop("rollbacks")] == [10, 20]
    assert after == before


def test_other_versions_are_told_with_what_was_and_what_is():
    facts = collect()
    changed = facts | {
        "python": "2.7.18",
        # scikit-learn was recorded by earlier releases, which read data from it.
        "packages": {**facts["packages"], "numpy": "0.9", "jaxlib": "0.1", "scikit-learn": "1"},
    }
    del changed["packages"]["keras"]
    assert manifest.version_changes(facts) == {}
    assert manifest.version_changes(changed) == {
        "jaxlib": ["0.1", facts["packages"].get("jaxlib")],
        "keras": [None, facts["packages"]["keras"]],
        "numpy": ["0.9", facts["packages"]["numpy"]],
        "python": ["2.7.18", facts["python"]],
    }


def test_a_machine_that_is_the_same_has_not_changed():
    assert manifest.changes(collect(threads=1)) == {}


def test_another_machine_is_told_with_what_was_and_what_is(monkeypatch):
    before = collect()
    gpu = {"name": "H100", "memory": "81559 MiB", "driver": "550.1"}
    cpu = before["hardware"]["cpu"] | {"model": "Other CPU", "flags": [], "usable": 64}
    facts = before | {"python": "2.7.18", "hardware": {"cpu": cpu, "gpus": [gpu]}}
    now = hardware.describe()
    now["cpu"] |= {"model": "This CPU", "flags": ["avx2", "avx512f"], "usable": 2}
    monkeypatch.setattr(hardware, "describe", lambda: now)
    assert manifest.changes(facts | {"threads": 2}) == {
        "python": ["2.7.18", before["python"]],
        "CPU": ["Other CPU", "This CPU"],
        "instruction sets": ["none", "avx2, avx512f"],
        "GPUs": ["H100 with driver 550.1", "none"],
    }
    assert manifest.changes(facts | {"threads": 3})["processors"] == ["64", "2"]


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
