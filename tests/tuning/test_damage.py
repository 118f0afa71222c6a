"""A damaged storage is told from one that is away: at once, with what can be saved."""

import json
import os
import re
import shlex
import sqlite3
import subprocess
import threading

import pytest
from sqlalchemy import exc
from studies import Study, complete

from fmtool.errors import CannotCreate, DataError, Unavailable, WriteFailed
from fmtool.tuning import damage, storage, workflow
from fmtool.tuning.retry_policy import RetryPolicy
from fmtool.tuning.store import Store

LINE = ("data=digits", "model=mlp", "model.dropout=0..0.5")
PATIENCE_SECONDS = 60.0
"""A test that waits for this is over its time."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Addresses of a database and of a journal in which the study `s` has three trials."""
    folder = tmp_path_factory.mktemp("whole")
    study = Study(folder / "runs", (*LINE, "study=s"))
    found = {}
    for kind, url in (("db", f"sqlite:///{folder}/s.db"), ("log", f"journal://{folder}/s.log")):
        place = workflow.Place(study.place.paths, url)
        workflow.create(study.cfg, study.definition, place, RetryPolicy(url, 10.0))
        store = workflow.open_study(place, "s", RetryPolicy(url, 10.0))
        for number in range(3):
            complete(store, number / 4)
        found[kind] = folder / f"s.{kind}"
    return found


@pytest.fixture
def damaged(whole, tmp_path):
    """A function from a kind and what is done to the bytes to the address of such a file."""

    def damage_it(kind, change):
        path = tmp_path / "the study's" / whole[kind].name
        path.parent.mkdir()
        path.write_bytes(change(bytearray(whole[kind].read_bytes())))
        return f"{'sqlite:///' if kind == 'db' else 'journal://'}{path}"

    return damage_it


def patched(place, content):
    def change(data):
        at = place if place >= 0 else len(data) + place
        data[at : at + len(content)] = content
        return data

    return change


def all_pages_but_the_first(data):
    return data[:4096] + bytes(len(data) - 4096)


def every_tenth_byte_flipped(data):
    data[200::10] = bytes(each ^ 0xFF for each in data[200::10])
    return data


