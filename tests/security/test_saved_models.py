"""SavedModels that would do more than compute, made by hand as TensorFlow writes them."""

import pytest
from refusals import field, refusal

from fmtool.safety import exported_file
from fmtool.safety.tensorflow_operations import CALLING, COMPUTING, SAVING


def node(kind, attribute=b""):
    return field(1, "n") + field(2, kind) + (field(5, attribute) if attribute else b"")


def function(name, *nodes):
    return field(1, field(1, field(1, name)) + b"".join(field(3, each) for each in nodes))


@pytest.fixture
def write(tmp_path):
    def save(*, nodes=(), functions=(), objects=b"\x0a\x00", graphs=1):
        library = field(2, b"".join(functions))
        graph = field(2, b"".join(field(1, each) for each in nodes) + library)
        content = b"\x08\x01" + graphs * field(2, graph + field(7, objects))
        (tmp_path / "saved_model.pb").write_bytes(content)
        return tmp_path

    return save


def test_what_computes_passes(write):
    serve = function("__inference_serve_1", node("MatMul"), node("Softmax"))
    saver = function("__inference__traced_save_2", node("SaveV2"))
    exported_file.check("saved_model", write(nodes=[node("NoOp")], functions=[serve, saver]))


@pytest.mark.parametrize(
    "kind",
    ["ReadFile", "WriteFile", "PyFunc", "EagerPyFunc", "MatchingFiles", "PrintV2", "SaveV2",
     "RestoreV2", "ImmutableConst", "LoadDataset", "DecodeProtoV2", "Abort", "RemoteCall"],
)  # fmt: skip
@pytest.mark.parametrize("place", ["graph", "function"])
def test_what_does_more_is_refused(write, kind, place):
    if place == "graph":
        path = write(nodes=[node(kind)])
    else:
        path = write(functions=[function("__inference_serve_1", node(kind))])
    said = refusal("saved_model", path)
    assert said == f"it holds '{kind}', which may do more than compute"


def test_the_functions_that_save_cannot_be_called_by_others(write):
    saver = function("__inference__traced_save_2", node("SaveV2"))
    call = node("StatefulPartitionedCall", field(2, "__inference__traced_save_2"))
    serve = function("__inference_serve_1", call)
    said = refusal("saved_model", write(functions=[saver, serve]))
    assert said == "it saves or restores while it predicts"


def test_nor_belong_to_an_object_that_is_loaded(write):
    saver = function("__inference__traced_save_2", node("SaveV2"))
    path = write(functions=[saver], objects=field(2, "__inference__traced_save_2"))
    assert refusal("saved_model", path) == "it saves or restores while it predicts"


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"objects": b""}, "it was not saved by TensorFlow 2"), ({"graphs": 2}, "2 graphs")],
)
def test_another_kind_of_saved_model_is_refused(write, changes, said):
    assert refusal("saved_model", write(**changes)).startswith(said)


@pytest.mark.parametrize("name", ["evil.so", "assets/x.py", "variables/a/b", "keras_metadata.pb"])
def test_a_file_that_has_no_place_in_it_is_refused(write, name):
    path = write()
    (path / name).parent.mkdir(parents=True, exist_ok=True)
    (path / name).write_bytes(b"x")
    assert "has no place in it" in refusal("saved_model", path)


def test_the_lists_name_operations_that_there_are_and_none_twice():
    assert COMPUTING.isdisjoint(CALLING | SAVING)
    for kind in ("ReadFile", "PyFunc", "EagerPyFunc", "WriteFile", "XlaLaunch"):
        assert kind not in COMPUTING | CALLING | SAVING
