"""The page that sums a receipt up: counts that tie, reasons with advice, omissions by team and entrant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from config.schema import CheckRule, Rules
from tasks.layout import Layout
from tasks.receipt_words import words

OUTCOMES = ("created", "merged", "updated", "rejected", "held")


@dataclass(frozen=True)
class About:
    """What a receipt says about its file: the sender's name of it, channel, batch, and when it was received."""

    name: str
    channel: str
    batch: int
    received: str
    lang: str = "zh_CN"


@dataclass
class Tally:
    """What is counted while a receipt is written.

    omissions: (team, entrant) -> rows, rows with an omission, omissions.
    """

    required: frozenset[str]
    rows: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    issues: Counter[str] = field(default_factory=Counter)
    decisions: Counter[str] = field(default_factory=Counter)
    omissions: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)

    @classmethod
    def for_rules(cls, rules: Rules) -> Tally:
        """An empty tally that knows which checks are omissions."""
        return cls(frozenset(rule.id for rule in rules.checklist if rule.level == "required"))

    def add(self, rows: pd.DataFrame) -> None:
        """Count the rows of a chunk, once per combination that occurs."""
        if rows.empty:
            return
        self.rows += len(rows)
        self.outcomes.update(_counted(rows["outcome"]))
        _spread(self.issues, _counted(rows["issues"]))
        if "reasons" in rows.columns:
            _spread(self.decisions, _counted(rows["reasons"]))
        blank = pd.Series("", index=rows.index)
        who = pd.DataFrame({name: rows.get(name, blank).fillna("") for name in ("entry_team", "entrant", "issues")})
        for team, entrant, joined, count in who.value_counts().reset_index().itertuples(index=False):
            missed = len(self.required.intersection(joined.split("|")))
            total = self.omissions.setdefault((team, entrant), Counter())
            total.update(rows=count, missing=count * bool(missed), omissions=count * missed)


def page(about: About, layout: Layout, tally: Tally, rules: Rules, files: Sequence[Path]) -> str:
    """The page as one HTML text without anything outside it."""
    said = words(about.lang)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    labels = ("file.full", "file.mend")
    return environment.get_template("receipt.html.j2").render(
        t=said,
        lang="en" if about.lang == "en" else "zh-CN",
        about=about,
        tally=tally,
        cards=[(code, tally.outcomes.get(code, 0)) for code in _shown(tally)],
        issues=_issues(tally, rules, about.lang),
        decisions=[
            (rules.statement(id_, about.lang), count)
            for id_, count in sorted(tally.decisions.items(), key=lambda item: (-item[1], item[0]))
        ],
        omissions=_omissions(tally, said),
        files=[
            {"label": said[label], "name": path.name, "link": quote(path.name)}
            for label, path in zip(labels, files, strict=False)
        ],
        unmapped=layout.unmapped,
        notes=_notes(layout, said),
    )


def _shown(tally: Tally) -> list[str]:
    """The outcomes that are shown: the usual ones always, the rare ones when they occur."""
    strange = sorted(set(tally.outcomes) - set(OUTCOMES))
    return [code for code in OUTCOMES if code not in ("updated", "held") or tally.outcomes[code]] + strange


def _issues(tally: Tally, rules: Rules, lang: str) -> list[dict[str, Any]]:
    found = []
    for rule_id, count in tally.issues.items():
        rule = rules.find(rule_id)
        rejects = isinstance(rule, CheckRule) and rule.rejects
        level = "rejects" if rejects else rule.level if isinstance(rule, CheckRule) else "quality"
        hint = rules.hint(rule_id, lang) if isinstance(rule, CheckRule) else ""
        found.append(
            {"id": rule_id, "level": level, "text": rules.statement(rule_id, lang), "hint": hint, "count": count}
        )
    order = ("rejects", "required", "format", "quality")
    return sorted(found, key=lambda issue: (order.index(issue["level"]), -issue["count"], issue["id"]))


def _omissions(tally: Tally, said: Mapping[str, str]) -> list[tuple[str, str, Counter[str]]]:
    named = [
        (team or said["unknown"], entrant or said["unknown"], counts)
        for (team, entrant), counts in sorted(tally.omissions.items())
        if counts["omissions"]
    ]
    return sorted(named, key=lambda line: -line[2]["omissions"])


def _notes(layout: Layout, said: Mapping[str, str]) -> list[str]:
    notes = [said["note.encoding"].format(encoding=layout.encoding.upper(), line=layout.header_line)]
    for note in layout.notes:
        name, _, count = note.partition(":")
        notes.append(said[f"note.{name}"].format(n=count))
    return notes


def _counted(column: pd.Series) -> dict[str, int]:
    return {str(key): int(count) for key, count in column.fillna("").value_counts().items()}


def _spread(total: Counter[str], counted: Mapping[str, int]) -> None:
    for joined, count in counted.items():
        total.update({rule_id: count for rule_id in joined.split("|") if rule_id})
