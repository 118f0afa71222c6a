"""The attacks that enter by the command line, against the real command and what it leaves."""

import shutil

import pytest

SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "hunter2-aws",
    "FMTOOL_TOKEN": "hunter2-fmtool",
    "TF_API_KEY": "hunter2-tf",
    "CI_JOB_TOKEN": "hunter2-ci",
    "MY_VARIABLE": "hunter2-mine",
}
NAME = "../../x\n\x1b[31mred $(touch marker) `touch marker`"
LIMITED = (
    "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (6 * 2**30, 6 * 2**30))\n"
    "from fmtool.cli.main import main; sys.exit(main(sys.argv[1:]))"
)


@pytest.fixture(scope="module")
def hostile_run(tmp_path_factory, session_command):
    """A training in an environment full of secrets, under a name that is out to do harm."""
    command = session_command(tmp_path_factory.mktemp("hostile"))
    outcome = command(
        "train", "model.filters=[4]", "epochs=1", f"name={NAME}", f"tags=['{NAME[:8]}']", **SECRETS
    )
    assert outcome.code == 0, outcome.err
    return command, outcome


def test_no_secret_of_the_environment_is_in_any_output(hostile_run):
    command, outcome = hostile_run
    files = [path for path in command.folder.rglob("*") if path.is_file()]
    assert len(files) > 10
    for content in (*(path.read_bytes() for path in files), outcome.out.encode(),
                    outcome.err.encode()):  # fmt: skip
        assert b"hunter2" not in content


def test_a_hostile_name_writes_nothing_outside_the_run(hostile_run):
    command, _ = hostile_run
    (directory,) = command.runs
    assert {path.name for path in command.folder.iterdir()} == {"runs"}
    assert {path.name for path in (command.folder / "runs").iterdir()} == {directory.name}
    assert {path.name for path in command.folder.parent.iterdir()} <= {"work", "cache"}


def test_a_hostile_name_reaches_no_terminal_as_it_is(hostile_run):
    command, outcome = hostile_run
    shown = [outcome, command("runs", "list"), command("runs", "show", "last")]
    assert all("\x1b" not in each.out + each.err for each in shown)
    assert "\n../../x" not in shown[1].out


@pytest.fixture
def run_with(trained, fmtool, parts):
    """A run like the shared one, but for its model."""

    def put(change):
        directory = fmtool.folder / "runs" / trained.directory.name
        shutil.copytree(trained.directory, directory)
        change(parts)
        parts.write(directory / "model.keras")
        return directory.name

    return put


def test_evaluate_runs_no_code_of_a_model(fmtool, run_with, trap):
    def with_lambda(parts):
        value = {"code": trap.bytecode, "defaults": None, "closure": None}
        parts.dense["config"]["activation"] = {"class_name": "__lambda__", "config": value}

    name = run_with(with_lambda)
    before = fmtool.files()
    outcome = fmtool("evaluate", f"run={name}", "--json")
    assert (outcome.code, outcome.json["exit_code"]) == (77, 77)
    assert "model.keras: it holds" in outcome.error or "looks like a path" in outcome.error
    assert trap.is_untouched
    assert fmtool.files() == before


def test_evaluate_makes_no_room_for_a_model_that_is_not_there(fmtool, run_with):
    def large(parts):
        parts.dense["config"]["units"] = 10**10

    outcome = fmtool.python(LIMITED, "evaluate", f"run={run_with(large)}")
    assert outcome.code == 77
    assert "asks for 50,000,000,000 weights and holds 10" in outcome.error
