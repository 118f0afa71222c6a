"""ONNX files that would do more than compute are refused before ONNX Runtime sees them."""

import sys

import numpy as np
import pytest
from refusals import field, refusal

from fmtool.errors import DataError
from fmtool.safety import exported_file
from fmtool.safety import wire_format as wire

onnx = pytest.importorskip("onnx")

import small_onnx  # noqa: E402 - skipped where it cannot be imported


def test_it_reads_what_the_library_writes():
    made = onnx.helper.make_node("Add", ["a", "b"], ["c"], name="n" * 300)
    found = list(wire.fields(memoryview(made.SerializeToString())))
    assert [number for number, _ in found] == [1, 1, 2, 3, 4]
    assert wire.text(found[3][1]) == "n" * 300


@pytest.mark.parametrize(
    "content", [b"\x0a", b"\x0a\x05ab", b"\x0b", b"\x08" + b"\xff" * 11, b"\x09\x00", b"\xff"]
)
def test_what_is_no_message_is_malformed(content):
    with pytest.raises(wire.Malformed):
        list(wire.fields(memoryview(content)))


@pytest.fixture
def made():
    return small_onnx.model("features", (3,))


@pytest.fixture
def write(tmp_path):
    def save(model):
        path = tmp_path / "model.onnx"
        path.write_bytes(model.SerializeToString())
        return path

    return save


def test_a_plain_graph_passes(made, write):
    exported_file.check("onnx", write(made))


@pytest.mark.parametrize(
    ("domain", "kind"),
    [
        ("ai.onnx.contrib", "PyOp"),
        ("com.microsoft", "EPContext"),
        ("com.microsoft", "PythonOp"),
        ("my.own", "Add"),
    ],
)
def test_an_operation_of_another_domain_is_refused(made, write, domain, kind):
    made.graph.node[0].domain, made.graph.node[0].op_type = domain, kind
    said = refusal("onnx", write(made))
    assert said == f"it holds '{domain}.{kind}', which may do more than compute"


def test_it_is_found_in_a_branch_of_a_branch(made, write):
    inner = onnx.helper.make_graph(
        [onnx.helper.make_node("PyOp", [], ["x"], domain="ai.onnx.contrib")], "inner", [], []
    )
    for _ in range(2):
        branch = onnx.helper.make_node("If", ["c"], ["x"], then_branch=inner, else_branch=inner)
        inner = onnx.helper.make_graph([branch], "outer", [], [])
    made.graph.node.append(branch)
    assert "ai.onnx.contrib.PyOp" in refusal("onnx", write(made))


@pytest.mark.parametrize("said_by", ["the place", "the kind of place"])
def test_either_half_of_a_reference_to_another_file_is_refused(made, write, said_by):
    tensor = made.graph.initializer.add(name="weights", data_type=1, dims=[3])
    if said_by == "the place":
        tensor.external_data.add(key="location", value="../../etc/passwd")
    else:
        tensor.data_location = onnx.TensorProto.EXTERNAL
    assert refusal("onnx", write(made)) == "some of its weights are in another file"


@pytest.mark.parametrize("place", ["graph", "attribute"])
def test_weights_in_another_file_are_refused(made, write, place):
    tensor = onnx.numpy_helper.from_array(np.zeros(3, np.float32), "weights")
    tensor.ClearField("raw_data")
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../etc/passwd"
    tensor.data_location = onnx.TensorProto.EXTERNAL
    if place == "graph":
        made.graph.initializer.append(tensor)
    else:
        made.graph.node.append(onnx.helper.make_node("Constant", [], ["x"], value=tensor))
    assert refusal("onnx", write(made)) == "some of its weights are in another file"


def test_an_operation_given_twice_is_looked_at_twice(made, tmp_path):
    node = field(4, "PyOp") + field(7, "ai.onnx.contrib") + field(4, "Add") + field(7, "")
    path = tmp_path / "model.onnx"
    path.write_bytes(made.SerializeToString() + field(7, field(1, node)))
    assert "which may do more than compute" in refusal("onnx", path)


def test_functions_of_its_own_are_refused(made, write):
    made.functions.add().name = "f"
    assert refusal("onnx", write(made)) == "it holds more than a graph, a function"


@pytest.mark.parametrize("length", [1, 10, -1])
def test_a_cut_file_is_bad_data(made, tmp_path, length):
    path = tmp_path / "model.onnx"
    path.write_bytes(made.SerializeToString()[:length])
    with pytest.raises(DataError, match=r"model\.onnx is damaged"):
        exported_file.check("onnx", path)


def test_the_command_refuses_it_with_77(made, call, fmtool):
    made.graph.node[0].domain = "ai.onnx.contrib"
    (fmtool.folder / "m.onnx").write_bytes(made.SerializeToString())
    np.save(fmtool.folder / "rows.npy", np.eye(3))
    outcome = call("predict", "model=m.onnx", "input=rows.npy")
    assert (outcome.code, outcome.out) == (77, "")
    assert outcome.error.startswith("error: m.onnx: it holds 'ai.onnx.contrib.Identity'")
    assert "onnxruntime_extensions" not in sys.modules
