"""A mistake on the command line: the right exit code, one line that helps, nothing left behind."""

import json

import pytest

USAGE = [
    (["tarin"], "unknown command 'tarin'; fix: did you mean 'train'?"),
    (["--json"], "unknown command ''; fix: one of bench, cache, completion, "),
    (["train", "modle=cnn"], "unknown key 'modle'; fix: did you mean 'model'?"),
    (["train", "model=cnnn"], "model=cnnn: no such model; fix: did you mean 'cnn'?"),
    (["train", "optimizer=adamax_"], "no such optimizer; fix: did you mean 'adamax'?"),
    (["train", "model=null"], "model=null: no option is chosen; fix: write model=NAME, one of"),
    (["train", "augment=3"], "augment=3: no option is chosen; fix: write augment=NAME, one of"),
    (["train", "optimizer.lr=1"], "unknown key 'optimizer.lr'; fix: did you mean 'optimizer.learn"),
    (["train", "lr=1"], "unknown key 'lr'; fix: did you mean 'optimizer.learning_rate'?"),
    (["train", "epochz=1"], "unknown key 'epochz'; fix: did you mean 'epochs'?"),
    (["train", "model.filter=[8]"], "unknown key 'model.filter'; fix: did you mean 'model.filters"),
    (["train", "epochs=x"], "epochs=x is not accepted; fix: give an integer"),
    (["train", "epochs=1.5"], "epochs=1.5 is not accepted; fix: give an integer"),
    (["train", "epochs=true"], "epochs=True is not accepted; fix: give an integer"),
    (["train", "epochs=null"], "epochs=null is not accepted; fix: give an integer"),
    (["train", "epochs='3'"], "epochs=3 is not accepted; fix: give an integer"),
    (["train", "epochs=0"], "epochs=0 is not accepted; fix: give a value greater than 0"),
    (["train", "batch_size=-1"], "batch_size=-1 is not accepted; fix: give a value greater than 0"),
    (["train", "seed=-1"], "seed=-1 is not accepted; fix: give a value greater than or equal to 0"),
    (["train", "seed=4294967296"], "seed=4294967296 is not accepted; fix: give a value less than"),
    (["train", "dry_run=maybe"], "dry_run=maybe is not accepted; fix: give a boolean"),
    (["train", "tags=a"], "tags=a is not accepted; fix: give a list"),
    (["train", "model.filters=[8,0]"], "model.filters.1=0 is not accepted; fix: give a value grea"),
    (
        ["train", "model.dropout=1"],
        "model.dropout=1 is not accepted; fix: give a value less than 1",
    ),
    (
        ["train", "model.activation=rellu"],
        "model.activation=rellu is not accepted; fix: did you me",
    ),
    (["train", "optimizer.learning_rate=nan"], "optimizer.learning_rate=nan is not accepted; fix:"),
    (["train", "optimizer.learning_rate=inf"], "optimizer.learning_rate=inf is not accepted; fix:"),
    (["train", "optimizer.learning_rate=-1"], "optimizer.learning_rate=-1 is not accepted; fix: "),
    (["train", "runtime.backend=tf"], "runtime.backend=tf is not accepted; fix: "),
    (
        ["train", "monitor=val_los"],
        "training has no metric 'val_los'; fix: did you mean 'val_loss'",
    ),
    (
        ["train", "monitor=val_loss", "data.validation_fraction=0"],
        "monitor=val_loss needs a validation split, but data.validation_fraction=0; fix: ",
    ),
    (["train", "+model.foo=1"], "unknown key 'model.foo'; fix: "),
    (["train", "++model.foo=1"], "unknown key 'model.foo'; fix: "),
    (["train", "+foo=1"], "unknown key 'foo'; fix: "),
    (["train", "++epochs=many"], "epochs=many is not accepted; fix: give an integer"),
    (["train", "~epochs"], "epochs is missing; fix: write epochs=VALUE"),
    (["train", "~model"], "model: no option is chosen; fix: write model=NAME, one of airb"),
    (["train", "~model.dropout"], "model.dropout is missing; fix: write model.dropout=VALUE"),
    (["train", "~nothing"], "nothing"),
    (["train", "epochs=1,2"], "'epochs=1,2' has several values; fix: write key=[a,b] for a list"),
    (["train", "model=cnn,mlp"], "'model=cnn,mlp' has several values; fix: "),
    (["train", "epochs"], "'epochs' is no key=value; fix: write group=option or key=value"),
    (["sweep", "plan", "last"], "'last' is no key=value; fix: write group=option or key=value"),
    (["evaluate", "last"], "there is no run in runs yet; fix: start one with `fmtool train`"),
    (["evaluate", "-cd", ".", "nope"], "there is no run 'nope' in runs; fix: see `fmtool runs`"),
    (["export", "./x=y/z"], "there is no run x=y/z; fix: see `fmtool runs`"),
    (["predict", "nope", "input=x"], "there is no run 'nope' in runs; fix: see `fmtool runs`"),
    (["reproduce", "nope"], "there is no run 'nope' in runs; fix: see `fmtool runs`"),
    (["evaluate", "last", "first"], "'first' is one run too many; fix: name only one"),
    (["evaluate", "last", "run=x"], "'run=x' is one run too many; fix: name only one"),
    (["train", "-sc", "install=zsh"], "Hydra's completion knows no commands; fix: fmtool complet"),
    (["train", "--tiemout", "3"], "unknown flag --tiemout; fix: did you mean '--timeout'?"),
    (["train", "--x"], "--timeout, --version, --wide"),
    (["help", "trian"], "unknown command 'trian'; fix: did you mean 'train'?"),
    (
        ["train", "hydra.verbose=true"],
        "hydra.verbose sets the level of Python's log, and fmtool wr",
    ),
    (
        ["train", "hydra.job.name=x"],
        "hydra.job.name names a job of Hydra, which runs none here; fix",
    ),
    (
        ["train", "data=image_folder", "data.path=s3://b/pets"],
        "data.path=s3://b/pets: an address; o",
    ),
    (
        ["train", "runs_dir=file:///tmp"],
        "runs_dir=file:///tmp: an address, where a path belongs; fix",
    ),
    (["predict", "run=last", "input=https://x.org/a.png"], "input=https://x.org/a.png: an address"),
    (
        ["data", "inspect", "path=gs://b/pets"],
        "path=gs://b/pets: an address; only files and fo",
    ),
    (
        ["train", "data=/tmp"],
        "data=/tmp: a path, where the name of a data set belongs; fix: fmtool d",
    ),
    (
        ["train", "model=./x.keras"],
        "model=./x.keras: a path, where a name belongs; fix: write model",
    ),
    (["completion"], "completion: the shell is missing; fix: write fmtool completion bash, fmtool"),
    (["completion", "fsh"], "completion: no shell 'fsh' is known; fix: did you mean 'fish'?"),
    (["train", "epochs=[1"], "[1"),
    (["train", "=1"], "fix: see `fmtool train --help`"),
    (["train", ""], "'' is no key=value; fix: write group=option"),
    (["train", "--plgin", "x"], "unknown flag --plgin; fix: did you mean '--plugin'?"),
    (["train", "-cp", "x"], "-cp is not supported; fix: use -cd DIR to add a config folder"),
    (["train", "-cd"], "-cd needs a value; fix: write -cd VALUE"),
    (["train", "-cn"], "-cn needs a value; fix: write -cn VALUE"),
    (["train", "--plugin"], "--plugin needs a value; fix: write --plugin MODULE or FILE.py"),
    (["train", "--plugin", "nope.py"], "--plugin nope.py: "),
    (["train", "--plugin", "no_such_module"], "--plugin no_such_module: No module named"),
    (["train", "-cd", "nope"], "-cd nope: no such folder; fix: name a folder of YAML files"),
    (["train", "-cd", "~nobody_here"], "-cd ~nobody_here: no such folder; fix: "),
    (["train", "-cn", "nope"], "no config is called 'nope'; fix: check -cn and -cd"),
    (["train", "hydra.searchpath=[file:///nope]"], "hydra.searchpath: no folder '/nope'; fix: "),
    (["train", "--cfg", "hydra"], "--cfg hydra: only --cfg job is shown; fix: write --cfg job"),
    (["train", "gate.min.acuracy=1"], "the report has no metric 'acuracy'; fix: did you mean 'acc"),
    (["train", "gate.max.nothing=1"], "gate.max.nothing: the report has no metric 'nothing'; fix:"),
    (["train", "gate.min.accuracy=nan"], "gate.min.accuracy=nan is not accepted; fix: "),
    (["train", "gate.min.accuracy=high"], "gate.min.accuracy=high is not accepted; fix: "),
    (["train", "gate.mn.accuracy=1"], "unknown key 'gate.mn'; fix: did you mean 'gate.min'?"),
    (["train", "data.limit=4"], "leaves none to validate on; fix: raise data.validation_fraction"),
    (["evaluate"], "run: no run named; fix: write run=last, or run=PREFIX of `fmtool runs`"),
    (["evaluate", "run=nope"], "there is no run 'nope' in runs; fix: see `fmtool runs` for those"),
    (["evaluate", "run=last"], "there is no run in runs yet; fix: start one with `fmtool train`"),
    (["evaluate", "run=./x/y"], "there is no run x/y; fix: see `fmtool runs`"),
    (
        ["evaluate", "run=last", "split=tets"],
        "split=tets is not accepted; fix: did you mean 'test'",
    ),
    (["evaluate", "-m", "run=a,b"], "evaluate takes no -m, -cn, --cfg or --info; fix:"),
    (["evaluate", "run=last", "--cfg", "job"], "evaluate takes no -m, -cn, --cfg or --info"),
    (["train", "-m", "epochs=1,0"], "epochs=0 is not accepted; fix: give a value greater than 0"),
    (["train", "-m", "model=cnn,nope"], "model=nope: no such model; fix: one of airbench"),
    (["train", "-m", "epochs=interval(1,3)"], "an interval has no fixed list of values to sweep"),
    (["train", "-m", "model=glob(z*)"], "no option of model matches; fix: one of airbench"),
    (
        ["train", "-m", "seed=0,1", "dry_run=true"],
        "dry_run=true cannot be swept; fix: leave out -m",
    ),
]


