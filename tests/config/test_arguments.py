"""What is typed for a name or a path comes out of composition as it was typed."""

import random

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from fmtool.config.arguments import parse, prepare, quote
from fmtool.config.compose import compose
from fmtool.errors import UsageError

AWKWARD = [
    "0e1234", "1e5", "0x10", "1_000", "007", "true", "null ", "nan", "-1", "último_día", "名前",
    "#1", "a#b", "f(x)", "choice(1,2)", "a=b", "==", "a b", "  padded  ", "~nobody_here/x", "a,b",
    "[1,2]", "{a:1}", "a:b", "a@b", "it's", "'", '"', "'a'b'", "\\", "\\\\", "a\\", "\\'",
    "\\\\'", "'\\", "a\\\\'b\\", "%s", "$HOME", "$", "{}", "*", "?", "!", "a;b", "a|b", "&",
    "tab\there", "two\nlines", "🙂", ".", "..", "runs/2026_cnn_digits_0e12", "@here", "+x", "^",
]  # fmt: skip


def composed(command: str, key: str, value: str) -> object:
    return compose(command, parse([f"{key}={value}"]).overrides)[key]


@pytest.mark.parametrize("value", AWKWARD)
def test_an_awkward_run_arrives_as_it_was_typed(value):
    assert composed("evaluate", "run", value) == value


@pytest.mark.parametrize("value", ["0e1234", "último día", "f(x)#~", "it's", "a=b\\"])
def test_an_awkward_name_arrives_as_it_was_typed(value):
    assert composed("train", "name", value) == value


def test_any_string_is_quoted_so_that_the_grammar_gives_it_back():
    draw = random.Random(0)
    parser = OverridesParser.create()
    for _ in range(1000):
        value = "".join(draw.choices("ab01e.,'\"\\~#()=[]{}: -+@$%é\t/", k=draw.randint(1, 8)))
        if value[0] in "'\"":
            continue  # may be quoted by the user
        assert parser.parse_override(prepare(f"name={value}")).value() == value


@pytest.mark.parametrize("quoted", ["'a b'", '"a b"', "'it\\'s'", '"say \\"hi\\""'])
def test_what_is_quoted_already_stays_as_it_is(quoted):
    assert quote(quoted) == quoted


def test_quoting_twice_is_quoting_once():
    for value in AWKWARD:
        assert quote(quote(value)) == quote(value)


def test_a_path_at_home_is_expanded_but_a_name_is_not(monkeypatch):
    monkeypatch.setenv("HOME", "/home/of/ada")
    assert composed("train", "runs_dir", "~/runs") == "/home/of/ada/runs"
    assert composed("evaluate", "run", "~/runs/x") == "/home/of/ada/runs/x"
    assert composed("train", "name", "~/runs") == "~/runs"


def test_null_stays_the_absence_of_a_name():
    assert composed("train", "name", "null") is None


@pytest.mark.parametrize(
    ("typed", "tags"),
    [
        ("[é,b c, #x ]", ["é", "b c", "#x"]),
        ("[]", []),
        ("[0e12,true]", ["0e12", "true"]),
        ("['a,b',c]", ["a,b", "c"]),
    ],
)
def test_the_elements_of_tags_arrive_as_they_were_typed(typed, tags):
    assert composed("train", "tags", typed) == tags


def test_a_gate_becomes_an_addition_and_is_composed():
    assert prepare("gate.min.accuracy=0.5") == "++gate.min.accuracy=0.5"
    assert compose("train", [prepare("gate.max.loss=2")])["gate"] == {"min": {}, "max": {"loss": 2}}


def test_flags_are_told_from_overrides_in_any_order(tmp_path):
    argv = ["epochs=1", "-m", "-cn=mine", "--info", "searchpath", "-cd", str(tmp_path), "seed=2"]
    parsed = parse(argv)
    assert parsed.overrides == parsed.typed == ["epochs=1", "seed=2"]
    assert (parsed.multirun, parsed.config_name, parsed.info) == (True, "mine", "searchpath")
    assert parsed.config_dirs == [tmp_path]


def test_an_override_behind_info_is_no_topic():
    parsed = parse(["--info", "epochs=1"])
    assert (parsed.info, parsed.overrides) == ("all", ["epochs=1"])


@pytest.mark.parametrize("flag", ["-cp", "--config-path", "--experimental-rerun"])
def test_flags_of_hydra_that_replace_or_unpickle_are_refused(flag):
    with pytest.raises(UsageError, match="is not supported"):
        parse([f"{flag}=x"])
