"""The gate that every ONNX file passes before ONNX Runtime opens it.

The standard operations compute. Those of other domains can be anything a library has registered:
Python code, programs compiled beforehand, other files. Weights can be said to lie in any file.
"""

from collections.abc import Iterator

from fmtool.errors import Refused
from fmtool.safety.wire_format import fields, message, text
from fmtool.safety.words import words

_PARTS: dict[str, dict[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
"""By message, the fields that hold others which matter here: numbers of onnx.proto."""
_NODE_TYPE, _NODE_DOMAIN = 4, 7
_TENSOR_EXTERNAL, _TENSOR_LOCATION = 13, 14
_STANDARD = frozenset({"", "ai.onnx", "ai.onnx.ml"})
_MICROSOFT = "com.microsoft"
_OF_MICROSOFT = words(
    """
    Attention BiasGelu BiasSoftmax ConvTransposeWithDynamicPads DequantizeLinear
    DynamicQuantizeLSTM DynamicQuantizeMatMul EmbedLayerNormalization FastGelu FusedConv FusedGemm
    FusedMatMul Gelu GroupNorm GroupQueryAttention Inverse MatMulInteger16 MatMulIntegerToFloat
    MatMulNBits MultiHeadAttention NhwcConv NhwcFusedConv NhwcMaxPool QAttention QGemm QLinearAdd
    QLinearAveragePool QLinearConcat QLinearConv QLinearGlobalAveragePool QLinearLeakyRelu
    QLinearMul QLinearReduceMean QLinearSigmoid QLinearSoftmax QLinearWhere QuantizeLinear QuickGelu
    SkipLayerNormalization Trilu
    """
)
"""Looked at: they compute what quantization and fusion make of standard operations."""
_DEEPEST = 50
_FIX = "delete the file unless you trust who made it"


def check(content: memoryview, *, origin: str) -> None:
    """Raises Refused for more than computation; Malformed for what is no ONNX file."""
    pending = [("model", content, 0)]
    while pending:
        kind, part, depth = pending.pop()
        if depth > _DEEPEST:
            raise Refused(f"{origin}: its graphs are nested too deeply", fix=_FIX)
        if kind in ("training", "function"):
            raise Refused(f"{origin}: it holds more than a graph, a {kind}", fix=_FIX)
        if kind == "node":
            _check_node(part, origin)
        elif kind == "tensor":
            _check_tensor(part, origin)
        pending += ((each, inner, depth + 1) for each, inner in _parts(kind, part))


def _parts(kind: str, part: memoryview) -> Iterator[tuple[str, memoryview]]:
    wanted = _PARTS.get(kind, {})
    if wanted:
        for number, value in fields(part):
            if number in wanted:
                yield wanted[number], message(value)


def _check_node(node: memoryview, origin: str) -> None:
    # A field given twice is the last one: each is looked at.
    found = list(fields(node))
    types = [text(value) for number, value in found if number == _NODE_TYPE]
    domains = [text(value) for number, value in found if number == _NODE_DOMAIN] or [""]
    for domain in domains:
        is_known = domain in _STANDARD or (domain == _MICROSOFT and _OF_MICROSOFT.issuperset(types))
        if not is_known:
            shown = ".".join(filter(None, (domain, *types)))[:80]
            raise Refused(f"{origin}: it holds {shown!r}, which may do more than compute", fix=_FIX)


def _check_tensor(tensor: memoryview, origin: str) -> None:
    for number, value in fields(tensor):
        if number == _TENSOR_EXTERNAL or (number == _TENSOR_LOCATION and value):
            raise Refused(f"{origin}: some of its weights are in another file", fix=_FIX)