@pytest.mark.parametrize(("argv", "message"), USAGE, ids=str)
def test_a_mistake_ends_with_2_and_one_line(call, fmtool, argv, message):
    outcome = call(*argv)
    assert (outcome.code, fmtool.files()) == (2, set())
    assert outcome.error.startswith("error: ")
    assert "; fix: " in outcome.error
    assert message in outcome.error
    if "--json" not in argv:
        assert outcome.out == ""


def test_with_json_a_mistake_is_one_object_that_says_the_same(call):
    outcome = call("train", "epochs=0", "--json")
    assert outcome.json == {
        "status": "failed",
        "exit_code": 2,
        "error": {
            "type": "UsageError",
            "message": "epochs=0 is not accepted; fix: give a value greater than 0",
            "hint": "give a value greater than 0",
        },
    }
    assert len(outcome.out.splitlines()) == 1


def test_a_fault_of_our_own_is_one_line_and_one_object(call, monkeypatch):
    def fail(*_):
        raise RuntimeError("split atom")

    monkeypatch.setattr("fmtool.cli.train.main", fail)
    outcome = call("train", "--json")
    assert outcome.code == 1
    assert outcome.error.startswith("error: internal error: RuntimeError: split atom; fix: ")
    assert outcome.json["exit_code"] == 1


