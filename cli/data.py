"""`fmtool data`: lists, fetches, describes and checks data sets."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from fmtool.errors import UsageError
from fmtool.suggest import did_you_mean

from . import data_check, data_inspect, output
from .flags import Flags

if TYPE_CHECKING:
    from fmtool.data.base import CacheOrigin

HELP = """\
usage: fmtool data inspect path=PATH [data=NAME] [key=value ...] [output=FILE.png]
       fmtool data list
       fmtool data fetch NAME [source=auto|cache|official|mirror]
       fmtool data info NAME
       fmtool data check NAME
       fmtool data check image_folder|table|arrays|text|mr|sst2|subj|trec path=PATH [key=value ...]

inspect  your own data: what kind it is, classes, sizes, all that is wrong with it, a sheet of
         samples, and a command and a YAML file to begin with; 65 if it cannot be used at all.
         data= says what it is (image_folder, table, arrays, text, a plugin) where that is not
         found out; keys of data=, such as label_column=NAME, go into the command as they are
list     the built-in data sets, with size, licence, and whether they are cached
fetch    downloads, verifies and caches a set; source= says what may fill the cache
info     licence, citation, homepage, shapes and class names of a set
check    verifies the digest of a cached set and counts its labels and duplicate samples; of a set
         of your own it reads every file, with the keys of data= as fmtool train would

Sets are cached in $FMTOOL_DATA, else in ~/.cache/fmtool/data. FMTOOL_OFFLINE=1 forbids downloads.
Official files that you place in the folder of a set there are used as they are.
--plugin FILE.py and -cd DIR bring a data set of your own, which check and inspect look at.

examples:
  fmtool data inspect path=pets
  fmtool data fetch cifar10