def without_the_middle_of_a_line(data):
    """As of a file that was copied in pieces."""
    end = data.find(b"\n", len(data) // 2)
    return data[: end - 20] + data[end:]


DAMAGES = {
    "header overwritten": ("db", patched(0, b"not a database at all")),
    "first page zero": ("db", patched(0, bytes(4096))),
    "schema zero": ("db", patched(100, bytes(3996))),
    "cut in the middle": ("db", lambda data: data[: len(data) // 2]),
    "cut within the header": ("db", lambda data: data[:50]),
    "pages zero": ("db", all_pages_but_the_first),
    "bits flipped": ("db", every_tenth_byte_flipped),
    "emptied": ("db", lambda data: b""),
    "journal emptied": ("log", lambda data: b""),
    "first line overwritten": ("log", patched(0, b"\0\xff\0\xff")),
    "a line cut": ("log", without_the_middle_of_a_line),
    "a hole": ("log", lambda data: data[:300] + bytes(512) + data[812:]),
    "journal flipped": ("log", every_tenth_byte_flipped),
    "a key misspelt": ("log", lambda data: data.replace(b'"trial_id"', b'"trial_ie"', 1)),
    "a value of another type": (
        "log",
        lambda data: data.replace(b'"op_code":4', b'"op_code":99'),
    ),
}


def look_at(url):
    """The trials of a study, as every action of the command reads them."""
    return Store.load(url, "s", patience=RetryPolicy(url, PATIENCE_SECONDS)).trials()


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_storage_is_bad_data_at_once_and_its_file_is_named(damaged, name):
    url = damaged(*DAMAGES[name])
    with pytest.raises(DataError) as caught:
        look_at(url)
    path = damage.path_of(url)
    assert caught.value.message.startswith(f"the storage of the study is damaged: {path}")
    assert f"put a backup in the place of {shlex.quote(str(path))}" in caught.value.fix
    assert caught.value.fix.endswith("; the runs of its trials are untouched: see fmtool runs")


@pytest.mark.parametrize("kind", ["db", "log"])
def test_a_whole_storage_is_not_taken_for_a_damaged_one(damaged, kind):
    assert len(look_at(damaged(kind, bytes))) == 3


def test_what_was_before_a_broken_line_is_saved_by_what_is_said(damaged):
    url = damaged("log", without_the_middle_of_a_line)
    with pytest.raises(DataError) as caught:
        look_at(url)
    said = re.search(
        r"save what was before it: (.*), and go on with (.*), or move", caught.value.fix
    )
    command, word = said.groups()
    subprocess.run(["sh", "-c", command], check=True)
    saved = look_at(shlex.split(word)[0].removeprefix("storage="))
    assert 1 <= len(saved) <= 3


def test_the_line_of_a_journal_that_is_broken_is_named(damaged):
    url = damaged("log", lambda data: data.replace(b"\n", b"\n{\n", 1))
    with pytest.raises(DataError, match=r"s\.log, line 2: ") as caught:
        look_at(url)
    assert "head -n 1 " in caught.value.fix


def test_a_damaged_study_ends_its_command_with_65(study, call, tmp_path):
    asked = study(*LINE, "study=s")
    asked.store()
    path = tmp_path / "runs" / "studies" / "s" / "study.db"
    asked.place.paths.trials_table.touch()
    path.write_bytes(path.read_bytes()[:5000])
    for words in (("tune", "status"), ("tune", *LINE), ("tune", "export", "output=a.csv")):
        done = call(*words, "study=s", f"runs_dir={tmp_path}/runs")
        assert done.code == 65, done.err
        assert done.err.splitlines()[-1].startswith(
            f"error: the storage of the study is damaged: {path}: "
        )
        assert "nothing is lost" not in done.err
        assert f"and {path.parent}/trials.csv lists its trials as of" in done.err


def test_an_emptied_database_is_not_begun_anew(study):
    asked = study(*LINE, "study=s")
    asked.store()
    path = damage.path_of(asked.place.url)
    path.write_bytes(b"")
    with pytest.raises(DataError, match="it is empty; fix: put a backup in the place of "):
        workflow.create(asked.cfg, asked.definition, asked.place, asked.patience)
    path.unlink()
    workflow.create(asked.cfg, asked.definition, asked.place, asked.patience)


def test_a_trial_in_a_state_that_there_is_not_is_damage(damaged):
    url = damaged("db", bytes)
    with sqlite3.connect(damage.path_of(url)) as connection:
        connection.execute("UPDATE trials SET state = 'COMPLETF' WHERE number = 1")
    connection.close()
    with pytest.raises(DataError, match="is damaged"):
        look_at(url)


def test_a_database_that_may_not_be_written_is_no_outage(damaged):
    url = damaged("db", bytes)
    connection = sqlite3.connect(f"file:{damage.path_of(url)}?mode=ro", uri=True)
    patience = RetryPolicy(url, PATIENCE_SECONDS)
    with pytest.raises(
        WriteFailed, match=r"cannot be written: .*s\.db: attempt to write a readonl"
    ):
        patience(lambda: connection.execute("DELETE FROM trials"))
    connection.close()


@pytest.mark.parametrize(("exists", "kind"), [(True, WriteFailed), (False, CannotCreate)])
def test_a_place_without_permission_is_told_at_once(tmp_path, exists, kind):
    path = tmp_path / "s.log"
    if exists:
        path.touch()

    def refused():
        raise PermissionError(13, "Permission denied", os.fspath(path))

    with pytest.raises(kind, match=r"s\.log: Permission denied"):
        RetryPolicy(f"journal://{path}", PATIENCE_SECONDS)(refused)


def fails_twice(error):
    left = [error, error]

    def operation():
        if left:
            raise left.pop()
        return "done"

    return operation


@pytest.mark.parametrize(
    "error",
    [
        OSError(5, "Input/output error"),
        FileNotFoundError(2, "No such file or directory"),
        exc.OperationalError("x", None, sqlite3.OperationalError("database is locked")),
        exc.InternalError("x", None, Exception("the server closed the connection")),
    ],
    ids=repr,
)
def test_an_outage_is_waited_for(error):
    assert RetryPolicy("sqlite:////x/s.db", PATIENCE_SECONDS)(fails_twice(error)) == "done"


def test_a_locked_database_is_waited_for(damaged):
    url = damaged("db", bytes)
    connection = sqlite3.connect(damage.path_of(url), check_same_thread=False)
    connection.execute("BEGIN EXCLUSIVE")
    timer = threading.Timer(0.3, connection.rollback)
    timer.start()
    assert len(look_at(url)) == 3
    timer.join()
    connection.close()


def test_of_a_server_nothing_is_taken_for_damage():
    error = json.JSONDecodeError("x", "", 0)
    assert damage.lasting("postgresql://h/d", error) is None
    assert damage.lasting("journal:///x", error) is not None
    assert not storage.is_outage(error)
    with pytest.raises(Unavailable):
        RetryPolicy("postgresql://h/d", 0.0)(fails_twice(OSError(111, "Connection refused")))
