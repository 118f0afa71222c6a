"""Hydra's errors as one line: what was wrong, and the closest thing that is there."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from hydra.errors import HydraException, MissingConfigException
from omegaconf.errors import OmegaConfBaseException, UnsupportedInterpolationType
from yaml import MarkedYAMLError

from fmtool.errors import Refused, UsageError
from fmtool.suggest import did_you_mean

HYDRA_ERRORS = (HydraException, OmegaConfBaseException, KeyError, ValueError)
_GRAMMAR = "see `fmtool train --help` for examples of overrides"
_SHORT_FORMS = {"lr": "learning_rate", "wd": "weight_decay", "bs": "batch_size"}


@contextmanager
def errors_in_one_line(known_keys: Callable[[str], list[str]]) -> Iterator[None]:
    """Turns what Hydra raises within into UsageError, or Refused for a resolver of the environment.

    Args:
        known_keys: the keys there are, given the key that is wrong; asked only after an error.
    """
    try:
        yield
    except MissingConfigException as error:
        raise _missing_option(error, known_keys) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{mark.name}, line {mark.line + 1}" if mark else "a YAML file"
        raise UsageError(f"{place}: {error.problem}", fix="correct the YAML there") from error
    except HYDRA_ERRORS as error:
        for cause in _chain(error):
            if isinstance(cause, UnsupportedInterpolationType):
                raise Refused(
                    _first_line(cause),
                    fix="write the value itself, or refer to another key as ${key}",
                ) from error
        raise _misfit(error, known_keys) from error


def flatten_keys(node: Any, prefix: str = "") -> Iterator[str]:
    """The dotted keys of a nested mapping, inner ones included."""
    if isinstance(node, dict):
        for key, value in node.items():
            path = f"{prefix}.{key}" if prefix else str(key)
            yield path
            yield from flatten_keys(value, path)


def closest_key(key: str, known: list[str]) -> str:
    """A hint for a key that is not there: spelled alike, or the same name in another group."""
    parent, _, leaf = key.rpartition(".")
    leaf = _SHORT_FORMS.get(leaf, leaf)
    siblings = [k for k in known if k.rpartition(".")[0] == parent]
    namesakes = [k for k in known if k.rpartition(".")[2] == leaf]
    hint = did_you_mean(f"{parent}.{leaf}" if parent else leaf, siblings)
    if not hint.startswith("did you mean") and len(namesakes) == 1:
        return f"did you mean '{namesakes[0]}'?"
    return hint or did_you_mean(key, known)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """`error` and what led to it: Hydra wraps OmegaConf's errors, now and then without a word."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _missing_option(
    error: MissingConfigException, known_keys: Callable[[str], list[str]]
) -> UsageError:
    missing = str(error.missing_cfg_file)
    group, _, option = missing.rpartition("/")
    if not group:
        return UsageError(f"no config is called '{missing}'", fix="check -cn and -cd")
    if not error.options and group in known_keys(group):  # named in a defaults list
        return UsageError(f"{group}={option}: no such {group}", fix="check the YAML")
    if not error.options:
        return UsageError(f"{group}={option}: there is no group '{group}'", fix="check the YAML")
    return UsageError(f"{group}={option}: no such {group}", fix=did_you_mean(option, error.options))


def _misfit(error: Exception, known_keys: Callable[[str], list[str]]) -> UsageError:
    message = _first_line(error)
    ambiguous = re.search(r"Ambiguous value for argument '([^']+)'", message)
    if ambiguous:
        return UsageError(
            f"'{ambiguous[1]}' has several values",
            fix="write key=[a,b] for a list, or add -m to run one after another",
        )
    for pattern in (
        r"Could not override '([^'@]+)",
        r"Could not delete[^']*'([^'=]+)",
        r"^'([\w.]+)'$",
    ):
        found = re.search(pattern, message)
        if found:
            key = found[1]
            return UsageError(f"unknown key '{key}'", fix=closest_key(key, known_keys(key)))
    return UsageError(message, fix=_GRAMMAR)


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].startswith("Error parsing override"):
        return f"{lines[0]}: {lines[1]}"
    return lines[0].rstrip(".") if lines else type(error).__name__
