"""Nothing that others wrote commands a terminal, whatever command shows it."""

import ast
import io
import json
import re
import shutil

import numpy as np
import pytest
import small_onnx
from PIL import Image
from test_architecture import MODULES, TREES

from fmtool import terminal
from fmtool.evaluation.report import evaluation_table, facts_table, gate_table
from fmtool.metric import UNDEFINED
from fmtool.notices import DataStream, note, printable
from fmtool.runs.csv_text import cell
from fmtool.runs.result import Gate
from fmtool.targets import Label
from fmtool.tasks.shared.label_reporting import LabelReporting

HOSTILE = "[red]\x1b[2J\x1b]0 owned\x07\u202eevil\u2066\u200b\x9b31m\u2028next"
"""Markup of rich, escape sequences, a title, marks of direction, a sign without width, C1, a
separator of lines. No line end and no slash, so that it may be a file's name."""
SEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def require_harmless(*texts):
    for text in texts:
        assert not SEEN.search(text), ascii(text)
        assert not re.search("[\ud800-\udfff]", text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "\\x1b[31m"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x85\x9b", "\\x85\\x9b"),
        ("\u202e\u2066\u2069\u200e\u200f\u061c", "\\u202e\\u2066\\u2069\\u200e\\u200f\\u061c"),
        ("\u200b\ufeff\u2060", "\\u200b\\ufeff\\u2060"),
        ("\u2028\u2029", "\\u2028\\u2029"),
        ("\udcff", "\\udcff"),
        ("é 猫 🐈 [bold] – °", "é 猫 🐈 [bold] – °"),  # noqa: RUF001 - a dash as people write it
    ],
    ids=ascii,
)
def test_what_cannot_be_seen_is_escaped_and_nothing_else(text, shown):
    assert printable(text) == shown


def rendered(*parts):
    screen = io.StringIO()
    console = terminal.console(screen, width=300)
    for part in parts:
        console.print(part)
    return screen.getvalue()


def test_a_table_takes_strings_as_data_wherever_they_stand():
    table = terminal.table(HOSTILE, terminal.Column(HOSTILE), title=HOSTILE, caption=HOSTILE)
    table.add_row(HOSTILE, terminal.lines([HOSTILE, "a\nb"]))
    shown = rendered(table, terminal.line(HOSTILE), terminal.line("[bold]x[/bold]"))
    require_harmless(shown)
    assert shown.count("[red]\\x1b[2J") == 7
    assert "a\\nb" in shown
    assert "[bold]x[/bold]" in shown


def test_reports_of_hostile_names_are_harmless():
    labels = np.array([0, 0, 1])
    task = LabelReporting(Label((HOSTILE, "b", HOSTILE)))
    meter = task.meter()
    meter.add(np.eye(3, dtype=np.float32)[labels], labels)
    gates = gate_table([Gate(HOSTILE, HOSTILE, None, met=False, why=HOSTILE)])
    facts = facts_table(HOSTILE, {HOSTILE: HOSTILE})
    shown = rendered(evaluation_table(meter.report(), task, HOSTILE), gates, facts)
    require_harmless(shown)
    assert f"no samples of {printable(HOSTILE)} in this split" in shown
    assert UNDEFINED in shown


def test_reports_of_searches_and_sweeps_are_harmless():
    from fmtool.sweeping import table as sweeps
    from fmtool.tuning import report as studies

    row = {
        "job": 1, "overrides": [f"name={HOSTILE}"], "status": "failed", "same_as": None,
        "exit_code": 1, "error": {"message": HOSTILE}, "run": None, "log": HOSTILE,
        "varied": {},
    }  # fmt: skip
    document = {"runs": [row], "points": None, "best": None, "directory": HOSTILE}
    trial = {
        "values": [0.5], "metrics": {}, "seconds": 1.0, "overrides": [f"name={HOSTILE}"],
        "run": HOSTILE, "trial": 0, "status": "completed", "epochs": 1,
    }  # fmt: skip
    found = {
        "study": HOSTILE, "status": "running", "trials": {"completed": 1}, "best": [trial],
        "objectives": [f"max {HOSTILE}"], "gates": [],
    }  # fmt: skip
    shown = rendered(*sweeps.tables(document), *studies.study(found))
    require_harmless(shown)
    assert shown.count("name=[red]") == 2


