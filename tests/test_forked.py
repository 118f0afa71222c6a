"""A forked command cannot be told from a process of its own, and is one where it could be."""

import signal
import subprocess
import sys

import forked
import pytest

WORDS = (
    ["data", "list", "--json"],
    ["train", "epochz=1"],
    ["train", "epochs=0", "--json"],
    ["evaluate", "run=nope"],
)


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_code_and_output_are_those_of_a_real_process(fmtool, words):
    assert fmtool(*words) == fmtool.real(*words)


def test_it_sees_the_folder_the_variables_and_the_words_of_the_test(fmtool):
    plugin = (
        "import os, sys\nprint(os.getcwd(), sys.path[0], os.environ['FMTOOL_DATA'], sys.argv)\n"
    )
    words = ("train", "--plugin", str(fmtool.write("plugin.py", plugin)), "epochs=0")
    forks, real = fmtool(*words), fmtool.real(*words)
    assert str(fmtool.folder) in forks.out
    assert forks == real


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_it_is_ended_by_a_signal_as_a_process(fmtool, started, number):
    plugin = fmtool.write("plugin.py", "import time\nprint('here', flush=True)\ntime.sleep(60)\n")
    process = fmtool.start("train", "--plugin", str(plugin))
    started.append(process)
    assert isinstance(process, forked.Process)
    assert process.stdout.readline() == "here\n"
    assert process.poll() is None
    process.send_signal(number)
    assert process.wait(timeout=60) == -number


@pytest.mark.parametrize("variables", [{"PYTHONHASHSEED": "1"}, {"LC_ALL": "C"}, {"KERAS_X": "1"}])
def test_other_variables_than_the_servers_make_a_process(fmtool, started, variables):
    started.append(fmtool.start("--version", **variables))
    assert isinstance(started[0], subprocess.Popen)


def test_another_program_is_a_process(fork_servers):
    assert fork_servers.fork([sys.executable, "-c", "pass"]) is None


RUN = "backend_of_nothing: torch\nruntime:\n  device: cpu\n  backend: {}\n  threads: 2\n"


@pytest.mark.parametrize(
    ("words", "server"),
    [
        (["train"], "tensorflow"),
        (["train", "runtime.backend=jax"], "jax"),
        (["train", "runtime.backend=auto"], forked.NONE),
        (["train", "-m", "seed=0,1"], forked.NONE),
        (["train", "resume=auto"], "tensorflow"),
        (["train", "resume=last"], "torch"),
        (["evaluate", "run=one"], "torch"),
        (["predict", "run=runs/one", "input=x"], "torch"),
        (["predict", "model=model.onnx", "input=x"], forked.NONE),
        (["evaluate", "run=last", "runs_dir=mixed"], forked.NONE),
        (["evaluate", "run=last", "runs_dir=nowhere"], forked.NONE),
        (["runs"], forked.NONE),
        ([], forked.NONE),
    ],
    ids=str,
)
def test_the_server_is_the_one_whose_imports_the_command_needs(tmp_path, words, server):
    runs = {"runs/one": "torch", "mixed/one": "torch", "mixed/other": "jax"}
    for name, backend in runs.items():
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "config.yaml").write_text(RUN.format(backend))
    assert forked.backend_for(words, tmp_path) == server


@pytest.mark.parametrize(
    ("task", "words", "server"),
    [
        ("convert", ["export", "run=one"], "tensorflow"),
        ("convert", ["export", "run=one", "format=onnx,litert"], "tensorflow"),
        ("convert", ["export", "run=one", "format=[onnx,torch]"], forked.NONE),
        ("convert", ["export", "run=one", "format=all"], forked.NONE),
        ("convert", ["export", "run=one", "benchmark=true"], forked.NONE),
        ("reference", ["export", "run=one"], "torch"),
        ("trial", ["export", "run=one"], forked.NONE),
        ("recheck", ["verify", "bundle.zip", "run=true"], forked.NONE),
    ],
    ids=str,
)
def test_children_of_an_export_come_from_the_server_of_their_backend(tmp_path, task, words, server):
    (tmp_path / "runs" / "one").mkdir(parents=True)
    (tmp_path / "runs" / "one" / "config.yaml").write_text(RUN.format("torch"))
    assert forked.backend_of_export(task, words, tmp_path) == server


@pytest.mark.parametrize("name", ["TF2_BEHAVIOR", "OF_SOME_LIBRARY"])
def test_what_a_library_sets_when_it_is_imported_here_is_not_for_commands(
    fmtool, started, monkeypatch, name
):
    monkeypatch.setenv(name, "1")
    started.append(fmtool.start("--version"))
    assert isinstance(started[0], forked.Process)
    assert name not in fmtool.environment()


def test_commands_are_forked_after_everything_was_imported_in_this_process(fmtool, started):
    import keras
    import torch

    assert keras.__version__
    assert torch.__version__
    started.append(fmtool.start("--version"))
    assert isinstance(started[0], forked.Process)
