"""Names that a program of torch's may use: operations that compute, sizes as plain expressions."""

import re

from fmtool.safety.words import words

_OPERATION = re.compile(r"torch\.ops\.aten\.(?P<name>\w+)(\.\w+)?")
_REFUSED = frozenset({"from_file", "_print", "_debug_has_internal_overlap"})
"""Operations of ATen on files and output."""
_OF_PYTHON = re.compile(
    r"_operator\.(add|sub|mul|floordiv|truediv|mod|neg|eq|ne|lt|le|gt|ge|and_|or_|getitem|pow)"
    r"|math\.(ceil|floor|trunc)|torch\.(sym_max|sym_min|sym_int|sym_float|sym_not)"
)
_PLAIN = re.compile(r"[\w./: -]*", re.ASCII)
_SYMBOL = re.compile(r"Symbol\('[suz]\d{1,9}'(, (integer|nonnegative|positive)=True)*\)|s\d{1,9}")
_EXPRESSION = re.compile(r"[A-Za-z0-9_ +\-*/(),<>=]{1,1000}")
_NAME = re.compile(r"[A-Za-z_]\w*")
_HUGE = re.compile(r"\*\*|\d{20}")
_FUNCTIONS = words(
    """
    Add And CeilDiv CeilToInt CleanDiv Eq Equality FloatTrueDiv FloorDiv FloorToInt Ge
    GreaterThan Gt Identity IntTrueDiv Integer Le LessThan Lt Max Min Mod ModularIndexing Mul Ne
    Not Or PythonMod RoundToInt StrictGreaterThan StrictLessThan ToFloat TruncToInt Unequality
    Where false int_oo oo true
    """
)
"""Functions of SymPy and of torch in sizes; no powers, which can take all memory."""

ARGUMENTS = words(
    """
    as_bool as_bools as_complex as_device as_expr as_float as_floats as_int as_int_lists as_ints
    as_layout as_memory_format as_name as_none as_optional_tensor as_optional_tensors
    as_scalar_type as_string as_strings as_sym_bool as_sym_bools as_sym_float as_sym_floats
    as_sym_int as_sym_ints as_tensor as_tensors
    """
)
"""Kinds of values; no functions, no graphs, no objects of anybody's."""
EMPTY = words("custom_obj_values guards_code treespec_namedtuple_fields")
STRUCTURES = (None, "builtins.dict", "builtins.list", "builtins.tuple")

PICKLED = frozenset(
    {"torch._utils _rebuild_tensor_v2", "torch._tensor _rebuild_from_type_v2", "torch Tensor"}
    | {"collections OrderedDict", "torch Size", "torch device"}
    | {
        f"torch {name}Storage"
        for name in ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte")
    }
    | {"torch BoolStorage"}
)
"""Names in the pickle of a tensor, as `torch.save` spells them."""
PICKLE_OPERATIONS = words(
    """
    APPEND APPENDS BINGET BININT BININT1 BININT2 BINPERSID BINPUT BINUNICODE EMPTY_DICT EMPTY_LIST
    EMPTY_TUPLE LONG1 LONG_BINGET LONG_BINPUT MARK NEWFALSE NEWTRUE NONE PROTO REDUCE SETITEM
    SETITEMS STOP TUPLE TUPLE1 TUPLE2 TUPLE3 BINFLOAT
    """
)
"""Beside GLOBAL; none of them can name anything on its own."""


def is_computing(target: object) -> bool:
    """True where the target of a node is an operation known to compute and do nothing else."""
    if not isinstance(target, str):
        return False
    found = _OPERATION.fullmatch(target)
    if found:
        return found["name"] not in _REFUSED
    return _OF_PYTHON.fullmatch(target) is not None


def is_plain(text: object) -> bool:
    """True where a text has no character that could end a name in source of Python's."""
    return isinstance(text, str) and _PLAIN.fullmatch(text) is not None


def is_plain_expression(text: str) -> bool:
    """True where SymPy, which evaluates it as code, can make nothing of it but a size."""
    rest = _SYMBOL.sub("0", text)
    if not _EXPRESSION.fullmatch(rest) or _HUGE.search(rest):
        return False
    return _FUNCTIONS.issuperset(_NAME.findall(rest))