@pytest.mark.parametrize("argv", [["modle=cnn"], ["epochs=0", "--json"], ["-m", "epochs=1,0"]])
def test_in_a_process_of_its_own_a_mistake_ends_the_same_way(fmtool, argv):
    outcome = fmtool("train", *argv)
    assert (outcome.code, outcome.error[:7], fmtool.files()) == (2, "error: ", set())
    assert len(outcome.out.splitlines()) == ("--json" in argv)


def test_only_FMTOOL_DEBUG_shows_a_traceback(fmtool):  # noqa: N802
    assert "Traceback" not in fmtool("train", "epochs=0").err
    assert "Traceback" in fmtool("train", "epochs=0", FMTOOL_DEBUG="1").err


def test_a_typed_name_cannot_forge_a_second_line(call):
    outcome = call("train", "modle=cnn\nerror: all is well")
    assert outcome.error.startswith("error: ")


@pytest.mark.parametrize("fault", ["1/0", "def broken(:", "import no_such_module_at_all"])
def test_a_plugin_that_cannot_be_imported_is_the_users_mistake(call, fmtool, fault):
    fmtool.write("faulty_plugin.py", f"{fault}\n")
    outcome = call("train", "--plugin", "faulty_plugin.py")
    assert outcome.code == 2
    assert outcome.error.startswith("error: --plugin faulty_plugin.py: ")


def test_a_plugin_without_a_config_is_refused(call, fmtool):
    fmtool.write("empty_plugin.py", "")
    outcome = call("train", "--plugin", "empty_plugin.py")
    assert outcome.code == 2
    assert "no class Config derived from ModelConfig" in outcome.error


@pytest.mark.parametrize("runs_dir", ["/proc/x", "file/runs"])
def test_a_runs_dir_that_cannot_be_created_ends_with_73(call, fmtool, runs_dir):
    fmtool.write("file", "")
    outcome = call("train", f"runs_dir={runs_dir}", "--json")
    assert (outcome.code, fmtool.files()) == (73, {"file"})
    assert outcome.error.startswith(f"error: cannot create {runs_dir}: ")
    assert json.loads(outcome.out)["exit_code"] == 73


def test_a_path_that_is_no_run_ends_with_65(call, fmtool):
    fmtool.write("pictures/cat.png", "")
    outcome = call("evaluate", "run=./pictures")
    assert outcome.code == 65
    assert outcome.error == "error: pictures is not a run directory; fix: see `fmtool runs`"


def test_a_prefix_of_two_runs_is_ambiguous(call, fmtool):
    for name in ("2026-01-01_a", "2026-01-01_b"):
        fmtool.write(f"runs/{name}/config.yaml", "{}")
        fmtool.write(f"runs/{name}/manifest.json", '{"started": "2026-01-01T00:00:00+00:00"}')
    outcome = call("evaluate", "run=2026")
    assert outcome.code == 2
    assert "'2026' could mean any of 2 runs: 2026-01-01_" in outcome.error


def test_a_run_without_a_config_is_bad_data(call, fmtool):
    fmtool.write("runs/2026-01-01_a/manifest.json", "{}")
    outcome = call("evaluate", "run=2026")
    assert outcome.code == 65
    assert "config.yaml" in outcome.error
