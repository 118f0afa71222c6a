import os
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("contest")

OBEDIENT = """
import json, sys
from pathlib import Path
name, diary = sys.argv[-2:]
print(json.dumps({"name": name}), flush=True)
for number, _ in enumerate(sys.stdin):
    with Path(diary).open("a") as file:
        file.write(name)
    print(json.dumps({"number": number}), flush=True)
"""


def player(folder: Path, code: str) -> str:
    """An interpreter that runs `code` whatever module it is asked for."""
    path = folder / "player"
    path.write_text(f"#!{sys.executable}\n{code}")
    path.chmod(0o755)
    return str(path)


def test_contestants_alternate_who_begins(tmp_path: Path) -> None:
    from contest.turns import Candidate, play

    python, diary = player(tmp_path, OBEDIENT), tmp_path / "diary"
    each = [Candidate(name, "any", [name, str(diary)], python) for name in "ab"]
    play(each, rounds=3)
    assert diary.read_text() == "abbaabba"


def test_the_first_round_is_not_counted(tmp_path: Path) -> None:
    from contest.turns import Candidate, play

    python = player(tmp_path, OBEDIENT)
    game = play([Candidate("a", "any", ["a", str(tmp_path / "diary")], python)], rounds=2)
    assert game.facts == {"a": {"name": "a"}}
    assert game.rounds == [{"a": {"number": 1}}, {"a": {"number": 2}}]


def test_a_straight_run_never_waits_and_leaves_out_the_turn_that_compiles(tmp_path: Path) -> None:
    from contest.turns import Candidate, run_straight

    python, diary = player(tmp_path, OBEDIENT), tmp_path / "diary"
    facts, told = run_straight(Candidate("a", "any", ["a", str(diary)], python), turns=2)
    assert facts == {"name": "a"}
    assert told == [{"number": 1}, {"number": 2}]
    assert diary.read_text() == "aaa"


def test_a_contestant_that_dies_ends_the_benchmark_with_its_last_lines(tmp_path: Path) -> None:
    from contest.turns import Candidate, tell

    python = player(tmp_path, "import sys; sys.exit('no such network')")
    with pytest.raises(SystemExit, match=r"no such network\na ended with 1"):
        list(tell(Candidate("a", "any", [], python), times=1))


def test_a_contestant_is_gone_after_the_game(tmp_path: Path) -> None:
    from contest.turns import Candidate, tell

    code = "import os, time; print('{\"pid\": %d}' % os.getpid(), flush=True); time.sleep(60)"
    (told,) = tell(Candidate("a", "any", [], player(tmp_path, code)), times=1)
    with pytest.raises(ProcessLookupError):
        os.kill(told["pid"], 0)


def test_a_contestant_may_tell_several_things_and_ends_early_if_it_tells_fewer(
    tmp_path: Path,
) -> None:
    from contest.turns import Candidate, tell

    python = player(tmp_path, "print('{\"seed\": 0}'); print('{\"seed\": 1}')")
    contestant = Candidate("a", "any", [], python)
    assert list(tell(contestant, times=2)) == [{"seed": 0}, {"seed": 1}]
    with pytest.raises(SystemExit, match="a ended with 0"):
        list(tell(contestant, times=3))
