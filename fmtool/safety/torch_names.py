"""What a program of torch's may name: operations that compute, and sizes as plain expressions."""

import re

from fmtool.safety.words import words

_OPERATION = re.compile(r"torch\.ops\.aten\.(?P<name>\w+)(\.\w+)?")
_REFUSED = frozenset({"from_file", "_print", "_debug_has_internal_overlap"})
"""Of ATen: files, output."""
_OF_PYTHON = re.compile(
    r"_operator\.(add|sub|mul|floordiv|truediv|mod|neg|eq|ne|lt|le|gt|ge|and_|or_|getitem|pow)"
    r"|math\.(ceil|floor|trunc)|torch\.(sym_max|sym_min|sym_int|sym_float|sym_not)"
)
_EXPRESSION = re.compile(r"[A-Za-z0-9_ +\-*/(),<>=]{1,500}")
_NAME = re.compile(r"[A-Za-z_]\w*")
_SYMBOL = re.compile(r"[suz]\d+|zuf\d+")
_FUNCTIONS = words(
    """
    And CeilDiv CeilToInt CleanDiv Eq FloatTrueDiv FloorDiv FloorToInt Ge Gt Identity IntTrueDiv Le
    Lt Max Min Mod ModularIndexing Ne Not Or PowByNatural PythonMod RoundToInt ToFloat TruncToInt
    Where false int_oo oo true
    """
)
"""Of SymPy and of torch, as sizes have them."""
_HUGE = re.compile(r"\*\*(?!\d(?!\d))|\d{20}")

PICKLED = frozenset(
    {"torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_parameter", "torch Size"}
    | {"collections OrderedDict", "torch serialization._get_layout", "torch device"}
    | {
        f"torch {name}Storage"
        for name in ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte")
    }
    | {"torch BoolStorage"}
)
"""What the pickle of a tensor names, as `torch.save` spells it."""
PICKLE_OPERATIONS = words(
    """
    APPEND APPENDS BINGET BININT BININT1 BININT2 BINPERSID BINPUT BINUNICODE EMPTY_DICT EMPTY_LIST
    EMPTY_TUPLE LONG1 LONG_BINGET LONG_BINPUT MARK NEWFALSE NEWTRUE NONE PROTO REDUCE SETITEM
    SETITEMS STOP TUPLE TUPLE1 TUPLE2 TUPLE3 BINFLOAT
    """
)
"""Beside GLOBAL; none of them can name anything on its own."""


def is_computing(target: object) -> bool:
    """Whether a target of a node is an operation that is known to compute and do nothing else."""
    if not isinstance(target, str):
        return False
    found = _OPERATION.fullmatch(target)
    if found:
        return found["name"] not in _REFUSED
    return _OF_PYTHON.fullmatch(target) is not None


def is_plain_expression(text: object) -> bool:
    """Whether SymPy, which evaluates it as code, can make nothing of it but a number."""
    if not isinstance(text, str) or not _EXPRESSION.fullmatch(text) or _HUGE.search(text):
        return False
    return all(
        name in _FUNCTIONS or _SYMBOL.fullmatch(name) is not None for name in _NAME.findall(text)
    )
