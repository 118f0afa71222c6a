"""Numbers whose differences float32 cannot hold: an origin of the training rows is taken off."""

import json

import numpy as np
import pytest

from fmtool.data import arrays
from fmtool.data.reading.features import Origins, fit_origins
from fmtool.data.samples.images import is_in_memory
from fmtool.data.splitting import check, inputs, loading
from fmtool.errors import DataError
from fmtool.export import documents, preprocessing
from fmtool.export.clients import model_inputs
from fmtool.runs.layout import INPUTS

RNG = np.random.default_rng(0)
N = 200
TIMES = 1.7e9 + 60 * RNG.integers(0, 2, N) + RNG.normal(0, 20, N)
ROWS = np.arange(N, dtype=np.int32)


@pytest.fixture
def cfg(option, tmp_path):
    def of(x, *, storage="device", columns=None, **others):
        np.savez(tmp_path / "set.npz", x=x, y=np.arange(len(x)) % 2, **others)
        path = str(tmp_path / "set.npz")
        return option("arrays", path=path, storage=storage, columns=columns)

    return of


@pytest.mark.parametrize("storage", ["device", "stream"])
def test_the_differences_of_a_column_are_kept_and_others_keep_their_bits(cfg, storage):
    x = np.column_stack([RNG.normal(0, 1, N), TIMES, RNG.normal(1e5, 1e4, N)])
    data = loading.load(cfg(x, storage=storage), seed=0)
    train = data.splits.train.x
    assert is_in_memory(train) == (storage == "device")
    found = np.sort(np.concatenate([train[:], data.splits.test.x[:]]), axis=0)
    given = np.sort(x, axis=0)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[:, [0, 2]], given[:, [0, 2]].astype(np.float32))
    (low, origin, high) = json.loads(data.splits.artifacts[INPUTS])["origin"]
    assert (low, high) == (0, 0)
    np.testing.assert_array_equal(found[:, 1], (given[:, 1] - origin).astype(np.float32))
    # Of the rows that are trained on and no others.
    raw = arrays.load(cfg(x)).train.x[data.selection.train]
    assert origin == pytest.approx(raw[:, 1].mean(), abs=1e-5)


@pytest.mark.parametrize(
    ("x", "is_taken_off"),
    [
        (TIMES[:, None], True),
        ((10**9 + np.arange(N))[:, None], True),
        ((2**60 + np.arange(N))[:, None], True),
        ((2**64 - 1 - np.arange(N, dtype=np.uint64))[:, None], True),
        (-(10**9) - np.arange(N, dtype=np.int32)[:, None], True),
        (RNG.integers(-(2**62), 2**62, N)[:, None], False),
        (RNG.normal(2020, 5, N)[:, None], False),
        (np.full((N, 1), 1.7e9), False),
        (TIMES.astype(np.float32)[:, None], False),
        (np.arange(N, dtype=np.int16)[:, None] + 30000, False),
    ],
)
def test_an_origin_is_taken_off_where_float32_is_coarse_beside_the_deviation(x, is_taken_off):
    origins = fit_origins(x, ROWS)
    assert (origins is not None) == is_taken_off
    if origins is not None:
        # In Python's numbers, whose differences are exact.
        expected = [each - origins.values[0] for each in x[:, 0].tolist()]
        found = origins.applied(x)[:, 0].astype(float)
        np.testing.assert_allclose(found, expected, atol=1e-4)
        assert len(np.unique(found)) == len(np.unique(x))


def test_a_channel_of_a_series_has_its_origin_over_all_steps(cfg):
    x = np.stack([np.tile(TIMES[:, None], (1, 4)), RNG.normal(0, 1, (N, 4))], axis=-1)
    data = loading.load(cfg(x), seed=0)
    assert data.splits.train.x.shape[1:] == (4, 2)
    assert np.abs(data.splits.train.x[..., 0]).max() < 200
    assert json.loads(data.splits.artifacts[INPUTS])["origin"][1] == 0


def test_another_process_makes_the_same_samples_of_what_the_run_has_kept(cfg):
    settings = cfg(np.column_stack([TIMES, RNG.normal(0, 1, N)]))
    fitted = loading.load(settings, seed=3)
    again = loading.load(settings, seed=4, artifacts=fitted.splits.artifacts)
    np.testing.assert_array_equal(fitted.splits.test.x, again.splits.test.x)
    assert again.splits.artifacts == fitted.splits.artifacts
    # A run of an earlier release has none.
    early = loading.load(settings, seed=3, artifacts={})
    np.testing.assert_array_equal(early.splits.test.x[:, 0] % 128, 0)


def test_columns_in_another_order_are_put_into_that_of_the_run(cfg):
    x = np.column_stack([TIMES, RNG.normal(0, 1, N)])
    fitted = loading.load(cfg(x, columns=["time", "rest"]), seed=3)
    kept = fitted.splits.artifacts
    for storage in ("device", "stream"):
        turned = cfg(x[:, ::-1].copy(), columns=["rest", "time"], storage=storage)
        again = loading.load(turned, seed=3, artifacts=kept)
        np.testing.assert_array_equal(fitted.splits.test.x, again.splits.test.x[:])
    with pytest.raises(DataError, match="the run's columns time are missing"):
        loading.load(cfg(x, columns=["rest", "tim"]), seed=3, artifacts=kept)


