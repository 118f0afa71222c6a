"""A config never runs code or reads the environment: from argv, from YAML, or when only shown."""

import pytest

SECRET = "hunter2-do-not-print"
CALLBACK = "{x:{_target_:os.mkdir,path:marker}}"
CALLBACK_YAML = "x:\n  _target_: os.mkdir\n  path: marker\n"

ARGUMENTS = [
    f"hydra.callbacks={CALLBACK}",
    f"+hydra.callbacks.x={CALLBACK}",
    f"++hydra.callbacks={CALLBACK}",
    "~hydra",
    "~hydra.callbacks",
    "hydra.job_logging.root={handlers:[h]}",
    "+hydra.job_logging.handlers.h={'()':os.mkdir,path:marker}",
    "++hydra.hydra_logging.handlers.h={'()':os.mkdir,path:marker}",
    "hydra/launcher=basic",
    "+hydra/launcher=basic",
    "hydra/job_logging=none",
    "hydra@hydra=default",
    "hydra.run.dir=marker",
    "hydra.job.env_set.PATH=marker",
    "hydra.searchpath=[pkg://evil]",
    "hydra.searchpath=['pkg://evil']",
    "+hydra.searchpath=[pkg://evil]",
    "+model@hydra.callbacks=cnn",
    "+model@hydra.callbacks.x=cnn",
    "+_target_=os.mkdir",
    "+model._target_=os.mkdir",
    "++data={_target_:os.mkdir,path:marker}",
    "+model.x={_args_:[marker]}",
    "name=${oc.env:SECRET}",
    "tags=[${oc.env:SECRET}]",
    "model=${oc.env:SECRET}",
    "runs_dir=${oc.env:SECRET}",
    "epochs=${oc.env:SECRET}",
    "hydra.searchpath=[file://${oc.env:SECRET}]",
    "gate.min.accuracy=${oc.env:SECRET}",
    "name=${oc.${monitor}:SECRET}",
]

FILES = {
    "callbacks": ("mine.yaml", f"defaults: [train, _self_]\nhydra:\n  callbacks: {CALLBACK}\n"),
    "job_logging": (
        "mine.yaml",
        "defaults: [train, _self_]\nhydra:\n  job_logging:\n    version: 1\n"
        "    handlers: {h: {(): os.mkdir, path: marker}}\n    root: {handlers: [h]}\n",
    ),
    "run dir": ("mine.yaml", "defaults: [train, _self_]\nhydra: {run: {dir: marker}}\n"),
    "environment": (
        "mine.yaml",
        "defaults: [train, _self_]\nhydra: {job: {env_set: {PATH: marker}}}\n",
    ),
    "package import": (
        "mine.yaml",
        "defaults: [train, _self_]\nhydra: {searchpath: ['pkg://evil']}\n",
    ),
    "package import behind a reference": (
        "mine.yaml",
        "defaults: [train, _self_]\nhydra: {searchpath: '${tags}'}\ntags: ['pkg://evil']\n",
    ),
    "launcher": (
        "mine.yaml",
        "defaults:\n  - train\n  - override hydra/job_logging: none\n  - _self_\n",
    ),
    "package header": ("model/mine.yaml", f"# @package hydra.callbacks\n{CALLBACK_YAML}"),
    "global package": (
        "model/mine.yaml",
        f"# @package _global_\nhydra:\n  callbacks: {CALLBACK}\n",
    ),
    "package in a defaults list": (
        "mine.yaml",
        "defaults:\n  - train\n  - evil@hydra.callbacks: payload\n  - _self_\n",
    ),
    "target": ("model/mine.yaml", "defaults: [cnn, _self_]\n_target_: os.mkdir\npath: marker\n"),
    "secret": ("mine.yaml", "defaults: [train, _self_]\nname: ${oc.env:SECRET}\n"),
    "secret in an option": ("model/mine.yaml", "defaults: [cnn, _self_]\nname: ${oc.env:SECRET}\n"),
    "secret by a spelt resolver": (
        "mine.yaml",
        "defaults: [train, _self_]\nname: ${oc.${tags.0}:SECRET}\ntags: [env]\n",
    ),
    "secret in a defaults list": (
        "mine.yaml",
        "defaults:\n  - train\n  - override model: ${oc.env:SECRET}\n  - _self_\n",
    ),
    "secret in a search path": (
        "mine.yaml",
        "defaults: [train, _self_]\nhydra: {searchpath: ['${oc.env:SECRET}']}\n",
    ),
}


