"""Overrides and YAML in, one plain dictionary out: the only module that knows Hydra and OmegaConf.

Hydra composes; it never runs anything for us. Its errors become one line with the closest match.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import hydra
from hydra import compose as hydra_compose
from hydra import initialize_config_module
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from fmtool.config import firewall, quiet, yaml_files
from fmtool.config.explain import HYDRA_ERRORS, closest_key, errors_in_one_line, flatten_keys
from fmtool.errors import UsageError
from fmtool.safety import references

_LONGEST_NAME = 256
"""Characters from which on no file system has a name."""
CONFIG_MODULE = "fmtool.conf"
_NO_GROUPS = ("base", "__pycache__", "space", "tune", "tuner", "pruner")
"""Folders of what others include, and of what only `fmtool tune` knows."""


def compose(
    config_name: str, overrides: list[str], *, folders: tuple[Path, ...] = ()
) -> dict[str, Any]:
    """The composed config without Hydra's node, interpolations resolved; see `with_choices`."""
    return with_choices(config_name, overrides, folders=folders)[0]


def with_choices(
    config_name: str, overrides: list[str], *, folders: tuple[Path, ...] = ()
) -> tuple[dict[str, Any], dict[str, str]]:
    """The composed config as `compose` gives it, and the YAML file that each group is of, by name.

    Raises:
        UsageError: a key, option or value that does not fit, with the closest match.
        Refused: anything that could run code.
    """
    firewall.check_overrides(overrides)
    known_keys = partial(_known_keys, config_name, overrides, folders)
    with errors_in_one_line(known_keys), firewall.environment_hidden():
        _check_choices(overrides, folders)
        _check_primary(config_name, folders)
        with _hydra(folders):
            cfg = hydra_compose(config_name, overrides, return_hydra_config=True)
        raw = OmegaConf.to_container(cfg, resolve=False)
        assert isinstance(raw, dict)
        node = raw.pop("hydra")
        _check_hydra(node, is_pristine=not folders and not _extends(overrides))
        firewall.check_values(raw)
        firewall.check_references(raw)
        resolved: Any = raw
        if references.has_any(raw):
            with_hydra_removed = OmegaConf.create(raw)
            resolved = OmegaConf.to_container(with_hydra_removed, resolve=True)
    assert isinstance(resolved, dict)
    choices = {str(group): str(name) for group, name in node["runtime"]["choices"].items()}
    return {str(key): value for key, value in resolved.items()}, choices


def override_saved(
    saved: dict[str, Any],
    overrides: list[str],
    *,
    groups_allowed: tuple[str, ...],
    keys_allowed: tuple[str, ...] = (),
    folders: tuple[Path, ...] = (),
) -> dict[str, Any]:
    """A saved config with overrides on some of its groups; a group typed anew replaces its node.

    Raises UsageError for an override of anything else, or of a key that is not there.
    """
    firewall.check_overrides(overrides)
    firewall.check_values(saved)
    retyped = {_key(each) for each in overrides} & set(groups_allowed)
    cfg = OmegaConf.create(saved)
    OmegaConf.set_struct(cfg, True)
    for override in overrides:
        key = _key(override)
        group = key.partition(".")[0]
        if group not in groups_allowed and key not in keys_allowed:
            allowed = (*(f"{name}." for name in groups_allowed), *keys_allowed)
            raise UsageError(
                f"'{key}' comes from the run and cannot be changed here",
                fix=f"of the run's config only {', '.join(allowed)} may be set",
            )
        if group not in retyped:
            _set(cfg, override)
    unresolved = OmegaConf.to_container(cfg, resolve=False)
    assert isinstance(unresolved, dict)
    firewall.check_values(unresolved)
    firewall.check_references(unresolved)
    for group in retyped:
        own = [each for each in overrides if _key(each).partition(".")[0] == group]
        cfg[group] = compose("train", own, folders=folders)[group]
    result = OmegaConf.to_container(cfg, resolve=True)
    assert isinstance(result, dict)
    return {str(key): value for key, value in result.items()}


def _set(cfg: Any, override: str) -> None:
    parsed = OverridesParser.create().parse_override(override)
    key = parsed.key_or_group
    known = list(flatten_keys(OmegaConf.to_container(cfg)))
    if key not in known:
        raise UsageError(f"unknown key '{key}'", fix=closest_key(key, known))
    OmegaConf.update(cfg, key, parsed.value(), merge=False)


def options(group: str, folders: tuple[Path, ...] = ()) -> list[str]:
    """Names of the YAML files of a group, fmtool's and the user's."""
    roots = [*_own_roots(), *folders]
    return sorted({path.stem for root in roots for path in (root / group).glob("*.yaml")})