"""

Result = dict[str, Any]
Folders = tuple[Path, ...]
_FOLDER_FLAGS = ("-cd", "--config-dir")
_READING = ("inspect", "fetch", "check")
"""Actions that read YAML files."""


def help_text() -> str:
    return HELP


def main(argv: list[str], flags: Flags) -> int:
    """Runs one action and prints its result on stdout; errors are raised, never printed."""
    known = ("inspect", *_ACTIONS)
    if not argv:
        raise UsageError("data: an action is missing", fix=f"one of {', '.join(known)}")
    action, *rest = argv
    if action not in known:
        raise UsageError(f"data: no action '{action}'", fix=did_you_mean(action, known))
    rest, folders = _prepared(rest, flags, is_read=action in _READING)
    if action == "inspect":
        return data_inspect.main(rest, flags, folders)
    run, show = _ACTIONS[action]
    result = run(rest, folders)
    if flags.as_json:
        output.print_json(result)
    else:
        show(result)
    return 0


def _prepared(arguments: list[str], flags: Flags, *, is_read: bool) -> tuple[list[str], Folders]:
    """The words without `-cd DIR`, and the folders of YAML files; plugins are there from now on."""
    words, named = [], []
    remaining = iter(arguments)
    for word in remaining:
        if word in _FOLDER_FLAGS:
            folder = next(remaining, "")
            if not Path(folder).is_dir():
                raise UsageError(f"{word}: no folder '{folder}'", fix=f"write {word} FOLDER")
            named.append(Path(folder))
        else:
            words.append(word)
    if flags.plugins:
        from fmtool import registry

        registry.load_plugins(flags.plugins)
    if not is_read:
        return words, ()
    from fmtool.config.folders import user_folders

    return words, user_folders(named)


def _list(arguments: list[str], folders: Folders) -> Result:
    from fmtool.data.fetching import catalog

    _arguments("list", arguments, wants_name=False)
    sets = [_summary(name) for name in catalog.names()]
    return {"sets": sets, "your_own": catalog.local_names()}


def _fetch(arguments: list[str], folders: Folders) -> Result:
    from fmtool.data.fetching import cache, catalog

    name, options = _arguments("fetch", arguments, known=("source",))
    splits = catalog.load(name, source=_source(options.get("source", "auto")), folders=folders)
    folder = str(cache.folder_of(name)) if catalog.info(name).download_bytes else None
    return {"name": name, "digest": splits.digest, "path": folder}


def _info(arguments: list[str], folders: Folders) -> Result:
    from fmtool.data.fetching import cache, catalog, four_arrays

    name, _ = _arguments("info", arguments)
    info = catalog.info(name)
    manifest = cache.read_manifest(cache.folder_of(name))
    digests = manifest.digests if manifest else info.digests
    shape = info.image_shape or ((len(info.columns),) if info.columns else ())
    names = {} if info.target.kind == "numbers" else {"class_names": list(info.target.names)}
    return _summary(name) | {
        "citation": info.citation,
        "homepage": info.homepage,
        "train": [info.train_size, *shape],
        "test": [info.test_size, *shape],
        **({"image_dtype": "uint8", "pixel_max": info.pixel_max} if info.image_shape else {}),
        **({"columns": list(info.columns)} if info.columns else {}),
        "label_dtype": info.target.dtype,
        **names,
        "target": info.target.to_json(),
        "digest": four_arrays.content_digest(digests) if digests else None,
    }


def _summary(name: str) -> Result:
    from fmtool.data.fetching import catalog

    info = catalog.info(name)
    return {
        "name": name,
        "title": info.title,
        "samples": info.train_size + info.test_size,
        "classes": None if info.target.kind == "numbers" else len(info.target.names),
        "target": info.target.kind,
        "download_bytes": info.download_bytes,
        "licence": info.licence,
        "cached": catalog.is_cached(name),
    }


def _arguments(
    action: str,
    arguments: list[str],
    *,
    wants_name: bool = True,
    known: tuple[str, ...] | None = (),
) -> tuple[str, dict[str, str]]:
    """The NAME, and the key=value pairs, which must be `known`; None: any will do."""
    words = [argument for argument in arguments if "=" not in argument]
    options = dict(argument.split("=", 1) for argument in arguments if "=" in argument)
    for key in options:
        if known is not None and key not in known:
            fix = did_you_mean(key, known) or f"fmtool data {action} takes no key=value"
            raise UsageError(f"data {action}: no key '{key}'", fix=fix)
    if wants_name and not words:
        raise UsageError(
            f"data {action}: the name of a data set is missing", fix="fmtool data list shows them"
        )
    surplus = words[1:] if wants_name else words
    if surplus:
        raise UsageError(f"data {action}: unexpected '{surplus[0]}'", fix="fmtool data --help")
    return (words[0] if wants_name else ""), options


def _check(arguments: list[str], folders: Folders) -> Result:
    from fmtool.data.fetching import catalog

    is_local = any(catalog.is_local(word) for word in arguments[:1])
    name, keys = _arguments("check", arguments, known=None if is_local else ())
    return data_check.check(name, keys, folders)


def _source(value: str) -> "CacheOrigin":
    from fmtool.data.base import CacheOrigin

    for source in get_args(CacheOrigin):
        if value == source:
            chosen: CacheOrigin = source
            return chosen
    raise UsageError(
        f"source={value} is not a source", fix=did_you_mean(value, get_args(CacheOrigin))
    )


def _show_list(result: Result) -> None:
    from fmtool.terminal import Column

    rows = [
        [
            row["name"],
            row["title"],
            f"{row['samples']:,}",
            str(row["classes"] or row["target"]),
            f"{row['download_bytes'] / 1e6:.1f} MB",
            row["licence"],
            "yes" if row["cached"] else "no",
        ]
        for row in result["sets"]
    ]
    columns = [
        Column("name"),
        Column("title", leave_out=1, at_least=26),
        Column("samples", is_number=True),
        Column("classes"),
        Column("download", is_number=True, leave_out=3),
        Column("licence", leave_out=4, at_least=16),
        Column("cached", leave_out=2),
    ]
    output.print_table(columns, rows)
    own = ", ".join(f"data={name} data.path=PATH" for name in result["your_own"])
    output.print_tables(f"your own: {own}")


def _show_facts(result: Result) -> None:
    shown = result | {"digest": result["digest"] and f"{result['digest'][:12]} (--json: all of it)"}
    output.print_table(["", result["name"]], [[key, _text(value)] for key, value in shown.items()])


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return f"{value['kind']}: {data_check.cell(value['names'])}"
    return data_check.cell(value)


_ACTIONS: dict[str, tuple[Callable[[list[str], Folders], Result], Callable[[Result], None]]] = {
    "list": (_list, _show_list),
    "fetch": (_fetch, _show_facts),
    "info": (_info, _show_facts),
    "check": (_check, data_check.show),
}
