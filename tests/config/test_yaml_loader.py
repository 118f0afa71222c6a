"""Our own YAML files are read by the loader in C, to what OmegaConf's own loader reads."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf

import fmtool.conf
from fmtool.config.yaml_files import ShippedFiles

ROOT = Path(fmtool.conf.__path__[0])


def read(path):
    return ShippedFiles("fmtool", "pkg://fmtool.conf")._read_config(path)


def test_every_file_is_read_to_the_same_values():
    for path in sorted(ROOT.rglob("*.yaml")):
        values = OmegaConf.to_container(read(path).config)
        assert repr(values) == repr(OmegaConf.to_container(OmegaConf.load(path))), path


@pytest.mark.parametrize(
    "text", ["", "a: 1e-3\nb: 1_0\nc: 2020-01-01\nd: .inf\ne: on\n", "# @package _global_\na: 1\n"]
)
def test_numbers_dates_and_headers_mean_the_same(tmp_path, text):
    path = tmp_path / "x.yaml"
    path.write_text(text)
    found = read(path)
    assert repr(found.config) == repr(OmegaConf.load(path))
    assert found.header == {"package": "_global_" if "@package" in text else None}