def without_colours(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


class Screen(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def shown(monkeypatch):
    """A function that shows parts on a terminal of some columns and gives the lines."""
    monkeypatch.setenv("TERM", "xterm")

    def show(columns, *parts, is_wide=False):
        monkeypatch.setenv("COLUMNS", str(columns))
        screen = Screen()
        terminal.show(parts, screen, is_wide=is_wide)
        assert "\x1b[" in screen.getvalue() or not isinstance(parts[0], terminal.Table)
        return without_colours(screen.getvalue()).splitlines()

    return show


def table_of(*rows):
    columns = ("id", terminal.Column("first", leave_out=2), terminal.Column("second", leave_out=1))
    table = terminal.table(*columns, "prose", has_edge=False)
    for row in rows:
        table.add_row(*row)
    return table


ROW = ("2026-01-01_000000", "one-two-three", "four/five/six", "some words that may be broken")


@pytest.mark.parametrize(
    ("columns", "lines"),
    [
        (90, ["id first second prose", " ".join(ROW)]),
        (
            70,
            [
                "id first second prose",
                "2026-01-01_000000 one-two-three four/five/six some words that may",
                "be broken",
            ],
        ),
        (50, ["id second prose", "2026-01-01_000000 four/five/six some words that", "may be broken",
              "left out: first; --wide shows all"]),
        (30, ["id prose", "2026-01-01_000000 some words", "that may be", "broken",
              "left out: first, second;", "--wide shows all"]),
        (10, ["id prose", "2026-01-01_000000 some", "words", "that", "may be", "broken",
              "left out:", "first,", "second;", "--wide", "shows all"]),
    ],
)  # fmt: skip
def test_columns_are_left_out_and_words_stay_whole(shown, columns, lines):
    found = [" ".join(each.split()) for each in shown(columns, table_of(ROW))]
    assert [each for each in found if each and set(each) != {"─"}] == lines


def test_columns_without_a_cell_go_first_and_without_a_word(shown):
    lines = shown(45, table_of((ROW[0], ROW[1], "", ROW[3])))
    assert lines[0].split() == ["id", "first", "prose"]
    assert not [line for line in lines if "left out" in line]


def test_wide_is_as_wide_as_needed(shown):
    assert shown(10, table_of(ROW), is_wide=True)[-1] == "  ".join(ROW)


def test_lines_are_broken_between_words_and_commands_never(shown):
    path, words = "/a/path/that/is/longer", "is what this line is of"
    assert shown(12, f"{path} {words}", terminal.command(f"  cat {path} {path}")) == [
        path, "is what this line is", "of", f"  cat {path} {path}",
    ]  # fmt: skip


def test_no_line_ends_in_blanks_coloured_or_not(shown):
    plain = io.StringIO()
    terminal.show([table_of(ROW, ("a", "b", "c", "d"))], plain)
    for line in [*plain.getvalue().splitlines(), *shown(90, table_of(ROW, ("a", "b", "c", "d")))]:
        assert line == line.rstrip()
    assert "\x1b" not in plain.getvalue()


def test_notes_are_harmless(capsys):
    note(HOSTILE)
    err = capsys.readouterr().err
    require_harmless(err)
    assert err.endswith("next\n")


def test_data_for_programs_stay_as_they_are_unless_a_person_looks_at_them():
    pipe, screen = io.StringIO(), Screen()
    for file in (pipe, screen):
        DataStream(file).write(f"{HOSTILE}\nb\n")
    assert pipe.getvalue() == f"{HOSTILE}\nb\n"
    assert screen.getvalue() == f"{printable(HOSTILE)}\nb\n"


def test_cells_of_a_file_are_the_data_and_those_on_stdout_are_for_people():
    persian = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    assert cell(persian) == persian
    assert cell(persian, is_shown=True) == persian.replace("\u200c", "\\u200c")
    assert cell("a\udcff") == "a\\udcff"


@pytest.fixture
def hostile(fmtool):
    """Pictures, a table of numbers, a table of texts, and models of them, all with such names."""
    folder = fmtool.folder
    for label in ("good", HOSTILE):
        for number in range(3):
            path = folder / "pictures" / label / f"{HOSTILE}{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (4, 4), (40 * number, 9 * len(label), 0)).save(path)
    (folder / "numbers.csv").write_text(f"a,b,{HOSTILE}\n1,2,3\n")
    (folder / "texts.csv").write_text(f"text,{HOSTILE}\nfine,{HOSTILE}\nbad,neg\nfine2,{HOSTILE}\n")
    (folder / f"{HOSTILE}.txt").write_text("not a picture")
    for kind, shape in (("image", (4, 4, 3)), ("features", (3,))):
        small_onnx.write(
            folder / f"{kind}.onnx", kind, shape, labels=(HOSTILE, f"b{HOSTILE}", f"c{HOSTILE}")
        )
    run = folder / "runs" / "2026-01-01_000000_mlp_digits_abcdef"
    run.mkdir(parents=True)
    config = {"name": HOSTILE, "tags": [HOSTILE], "model": {"name": "mlp"}, "data": {"name": "x"}}
    (run / "config.yaml").write_text(json.dumps(config))
    result = {
        "schema_version": 1, "run": run.name, "exit_code": 1, "epochs": 1, "steps": 1,
        "seconds": 1.0, "metrics": {HOSTILE: 0.5}, "best": None, "absent_classes": [HOSTILE],
        "undefined": {}, "error": {"type": HOSTILE, "message": HOSTILE, "hint": HOSTILE},
    }  # fmt: skip
    (run / "result.json").write_text(json.dumps(result))
    shutil.copytree(run, run.with_name("2026-01-01_000001_mlp_digits_abcdee"))
    return folder


COMMANDS = (
    ("predict", "model=image.onnx", "input=pictures"),
    ("predict", "model=features.onnx", "input=numbers.csv"),
    ("predict", "model=image.onnx", f"input={HOSTILE}.txt"),
    ("predict", f"model={HOSTILE}.onnx", "input=pictures"),
    ("data", "inspect", "path=pictures"),
    ("data", "inspect", "path=texts.csv"),
    ("data", "inspect", "path=numbers.csv"),
    ("data", "inspect", f"path={HOSTILE}.txt"),
    ("data", "check", "image_folder", "path=pictures"),
    ("data", "check", "text", "path=texts.csv"),
    ("data", "check", HOSTILE),
    ("runs",),
    ("runs", "show", "last"),
    ("runs", "show", HOSTILE),
    ("runs", "list", f"runs_dir={HOSTILE}"),
    ("runs", "compare", "2026-01-01_000000", "2026-01-01_000001"),
    ("train", f"name={HOSTILE}", f"data.path={HOSTILE}", "data=image_folder"),
    ("train", "+experiment=evil\u202e"),
    ("evaluate", f"run=no{HOSTILE}"),
    ("export", f"run=no{HOSTILE}"),
    ("reproduce", f"no{HOSTILE}"),
    ("models", HOSTILE),
    ("tune", f"study={HOSTILE}", "optimizer.learning_rate=1e-3,1e-2"),
    ("sweep", "plan", "-m", f"model={HOSTILE},{HOSTILE}2"),
    (HOSTILE,),
)


def test_no_command_sends_what_others_wrote_to_the_terminal(hostile, call):
    for argv in COMMANDS:
        shown = call(*argv)
        require_harmless(shown.out, shown.err)
        assert shown.out + shown.err, argv
        assert "internal error" not in shown.err, argv
        is_echoed = "evil" in shown.out + shown.err
        assert is_echoed or "token recognition error" in shown.err, argv


MAY_PRINT = {
    "fmtool.cli.output": "it is where stdout is written",
    "fmtool.notices": "it is where stderr is written",
    "fmtool.logging.plain_lines": "lines of its own stream, each printable",
    "fmtool.export.child": "JSON for the process that began it",
    "fmtool.training.memory.batch_probe": "JSON for the process that began it",
    "fmtool.tuning.cluster.ray": "JSON for the process that it began",
    "fmtool.tuning.cluster.ray_driver": "JSON for the process that began it",
    **{
        name: "a program for users, which knows nothing of fmtool and prints JSON"
        for name in MODULES
        if name.startswith("fmtool.export.clients.predict_")
    },
}
MAY_USE_RICH = {
    "fmtool.terminal": {"box", "console", "measure", "style", "table", "text"},
    "fmtool.logging.live_display": {"live", "progress_bar"},
    "fmtool.sweeping.display": {"live"},
    "fmtool.data.fetching.progress": {"progress"},
}


def calls(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def test_no_other_module_prints():
    found = {
        name
        for name, tree in TREES.items()
        if any(call in {"print", "sys.stdout.write", "sys.stderr.write"} for call in calls(tree))
    }
    assert found == MAY_PRINT.keys()


def test_no_other_module_makes_tables_of_rich():
    found = {}
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "rich":
                parts = [each.name for each in node.names] if node.module == "rich" else []
                found.setdefault(name, set()).update(parts or [node.module.split(".")[1]])
            if isinstance(node, ast.Import):
                assert not any(each.name.split(".")[0] == "rich" for each in node.names), name
    assert found == MAY_USE_RICH
    made = {
        name for name, tree in TREES.items() if {"Text", "Console", "RichTable"} & {*calls(tree)}
    }
    assert made == {"fmtool.terminal"}
