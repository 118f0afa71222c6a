import os

import pytest

from fmtool.errors import DataError, UsageError
from fmtool.runs.find import find

OLD = "2026-01-01_000000_cnn_digits_aaaaaa"
NEW = "2026-01-02_000000_cnn_digits_bbbbbb"


@pytest.fixture
def runs(tmp_path, make_run):
    """Two runs; the one with the older id was, by its manifest, started later."""
    make_run(OLD, started="2026-03-01T00:00:00.000000+00:00", config={"name": "base"})
    make_run(NEW, started="2026-02-01T00:00:00.000000+00:00", config={"name": "base"})
    return tmp_path / "runs"


def test_last_is_the_newest_by_the_start_in_the_manifest(runs):
    os.utime(runs / NEW, (2e9, 2e9))
    assert find("last", runs) == runs / OLD


def test_last_skips_the_runs_of_sweeps(runs, make_run):
    make_run("2027_x", started="2027-01-01T00:00:00.000000+00:00", sweep="s1")
    assert find("last", runs) == runs / OLD


def test_last_falls_back_on_the_time_in_the_id_where_the_manifest_is_damaged(runs):
    (runs / OLD / "manifest.json").write_text("{")
    assert find("last", runs) == runs / NEW


def test_a_path_is_taken_as_it_is(runs, tmp_path):
    assert find(str(runs / NEW), tmp_path / "elsewhere") == runs / NEW


def test_a_bare_directory_name_that_is_a_run_is_a_path(runs, tmp_path, monkeypatch):
    monkeypatch.chdir(runs)
    assert find(NEW, tmp_path / "elsewhere").resolve() == runs / NEW


def test_an_exact_id_wins_over_longer_ones(runs, make_run):
    make_run(f"{NEW}_2")
    assert find(NEW, runs) == runs / NEW


def test_of_several_runs_with_a_name_the_newest_is_meant(runs):
    assert find("base", runs) == runs / OLD


def test_a_name_wins_over_the_start_of_an_id(runs, make_run):
    named = make_run("other", config={"name": "2026-01-02"})
    assert find("2026-01-02", runs) == named


def test_a_unique_start_of_an_id_is_enough(runs):
    assert find("2026-01-02", runs) == runs / NEW


def test_an_ambiguous_start_lists_the_candidates(runs):
    with pytest.raises(UsageError) as caught:
        find("2026-01", runs)
    assert caught.value.message == f"'2026-01' could mean any of 2 runs: {OLD}, {NEW}"


def test_a_long_list_of_candidates_is_cut(tmp_path, make_run):
    for number in range(9):
        make_run(f"x{number}")
    with pytest.raises(UsageError, match="any of 9 runs: x0, x1, x2, x3, x4 and 4 more"):
        find("x", tmp_path / "runs")


@pytest.mark.parametrize(
    ("reference", "guess"),
    [("lsat", "last"), ("bsae", "base"), (NEW.replace("cnn", "cmn"), NEW)],
)
def test_a_missing_run_gets_the_closest_match(runs, reference, guess):
    with pytest.raises(UsageError) as caught:
        find(reference, runs)
    assert caught.value.message == f"there is no run '{reference}' in {runs}"
    assert f"did you mean {guess}" in caught.value.fix


@pytest.mark.parametrize("reference", ["zzz", "./zzz", "a/b", "n" * 300, "n/" * 3000, "nul\0"])
def test_what_is_nowhere_is_a_usage_error(runs, reference):
    with pytest.raises(UsageError, match="there is no run"):
        find(reference, runs)


def test_an_empty_reference_is_refused_even_if_there_is_but_one_run(tmp_path, make_run):
    make_run(OLD)
    with pytest.raises(UsageError, match="no run was named"):
        find("", tmp_path / "runs")


def test_last_without_any_run_tells_how_to_start_one(tmp_path):
    with pytest.raises(UsageError, match=r"no run in .* yet; fix: start one with `fmtool train`"):
        find("last", tmp_path / "runs")


def test_a_directory_that_is_no_run_is_bad_data(runs, tmp_path, monkeypatch):
    (tmp_path / "photos").mkdir()
    with pytest.raises(DataError, match="photos is not a run directory") as caught:
        find(str(tmp_path / "photos"), runs)
    assert caught.value.exit_code == 65
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="photos is not a run directory"):
        find("photos", runs)