@pytest.fixture
def trap(attack, fmtool, monkeypatch):
    """What an attack would do: make `marker`, import `evil`, print the secret."""
    fmtool.write("evil/__init__.py", "import os\nos.mkdir('marker')\n")
    fmtool.write("yaml/evil/payload.yaml", CALLBACK_YAML)
    monkeypatch.syspath_prepend(str(fmtool.folder))
    monkeypatch.setenv("SECRET", SECRET)
    before = fmtool.files()

    def is_intact(outcome):
        after = {name for name in fmtool.files() if "__pycache__" not in name}
        return after == before and SECRET not in outcome.out + outcome.err

    return is_intact


@pytest.mark.parametrize("override", ARGUMENTS)
def test_an_override_that_could_run_code_is_refused(call, trap, override):
    outcome = call("train", override)
    assert (outcome.code, outcome.out) == (77, "")
    assert outcome.error.startswith("error: ")
    assert "; fix: " in outcome.error
    assert trap(outcome)


@pytest.mark.parametrize("flags", [["--cfg", "job"], ["--cfg", "job", "--resolve"], ["--info"]])
@pytest.mark.parametrize("override", [ARGUMENTS[0], ARGUMENTS[14], "name=${oc.env:SECRET}"])
def test_an_override_that_could_run_code_is_not_shown_either(call, trap, override, flags):
    outcome = call("train", override, *flags)
    assert (outcome.code, outcome.out) == (77, "")
    assert trap(outcome)


SHOWN = ("callbacks", "job_logging", "package import", "secret by a spelt resolver")
ANSWERED = (*SHOWN, "secret", "secret in a search path")


@pytest.fixture
def attack(request, fmtool):
    """The arguments that reach a hostile YAML file; none where no file is asked for."""
    if not hasattr(request, "param"):
        return []
    path, text = FILES[request.param]
    fmtool.write(f"yaml/{path}", text)
    chosen = ["model=mine"] if path.startswith("model/") else ["-cn", "mine"]
    return ["-cd", "yaml", *chosen]


@pytest.mark.parametrize("attack", FILES, indirect=True)
def test_a_yaml_file_that_could_run_code_is_refused(call, attack, trap):
    outcome = call("train", *attack)
    assert (outcome.code, outcome.out) == (77, "")
    assert outcome.error.startswith("error: ")
    assert trap(outcome)


@pytest.mark.parametrize("flags", [["--cfg", "job", "--resolve"], ["--info"]], ids=str)
@pytest.mark.parametrize("attack", SHOWN, indirect=True)
def test_a_yaml_file_that_could_run_code_is_not_shown_either(call, attack, trap, flags):
    outcome = call("train", *attack, *flags)
    assert (outcome.code, outcome.out) == (77, "")
    assert trap(outcome)


@pytest.mark.parametrize("attack", ANSWERED, indirect=True)
def test_completion_runs_nothing_either(fmtool, attack):
    fmtool.write("evil/__init__.py", "import os\nos.mkdir('marker')\n")
    outcome = fmtool("completion", "answer", "words", "train", *attack, "data.", SECRET=SECRET)
    assert not (fmtool.folder / "marker").exists()
    assert SECRET not in outcome.out + outcome.err


@pytest.mark.parametrize("override", ["hydra.run.dir=marker", "data.normalize=${oc.env:SECRET}"])
def test_evaluate_refuses_the_same(call, trap, fmtool, override):
    fmtool.write("runs/2026_a/manifest.json", "{}")
    fmtool.write("runs/2026_a/config.yaml", "data: {name: digits, normalize: unit}\n")
    outcome = call("evaluate", "run=2026_a", override)
    assert (outcome.code, outcome.out) == (77, "")
    assert SECRET not in outcome.err


def test_a_saved_config_cannot_read_the_environment(call, trap, fmtool):
    fmtool.write("runs/2026_a/manifest.json", "{}")
    fmtool.write("runs/2026_a/config.yaml", "data: {name: '${oc.env:SECRET}'}\n")
    outcome = call("evaluate", "run=2026_a")
    assert outcome.code == 77
    assert SECRET not in outcome.err


def test_a_sweep_refuses_before_its_first_job(call, trap):
    outcome = call("train", "-m", "seed=0,1", "+model@hydra.callbacks=cnn")
    assert outcome.code == 77
    assert trap(outcome)


@pytest.mark.slow
def test_a_file_of_the_working_directory_cannot_stand_in_for_a_module(fmtool):
    fmtool.write("hydra_plugins/evil.py", "open('marker', 'w')\n")
    fmtool.write("yaml.py", "open('marker', 'w')\n")
    done = fmtool.python(
        "import sys, subprocess\n"
        "sys.path.pop(0)\n"
        "from fmtool.cli.main import main\n"
        "main(['train', '-m', 'seed=0', 'data.limit=1', '--json'])"
    )
    assert done.json["runs"][0]["exit_code"] == 2
    assert not (fmtool.folder / "marker").exists()
