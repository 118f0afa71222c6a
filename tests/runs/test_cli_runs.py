import csv
import io
import json
import os
import re
import sys

import pytest

from fmtool.cli.flags import Flags
from fmtool.cli.runs import main
from fmtool.cli.runs_help import HELP
from fmtool.errors import DataError, UsageError
from fmtool.runs.records import STATUSES

A = "2026-01-01_000000_cnn_digits_aaaaaa"
B = "2026-01-02_000000_mlp_cifar10_bbbbbb"
C = "2026-01-03_000000_cnn_cifar10_cccccc"

HEADING = [
    "run", "status", "model", "data", "name", "tags", "best", "val_loss", "test", "accuracy", "time"
]  # fmt: skip


@pytest.fixture
def three(make_run, tmp_path, monkeypatch):
    """The newest first: C was killed, B diverged, A completed with a better score than B."""
    monkeypatch.chdir(tmp_path)
    config = {"name": "base", "tags": ["x", "y"]}
    make_run(A, started="2026-01-01T00:00:00+00:00", config=config, result={})
    make_run(
        B,
        started="2026-01-02T00:00:00+00:00",
        config={"model": {"name": "mlp"}, "data": {"name": "cifar10"}},
        result={
            "exit_code": 5,
            "seconds": 3723.0,
            "metrics": {},
            "best": {"epoch": 1, "step": 10, "monitor": "val_loss", "value": 2.5},
            "error": {"type": "Diverged", "message": "loss is nan", "hint": "lower it"},
        },
    )
    make_run(C, started="2026-01-03T00:00:00+00:00", config={"data": {"name": "cifar10"}})
    return tmp_path / "runs"


def output(capsys, *argv, as_json=False):
    assert main(list(argv), Flags(as_json=as_json)) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def without_colours(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def ids(capsys, *argv):
    return [row["id"] for row in json.loads(output(capsys, *argv, as_json=True))["runs"]]


def cells(text):
    """The rows of a table without its rules."""
    lines = [line.split() for line in text.splitlines()]
    return [line for line in lines if line and not set("".join(line)) <= set("─ ")]


def test_the_list_is_a_table_with_one_line_per_run(three, capsys):
    assert cells(output(capsys)) == [
        HEADING,
        [C, "killed", "cnn", "cifar10"],
        [B, "diverged", "mlp", "cifar10", "2.5000", "1:02:03"],
        f"{A} completed cnn digits base x, y 0.4000 0.7500 0:01:01".split(),
    ]


def test_scores_of_several_monitors_say_whose_they_are(three, capsys, make_run):
    best = {"epoch": 1, "step": 1, "monitor": "val_accuracy", "value": 0.75}
    make_run("other", result={"best": best, "metrics": {"mae": 2.0}})
    rows = {row[0]: row for row in cells(output(capsys))}
    assert rows["run"] == [*HEADING[:7], "test", "time"]
    assert rows["other"][-5:] == ["val_accuracy", "0.7500", "mae", "2.0000", "0:01:01"]
    assert rows[B][-3:] == ["val_loss", "2.5000", "1:02:03"]


def test_runs_are_listed_and_chosen_by_the_folder_of_their_data(three, capsys):
    manifest = {"started": "2026-01-01T00:00:00+00:00", "data": {"label": "pets"}}
    (three / A / "manifest.json").write_text(json.dumps(manifest))
    assert cells(output(capsys))[-1][:4] == [A, "completed", "cnn", "pets"]
    assert ids(capsys, "data=pets") == ids(capsys, "data=digits") == [A]
    assert json.loads(output(capsys, "show", A, as_json=True))["data_label"] == "pets"


@pytest.fixture
def narrow(monkeypatch):
    """Makes stdout, which is another one in each phase of a test, a terminal of 80 columns."""

    def make():
        monkeypatch.setenv("COLUMNS", "80")
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)

    return make


def test_a_narrow_terminal_gets_fewer_columns_and_whole_ids(three, capsys, narrow):
    narrow()
    shown = without_colours(output(capsys))
    assert max(map(len, shown.splitlines())) <= 80
    rows = cells(shown)
    begin = [row[0] for row in rows].index(C)
    headings = {word for row in rows[:begin] for word in row}
    assert headings == {"run", "status", "best", "val_loss", "test", "accuracy", "name"}
    assert [row[0] for row in rows[begin : begin + 3]] == [C, B, A]
    assert " ".join(rows[-1]) == "left out: model, data, tags, time; --wide shows all"


