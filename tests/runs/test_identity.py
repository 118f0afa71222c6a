"""Two command lines ask for the same training exactly when their digests are equal."""

import json
import time

import pytest

from fmtool import validate
from fmtool.config.compose import compose
from fmtool.runs import identity
from fmtool.runs.identity import config_digest, find_by_digest, request_digest

DATA = "d" * 64


def digest(*overrides, data=DATA):
    cfg = validate.train_config(compose("train", list(overrides)))
    return request_digest(cfg.model_dump(mode="json", serialize_as_any=True), data)


@pytest.mark.parametrize(
    "override",
    [
        "epochs=99",
        "logging=quiet",
        "logging.every_n_steps=7",
        "budget.minutes=5",
        "name=other",
        "tags=[a,b]",
        "runs_dir=elsewhere",
        "+gate.min.accuracy=0.5",
        "resume=auto",
        "allow_change=[optimizer]",
        "dry_run=true",
        "model.summary=true",
    ],
)
def test_what_is_free_does_not_change_the_digest(override):
    assert digest(override) == digest()


@pytest.mark.parametrize(
    "override",
    [
        "seed=1",
        "batch_size=32",
        "eval_batch_size=100",
        "monitor=loss",
        "on_divergence=rollback",
        "model.filters=[4,8]",
        "model=mlp",
        "optimizer.learning_rate=0.5",
        "runtime.threads=1",
        "callbacks.early_stopping.patience=3",
        "augment=flip_crop",
        "task.class_weights=balanced",
        "regularizer.layers=[logits]",
    ],
)
def test_whatever_else_is_asked_for_does(override):
    assert digest(override) != digest()


def test_other_data_is_another_training():
    assert digest(data="e" * 64) != digest()


def test_how_a_number_is_typed_does_not_matter():
    typed = {digest(f"optimizer.learning_rate={text}") for text in ("1", "1.0", "1e0", "10e-1")}
    assert len(typed) == 1


def test_the_order_of_keys_does_not_matter():
    assert config_digest({"a": 1, "b": {"c": 2, "d": 3}}) == config_digest(
        {"b": {"d": 3, "c": 2}, "a": 1}
    )


def test_the_digest_of_a_config_is_that_of_its_canonical_json():
    # printf '%s' '{"a":[1,null],"b":"\u00e9"}' | sha256sum
    expected = "fdaff1fbea8b4eb51e48128b1db50baa5f3ff6285a4d66f88d8573babc400fd4"
    assert config_digest({"b": "é", "a": [1, None]}) == expected


@pytest.mark.parametrize("key", ["data.path", "data.cache_dir", "model.weights_path", "x.path.y"])
def test_where_something_lies_is_free(key):
    assert identity.is_free(key)


@pytest.mark.parametrize("key", ["seed", "model.epochs", "data.name", "data.pathology", "x._dir"])
def test_keys_that_only_resemble_free_ones_are_not(key):
    assert not identity.is_free(key)


def test_paths_do_not_change_the_digest():
    one, other = ({"data": {"path": path, "name": "own"}} for path in ("/a", "/b"))
    assert request_digest(one, DATA) == request_digest(other, DATA)


def test_what_is_free_is_taken_from_the_request_and_the_rest_from_the_run():
    saved = {
        "epochs": 3,
        "seed": 1,
        "logging": {"plots": True, "tensorboard": True},
        "data": {"name": "own", "path": "/then", "limit": None},
    }
    requested = {
        "epochs": 5,
        "seed": 2,
        "logging": {"plots": False, "tensorboard": True},
        "data": {"name": "other", "path": "/now", "limit": 10},
        "new": 1,
    }
    assert identity.with_free_keys(saved, requested) == {
        "epochs": 5,
        "seed": 1,
        "logging": {"plots": False, "tensorboard": True},
        "data": {"name": "own", "path": "/now", "limit": None},
    }


@pytest.fixture
def asked(make_run):
    """A run whose manifest says what was asked for and when it started."""

    def make(run_id, request, *, hour=0, **parts):
        started = f"2026-01-01T{hour:02}:00:00.000000+00:00"
        root = make_run(run_id, started=started, **parts)
        manifest = json.loads((root / "manifest.json").read_text())
        (root / "manifest.json").write_text(json.dumps(manifest | {"request_digest": request}))
        return root

    return make


def test_the_newest_run_of_a_digest_is_found_by_its_start(asked, tmp_path):
    asked("2026-01-09_a", "wanted", hour=1)
    newest = asked("2026-01-01_b", "wanted", hour=3)
    asked("2026-01-05_c", "wanted", hour=2)
    asked("2026-01-10_d", "other", hour=4)
    assert find_by_digest(tmp_path / "runs", "wanted") == newest


def test_a_run_of_a_sweep_is_found_too(asked, tmp_path):
    run = asked("2026-01-01_a", "wanted", sweep="s1")
    assert find_by_digest(tmp_path / "runs", "wanted") == run


def test_a_reproduction_does_not_stand_for_the_run_it_repeats(asked, tmp_path):
    original = asked("2026-01-01_a", "wanted", hour=1)
    again = asked("2026-01-02_b", "wanted", hour=2)
    document = json.loads((again / "manifest.json").read_text())
    document["extra"] = {identity.REPRODUCES: "2026-01-01_a"}
    (again / "manifest.json").write_text(json.dumps(document))
    assert find_by_digest(tmp_path / "runs", "wanted") == original


def test_nothing_is_found_where_nothing_was_asked_for(asked, make_run, tmp_path):
    assert find_by_digest(tmp_path / "nowhere", "wanted") is None
    asked("2026-01-01_a", None)
    make_run("2026-01-02_b")
    assert find_by_digest(tmp_path / "runs", "wanted") is None


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe", b"[]", b'{"request_digest": "wan'])
def test_a_manifest_that_cannot_be_read_is_passed_over(asked, tmp_path, damage):
    whole = asked("2026-01-01_a", "wanted")
    torn = asked("2026-01-02_b", "wanted", hour=5)
    (torn / "manifest.json").write_bytes(damage)
    killed_early = asked("2026-01-03_c", "wanted", hour=6)
    (killed_early / "manifest.json").unlink()
    assert find_by_digest(tmp_path / "runs", "wanted") == whole


def test_a_thousand_runs_are_searched_in_a_second(asked, tmp_path):
    for number in range(1000):
        root = asked(f"2026-01-01_{number:06}_cnn", f"digest {number}")
        (root / "config.yaml").write_text("a: [")  # would be refused if it were read
    began = time.process_time()
    found = find_by_digest(tmp_path / "runs", "digest 500")
    assert time.process_time() - began < 1
    assert found is not None
    assert found.name == "2026-01-01_000500_cnn"


def test_a_variant_tells_equal_requests_apart():
    config = {"seed": 1}
    digests = {request_digest(config, DATA, variant=variant) for variant in (None, "a", "b")}
    assert len(digests) == 3


def test_a_request_is_found_whatever_data_it_was_on(asked, tmp_path):
    config = {"seed": 1, "epochs": 3}
    for hour, data in enumerate(("d" * 64, "e" * 64)):
        root = asked(f"on-{data[0]}", request_digest(config, data), hour=hour)
        document = json.loads((root / "manifest.json").read_text())
        (root / "manifest.json").write_text(json.dumps(document | {"data_digest": data}))
    found = identity.index_runs(tmp_path / "runs")
    assert found.find({"seed": 1, "epochs": 9}).name == "on-e"
    assert found.find({"seed": 2, "epochs": 3}) is None
    assert found.find(config, variant="a") is None