def test_duplicates_and_leaks_are_those_of_the_values_as_given(cfg):
    ids = (10**9 + np.arange(120))[:, None]
    splits = arrays.load(cfg(ids))
    assert check.find_duplicates(splits.train.x, splits.test.x) == check.Duplicates(0, 0, 0)
    twice = arrays.load(cfg(np.repeat(ids, 2, axis=0)))
    assert check.find_duplicates(twice.train.x, twice.test.x).across > 0


def test_the_digest_is_of_the_values_and_not_of_how_they_are_stored(cfg):
    whole = RNG.integers(0, 100, (N, 2))
    first = arrays.load(cfg(whole)).digest
    assert arrays.load(cfg(whole.astype(">i2"))).digest == first
    assert arrays.load(cfg(whole + 1)).digest != first
    close = np.column_stack([TIMES, TIMES])
    nudged = np.nextafter(close, np.inf)
    assert (close.astype(np.float32) == nudged.astype(np.float32)).all()
    assert arrays.load(cfg(close)).digest != arrays.load(cfg(nudged)).digest


def test_inspect_names_the_type_in_the_file(call, fmtool):
    np.savez(fmtool.folder / "set.npz", x=(2**60 + np.arange(N))[:, None], y=np.arange(N) % 2)
    statistics = call("data", "inspect", "path=set.npz", "--json").json["statistics"]
    assert (statistics["dtype"], statistics["value_max"]) == ("int64", 2**60 + N - 1)


def test_names_of_columns_come_with_the_file_or_by_the_key(cfg):
    x = RNG.normal(0, 1, (N, 2))
    named = loading.load(cfg(x, columns=None), seed=0)
    assert dict(named.splits.artifacts) == {}
    in_file = loading.load(cfg(x), seed=0)
    assert in_file.splits.facts == {}
    by_key = loading.load(cfg(x, columns=["age", "01"]), seed=0).splits
    assert inputs.columns_in(inputs.decode(by_key.artifacts), width=2) == ("age", "01")
    assert by_key.facts == {"columns": ["age", "01"]}
    np.testing.assert_array_equal(by_key.train.x, in_file.splits.train.x)


def test_the_names_in_a_file_are_those_of_its_columns_whatever_the_key_says(cfg, tmp_path):
    x = RNG.normal(0, 1, (N, 2))
    settings = cfg(x, columns=["a", "b"])
    for names in (["b", "a"], ["a", "c"]):
        np.savez(tmp_path / "set.npz", x=x, y=np.arange(N) % 2, columns=np.array(names))
        if names == ["b", "a"]:
            assert arrays.load(settings).facts == {"columns": names}
        else:
            with pytest.raises(DataError, match=r"its columns are a, c, by data\.columns a, b"):
                arrays.load(settings)


@pytest.mark.parametrize("columns", [["a"], ["a", "a"], ["a", "b", "c"]])
def test_names_that_are_not_one_for_each_column_are_refused(call, fmtool, columns):
    np.savez(fmtool.folder / "set.npz", x=RNG.normal(0, 1, (N, 2)), y=np.arange(N) % 2)
    word = f"columns=[{','.join(columns)}]"
    outcome = call("data", "check", "arrays", "path=set.npz", word)
    assert outcome.code == 65
    assert f"{len(columns)} names of columns" in outcome.error
    np.savez(
        fmtool.folder / "set.npz",
        x=RNG.normal(0, 1, (N, 2)),
        y=np.arange(N) % 2,
        columns=np.array(["a", "01"]),
    )
    assert call("data", "check", "arrays", "path=set.npz").code == 0


def test_the_client_of_a_bundle_takes_the_same_off(cfg, tmp_path):
    ids = 2**60 + np.arange(N)
    data = loading.load(cfg(np.column_stack([ids, ids % 7]), columns=["id", "rest"]), seed=0)
    prepared = preprocessing.of(cfg(ids[:, None]), data.splits.element, data.splits.artifacts)
    assert prepared["columns"] == ["id", "rest"]
    about = {
        "input": {"kind": "features", "shape": [2], "dtype": "float32", "batch": None},
        "preprocessing": json.loads(json.dumps(prepared)),
    }
    document = documents.PreprocessingDocument.model_validate_json(json.dumps(prepared))
    assert (document.origin, document.columns) == (prepared["origin"], prepared["columns"])
    row = np.array([ids[5], 3])
    expected = Origins(tuple(prepared["origin"])).applied(row[None])
    np.save(tmp_path / "row.npy", row)
    for given in (f"{row[0]},{row[1]}", str(tmp_path / "row.npy")):
        np.testing.assert_array_equal(model_inputs.read(given, about, "model"), expected)
    del about["preprocessing"]["origin"]
    np.testing.assert_array_equal(model_inputs.read("1.5,2", about, "model"), [[1.5, 2]])
