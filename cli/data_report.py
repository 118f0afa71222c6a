"""The report of `fmtool data inspect` for people."""

from collections.abc import Sequence
from typing import Any

from fmtool.notices import printable

from . import output

Result = dict[str, Any]
_MAX_ROWS = 20
"""The largest number of classes and of problems shown; --json has them all."""
_LONGEST_TEXT = 100
_BARS = "_▁▂▃▄▅▆▇█"


def show(result: Result) -> None:
    """Prints all that was found, and how to begin."""
    output.print_line(f"{result['path']}: {result['description']}")
    if "classes" in result:
        _show_classes(result["classes"], result["samples"])
    if "numbers" in result:
        _show_numbers(result["numbers"])
    if result.get("samples"):
        _show_facts(result)
    _show_problems(result["problems"])
    if "next" in result:
        _show_start(result)


def _show_numbers(numbers: list[Result]) -> None:
    names = ("min", "median", "mean", "max", "deviation")
    rows = [
        [each["name"], *(f"{each[name]:,.6g}" for name in names), _bars(each["histogram"])]
        for each in numbers[:_MAX_ROWS]
    ]
    if len(numbers) > _MAX_ROWS:
        rows.append([f"... {len(numbers) - _MAX_ROWS} more"])
    output.print_table(["number", *names, "from min to max"], rows)


def _bars(histogram: Result) -> str:
    """A sign for each bin, the higher the more samples it has."""
    counts = histogram["counts"]
    return "".join(_BARS[-(-count * (len(_BARS) - 1) // max(counts))] for count in counts)


def _show_classes(classes: list[Result], total: int) -> None:
    splits = list(classes[0]["splits"]) if classes else []
    rows = [
        [
            each["name"],
            f"{each['samples']:,}",
            f"{each['samples'] / max(1, total):.1%}",
            *(f"{each['splits'][split]:,}" for split in splits),
        ]
        for each in classes[:_MAX_ROWS]
    ]
    if len(classes) > _MAX_ROWS:
        rows.append([f"... {len(classes) - _MAX_ROWS} more"])
    output.print_table(["class", "samples", "share", *splits], rows)


def _show_facts(result: Result) -> None:
    from fmtool.targets import from_json

    duplicates, target = result["duplicates"], from_json(result["target"])
    facts = {"samples": f"{result['samples']:,} {target.beside_samples()}"}
    if target.kind != "numbers":
        ratio = result.get("imbalance")
        facts["largest by smallest class"] = "-" if ratio is None else f"{ratio:.1f}"
    facts |= {
        **{key.replace("_", " "): _text(value) for key, value in result["statistics"].items()},
        "duplicates": f"{duplicates['repeated']:,}",
    }
    output.print_table(["", "what there is"], [[key, value] for key, value in facts.items()])


def _show_problems(problems: list[Result]) -> None:
    for stops, title in ((True, "stops a training"), (False, "worth a look")):
        chosen = [each for each in problems if each["stops_training"] is stops]
        if not chosen:
            continue
        rows = [(each["message"], each["fix"]) for each in chosen[:_MAX_ROWS]]
        if len(chosen) > _MAX_ROWS:
            rows.append((f"... {len(chosen) - _MAX_ROWS} more", "--json lists them all"))
        count = sum(each["count"] for each in chosen)
        _print_problems(f"{title}: {count:,}", rows)


def _print_problems(title: str, rows: Sequence[tuple[str, str]]) -> None:
    """A table where there is room for its long cells, else a line for each."""
    from fmtool import terminal
    from fmtool.data.inspection.findings import NOTHING_TO_DO

    table = terminal.table(title, "fix")
    for row in rows:
        table.add_row(*row)
    listed = [
        f"- {message}" if fix == NOTHING_TO_DO else f"- {message}; fix: {fix}"
        for message, fix in rows
    ]
    below = terminal.Group(title, *listed, "")
    output.print_tables(terminal.Either(table, below))


def _show_start(result: Result) -> None:
    if result["examples"]:
        rows = [
            [name, _short(printable(text))]
            for name, texts in list(result["examples"].items())[:_MAX_ROWS]
            for text in texts
        ]
        output.print_table(["class", "example"], rows)
    if result["sheet"] is not None:
        output.print_line(f"samples of each class: {result['sheet']}")
        output.print_line()
    stopping = sum(each["count"] for each in result["problems"] if each["stops_training"])
    mended = "the problem is" if stopping == 1 else f"the {stopping:,} problems are"
    first = f", once {mended} mended" if stopping else ""
    if result["next"]:
        output.print_line(f"next{first}:")
        for command in result["next"]:
            output.print_line(f"  {command}")
    else:
        output.print_line("no installed task learns such a target")
    if len(result["tasks"]) > 1:
        output.print_line(f"  tasks that learn it: {', '.join(result['tasks'])}")
    output.print_line()
    output.print_line(f"or keep the settings in {result['config_file']}:")
    output.print_line()
    for line in result["config"].splitlines():
        output.print_line(f"  {line}".rstrip())
    output.print_line()
    if result["next"]:
        output.print_line(f"which makes it: {result['command_with_config_file']}")


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"


def _text(value: Any) -> str:
    if isinstance(value, dict) and "median" in value:
        return f"{value['min']:,} to {value['max']:,}, median {value['median']:,g}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {count:,}" for key, count in value.items())
    return "x".join(map(str, value)) if isinstance(value, list) else str(value)
