"""A19, A20 and what else a YAML file can do to its reader; A14-A18 are in tests/cli."""

import time

import pytest

LIMIT = "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))\n"
MAIN = f"{LIMIT}from fmtool.cli.main import main; sys.exit(main(sys.argv[1:]))"
SECONDS = 5
"""One bomb took OmegaConf 97 s."""

BOMBS = ("aliases", "references", "text", "depth", "length", "an alias of itself",
         "a reference to itself")  # fmt: skip

WAYS = {
    "-cn": ("yaml/mine.yaml", ["-cd", "yaml", "-cn", "mine"]),
    "-cd": ("yaml/model/mine.yaml", ["-cd", "yaml", "model=mine"]),
    "hydra.searchpath": (
        "yaml/model/mine.yaml",
        ["hydra.searchpath=[file://yaml]", "model=mine"],
    ),
    "inherited": ("yaml/model/base.yaml", ["-cd", "yaml", "model=heir"]),
    "FMTOOL_CONF": ("env/model/mine.yaml", ["model=mine"]),
    "fmtool_conf": ("fmtool_conf/model/mine.yaml", ["model=mine"]),
}


@pytest.fixture
def reach(fmtool, monkeypatch):
    """Puts a YAML file where the way named finds it; gives the arguments that make it do so."""
    fmtool.write("yaml/model/heir.yaml", "defaults: [base, _self_]\n")

    def put(way, text):
        path, argv = WAYS[way]
        fmtool.write(path, text)
        if way == "FMTOOL_CONF":
            monkeypatch.setenv("FMTOOL_CONF", "env")
        return argv

    return put


@pytest.fixture
def saved(fmtool, call):
    """Puts `text` into the place of a run's config."""
    fmtool.write("runs/2026_a/manifest.json", "{}")

    def put(text):
        fmtool.write("runs/2026_a/config.yaml", text)

    return put


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("flags", [[], ["--cfg", "job", "--resolve"], ["--info"]], ids=str)
def test_a_yaml_bomb_is_a_mistake_within_seconds(call, reach, bombs, bomb, flags):
    argv = reach("-cn", f"defaults: [train, _self_]\n{bombs[bomb]}\n")
    start = time.monotonic()
    outcome = call("train", *argv, *flags)
    assert time.monotonic() - start < SECONDS
    assert (outcome.code, outcome.out) == (2, "")
    assert "config too large" in outcome.error or "refers to" in outcome.error
    assert len(outcome.error) < 1000


@pytest.mark.parametrize("way", WAYS)
def test_a_yaml_bomb_is_found_whichever_way_it_comes(call, reach, bombs, way):
    outcome = call("train", *reach(way, bombs["aliases"]))
    assert outcome.code == 2
    assert f"{WAYS[way][0]}: config too large: more than 10,000 values, line 4" in outcome.error


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_in_a_saved_config_is_bad_data(call, saved, bombs, bomb):
    saved(bombs[bomb])
    start = time.monotonic()
    outcome = call("evaluate", "run=2026_a")
    assert time.monotonic() - start < SECONDS
    assert (outcome.code, outcome.out) == (65, "")
    assert "config.yaml: " in outcome.error


def test_runs_are_listed_whatever_their_configs_hold(call, saved, bombs):
    saved(bombs["aliases"])
    outcome = call("runs", "list")
    assert outcome.code == 0
    assert "2026_a" in outcome.out


def test_the_real_command_stays_within_a_gigabyte(fmtool, bombs):
    fmtool.write("yaml/mine.yaml", f"defaults: [train, _self_]\n{bombs['aliases']}\n")
    outcome = fmtool.python(MAIN, "train", "-cd", "yaml", "-cn", "mine")
    assert outcome.code == 2
    assert "config too large" in outcome.error


