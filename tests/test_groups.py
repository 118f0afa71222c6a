"""Every long test is in one slice, and the files go to workers with the costliest first."""

from pathlib import Path

import groups
import pytest

pytest_plugins = ("pytester",)

KILLS = "tests/reliability/test_kills.py::test_eight_kills_change_no_bit"
ROOT = Path(__file__).parents[1]


def test_what_is_dealt_out_is_there():
    for name in groups.SLICED:
        file, _, test = name.partition("::")
        text = (ROOT / file).read_text()
        assert "mark.slow" in text
        assert test.partition("[")[0] in text


def test_what_is_marked_as_slow_is_there():
    for name in groups.SLOW:
        file, _, test = name.partition("::")
        assert f"def {test.partition('[')[0]}" in (ROOT / file).read_text(), name


def test_every_slice_has_some_of_a_long_matrix():
    names = [f"tests/test_conf_trains.py::test_it_trains[model/{n}-jax]" for n in range(200)]
    assert {groups.slice_of(name) for name in names} == set(range(groups.SLICES))


def test_tests_that_share_a_training_are_in_the_same_slice():
    other = KILLS.replace("test_eight", "test_no_attempt")
    assert groups.slice_of(f"{KILLS}[jax]") == groups.slice_of(f"{other}[jax]")


TESTS = """
import pytest

@pytest.mark.slow
@pytest.mark.parametrize("number", range(40))
def test_long(number): ...

def test_short(): ...
"""


@pytest.fixture
def suite(pytester, monkeypatch):
    """A suite with one file whose slow tests are dealt out, and one without."""
    monkeypatch.setattr(groups, "SLICED", ("test_long.py::",))
    monkeypatch.setattr(groups, "_SLICED_FILES", {"test_long.py"})
    pytester.makeconftest(
        """
        import groups

        def pytest_addoption(parser):
            groups.add_option(parser)

        def pytest_configure(config):
            config.addinivalue_line("markers", "slow:")

        def pytest_collection_modifyitems(config, items):
            groups.choose(config, items)

        def pytest_runtest_setup(item):
            groups.require_time(item)
        """
    )
    pytester.makepyfile(test_long=TESTS, test_other="def test_other(): ...")
    return pytester


def test_each_slice_runs_its_tests_and_all_slices_run_each_once(suite):
    ran = []
    for number in range(groups.SLICES):
        result = suite.inline_run("--slice", str(number))
        names = [call.item.nodeid for call in result.getcalls("pytest_runtest_setup")]
        assert names[0] == "test_other.py::test_other"
        ran += [name for name in names if "test_long.py::test_long[" in name]
    assert len(ran) == len(set(ran)) == 40


def test_past_its_time_a_slice_is_left_out_and_says_so(suite, monkeypatch):
    monkeypatch.setenv("FMTOOL_TESTS_LONG_UNTIL", "1")
    result = suite.inline_run("--slice", "0")
    reports = [each for each in result.getreports("pytest_runtest_logreport") if each.skipped]
    assert reports
    assert all(groups.LATE in each.longrepr[2] for each in reports)
    assert {each.nodeid.partition("[")[0] for each in reports} == {"test_long.py::test_long"}
