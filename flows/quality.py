"""How good what arrives is, channel by channel and team by team: `leads quality` (H1-3.2-verify, H1-5.1-checklist)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from config.loader import load_config
from config.schema import Config
from config.settings import Settings
from flows.commands import database, parse_moment
from flows.console import Answer, UsageError, refuse_no_folder
from tasks.catalogue import spoken
from tasks.guard import guarded_text
from tasks.i18n import words
from tasks.quality import Quality, measure
from tasks.rules.quality import DIMENSIONS, GRADES, OUTCOMES, VERDICTS, combined
from tasks.whole_file import whole_file
from tasks.workbook import SEPARATOR, SharedText, join_rows, write_workbook

_SUFFIXES = (".csv", ".parquet", ".xlsx")
# lines of a table that a screen shows; the file has all
_LINES = 30
_NUMBERS = 4
_WORDS = {
    "channel": ("渠道", "channel"), "source": ("来源", "source"), "team": ("录入团队", "team"),
    "entrant": ("录入人", "entrant"), "month": ("月份", "month"), "rows": ("行数", "rows"), "late": ("录入迟", "late"),
    "created": ("新建", "created"), "merged": ("并入", "merged"), "updated": ("更新", "updated"),
    "rejected": ("退回", "rejected"), "held": ("无变化", "held"), "leads": ("线索", "leads"),
    "valid": ("有效", "valid"), "to_verify": ("待核实", "to verify"), "invalid": ("无效", "invalid"),
    "unknown": ("（未知）", "(unknown)"), "omissions": ("漏填", "omissions"), "by": ("口径", "by"),
    "value": ("值", "value"), "why_invalid": ("无效原因", "why invalid"),
    "owner": ("负责人", "owner"), "numbers": ("线索编号", "leads by number"),
    "neglected": ("无人跟进、退回公海的线索（计入原负责人）", "Leads nobody tried, now in the pool, by who had them"),
    "often": ("漏填必填项过多的团队", "Teams that leave out too much"),
    "none": ("没有收到任何行。", "No rows have been received."),
    "more": ("…另有 {n} 行", "… and {n} more lines"),
    "written": ("已写入 {file}", "written to {file}"),
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What `leads quality` was asked."""

    month: str | None = None
    by: Sequence[str] = DIMENSIONS
    channel: str | None = None
    out: Path | None = None
    as_of: str | None = None


def quality(settings: Settings, asked: Asked) -> Answer:
    """Measure, print, and write to a file where one is named."""
    by = tuple(one for one in DIMENSIONS if one in (asked.by or DIMENSIONS))
    _refuse_nonsense(asked)
    config = load_config(settings.config)
    moment = parse_moment(asked.as_of, settings) or datetime.now(UTC)
    rules = config.rules.at(moment.astimezone(settings.zone).date())
    with database(settings).connect() as conn:
        found = measure(conn, rules, settings.zone, moment, by, asked.month, asked.channel)
    text = _page(found, config, settings.lang)
    if asked.out is not None:
        _write(found, asked.out, settings.lang)
        text += "\n" + _word("written", settings.lang).format(file=asked.out.absolute())
    return Answer(text, _data(found))


def _refuse_nonsense(asked: Asked) -> None:
    strange = [one for one in asked.by if one not in DIMENSIONS]
    if strange:
        raise UsageError(f"--by {strange[0]}: it is none of {', '.join(DIMENSIONS)}")
    if asked.month is not None and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", asked.month):
        raise UsageError(f"--month {asked.month}: it is no month such as 2026-10")
    if asked.out is not None and asked.out.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"--out {asked.out}: the name must end in {', '.join(_SUFFIXES)}")
    if asked.out is not None:
        refuse_no_folder(asked.out)


def _page(found: Quality, config: Config, lang: str) -> str:
    if not (any(len(figures) for figures in found.figures.values()) or len(found.neglected)):
        return _word("none", lang)
    console = Console(file=StringIO(), width=118)
    for by, figures in found.figures.items():
        console.print(_table(by, figures, lang))
    # the sums are the same, whatever the figures are told apart by
    _say_details(console, next(iter(found.figures.values())), config, lang)
    if len(found.teams):
        named = Table(title=_word("often", lang), title_justify="left")
        for column in ("month", "team", "rows", "omissions"):
            named.add_column(_word(column, lang))
        for row in found.teams.to_dict("records"):
            named.add_row(*(str(row[column]) for column in ("month", "team", "rows", "omissions")))
        console.print(named)
        for row in found.missing.head(_LINES).to_dict("records"):
            place = f"{row['file']}{' ' + row['sheet'] if row['sheet'] else ''}:{row['line']}"
            console.print(
                f"  {row['month']} {row['team']} {row['entrant']} {place} {_fields(row['fields'], lang)}", markup=False
            )
        if len(found.missing) > _LINES:
            console.print("  " + _word("more", lang).format(n=len(found.missing) - _LINES))
    if len(found.neglected):
        console.print(_neglected(found.neglected, lang))
    file: Any = console.file
    return str(file.getvalue()).rstrip()


