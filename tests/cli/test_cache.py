"""`fmtool cache`: what is kept, and what is removed of it."""

import fcntl

import pytest


@pytest.fixture
def caches(fmtool, monkeypatch):
    """A cached set with a file of a person's own, compiled programs, and something else."""
    kept = fmtool.folder.parent / "kept"
    monkeypatch.setenv("FMTOOL_CACHE", str(kept))
    sizes = {
        fmtool.cache / "mnist/arrays/x_train.npy": 3000,
        fmtool.cache / "mnist/.lock": 0,
        fmtool.cache / "mnist/placed-by-me.gz": 10,
        fmtool.cache / "cifar10/.download/part": 500,
        fmtool.cache / "my own things/arrays/x.npy": 7,
        kept / "jax-0123/program": 200,
        kept / "machine/torch-1.json": 40,
        kept / "something else/x": 1,
    }
    for file, size in sizes.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes(size))
    return sizes


def there(caches):
    return {file.name for file in caches if file.exists()}


def test_what_is_kept_is_listed_with_its_size(call, caches):
    outcome = call("cache", "--json")
    assert (outcome.code, outcome.err) == (0, "")
    found = {each["name"]: each["bytes"] for each in outcome.json["cached"]}
    assert found == {"cifar10": 500, "mnist": 3000, "compiled": 200, "machine": 40}
    assert outcome.json["bytes"] == 3740
    assert "mnist" in call("cache", "list").out


def test_a_removal_is_dry_until_it_is_confirmed(call, caches):
    before = there(caches)
    shown = call("cache", "rm", "mnist", "compiled")
    assert (shown.code, shown.out.splitlines()[-1]) == (0, "nothing was removed; yes=true does it")
    assert there(caches) == before
    document = call("cache", "rm", "mnist", "compiled", "yes=true", "--json").json
    assert (document["dry"], document["bytes"]) == (False, 3200)
    assert before - there(caches) == {"x_train.npy", "program"}


def test_all_are_removed_but_what_others_have_placed(call, caches):
    assert call("cache", "rm", "all", "--yes").code == 0
    assert there(caches) == {"placed-by-me.gz", "x.npy", "x", ".lock"}
    assert call("cache").out == "nothing is cached\n"


def test_a_set_that_is_being_filled_is_left(call, caches, fmtool):
    with (fmtool.cache / "mnist/.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        outcome = call("cache", "rm", "mnist", "yes=true", "--json")
    assert (outcome.code, outcome.json["cached"][0]["left"]) == (75, "mnist is being filled")
    assert "x_train.npy" in there(caches)


@pytest.mark.parametrize("where", ["arrays", "within"])
def test_a_link_is_neither_removed_nor_followed(call, caches, fmtool, where):
    arrays, outside = fmtool.cache / "mnist/arrays", fmtool.folder / "outside"
    if where == "arrays":
        arrays.rename(outside)
        arrays.symlink_to(outside)
    else:
        outside.mkdir()
        (arrays / "link").symlink_to(outside)
    assert call("cache", "rm", "mnist", "yes=true").code == 77
    assert (arrays / "x_train.npy").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["rm"], "cache rm: nothing is named; fix: name one of `fmtool cache`, or all"),
        (["rm", "mnits"], "cache rm: there is no 'mnits'; fix: did you mean 'mnist'?"),
        (["list", "x"], "cache list: unexpected 'x'; fix: leave it out"),
        (["lits"], "cache: no action 'lits'; fix: did you mean 'list'?"),
    ],
)
def test_a_mistake_is_2(call, caches, words, message):
    outcome = call("cache", *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert message in outcome.error
