"""`leads inspect`: what leadflow sees in a file, and its cells exactly as read."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table as Grid

from config.loader import load_config
from config.schema import Channel
from config.settings import Settings
from flows.console import FILES, Answer, Refused, UsageError, refuse_no_folder
from flows.inspecting_words import said
from flows.progress import bar, report
from flows.request import channel_named, folder_of
from tasks.content import reading
from tasks.i18n import words
from tasks.inspection import Inspection, Table, Write, inspect_source
from tasks.source import Source, open_source
from tasks.unreadable import UnreadableFile
from tasks.whole_file import whole_file

# damaged lines that a screen shows; JSON has all
_LINES = 20
_MARKS = {",": ",", ";": ";", "\t": "tab", "|": "|", " ": "space"}


@dataclass(frozen=True)
class Asked:
    """What `leads inspect` was asked."""

    file: Path
    channel: str | None = None
    out: Path | None = None
    show_progress: bool = True


def inspect(settings: Settings, asked: Asked) -> Answer:
    """Read a file to its end, tell what it holds, and write its cells where a name is given."""
    config = load_config(settings.config)
    path = asked.file.absolute()
    _refuse_nonsense(asked)
    channel = channel_named(config, asked.channel or folder_of(path, settings) or "default")
    try:
        data = _seen(path, channel, asked)
    except UnreadableFile as why:
        wrong, todo = why.wrong(settings.lang), why.todo(settings.lang)
        data = {"file": str(path), "channel": channel.name, "refused": why.code, "why": wrong, "todo": todo}
        return Answer(todo, data, FILES, (f"{path.name}: {wrong}",))
    return Answer(_page(data, settings.lang), data)


def _seen(path: Path, channel: Channel, asked: Asked) -> dict[str, Any]:
    with (
        TemporaryDirectory(prefix="leadflow-") as scratch,
        bar(show=asked.show_progress),
        # what cannot be written is not the fault of the file that is read
        _tables(asked.out) as (write, written),
        reading(path),
    ):
        source = open_source(path, Path(scratch))
        found = inspect_source(source, channel, write, lambda rows: report(path.name, rows))
    return _data(path, channel.name, source, found) | {"out": [str(file.absolute()) for file in written]}


def _refuse_nonsense(asked: Asked) -> None:
    if not asked.file.is_file():
        raise UsageError(f"{asked.file} is a folder" if asked.file.is_dir() else f"{asked.file} does not exist")
    if asked.out is not None and asked.out.suffix.lower() != ".csv":
        raise UsageError(f"--out {asked.out}: the name must end in .csv")
    if asked.out is not None:
        refuse_no_folder(asked.out)
    if asked.out is not None and asked.out.exists() and asked.out.samefile(asked.file):
        raise UsageError(f"--out {asked.out}: this is the file itself")


@contextmanager
def _tables(out: Path | None) -> Iterator[tuple[Write, list[Path]]]:
    """Write rows to a file for each table: table.csv, table-2.csv, …; UTF-8, each cell as it is."""
    written: list[Path] = []
    writers: list[Any] = []
    with ExitStack() as files:

        def write(number: int, cells: Sequence[str]) -> None:
            if out is None:
                return
            if number > len(writers):
                written.append(out if number == 1 else out.with_stem(f"{out.stem}-{number}"))
                part = files.enter_context(whole_file(written[-1]))
                file = files.enter_context(part.open("w", encoding="utf-8", newline=""))
                writers.append(csv.writer(file, lineterminator="\n"))
            try:
                writers[number - 1].writerow(cells)
            except OSError as error:
                raise Refused(f"{written[number - 1]}: {error.strerror}") from error

        yield write, written


def _data(path: Path, channel: str, source: Source, found: Inspection) -> dict[str, Any]:
    layout, dialect = found.layout, source.dialect
    about: dict[str, Any] = {"kind": "workbook"}
    if layout is not None:
        about = {
            "kind": "text",
            "encoding": layout.encoding,
            "undecodable": source.encodings[0].bad,
            "delimiter": dialect.delimiter if dialect else layout.delimiter,
            "quote": dialect.quote if dialect else '"',
            "escape": dialect.escape if dialect else "",
        }
    sheets = [{"sheet": sheet.name, "rows": sheet.rows, "columns": sheet.columns} for sheet in source.sheets]
    return {
        "file": str(path),
        "channel": channel,
        **about,
        "sheets": sheets,
        "tables": [_table(table) for table in found.tables],
        "skipped": [skipped._asdict() for skipped in found.skipped],
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "sheet": table.sheet,
        "lead_list": table.is_lead_list,
        "header_row": table.header_row,
        "header": list(table.header),
        "columns": [column._asdict() for column in table.columns],
        "rows": table.rows,
        "blank_rows": table.blank,
        "damaged": [damage._asdict() for damage in table.damaged],
    }


def _page(data: dict[str, Any], lang: str) -> str:
    file = StringIO()
    console = Console(file=file, width=118, soft_wrap=True)
    console.print(_about(data, lang), markup=False, highlight=False)
    for number, table in enumerate(data["tables"], 1):
        _say_table(console, number, table, lang)
    for skipped in data["skipped"]:
        console.print(said(f"skipped.{skipped['why']}", lang).format(**skipped), markup=False, highlight=False)
    for out in data["out"]:
        console.print(said("written", lang).format(file=out), markup=False, highlight=False)
    return file.getvalue().rstrip()


def _about(data: dict[str, Any], lang: str) -> str:
    if data["kind"] == "workbook":
        names = "、".join(sheet["sheet"] for sheet in data["sheets"])
        return said("workbook", lang).format(file=Path(data["file"]).name, n=len(data["sheets"]), names=names)
    told = said("text", lang).format(
        file=Path(data["file"]).name, encoding=data["encoding"].upper(), delimiter=_MARKS[data["delimiter"]]
    )
    told += said("quote", lang).format(quote=data["quote"]) if data["quote"] != '"' else ""
    return told + (said("bad", lang).format(n=data["undecodable"]) if data["undecodable"] else "")


def _say_table(console: Console, number: int, table: dict[str, Any], lang: str) -> None:
    form = "table" if table["lead_list"] else "no_leads"
    sheet = said("sheet", lang).format(name=table["sheet"]) if table["sheet"] else ""
    told = {"number": number, "sheet": sheet, "line": table["header_row"], "rows": table["rows"]}
    console.print(said(form, lang).format(**told), markup=False, highlight=False)
    grid = Grid(show_edge=False, pad_edge=False, box=None, padding=(0, 3, 0, 0))
    for name in ("column", "header", "field", "why"):
        grid.add_column(said(name, lang), overflow="fold")
    shown = table["columns"] or [{"number": at, "header": text} for at, text in enumerate(table["header"], 1)]
    for column in shown:
        grid.add_row(_letters(column["number"]), column["header"], *_meaning(column, lang))
    console.print(grid, markup=False)
    if table["damaged"]:
        console.print(said("damaged", lang).format(n=len(table["damaged"])), markup=False, highlight=False)
    for damage in table["damaged"][:_LINES]:
        told = {"line": damage["line"], "what": said(f"problem.{damage['problem']}", lang)}
        console.print(said("line", lang).format(**told), markup=False, highlight=False)
    if len(table["damaged"]) > _LINES:
        console.print(said("more", lang).format(n=len(table["damaged"]) - _LINES), markup=False, highlight=False)


def _meaning(column: dict[str, Any], lang: str) -> tuple[str, str]:
    if "why" not in column:
        return "", ""
    field = column["field"]
    named = f"{words(lang).get(f'column.{field}', field)} ({field})" if field else ""
    unit = said("unit", lang).format(unit=column["unit"]) if column["unit"] else ""
    return named, said(f"why.{column['why']}", lang) + unit


def _letters(number: int) -> str:
    """A column's letters, as spreadsheets name it."""
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("A") + rest) + text
    return text