def test_wide_shows_all_of_them_on_a_narrow_terminal_too(three, call, narrow, monkeypatch):
    monkeypatch.chdir(three.parent)
    narrow()
    shown = call("runs", "--wide").out
    assert cells(without_colours(shown))[0] == HEADING
    assert "left out" not in shown


def test_runs_that_are_compared_on_a_narrow_terminal_are_numbered(three, capsys, narrow):
    narrow()
    shown = without_colours(output(capsys, "compare", A, B))
    assert max(map(len, shown.splitlines())) <= 80
    assert cells(shown)[:5] == [
        ["1", A], ["2", B], ["1", "2"], ["data.name", "digits", "cifar10"],
        ["model.name", "cnn", "mlp"],
    ]  # fmt: skip


def test_nothing_that_is_piped_has_blanks_at_the_ends_of_lines(three, capsys):
    for argv in ([], ["show", "2026-01-02"], ["compare", A, B]):
        lines = output(capsys, *argv).splitlines()
        assert [line for line in lines if line != line.rstrip()] == []


def test_json_is_one_object_with_all_that_is_known(three, capsys):
    document = json.loads(output(capsys, "list", as_json=True))
    assert list(document) == ["runs"]
    assert [row["status"] for row in document["runs"]] == ["killed", "diverged", "completed"]
    assert document["runs"][2]["metrics"] == {"loss": 0.5, "accuracy": 0.75}


def test_csv_has_one_line_per_run_and_a_column_per_metric(three, capsys):
    assert output(capsys, "--csv").splitlines() == [
        "id,status,model,data,name,tags,monitor,best,seconds,started,sweep,study,"
        "test_loss,test_accuracy",
        f"{C},killed,cnn,cifar10,,,,,,2026-01-03T00:00:00+00:00,,,,",
        f"{B},diverged,mlp,cifar10,,,val_loss,2.5,3723.0,2026-01-02T00:00:00+00:00,,,,",
        f"{A},completed,cnn,digits,base,x y,val_loss,0.4,61.4,2026-01-01T00:00:00+00:00,,,0.5,0.75",
    ]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (["model=cnn"], [C, A]),
        (["data=cifar10"], [C, B]),
        (["status=completed"], [A]),
        (["model=cnn", "data=cifar10"], [C]),
        (["limit=2"], [C, B]),
        (["sort=start"], [C, B, A]),
        (["sort=seconds"], [B, A, C]),
        (["sort=score"], [A, B, C]),
        (["sort=score", "limit=1"], [A]),
        (["model=vit"], []),
    ],
)
def test_the_list_can_be_filtered_sorted_and_cut(three, capsys, settings, expected):
    assert ids(capsys, *settings) == expected


def test_a_list_cut_short_reads_only_the_configs_it_shows(three, capsys):
    (three / A / "config.yaml").unlink()
    os.mkfifo(three / A / "config.yaml")  # reading it would never end
    (three / A / "manifest.json").touch()
    assert ids(capsys, "limit=2") == [C, B]


def test_a_higher_accuracy_is_the_better_score(three, capsys, make_run):
    for run_id, value in (("low", 0.1), ("high", 0.9)):
        best = {"epoch": 1, "step": 1, "monitor": "val_accuracy", "value": value}
        make_run(run_id, result={"best": best})
    assert ids(capsys, "sort=score") == ["high", "low", A, B, C]


def test_runs_elsewhere_are_listed_with_runs_dir(three, capsys, monkeypatch):
    monkeypatch.chdir("/")
    assert ids(capsys, f"runs_dir={three}") == [C, B, A]


def test_without_any_run_a_line_says_how_to_start_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    hint = "no runs in runs yet; start one with: fmtool train data=digits\n"
    assert output(capsys) == hint
    (tmp_path / "runs").mkdir()
    assert output(capsys) == hint
    assert json.loads(output(capsys, as_json=True)) == {"runs": []}
    assert len(output(capsys, "--csv").splitlines()) == 1


