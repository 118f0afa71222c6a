"""Reads what an option's file has into the contract of its kind, once and with one line on faults.

A contract is a frozen dataclass in the `base.py` of a kind. Its fields are names in the file: those
without a default have to be there, the others are hooks that a file may have. The type of a
function is a Protocol, whose call is what the rest of the program does with it.
"""

import inspect
from dataclasses import MISSING, fields
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from fmtool.errors import UsageError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

ContractT = TypeVar("ContractT", bound="DataclassInstance")


def read(module: ModuleType, contract: type[ContractT], *, origin: str) -> ContractT:
    """The contract with what `module` has, defaults for the rest.

    Args:
        origin: of the module, for messages.

    Raises:
        UsageError: what has no default is missing, or something has another form.
    """
    found: dict[str, Any] = {}
    for name, (hint, is_required) in _contents(contract).items():
        value = vars(module).get(name)
        if name not in vars(module) or not (is_required or is_own(module, name)):
            if is_required:
                raise UsageError(
                    f"{origin}: there is no {name} in it", fix=f"add {_shown(name, hint)}"
                )
            continue
        found[name] = _checked(value, name, hint, origin)
    return contract(**found)


def is_own(module: ModuleType, name: str) -> bool:
    """True where a file means a name as a hook, which it only uses where it imports it.

    What was defined elsewhere, or is a module, has to be in `__all__`. A constant does not say
    where it comes from, and counts.
    """
    value = vars(module)[name]
    if not (callable(value) or isinstance(value, ModuleType)):
        return True
    is_defined_here = getattr(value, "__module__", None) == module.__name__
    return is_defined_here or name in vars(module).get("__all__", ())


@cache
def _contents(contract: type[Any]) -> dict[str, tuple[Any, bool]]:
    """Each name with its type and whether it has to be there."""
    hints = get_type_hints(contract)
    return {each.name: (hints[each.name], each.default is MISSING) for each in fields(contract)}


def _checked(value: Any, name: str, hint: Any, origin: str) -> Any:
    call = _call_of(hint)
    if call is not None:
        if not callable(value) or not _takes(value, call):
            raise UsageError(
                f"{origin}: {name} is not a function that can be called as {_shown(name, hint)}",
                fix=f"define it as `def {_shown(name, hint)}`",
            )
        return value
    try:
        return TypeAdapter(hint).validate_python(value)
    except ValidationError as error:
        reason = error.errors(include_url=False)[0]["msg"]
        raise UsageError(f"{origin}: {name}={value!r} is not accepted", fix=reason) from error


def _call_of(hint: Any) -> list[inspect.Parameter] | None:
    """The call that a function of a Protocol takes, or one of a Protocol or None; else None."""
    for each in (hint, *get_args(hint)):
        if getattr(each, "_is_protocol", False):
            return list(inspect.signature(each.__call__).parameters.values())[1:]
    return None


def _takes(function: Any, call: list[inspect.Parameter]) -> bool:
    named = {each.name: None for each in call if each.kind is each.KEYWORD_ONLY}
    try:
        inspect.signature(function).bind(*[None] * (len(call) - len(named)), **named)
    except (TypeError, ValueError):
        return False
    return True


def _shown(name: str, hint: Any) -> str:
    """`build(cfg, *, epochs)`, or the name alone."""
    call = _call_of(hint)
    if call is None:
        return name
    positional = [each.name for each in call if each.kind is not each.KEYWORD_ONLY]
    named = [each.name for each in call if each.kind is each.KEYWORD_ONLY]
    return f"{name}({', '.join([*positional, *(['*', *named] if named else [])])})"
