"""Where a sweep lies: the same one goes on in its folder."""

import json

import pytest

from fmtool.sweeping import folder

DIGEST = "abcdef" + "0" * 58


@pytest.fixture
def made(tmp_path):
    """Makes the folder of a sweep, with a document or without."""

    def make(name, document=None):
        root = tmp_path / "sweeps" / name
        root.mkdir(parents=True)
        if document is not None:
            text = document if isinstance(document, str) else json.dumps(document)
            (root / "sweep.json").write_text(text)
        return root

    return make


def test_a_new_one_is_named_by_its_start_and_its_digest(tmp_path):
    root = folder.new(tmp_path, DIGEST).root
    assert root.parent == tmp_path / "sweeps"
    assert root.name.endswith("_abcdef")
    assert not root.exists()


def test_it_is_found_by_its_digest(made, tmp_path):
    made("2026-01-01_000000_123456", {"digest": "123456"})
    root = made("2026-01-02_000000_abcdef", {"digest": DIGEST})
    assert folder.find(tmp_path, DIGEST).root == root


def test_another_digest_that_begins_the_same_is_another_sweep(made, tmp_path):
    made("2026-01-02_000000_abcdef", {"digest": "abcdef" + "1" * 58})
    assert folder.find(tmp_path, DIGEST) is None


@pytest.mark.parametrize("document", [None, "{"], ids=["none", "damaged"])
def test_one_whose_document_says_nothing_is_gone_on_with(made, tmp_path, document):
    root = made("2026-01-02_000000_abcdef", document)
    paths = folder.find(tmp_path, DIGEST)
    assert paths.root == root
    assert folder.stored_results(paths) == {}


def test_its_results_are_read_by_the_number_of_the_job(made, tmp_path):
    rows = [{"job": 1, "status": "failed"}, {"job": 4, "status": "completed"}]
    made("2026-01-02_000000_abcdef", {"digest": DIGEST, "runs": rows})
    found = folder.stored_results(folder.find(tmp_path, DIGEST))
    assert found == {1: rows[0], 4: rows[1]}


def test_nothing_is_known_of_a_sweep_that_was_never_begun(tmp_path):
    assert folder.find(tmp_path, DIGEST) is None
    assert folder.stored_results(None) == {}