def test_filters_that_match_nothing_say_so(three, capsys):
    assert output(capsys, "model=vit") == "no run in runs matches\n"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["lits"], "unknown action 'lits'; fix: did you mean list? actions: list, show, compare"),
        (["modle=cnn"], "unknown key 'modle'; fix: did you mean model? keys: runs_dir,"),
        (["show", "last", "status=x"], "unknown key 'status'; fix: keys: runs_dir"),
        (["sort=scroe"], "unknown sort 'scroe'; fix: did you mean score?"),
        (["status=complete"], "unknown status 'complete'; fix: did you mean completed?"),
        (["limit=0"], "limit=0 is not a number of runs; fix: give 1 or more"),
        (["limit=-1"], "limit=-1 is not"),
        (["limit=²"], "limit=² is not"),
        (["list", "last"], "unexpected 'last'"),
        (["--cvs"], "unknown flag '--cvs'; fix: did you mean --csv?"),
        (["show", "last", "--csv"], "unknown flag '--csv'"),
        (["--csv", "--json"], "--csv and --json exclude each other"),
        (["runs_dir=missing"], "there is no directory missing"),
        (["show"], "show takes one run"),
        (["show", "a", "b"], "show takes one run"),
        (["compare", "last"], "a comparison needs two different runs"),
        (["show", "lst"], "there is no run 'lst' in runs; fix: did you mean last?"),
    ],
)
def test_a_mistake_is_a_usage_error_that_names_it(three, argv, message):
    with pytest.raises(UsageError) as caught:
        main(argv, Flags(as_json=False))
    assert str(caught.value).startswith(message)


def test_a_directory_that_is_no_run_is_bad_data(three):
    with pytest.raises(DataError, match="is not a run directory"):
        main(["show", str(three)], Flags(as_json=False))


def test_show_tells_how_a_run_ended_and_why(three, capsys):
    rows = [" ".join(row) for row in cells(output(capsys, "show", "2026-01-02"))]
    assert rows == [
        f"run {B}",
        f"directory runs/{B}",
        "status diverged",
        "error Diverged: loss is nan",
        "hint lower it",
        "exit code 5",
        "started 2026-01-02T00:00:00+00:00",
        "time 1:02:03",
        "model mlp",
        "data cifar10",
        "epochs 3",
        "steps 30",
        "best val_loss 2.5000",
        "best epoch 1",
    ]


def test_show_lists_metrics_gates_and_where_the_run_came_from(three, capsys):
    result = json.loads((three / A / "result.json").read_text())
    gate = {"metric": "accuracy", "wanted": ">= 0.8", "got": 0.75, "met": False}
    (three / A / "result.json").write_text(json.dumps(result | {"gates": [gate]}))
    manifest = {"backend": "jax", "threads": 2, "git": {"commit": "abc", "dirty": True}}
    (three / A / "manifest.json").write_text(json.dumps(manifest))
    text = output(capsys, "show", "base")
    for row in (
        ["name", "base"],
        ["tags", "x,", "y"],
        ["backend", "jax"],
        ["threads", "2"],
        ["git", "abc", "(dirty)"],
        ["loss", "0.5"],
        ["accuracy", "0.75"],
        ["gate", "accuracy", ">=", "0.8:", "missed", "with", "0.75"],
    ):
        assert row in cells(text)


def test_show_as_json_holds_result_and_manifest(three, capsys):
    document = json.loads(output(capsys, "show", B, as_json=True))
    assert document["id"] == B
    assert document["result"]["error"]["hint"] == "lower it"
    assert document["manifest"]["started"] == "2026-01-02T00:00:00+00:00"
    assert json.loads(output(capsys, "show", C, as_json=True))["result"] is None


def test_show_names_what_is_damaged(three, capsys):
    (three / A / "result.json").write_text("{")
    text = output(capsys, "show", A)
    assert "damaged" in text
    assert f"cannot read runs/{A}/result.json: not valid JSON" in text


def test_compare_puts_settings_that_differ_above_the_scores(three, capsys):
    assert cells(output(capsys, "compare", A, B)) == [
        [A, B],
        ["data.name", "digits", "cifar10"],
        ["model.name", "cnn", "mlp"],
        ["name", "base", "null"],
        ["tags", '["x",', '"y"]', "[]"],
        ["status", "completed", "diverged"],
        ["best", "val_loss", "0.4", "2.5"],
        ["loss", "0.5", "-"],
        ["accuracy", "0.75", "-"],
        ["epochs", "3", "3"],
        ["seconds", "61.4", "3723"],
    ]


