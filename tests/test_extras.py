"""The commands that install what is missing name other people's packages, never fmtool itself."""

import pytest

from fmtool import extras


@pytest.fixture
def only(monkeypatch):
    """Packages called so are installed, and no others."""

    def set_installed(*names):
        monkeypatch.setattr(extras, "_is_installed", lambda name: name in names)

    return set_installed


def test_of_an_extra_what_is_missing_is_named_with_its_versions(only):
    only("cmaes", "scipy")
    assert extras.install_extra("tune") in {
        "pip install 'optuna<5.1,>=5' 'optuna-dashboard>=0.20'",
        "pip install 'optuna>=5,<5.1' 'optuna-dashboard>=0.20'",
    }


def test_extras_within_an_extra_are_followed(only):
    only()
    names = {each.partition(">")[0] for each in extras.of_extra("openvino")}
    assert names == {"openvino", "tensorflow", "onnx", "onnxruntime", "tf2onnx", "onnxslim"}


def test_packages_are_named_by_module_too_with_the_extras_that_they_need():
    assert extras.install("psycopg") == "pip install 'psycopg[binary]>=3.2'"
    assert extras.install("ai_edge_litert", "pymysql") == (
        "pip install 'ai-edge-litert>=2.1' pymysql"
    )


def test_what_is_always_installed_has_its_versions_too():
    assert extras.install("tensorflow") == "pip install 'tensorflow>=2.21'"


def test_a_folder_that_was_never_installed_names_its_extra(monkeypatch):
    monkeypatch.setattr(extras, "DISTRIBUTION", "surely-not-installed")
    extras._declared.cache_clear()
    try:
        assert extras.install_extra("tune") == "pip install '.[tune]'"
        assert extras.install("optuna") == "pip install optuna"
    finally:
        extras._declared.cache_clear()
