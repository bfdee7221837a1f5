"""The tables that a review's mail shows beside its key figures, by kind of review; at most six columns, ten lines."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tasks.i18n import mask_email, mask_phone
from tasks.review_words import RATES, named, percent, review_words

_LINES = 10
#: Figures of a period, and of leads: what each kind of mail shows, in order.
SHOWN: Mapping[str, tuple[str, ...]] = {
    "weekly": ("decisions", "channels", "support", "discuss", "stalled", "plans"),
    "monthly": ("decisions", "tiers", "objections", "promises", "entries", "follow_ups", "channels", "patterns",
    "pool"),
    "quarterly": ("decisions", "wins", "objections", "cohorts", "calibration", "tiers", "promises", "channels",
    "marks"),
}  # fmt: skip
_PHONE, _EMAIL = re.compile(r"(?<!\d)\+?\d[\d -]{6,}\d(?!\d)"), re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_TEXTS = ("support", "plan", "decision", "outcome")
# signs of a text that people wrote
_LONGEST = 60


@dataclass(frozen=True)
class Section:
    """One table: its dataset, title, names of columns, cells as text, and how many lines more there are."""

    dataset: str
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more: int = 0


@dataclass(frozen=True)
class _Cut:
    """What a section takes of a dataset: columns, and the lines for which some column has some value."""

    columns: tuple[str, ...]
    where: Callable[[pd.DataFrame], pd.Series] | None = None


_SECTIONS: Mapping[str, _Cut] = {
    "decisions": _Cut(("number", "decision", "who", "due_on", "state", "outcome")),
    "tiers": _Cut(("tier", "now", "share", "of_stock", "flow", "days_median")),
    "objections": _Cut(("theme", "objections", "share", "planned_in_time", "in_time_share", "won")),
    "promises": _Cut(
        ("policy", "value", "due", "met", "missed", "share"), lambda data: data["by"].isin(("all", "team"))
    ),
    "entries": _Cut(("team", "rows", "complete_share", "omissions", "often")),
    "follow_ups": _Cut(
        ("value", "contacts", "leads", "answered_share", "next_share", "intent_share"),
        lambda data: data["by"] != "person",
    ),
    "channels": _Cut(("channel", "leads", "valid_share", "won", "cost_per_valid", "cost_per_won")),
    "patterns": _Cut(("pattern", "leads"), lambda data: data["by"] == "all"),
    "pool": _Cut(("kind", "leads", "claimed", "contacted", "won"), lambda data: data["leads"] > 0),
    "marks": _Cut(("mark", "grade", "compared", "leads", "valid", "conversion")),
    "wins": _Cut(
        ("dimension", "value", "won", "share_of_won", "share_of_lost", "lift"),
        lambda data: ~data["small"] & (data["lift"] > 1),
    ),
    "cohorts": _Cut(("month", "days", "leads", "won", "share", "mature"), lambda data: data["leads"] > 0),
    "calibration": _Cut(("grade", "leads", "expected", "observed", "low", "high")),
    "support": _Cut(("number", "owner", "at", "support", "support_at")),
    "discuss": _Cut(("number", "grade", "owner", "tier", "silent_days", "next_at")),
    "stalled": _Cut(("number", "grade", "owner", "due_at", "over_days")),
    "plans": _Cut(("number", "grade", "owner", "due_at", "plan")),
}


def sections(kind: str, datasets: Mapping[str, pd.DataFrame], names: Mapping[str, str], lang: str) -> list[Section]:
    """The sections of a kind of review that have a line; names: person → as people call him, promise → what it says."""
    found = [_section(name, datasets[name], names, lang) for name in SHOWN[kind] if name in datasets]
    return [one for one in found if one.rows]


def _section(name: str, data: pd.DataFrame, names: Mapping[str, str], lang: str) -> Section:
    cut = _SECTIONS[name]
    own = data if cut.where is None else data[cut.where(data)]
    # the newest months are those that are asked about
    shown = own.tail(_LINES - 1) if name == "cohorts" else own.head(_LINES)
    words = review_words(lang)
    rows = tuple(tuple(_cell(column, row, names, words) for column in cut.columns) for row in shown.to_dict("records"))
    head = tuple(named(column, lang) for column in cut.columns)
    return Section(name, words[f"sheet.{name}"], head, rows, len(own) - len(shown))


def _cell(column: str, row: Mapping[Any, Any], names: Mapping[str, str], words: Mapping[str, str]) -> str:
    value = row[column]
    if column in RATES:
        few = row.get("small") and column in ("share", "conversion", "answered_share", "next_share", "intent_share",
                                              "observed", "low", "high", "valid_share")  # fmt: skip
        count = next((row[one] for one in ("leads", "due", "contacts") if one in row), 0)
        return words["few"].format(n=count) if few else percent(value)
    if isinstance(value, pd.Timestamp):
        return f"{value:%m-%d}" if column == "due_on" else f"{value:%m-%d %H:%M}"
    if value is None or value is pd.NaT or pd.isna(value):
        return "—"
    if isinstance(value, bool):
        return "✓" if value else ""
    if isinstance(value, float):
        return f"{value:,.0f}" if column.startswith("cost") else f"{value:,.1f}"
    if isinstance(value, int):
        return str(value) if column == "number" else f"{value:,}"
    text = str(value)
    if column in _TEXTS:
        return masked(text)
    if column == "value" and not text and row.get("by", "all") == "all":
        return words["all"]
    return names.get(text) or words.get(text, text) or words["unknown"]


def masked(text: str) -> str:
    """What people wrote, cut to a line, its phone numbers and addresses masked."""
    text = _EMAIL.sub(lambda found: mask_email(found[0]), text)
    text = _PHONE.sub(lambda found: mask_phone(found[0]), text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
