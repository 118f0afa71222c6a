"""The gate that every .pt2 file passes before torch opens it.

`torch.export.load` unpickles what a file tells it to, evaluates expressions that it reads as code
of Python's, loads compiled libraries, and calls any function below `torch`. What is let through
here is what `torch.export.save` writes for tensors: raw bytes, and operations of ATen.
"""

import io
import json
import pickletools
import re
import struct
import zipfile
from typing import Any

from fmtool.errors import Refused
from fmtool.safety import torch_names

_MAX_MEMBERS = 100_000
_MAX_JSON_BYTES = 1 << 28
_END, _LARGE_END = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
"""The last records of an archive: its end, the end with larger numbers, and where that is."""
_DEEPEST = 200
_MEMBERS = re.compile(
    r"(archive_format|archive_version|byteorder|\.data/(version|serialization_id)|\.format_version"
    r"|\.storage_alignment|models/model\.json|data/sample_inputs/model\.pt|extra/fmtool\.json"
    r"|data/weights/(weight_\d+|model_weights_config\.json)"
    r"|data/constants/(tensor_\d+|model_constants_config\.json))"
)
_PAYLOAD = re.compile(r"(weight|tensor)_\d+")
_FIX = "delete the file unless you trust who made it"


def check(content: bytes, *, origin: str) -> None:
    """Raises Refused for more than computation; ValueError for what is no such file."""
    with _archive(content, origin) as archive:
        members: dict[str, str] = {}
        for name in archive.namelist():
            _, _, inner = name.partition("/")
            if not _MEMBERS.fullmatch(inner) or inner in members:
                raise Refused(f"{origin}: member {name[:80]!r} has no place in it", fix=_FIX)
            members[inner] = name
        for inner, name in members.items():
            if inner.endswith("_config.json"):
                _check_payload(_json(archive, name), origin)
            elif inner == "models/model.json":
                _check_program(_json(archive, name), origin)
            elif inner.endswith(".pt"):
                _check_tensors(archive.read(name), origin)


def _archive(content: bytes, origin: str) -> zipfile.ZipFile:
    """Refused for an archive that another reader may read in another way."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise ValueError(str(error)) from error
    members = archive.infolist()
    if not _is_plain(content) or len(members) > _MAX_MEMBERS:
        raise Refused(f"{origin}: an archive that is not as torch writes it", fix=_FIX)
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
            raise Refused(f"{origin}: member {member.filename[:80]!r} is packed", fix=_FIX)
    return archive


def _is_plain(content: bytes) -> bool:
    """True where nothing is before the archive, behind it, or between its parts.

    Python's reader looks for the end of an archive and allows for bytes before its beginning;
    torch's takes each place as it is given.
    """
    *_, size, start, comment = _END.unpack(content[-_END.size :])
    end = start + size
    large = content[end : end + _LARGE_END.size]
    if len(content) != end + _LARGE_END.size + _LOCATOR.size + _END.size:
        return False
    locator = _LOCATOR.unpack(content[end + len(large) : -_END.size])
    return (
        not comment
        and content.startswith(b"PK\3\4")
        and _LARGE_END.unpack(large)[-2:] == (size, start)
        and locator == (b"PK\6\7", 0, end, 1)
    )


def _json(archive: zipfile.ZipFile, name: str) -> Any:
    if archive.getinfo(name).file_size > _MAX_JSON_BYTES:
        raise ValueError(f"{name} is too large")
    try:
        return json.loads(archive.read(name))
    except RecursionError as error:
        raise ValueError(f"{name} is nested too deeply") from error


def _check_payload(config: Any, origin: str) -> None:
    """Every entry is raw bytes, none a pickle."""
    entries = config.get("config") if isinstance(config, dict) else None
    if not isinstance(entries, dict):
        raise ValueError("a list of weights that is none")
    for entry in entries.values():
        name = entry.get("path_name") if isinstance(entry, dict) else None
        is_raw = isinstance(name, str) and _PAYLOAD.fullmatch(name) is not None
        if not is_raw or entry.get("use_pickle") is not False:
            raise Refused(f"{origin}: weights that are unpickled, which may run code", fix=_FIX)


def _check_program(program: Any, origin: str) -> None:
    """torch turns it into source of Python's, names and expressions included, and executes that."""
    pending = [("", program, 0)]
    while pending:
        key, value, depth = pending.pop()
        if depth > _DEEPEST:
            raise ValueError("nested too deeply")
        _check_entry(key, value, origin)
        if isinstance(value, dict):
            # What is said of where a node came from is read as data.
            inner = ((name, each) for name, each in value.items() if name != "metadata")
            for name in value:
                if not torch_names.is_plain(name):
                    raise Refused(f"{origin}: a name that is none, {name[:80]!r}", fix=_FIX)
            pending += ((name, each, depth + 1) for name, each in inner)
        elif isinstance(value, list):
            pending += ((key, each, depth + 1) for each in value)


def _check_entry(key: str, value: Any, origin: str) -> None:
    """One value, or one of a list, by the key that it stands at."""
    if key in torch_names.EMPTY and value:
        raise Refused(f"{origin}: its {key} may run code", fix=_FIX)
    if key.startswith("as_") and key not in torch_names.ARGUMENTS:
        raise Refused(f"{origin}: an argument {key[:80]!r}, which may run code", fix=_FIX)
    if not isinstance(value, str) or key in ("as_string", "as_strings", "torch_version"):
        return
    if key == "target":
        is_known = torch_names.is_computing(value)
    elif key == "expr_str":
        is_known = torch_names.is_plain_expression(value)
    elif key in ("in_spec", "out_spec"):
        is_known = _is_plain_structure(value)
    elif key == "forward_arg_names":
        is_known = value.isidentifier()
    else:
        is_known = torch_names.is_plain(value)
    if not is_known:
        raise Refused(f"{origin}: its {key} {value[:80]!r} may do more than compute", fix=_FIX)


def _is_plain_structure(text: str) -> bool:
    """True where arguments or results are tuples, lists and dictionaries of names."""
    pending = [(json.loads(text), 0)]
    while pending:
        node, depth = pending.pop()
        if depth > _DEEPEST:
            raise ValueError("nested too deeply")
        if isinstance(node, dict):
            if node.get("type") not in torch_names.STRUCTURES:
                return False
            context = node.get("context")
            names = json.loads(context) if isinstance(context, str) else None
            if not all(map(torch_names.is_plain, names or [])):
                return False
            pending.append((node.get("children_spec"), depth + 1))
        elif isinstance(node, list):
            pending += [(each, depth + 1) for each in node]
    return True


def _check_tensors(content: bytes, origin: str) -> None:
    """A file of `torch.save` whose pickle makes tensors and nothing else."""
    with _archive(content, origin) as archive:
        for name in archive.namelist():
            if name.endswith(".pkl"):
                _check_pickle(archive.read(name), origin)


def _check_pickle(content: bytes, origin: str) -> None:
    for operation, argument, _ in pickletools.genops(content):
        is_allowed = operation.name in torch_names.PICKLE_OPERATIONS
        if operation.name == "GLOBAL":
            is_allowed = argument in torch_names.PICKLED
        if not is_allowed:
            shown = argument if operation.name == "GLOBAL" else operation.name
            raise Refused(f"{origin}: a pickle with {str(shown)[:80]!r} in it", fix=_FIX)