def test_completion_is_not_held_up_by_a_bomb(fmtool, bombs):
    fmtool.write("yaml/mine.yaml", f"defaults: [train, _self_]\n{bombs['aliases']}\n")
    start = time.monotonic()
    fmtool("completion", "answer", "words", "train", "-cd", "yaml", "model=mine", "model.")
    assert time.monotonic() - start < 2 * SECONDS


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("epochs: 1\nseed: 3\nepochs: 2\n", "duplicate key 'epochs', line 3"),
        ("model: {filters: [4], filters: [8]}\n", "duplicate key 'filters', line 1"),
        ("epochs:\n\t- 1\n", "a tab, where YAML takes spaces, line 2"),
        ("name: a\0b\n", "special characters are not allowed"),
        ("name: [1\n", "line 2"),
        ("{", "line 1"),
        ("name: *missing\n", "alias '*missing' refers to nothing complete, line 1"),
    ],
)
def test_an_ambiguous_file_is_named_with_its_line(call, reach, text, fault):
    outcome = call("train", *reach("-cn", text))
    assert outcome.code == 2
    assert "yaml/mine.yaml: " in outcome.error
    assert fault in outcome.error


def test_a_file_in_another_encoding_is_named(call, fmtool, reach):
    argv = reach("-cn", "")
    (fmtool.folder / "yaml/mine.yaml").write_bytes("name: é\n".encode("latin-1"))
    outcome = call("train", *argv)
    assert (outcome.code, "not UTF-8 at byte 6" in outcome.error) == (2, True)


@pytest.mark.parametrize("value", ["no", "012", "12:30:00", "1e3", "~"])
@pytest.mark.parametrize("key", ["name", "tags", "model.activation"])
def test_a_word_that_yaml_takes_for_something_else_is_never_converted_back(call, reach, key, value):
    if key == "name" and value == "~":
        pytest.skip("null is the absence of a name")
    group, _, leaf = key.rpartition(".")
    text = f"{leaf}: {f'[{value}]' if key == 'tags' else value}"
    nested = f"{group}: {{{text}}}" if group else text
    outcome = call("train", *reach("-cn", f"defaults: [train, _self_]\n{nested}\n"))
    assert outcome.code == 2
    assert "is not accepted" in outcome.error


@pytest.mark.parametrize("key", ["epochs", "model.filters"])
def test_a_value_left_open_is_asked_for(call, key):
    outcome = call("train", f"{key}=???")
    assert outcome.code == 2
    assert outcome.error.startswith(f"error: {key}=??? is not accepted; fix: give ")


@pytest.mark.parametrize("entry", ["../../host/secret", "/../../host/secret@tags"])
def test_a_defaults_list_cannot_read_outside_its_folder(call, fmtool, reach, entry):
    (fmtool.folder.parent / "host").mkdir()
    (fmtool.folder.parent / "host" / "secret.yaml").write_text("token: hunter2\n")
    argv = reach("-cn", f"defaults:\n  - train\n  - {entry}\n  - _self_\n")
    outcome = call("train", *argv, "--cfg", "job")
    assert (outcome.code, outcome.out) == (77, "")
    assert "leads out of the config folder" in outcome.error


def test_a_symlink_cannot_either(call, fmtool, reach):
    secret = fmtool.folder.parent / "secret.yaml"
    secret.write_text("token: hunter2\n")
    (fmtool.folder / "yaml/model/mine.yaml").symlink_to(secret)
    outcome = call("train", "-cd", "yaml", "model=mine", "--cfg", "job")
    assert (outcome.code, outcome.out) == (77, "")


@pytest.mark.parametrize("override", ["tags={}", "model.filters={}", "++x={}", "hydra.x={}"])
@pytest.mark.parametrize("multirun", [[], ["-m"]], ids=str)
def test_an_override_nested_without_end_is_a_mistake(call, override, multirun):
    outcome = call("train", *multirun, override.format("[" * 3000 + "]" * 3000))
    assert (outcome.code, outcome.out) == (2, "")
    assert "nested more than 50 deep" in outcome.error
