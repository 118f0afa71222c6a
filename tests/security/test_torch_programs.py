"""Programs of torch that would do more than compute are refused before torch sees them."""

import io
import json
import pickle
import zipfile
from pathlib import Path

import pytest
from refusals import refusal

from fmtool.errors import DataError, Refused
from fmtool.safety import exported_file, torch_names, torch_program


@pytest.fixture
def parts():
    """Of a program of one operation, without weights."""
    node = {"target": "torch.ops.aten.relu.default", "name": "relu", "inputs": []}
    return {
        "archive_format": b"pt2",
        "data/weights/model_weights_config.json": {"config": {}},
        "data/constants/model_constants_config.json": {"config": {}},
        "models/model.json": {"graph_module": {"graph": {"nodes": [node]}}},
        "extra/fmtool.json": b"{}",
    }


@pytest.fixture
def write(tmp_path, monkeypatch):
    # The zip module writes no end with larger numbers where it needs none.
    monkeypatch.setattr(torch_program, "_is_plain", lambda content: True)

    def save(parts, compression=zipfile.ZIP_STORED):
        path = tmp_path / "model.pt2"
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, part in parts.items():
                content = part if isinstance(part, bytes) else json.dumps(part).encode()
                archive.writestr(f"model/{name}", content)
        return path

    return save


def test_a_plain_program_passes(parts, write):
    exported_file.check("torch", write(parts))


@pytest.mark.parametrize(
    "name",
    ["data/weights/model.pt", "data/constants/custom_obj_0", "data/constants/opaque_obj_0",
     "data/aotinductor/model/x.so", "models/other.json", "evil.py"],
)  # fmt: skip
def test_a_member_that_torch_would_run_or_unpickle_is_refused(parts, write, name):
    assert "has no place in it" in refusal("torch", write({**parts, name: b"x"}))


@pytest.mark.parametrize(
    "entry",
    [{"path_name": "weight_0", "use_pickle": True}, {"path_name": "weight_0"},
     {"path_name": "../x", "use_pickle": False}, {"path_name": "obj_0", "use_pickle": False}],
)  # fmt: skip
def test_pickled_weights_are_refused(parts, write, entry):
    parts["data/weights/model_weights_config.json"] = {"config": {"w": entry}}
    assert refusal("torch", write(parts)) == "weights that are unpickled, which may run code"


@pytest.mark.parametrize(
    "target",
    ["torch.load", "torch.hub.load", "torch.ops.aten.from_file.default", "math.__loader__.x",
     "_operator.methodcaller", "torch.ops.mine.op.default", "#x:y", "os.system"],
)  # fmt: skip
def test_a_call_of_anything_but_an_operation_is_refused(parts, write, target):
    nodes = parts["models/model.json"]["graph_module"]["graph"]["nodes"]
    nodes[0]["target"] = target
    assert "may do more than compute" in refusal("torch", write(parts))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("expr_str", "__import__('os').system('x')"),
        ("expr_str", "open"),
        ("expr_str", "9**9**9**9"),
        ("expr_str", "Symbol('x')"),
        ("forward_arg_names", ["a=exit()"]),
        ("forward_arg_names", ["a b"]),
        ("parameter_name", 'x")\nimport os\n("'),
        ("guards_code", ["exit()"]),
        ("as_operator", "torch.load"),
        ("as_custom_obj", {"name": "x"}),
        ("as_graph", {}),
        ("in_spec", '[1, {"type": "mine.Own", "context": "null", "children_spec": []}]'),
        ("out_spec", '[1, {"type": "builtins.dict", "context": "[\\"a(\\"]", '
                     '"children_spec": []}]'),
    ],
)  # fmt: skip
def test_a_text_that_would_become_source_is_refused(parts, write, key, value):
    parts["models/model.json"]["graph_module"][key] = value
    refusal("torch", write(parts))


@pytest.mark.parametrize("place", ["graph_module", "metadata"])
def test_a_key_that_would_become_source_is_refused(parts, write, place):
    graph = parts["models/model.json"]["graph_module"]
    (graph if place == "graph_module" else graph.setdefault(place, {}))["a=exit()"] = 1
    if place == "metadata":
        exported_file.check("torch", write(parts))
    else:
        assert "a name that is none, 'a=exit()'" in refusal("torch", write(parts))


@pytest.mark.parametrize(
    "text",
    ["s0", "Symbol('s98', positive=True, integer=True)", "FloorDiv(Symbol('s1'), Integer(2))",
     "2*s0 + 1", "Max(1, s0)"],
)  # fmt: skip
def test_sizes_as_torch_writes_them_pass(text):
    assert torch_names.is_plain_expression(text)


def test_a_pickle_that_names_anything_but_tensors_is_refused(parts, write):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("model/data.pkl", pickle.dumps(Path, protocol=2))
    parts["data/sample_inputs/model.pt"] = inner.getvalue()
    assert refusal("torch", write(parts)) == "a pickle with 'pathlib Path' in it"


def test_a_pickle_that_makes_names_of_its_own_is_refused(parts, write):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("model/data.pkl", pickle.dumps(Path, protocol=4))
    parts["data/sample_inputs/model.pt"] = inner.getvalue()
    assert "a pickle with" in refusal("torch", write(parts))


def test_a_packed_archive_is_refused(parts, write):
    parts["extra/fmtool.json"] = b" " * 1000
    assert "is packed" in refusal("torch", write(parts, zipfile.ZIP_DEFLATED))


@pytest.mark.parametrize("damage", ["before", "behind", "no archive"])
def test_an_archive_that_two_readers_read_in_two_ways_is_refused(parts, tmp_path, damage):
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        archive.writestr("model/archive_format", b"pt2")
    content = {
        "before": b"PK\3\4" + stored.getvalue(),
        "behind": stored.getvalue() + b"x",
        "no archive": b"x" * 100,
    }[damage]
    path = tmp_path / "model.pt2"
    path.write_bytes(content)
    with pytest.raises((Refused, DataError)):
        exported_file.check("torch", path)


@pytest.mark.slow
def test_what_torch_writes_passes_and_loads(tmp_path):
    torch = pytest.importorskip("torch")
    sample = torch.ones(2, 3)
    program = torch.export.export(
        torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU()),
        (sample,),
        dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
    )
    path = tmp_path / "model.pt2"
    torch.export.save(program, path, extra_files={"fmtool.json": "{}"})
    exported_file.check("torch", path)
    assert torch.export.load(path).module()(torch.ones(5, 3)).shape == (5, 4)
