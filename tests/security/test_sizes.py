"""What a config may stand for, and what a model may keep, up to the very limit."""

import pytest

from fmtool.safety import model_file, references, yaml_text
from fmtool.safety.yaml_text import Unfit

MOST = 10_000


@pytest.mark.parametrize(
    "config",
    [
        {"x": "a" * 100 * (MOST - 2)},
        {"x": list(range(MOST - 2))},
        {"x": list(range((MOST - 4) // 2)), "y": "${x}"},
        {"x": {"y": "a" * 100 * (MOST // 2 - 3)}, "z": {"v": "${..x.y}"}},
    ],
    ids=["a long text", "a long list", "a reference", "a relative reference"],
)
def test_a_config_may_stand_for_as_many_values_and_no_more(config):
    references.check(config)
    with pytest.raises(Unfit, match="stands for more than 10,000 values"):
        references.check(config | {"one more": 1})


@pytest.mark.parametrize("name", ["assets/layer/words.txt", "assets/words.txt"])
def test_a_model_may_keep_files_of_its_layers(parts, tmp_path, name):
    parts.extra.append((name, b"x"))
    assert model_file.check(parts.write(tmp_path / "model.keras"), registered={}).is_plain_keras


def test_yaml_and_its_references_have_one_limit():
    assert yaml_text.MAX_NODES == MOST
