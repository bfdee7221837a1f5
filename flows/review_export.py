"""`leads review export`: the figures of reviews by any dimension, as one file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any, cast

import pandas as pd
from rich.console import Console
from rich.table import Table

from config.loader import load_config
from config.schema import Rules
from config.settings import Settings
from flows.commands import database, parse_moment
from flows.console import Answer, UsageError, refuse_no_folder
from tasks.guard import guarded_text
from tasks.lead_facts import lead_facts, wait_for_writers
from tasks.need_types import NEED_TYPES, with_need_types
from tasks.rules.reviews.tally import DIMENSIONS, FIGURES, Basis, Period, parts_of, tally, within
from tasks.whole_file import whole_file

RATES = ("conversion", "won_of_valid", "won_of_closed")
DAYS = ("cycle_mean_days", "cycle_median_days")
_DEFINED = (
    "R-LEADS",
    "R-VALID",
    "R-OPEN",
    "R-CONVERSION",
    "R-CYCLE",
    "R-GRADE",
    "R-NEED-TYPES",
    "R-BASIS",
    "R-STAGE",
    "R-CUT",
)
# lines that a screen shows; the file has all
_LINES = 40


@dataclass(frozen=True)
class Asked:
    """What `leads review export` was asked."""

    dimensions: Sequence[str]
    basis: str = "created"
    first: str | None = None
    last: str | None = None
    as_of: str | None = None
    out: Path | None = None


def export(settings: Settings, asked: Asked) -> Answer:
    """Count, show, and write to a file where one is named."""
    _refuse_nonsense(asked)
    period = Period(
        _day("--from", asked.first, last=False) if asked.first else None,
        _day("--to", asked.last, last=True) if asked.last else None,
    )
    if period.first and period.last and period.last < period.first:
        raise UsageError(f"--to {asked.last} lies before --from {asked.first}")
    config = load_config(settings.config)
    moment = parse_moment(asked.as_of, settings) or datetime.now(UTC)
    engine = database(settings)
    wait_for_writers(engine, moment)
    with engine.connect() as conn:
        facts = lead_facts(conn, moment, settings.tz)
        if any("need_type" in parts_of(one) for one in asked.dimensions):
            facts = with_need_types(conn, facts, config.rules.value(NEED_TYPES))
    basis = cast(Basis, asked.basis)
    counted = within(facts, basis, period)
    figures = pd.concat([tally(counted, one, basis, facts) for one in asked.dimensions], ignore_index=True)
    shown = written(figures)
    text = _page(shown, config.rules, settings.lang)
    if asked.out is not None:
        _write(shown, asked.out)
        text += f"\n{len(shown)} lines written to {asked.out.absolute()}"
    return Answer(text, {"figures": _data(figures), "out": str(asked.out.absolute()) if asked.out else None})


def written(figures: pd.DataFrame) -> pd.DataFrame:
    """The figures as text: counts whole, shares with six digits, days with four, '' where there is none."""
    text = pd.DataFrame(index=figures.index)
    for name in FIGURES:
        column = figures[name]
        if name in (*RATES, *DAYS):
            form = "{:.6f}" if name in RATES else "{:.4f}"
            text[name] = [form.format(value) if pd.notna(value) else "" for value in column]
        else:
            text[name] = column.astype("str").fillna("").replace("<NA>", "")
    return text


def _refuse_nonsense(asked: Asked) -> None:
    for one in asked.dimensions:
        parts = parts_of(one)
        strange = [part for part in parts if part not in DIMENSIONS or (part == "stage" and len(parts) > 1)]
        if strange:
            known = ", ".join(DIMENSIONS)
            raise UsageError(f"--dimension {one}: {strange[0]} is none of {known}; * makes a cross, but not of stages")
    if asked.basis not in ("created", "closed"):
        raise UsageError(f"--basis {asked.basis}: it is created or closed")
    if asked.out is not None and asked.out.suffix.lower() != ".csv":
        raise UsageError(f"--out {asked.out}: the name must end in .csv")
    if asked.out is not None:
        refuse_no_folder(asked.out)


def _day(option: str, text: str, *, last: bool) -> date:
    """The day that is written, or the first or last one of a month or year."""
    found = re.fullmatch(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", text)
    try:
        if found is None:
            raise ValueError(text)
        year, month, day = int(found[1]), int(found[2] or (12 if last else 1)), found[3]
        if day or not last:
            return date(year, month, int(day or 1))
        return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    except ValueError:
        raise UsageError(f"{option} {text}: it is no day such as 2026-10-31, month or year") from None


def _write(shown: pd.DataFrame, out: Path) -> None:
    text = shown.assign(value=[guarded_text(value) for value in shown["value"]])
    with whole_file(out) as part:
        text.to_csv(part, index=False, encoding="utf-8", lineterminator="\n")


def _page(shown: pd.DataFrame, rules: Rules, lang: str) -> str:
    console = Console(file=StringIO(), width=150)
    table = Table()
    for name in FIGURES:
        table.add_column(name, justify="left" if name in ("dimension", "value") else "right", overflow="fold")
    for row in shown.head(_LINES).itertuples(index=False):
        table.add_row(*row)
    console.print(table, markup=False)
    if len(shown) > _LINES:
        console.print(f"… and {len(shown) - _LINES} more lines")
    for rule in _DEFINED:
        console.print(f"  {rule}  {rules.statement(rule, lang)}", markup=False, highlight=False, soft_wrap=True)
    file: Any = console.file
    return str(file.getvalue()).rstrip()


def _data(figures: pd.DataFrame) -> list[dict[str, Any]]:
    plain = figures.astype("object").where(figures.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]