def _table(by: str, figures: pd.DataFrame, lang: str) -> Table:
    table = Table(title=_word(by, lang), title_justify="left")
    table.add_column(_word(by, lang), overflow="fold")
    columns = ["rows", *OUTCOMES, "late", "leads", *VERDICTS, *(f"grade:{grade}" for grade in GRADES)]
    for column in columns:
        table.add_column(heading(column, lang), justify="right")
    shown = figures.sort_values("rows", ascending=False).head(_LINES) if by != "month" else figures
    for value, row in shown.iterrows():
        table.add_row(str(value) or _word("unknown", lang), *(f"{row[column]:,}" for column in columns))
    return table


def _neglected(rows: pd.DataFrame, lang: str) -> Table:
    """Whom leads count against that nobody tried, with the first of their numbers."""
    table = Table(title=_word("neglected", lang), title_justify="left")
    counts = ("leads", *(f"grade:{grade}" for grade in GRADES))
    for column in ("owner", "team", *counts, "numbers"):
        table.add_column(heading(column, lang), justify="right" if column in counts else "left")
    for row in rows.head(_LINES).to_dict("records"):
        numbers = str(row["numbers"]).split("|")
        shown = " ".join(numbers[:_NUMBERS]) + (f" … ({len(numbers)})" if len(numbers) > _NUMBERS else "")
        table.add_row(row["name"], row["team"], *(f"{row[name]:,}" for name in ("leads", "A", "B", "C")), shown)
    return table


def _say_details(console: Console, figures: pd.DataFrame, config: Config, lang: str) -> None:
    """Say what of a dimension the table has no room for: omissions by field, and why leads are invalid."""
    for start, title in (("omission:", "omissions"), ("invalid:", "why_invalid")):
        sums = figures.filter(like=start).sum().sort_values(ascending=False)
        told = [
            f"{_named(str(name).removeprefix(start), config, lang)} {int(count):,}"
            for name, count in sums.items()
            if count
        ]
        if told:
            console.print(f"  {_word(title, lang)}: {'; '.join(told)}", markup=False)


def _named(code: str, config: Config, lang: str) -> str:
    if "-" not in code:
        return words(lang).get(f"column.{code}", code)
    return f"{code} {config.rules.statement(code, lang)}"


def _fields(fields: str, lang: str) -> str:
    return "、".join(words(lang).get(f"column.{field}", field) for field in fields.split("|"))


def _write(found: Quality, out: Path, lang: str) -> None:
    whole = _with_owners(combined(found.figures), found.neglected)
    with whole_file(out) as part:
        _write_part(whole, part, out.suffix.lower(), lang)


def _write_part(whole: pd.DataFrame, out: Path, suffix: str, lang: str) -> None:
    if suffix == ".parquet":
        whole.to_parquet(out, index=False)
        return
    text = whole.assign(value=[guarded_text(value) for value in whole["value"]]).astype("str")
    if suffix == ".csv":
        text.to_csv(out, index=False, encoding="utf-8-sig", lineterminator="\n")
        return
    header = [heading(str(name), lang) for name in text]
    joined = pa.array([SEPARATOR.join(row) for row in text.itertuples(index=False)], pa.large_string())
    widths = [14, 24, *[10] * (len(header) - 2)]
    rows = join_rows([], joined, [])
    out.write_bytes(write_workbook("quality", header, widths, rows, len(text), SharedText()))


def _with_owners(whole: pd.DataFrame, neglected: pd.DataFrame) -> pd.DataFrame:
    """The figures with a line an owner of leads that nobody tried, where there is one."""
    if neglected.empty:
        return whole
    lines = neglected.rename(columns={"person": "value", "leads": "neglected"})[["value", "neglected"]]
    both = pd.concat([whole, lines.assign(by="owner")], ignore_index=True)
    numbers = [str(column) for column in both if column not in ("by", "value")]
    return both[["by", "value"]].join(both[numbers].fillna(0).astype("int64"))


def _data(found: Quality) -> dict[str, Any]:
    figures = {
        by: [{"value": value, **{name: int(count) for name, count in row.items()}} for value, row in frame.iterrows()]
        for by, frame in found.figures.items()
    }
    return {
        "figures": figures,
        "teams": found.teams.to_dict("records"),
        "missing": found.missing.to_dict("records"),
        "neglected": [{**row, "numbers": row["numbers"].split("|")} for row in found.neglected.to_dict("records")],
    }


def heading(column: str, lang: str) -> str:
    """A column of the figures as people read it: grade:A, omission:need and invalid:RULE by what they count."""
    kind, _, code = column.partition(":")
    if kind == "grade":
        return code
    if not code:
        return _word(column, lang)
    named = words(lang).get(f"column.{code}", code)
    return f"{_word({'omission': 'omissions', 'invalid': 'why_invalid'}[kind], lang)} {named}"


#: The words for a key in the reader's language.
_word = spoken(_WORDS)