def test_compare_as_csv_says_which_rows_are_settings(three, capsys):
    rows = list(csv.reader(io.StringIO(output(capsys, "compare", A, B, "--csv"))))
    assert rows[0] == ["kind", "key", A, B]
    assert ["config", "model.name", "cnn", "mlp"] in rows
    assert ["score", "accuracy", "0.75", ""] in rows


def test_compare_as_json_leaves_out_what_a_run_lacks(three, capsys):
    document = json.loads(output(capsys, "compare", A, B, as_json=True))
    assert document["runs"] == [A, B]
    assert document["config"]["name"] == {A: "base", B: None}
    assert document["scores"]["accuracy"] == {A: 0.75}


HOSTILE = "[red]x[/red]\x1b[2J\nfake\u202e"


def test_a_name_can_forge_neither_markup_nor_lines_nor_terminal_codes(make_run, tmp_path, capsys):
    make_run(A, config={"name": HOSTILE, "tags": [HOSTILE]})
    make_run(B, config={"name": HOSTILE + "2"})
    where = f"runs_dir={tmp_path / 'runs'}"
    for argv in ([where], ["show", A, where], ["compare", A, B, where], ["--csv", where]):
        text = output(capsys, *argv)
        assert r"[red]x[/red]\x1b[2J\nfake\u202e" in text
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_a_name_cannot_become_a_formula_in_a_spreadsheet(make_run, tmp_path, capsys):
    make_run(A, config={"name": "=cmd()"})
    (row,) = csv.DictReader(io.StringIO(output(capsys, "--csv", f"runs_dir={tmp_path / 'runs'}")))
    assert row["name"] == "'=cmd()"


def test_the_help_names_every_key_and_status():
    for word in (*STATUSES, "runs_dir=", "status=", "model=", "data=", "sort=", "limit="):
        assert word in HELP


def test_listing_runs_imports_neither_numpy_nor_a_framework(three, python):
    done = python(
        """
        import sys
        from fmtool.cli.main import main
        main(["runs"])
        heavy = ("numpy", "keras", "tensorflow", "jax", "torch", "hydra", "pydantic")
        print([name for name in heavy if name in sys.modules], file=sys.stderr)
        """
    )
    assert done.stderr == "[]\n"
    assert A in done.stdout


def test_a_refusal_imports_no_table_or_yaml_library(python, tmp_path):
    done = python(
        """
        import pkgutil, sys, importlib
        import fmtool.runs
        for module in pkgutil.iter_modules(fmtool.runs.__path__):
            importlib.import_module(f"fmtool.runs.{module.name}")
        print([name for name in ("rich", "yaml", "numpy", "pydantic") if name in sys.modules])
        """
    )
    assert done.stdout == "[]\n"


def test_scores_of_different_losses_are_sorted_by_the_headline_and_a_line_says_so(
    three, capsys, make_run
):
    for run_id, value, loss, accuracy in (
        ("small", 0.01, "mse", 0.7),
        ("large", 0.3, "cross_entropy", 0.9),
    ):
        best = {"epoch": 1, "step": 1, "monitor": "val_loss", "value": value, "loss": loss}
        make_run(run_id, result={"best": best | {"headline": {"val_accuracy": accuracy}}})
    for run_id in (A, B):
        (three / run_id / "result.json").unlink()
    assert main(["sort=score"], Flags(as_json=True)) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert [row["id"] for row in document["runs"]][:2] == ["large", "small"]
    losses = ["cross_entropy", "mse"]
    assert document["sorted_by"] == {"val_loss": {"by": "val_accuracy", "losses": losses}}
    assert "runs by val_loss are sorted by val_accuracy, as the loss is not the same" in err


def test_the_list_names_the_loss_and_the_headline_in_json(three, capsys, make_run):
    best = {"epoch": 1, "step": 1, "monitor": "val_loss", "value": 0.1, "loss": "mse"}
    make_run("new", result={"best": best | {"headline": {"val_accuracy": 0.7}}})
    rows = {row["id"]: row for row in json.loads(output(capsys, "list", as_json=True))["runs"]}
    assert (rows["new"]["loss"], rows["new"]["headline"]) == ("mse", {"val_accuracy": 0.7})
    assert (rows[C]["loss"], rows[C]["headline"]) == (None, {})