def option_file(group: str, name: str, folders: tuple[Path, ...] = ()) -> Path:
    """The YAML file of one of `options`; where several folders have it, Hydra takes the first."""
    files = (root / group / f"{name}.yaml" for root in [*_own_roots(), *folders])
    return next(path for path in files if path.is_file())


def groups() -> list[str]:
    """Config groups of trainings, without the folder of shared keys."""
    return sorted(
        path.name
        for root in _own_roots()
        for path in root.iterdir()
        if path.is_dir() and path.name not in _NO_GROUPS
    )


def run_hydra_main(config_name: str, folders: tuple[Path, ...]) -> None:
    """Lets Hydra answer the information flags in sys.argv; its task does nothing."""
    yaml_files.search(folders)
    answer = hydra.main(
        config_path=f"pkg://{CONFIG_MODULE}", config_name=config_name, **_version_base()
    )
    with (
        errors_in_one_line(lambda _: groups()),
        firewall.environment_hidden(),
        quiet.no_warnings(),
        quiet.logging_restored(),
    ):
        _check_primary(config_name, folders)
        answer(lambda _: None)()


def dump(config: dict[str, Any] | list[str]) -> str:
    """YAML text, keys in their order."""
    return OmegaConf.to_yaml(OmegaConf.create(config))


def _own_roots() -> list[Path]:
    import fmtool.conf

    return [Path(root) for root in fmtool.conf.__path__]


@contextmanager
def _hydra(folders: tuple[Path, ...]) -> Iterator[None]:
    yaml_files.search(folders)
    try:
        with (
            quiet.no_warnings(),
            initialize_config_module(CONFIG_MODULE, job_name="fmtool", **_version_base()),
        ):
            yield
    finally:
        yaml_files.search(())


def _check_choices(overrides: list[str], folders: tuple[Path, ...]) -> None:
    """UsageError for `model=null`, `model=3` and `data=/tmp`, which Hydra misreads."""
    known = groups()
    for override in overrides:
        key, _, text = override.partition("=")
        if key not in known or not text:
            continue
        _check_path(key, text, folders)
        value = OverridesParser.create().parse_override(override).value()
        if value is None or isinstance(value, int | float):
            raise UsageError(
                f"{override}: no option is chosen",
                fix=f"write {key}=NAME, one of {', '.join(options(key))}",
            )


def _check_path(group: str, text: str, folders: tuple[Path, ...]) -> None:
    """UsageError for a path in the place of an option."""
    is_path = (
        text.startswith(("/", "~", "./", "../"))
        or "://" in text
        or (len(text) < _LONGEST_NAME and Path(text).exists())
    )
    if not is_path or text in options(group, folders):
        return
    if group == "data":
        raise UsageError(
            f"data={text}: a path, where the name of a data set belongs",
            fix=f"fmtool data inspect path={text} says how to train on it",
        )
    raise UsageError(
        f"{group}={text}: a path, where a name belongs",
        fix=f"write {group}=NAME, one of {', '.join(options(group))}",
    )


def _check_primary(config_name: str, folders: tuple[Path, ...]) -> None:
    """Reads what Hydra would import from before Hydra does: only the primary config can say."""
    for folder in folders:
        path = folder / f"{config_name.removesuffix('.yaml')}.yaml"
        if path.is_file():
            primary = yaml_files.load(path)
            firewall.check_search_path(str(OmegaConf.select(primary, "hydra.searchpath")))


def _version_base() -> dict[str, str]:
    """Hydra 1.4 warns about the argument on every start; 1.3 warns without it."""
    return {"version_base": "1.3"} if hydra.__version__.startswith("1.3.") else {}


def _extends(overrides: list[str]) -> bool:
    return any(override.lstrip("+").startswith("hydra.searchpath") for override in overrides)


def _check_hydra(node: Any, *, is_pristine: bool) -> None:
    for source in node["runtime"]["config_sources"]:
        if source["schema"] == "file" and not Path(source["path"]).is_dir():
            raise UsageError(
                f"hydra.searchpath: no folder '{source['path']}'", fix="name an existing folder"
            )
    if is_pristine:
        return
    with _hydra(()):
        ours = OmegaConf.to_container(
            hydra_compose("evaluate", [], return_hydra_config=True), resolve=False
        )
    assert isinstance(ours, dict)
    firewall.check_hydra_node(node, ours["hydra"])


def _key(override: str) -> str:
    return override.partition("=")[0].lstrip("+~")


def _known_keys(
    config_name: str, overrides: list[str], folders: tuple[Path, ...], but: str
) -> list[str]:
    """Every key of the config that the overrides choose options for, values aside."""
    chosen = [each for each in overrides if _key(each) in groups() and _key(each) != but]
    try:
        with _hydra(folders):
            composed = OmegaConf.to_container(hydra_compose(config_name, chosen), resolve=False)
    except HYDRA_ERRORS:
        return groups()
    return sorted({*flatten_keys(composed), *groups()})
