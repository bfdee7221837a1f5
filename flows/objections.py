"""`leads objections`: what customers object, how it was answered in time, and which standard answers worked (H4-3)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from config.schema import AnswerRule, Config
from config.settings import Settings
from flows.commands import company, parse_moment
from flows.console import Answer
from flows.request import ruled
from tasks.catalogue import spoken
from tasks.objections import Counted, count_objections

_WORDS = {
    "category": ("异议类别", "category"), "raised": ("提出", "raised"), "in_time": ("按时定下答复", "planned in time"),
    "in_time_share": ("及时率", "rate"), "resolved": ("已化解", "resolved"), "resolved_share": ("化解率", "rate"),
    "won": ("其后成交", "won after"), "lost": ("其后流失", "lost after"), "answer": ("标准答复", "standard answer"),
    "used": ("使用", "used"), "up": ("层级上升", "tier up"), "helped": ("有效", "helped"),
    "helped_share": ("有效率", "rate"), "by_category": ("异议", "Objections"),
    "by_answer": ("标准答复的效果", "What the standard answers did"),
    "few": ("样本少（{n}）", "too few ({n})"), "none": ("没有记录异议。", "No objection has been recorded."),
    "what": ("内容", "what"),
}  # fmt: skip
_word = spoken(_WORDS)
_CATEGORY = ("category", "raised", "in_time", "in_time_share", "resolved", "resolved_share", "won", "lost")
_ANSWER = ("answer", "what", "used", "resolved", "up", "won", "helped", "helped_share")
_SHARES = {"in_time_share": "raised", "resolved_share": "raised", "helped_share": "used"}


def objections(settings: Settings, since: str | None, as_of: str | None) -> Answer:
    """Count objections by category, and standard answers by what came of them."""
    config, engine = company(settings)
    moment = parse_moment(as_of, settings) or datetime.now(UTC)
    config = ruled(config, moment, settings)
    with engine.connect() as conn:
        found = count_objections(conn, config, moment, parse_moment(since, settings, "--since"))
    data = {"categories": _plain(found.categories), "answers": _plain(found.answers)}
    return Answer(_page(found, config, settings.lang), data)


def _page(found: Counted, config: Config, lang: str) -> str:
    console = Console(file=StringIO(), width=118)
    named = {rule.id: rule for rule in config.rules.objections}
    if found.categories.empty:
        console.print(_word("none", lang))
    else:
        console.print(_table("by_category", _CATEGORY, found.categories, named, lang))
    console.print(_table("by_answer", _ANSWER, found.answers, named, lang))
    file: Any = console.file
    return str(file.getvalue()).rstrip()


def _table(
    title: str, columns: tuple[str, ...], rows: pd.DataFrame, named: Mapping[str, AnswerRule], lang: str
) -> Table:
    table = Table(title=_word(title, lang), title_justify="left")
    for column in columns:
        left = column in ("category", "answer", "what")
        table.add_column(_word(column, lang), justify="left" if left else "right", overflow="fold")
    for row in rows.to_dict("records"):
        if "answer" in row:
            row["what"] = named[str(row["answer"])].statement.of(lang)
        table.add_row(*(_cell(column, row, lang) for column in columns))
    return table


def _cell(column: str, row: Mapping[Any, Any], lang: str) -> str:
    if column not in _SHARES:
        return str(row[column])
    count = int(row[_SHARES[column]])
    if not count:
        return "—"
    return _word("few", lang).format(n=count) if row["small"] else f"{row[column]:.0%}"


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as JSON has them; a rate of too few is no number."""
    rows = frame.astype("object")
    for column in _SHARES:
        if column in rows:
            rows[column] = rows[column].where(~frame["small"] & np.isfinite(frame[column].astype("float64")), None)
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]
