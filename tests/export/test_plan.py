"""Which files a command line asks for."""

import pytest

from fmtool import validate
from fmtool.config.compose import compose
from fmtool.errors import UsageError
from fmtool.export import formats, plan


def config(*overrides):
    return validate.export_config(compose("export", ["run=last", *overrides]))


def names(*overrides):
    return [target.name for target in plan.targets(config(*overrides))]


@pytest.fixture
def installed(monkeypatch):
    """A function that makes only some modules importable."""

    def only(*modules):
        monkeypatch.setattr(formats, "find_spec", lambda name: name if name in modules else None)

    return only


def test_onnx_without_quantization_is_what_a_run_is_exported_to():
    assert names() == ["onnx"]


def test_formats_and_quantizations_are_combined_in_a_fixed_order_without_repetition():
    asked = names("format=[litert,onnx,litert]", "quantization=[int8,none]")
    assert asked == ["litert", "litert_int8", "onnx", "onnx_int8"]


def test_all_quantizations_are_those_that_each_format_has():
    assert names("format=[torch,openvino]", "quantization=[all]") == [
        "torch", "openvino", "openvino_float16", "openvino_int8",
    ]  # fmt: skip


def test_all_formats_are_those_whose_packages_are_there(installed):
    installed("tensorflow", "onnx")
    assert names("format=[all]") == ["keras", "saved_model"]


def test_a_quantization_that_would_spoil_resizing_is_left_out_of_all_and_refused_by_name():
    asked = names("format=[litert]", "quantization=[all]", "export.any_size=true")
    assert asked == ["litert", "litert_float16", "litert_dynamic"]
    with pytest.raises(UsageError) as raised:
        names("format=[litert]", "quantization=[int8]", "export.any_size=true")
    assert str(raised.value) == (
        "export.any_size=true: what resizes pictures would be quantized to int8 too in litert; "
        "fix: leave export.any_size out, or write format=onnx or openvino, or "
        "quantization=none or float16 or dynamic"
    )


def test_a_benchmark_is_of_all_of_them(installed):
    installed("tensorflow", "ai_edge_litert")
    assert names("benchmark=true") == [
        "keras", "saved_model", "litert", "litert_float16", "litert_dynamic", "litert_int8",
    ]  # fmt: skip


def test_a_format_without_its_packages_names_them_and_the_line_that_installs_them(installed):
    installed("tensorflow", "onnx")
    with pytest.raises(UsageError) as raised:
        names("format=[onnx]")
    assert str(raised.value) == (
        "format=onnx needs tf2onnx, onnxslim, onnxruntime, which is not installed; "
        "fix: pip install 'tf2onnx>=1.17' 'onnxslim>=0.1.90' 'onnxruntime>=1.26'"
    )


def test_a_quantization_that_a_format_lacks_is_refused():
    with pytest.raises(UsageError, match=r"^quantization=int8: torch has none; fix: leave it out"):
        names("format=[torch]", "quantization=[int8]")


@pytest.mark.parametrize("key", ["format", "quantization"])
def test_an_empty_list_is_refused(key):
    with pytest.raises(UsageError, match=rf"^{key}=\[\] names none"):
        names(f"{key}=[]")


def test_every_format_says_what_the_workflow_asks_of_it():
    for name in formats.NAMES:
        module = formats.module(name)
        assert module.BACKEND in ("tensorflow", "torch")
        assert module.MODULES
        assert set(module.QUANTIZATIONS) <= {"float16", "dynamic", "int8"}
