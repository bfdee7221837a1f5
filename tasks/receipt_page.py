"""The page that sums a receipt up: counts that tie, reasons with advice, omissions by team and entrant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from config.schema import CheckRule, ConfigError, Rules
from tasks.receipt_words import words
from tasks.rules.check import omissible, omissions
from tasks.tables import Tables

MISSES = "C-MISSES"
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

    required: the checks that name an omission, with their fields.
    omissions: (team, entrant) -> rows, rows with an omission, omissions.
    """

    required: Mapping[str, str]
    rows: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    issues: Counter[str] = field(default_factory=Counter)
    decisions: Counter[str] = field(default_factory=Counter)
    omissions: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)

    @classmethod
    def for_rules(cls, rules: Rules) -> Tally:
        """An empty tally that knows which checks are omissions: those of the checklist of required fields."""
        return cls(omissible(rules))

    def add(self, rows: pa.Table) -> None:
        """Count the rows of a block, once per combination that occurs."""
        self.rows += len(rows)
        self.outcomes.update(_counted(rows, "outcome"))
        _spread(self.issues, _counted(rows, "issues"))
        if "reasons" in rows.column_names:
            _spread(self.decisions, _counted(rows, "reasons"))
        for (team, entrant, joined), count in _combinations(rows, "entry_team", "entrant", "issues"):
            missed = omissions(joined, self.required)
            total = self.omissions.setdefault((team, entrant), Counter())
            total.update(rows=count, missing=count * bool(missed), omissions=count * missed)


def page(about: About, tables: Tables, tally: Tally, rules: Rules, files: Sequence[Path]) -> str:
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
        often=_often(tally, rules, said),
        files=[
            {"label": said[label], "name": path.name, "link": quote(path.name)}
            for label, path in zip(labels, files, strict=False)
        ],
        unmapped=list(dict.fromkeys(name for layout in tables.layouts for name in layout.unmapped)),
        notes=[*_notes(tables, said), *_skipped(tables, said)],
    )


def _shown(tally: Tally) -> list[str]:
    """The outcomes that are shown: the usual ones always, the rare ones when they occur."""
    strange = sorted(set(tally.outcomes) - set(OUTCOMES))
    return [code for code in OUTCOMES if code not in ("updated", "held") or tally.outcomes[code]] + strange


def _issues(tally: Tally, rules: Rules, lang: str) -> list[dict[str, Any]]:
    found = []
    for rule_id, count in tally.issues.items():
        rule = rules.find(rule_id)
        level = _level(rule) if isinstance(rule, CheckRule) else "quality"
        hint = rules.hint(rule_id, lang) if isinstance(rule, CheckRule) else ""
        found.append(
            {"id": rule_id, "level": level, "text": rules.statement(rule_id, lang), "hint": hint, "count": count}
        )
    order = ("rejects", "required", "format", "wanted", "quality")
    return sorted(found, key=lambda issue: (order.index(issue["level"]), -issue["count"], issue["id"]))


def _level(rule: CheckRule) -> str:
    """How a finding is shown: what rejects the row, an omission, what is wanted beyond the checklist, …"""
    if rule.rejects:
        return "rejects"
    return "wanted" if rule.completeness == 2 else rule.level


def _omissions(tally: Tally, said: Mapping[str, str]) -> list[tuple[str, str, Counter[str]]]:
    named = [
        (team or said["unknown"], entrant or said["unknown"], counts)
        for (team, entrant), counts in sorted(tally.omissions.items())
        if counts["omissions"]
    ]
    return sorted(named, key=lambda line: -line[2]["omissions"])


def _often(tally: Tally, rules: Rules, said: Mapping[str, str]) -> str:
    """Name those who left out more than the rule lets pass, most first; nothing where nobody did."""
    try:
        misses = int(rules.value(MISSES))
    except ConfigError:  # a company may switch it off
        return ""
    known = {who: counts["omissions"] for who, counts in tally.omissions.items() if any(who)}
    counted = {who: count for who, count in known.items() if count > misses}
    named = [
        said["omitted.who"].format(who=" ".join(filter(None, who)), n=count)
        for who, count in sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    ]
    return said["omitted.often"].format(n=misses, names=said["omitted.between"].join(named)) if named else ""


def _notes(tables: Tables, said: Mapping[str, str]) -> Iterator[str]:
    """How each lead list of the file was read."""
    form = "note.sheet" if tables.is_book else "note.encoding"
    for layout in tables.layouts:
        line = layout.header_line
        yield said[form].format(encoding=layout.encoding.upper(), sheet=layout.sheet, line=line)
        for note in layout.notes:
            name, _, count = note.partition(":")
            yield said[f"note.{name}"].format(n=count)


def _skipped(tables: Tables, said: Mapping[str, str]) -> Iterator[str]:
    """The sheets that were passed over, and why."""
    for skipped in tables.skipped:
        yield said["note.skipped"].format(sheet=skipped.sheet, why=said[f"skipped.{skipped.why}"])


def _counted(rows: pa.Table, name: str) -> dict[str, int]:
    return {value: count for (value,), count in _combinations(rows, name)}


def _combinations(rows: pa.Table, *names: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """The combinations of some columns that occur, blank where a column has nothing, and how often."""
    blank = pa.scalar("", pa.large_string())
    columns = {
        name: pc.fill_null(rows[name].cast(pa.large_string()), blank)
        if name in rows.column_names
        else pa.repeat(blank, len(rows))
        for name in names
    }
    found = pa.table(columns).group_by(list(names), use_threads=False).aggregate([([], "count_all")])
    for row in found.to_pylist():
        yield tuple(row[name] for name in names), row["count_all"]


def _spread(total: Counter[str], counted: Mapping[str, int]) -> None:
    for joined, count in counted.items():
        total.update({rule_id: count for rule_id in joined.split("|") if rule_id})
