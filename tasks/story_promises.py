"""What was promised of a lead, kept and broken, for its story: follow-ups, clocks, and the steps that fired."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from models.db import read_frame
from tasks.notice_words import business_time, words
from tasks.story_facts import Facts

_FOLLOW_UPS = """
SELECT f.id, f.at, f.recorded_at, f.person, f.method, f.outcome, f.summary, f.next_action, f.next_at,
f.superseded_at, f.superseded_by FROM follow_up f WHERE f.lead_id = :lead ORDER BY f.at, f.id
"""
_CLOCKS = """
SELECT c.id, c.policy, c.started_at, c.due_at, c.basis, c.paused_at, c.pauses, c.breached_at, c.ended_at, c.ending,
c.used_minutes, c.over_minutes FROM clock c WHERE c.lead_id = :lead ORDER BY c.started_at, c.id
"""
_STEPS = """
SELECT e.at, e.kind, e.state, e.recipient, e.instead_of, e.used_minutes, e.acknowledged_at, e.acknowledged_by,
c.policy, m.state AS mail FROM escalation e JOIN clock c ON c.id = e.clock_id
LEFT JOIN message m ON m.id = e.message_id WHERE c.lead_id = :lead ORDER BY e.id
"""
#: How many of each are told on a screen, the last ones; of promises those that were not simply kept.
_TOLD_FOLLOW_UPS, _TOLD_CLOCKS, _TOLD_STEPS = 4, 3, 3


@dataclass(frozen=True)
class Kept:
    """What a lead's story says of its promises: lists of plain rows, times aware."""

    follow_ups: list[dict[str, Any]]
    clocks: list[dict[str, Any]]
    steps: list[dict[str, Any]]

    def told(self, facts: Facts) -> dict[str, Any]:
        """The same for programs, times as the business zone shows them."""
        return {
            name: [{key: _shown(facts, value) for key, value in row.items()} for row in rows]
            for name, rows in (("follow_ups", self.follow_ups), ("clocks", self.clocks), ("escalations", self.steps))
        }

    def lines(self, facts: Facts) -> Iterator[str]:
        """The section of the story; nothing where nothing was promised."""
        t = words(facts.lang)
        if self.follow_ups:
            yield t["story.follow_ups"]
            yield from (f"  {_follow_up(facts, row, t)}" for row in self.follow_ups[-_TOLD_FOLLOW_UPS:])
        if self.clocks:
            yield t["story.clocks"]
            told = [row for row in self.clocks if row["ending"] not in ("met", "void")][-_TOLD_CLOCKS:]
            yield from (f"  {_clock(facts, row, t)}" for row in told)
            if len(self.clocks) > len(told):
                yield "  " + t["story.more"].format(n=len(self.clocks) - len(told))
        fired = [row for row in self.steps if row["state"] == "fired"]
        if fired:
            yield t["story.steps"]
            yield from (f"  {_step(facts, row, t)}" for row in fired[-_TOLD_STEPS:])


def read_kept(conn: Connection, lead_id: int) -> Kept:
    """Read what is stored of a lead's promises."""
    return Kept(*(_rows(read_frame(conn, query, lead=lead_id)) for query in (_FOLLOW_UPS, _CLOCKS, _STEPS)))


def _rows(found: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): _plain(value) for key, value in row.items()} for row in found.to_dict("records")]


def _plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    return value.tz_localize("UTC").to_pydatetime() if isinstance(value, pd.Timestamp) else value


def _shown(facts: Facts, value: Any) -> Any:
    return facts.at(value) if hasattr(value, "tzinfo") else value


def _follow_up(facts: Facts, row: dict[str, Any], t: Any) -> str:
    said = [f"#{row['id']} {facts.at(row['at'])}", row["method"], facts.name(row["person"]), row["summary"]]
    if row["next_action"] and row["next_at"]:
        said.append(f"→ {row['next_action']} ({facts.at(row['next_at'])})")
    if row["superseded_by"]:
        said.append(t["story.corrected"].format(at=facts.at(row["superseded_at"]), by=int(row["superseded_by"])))
    return str(facts.t["sep"].join(said))


def _clock(facts: Facts, row: dict[str, Any], t: Any) -> str:
    state = row["ending"] or ("paused" if row["paused_at"] else "breached" if row["breached_at"] else "running")
    said = [f"{row['policy']} {t[f'state.{state}']}", f"{t['started']} {facts.at(row['started_at'])}"]
    if row["due_at"]:
        basis = t[f"basis.{row['basis']}"] if row["basis"] not in (None, "official") else ""
        said.append(f"{t['due']} {facts.at(row['due_at'])}{f' ({basis})' if basis else ''}")
    if row["pauses"]:
        said.append(f"{t['pauses']} {row['pauses'].count(';') + 1}")
    if row["ended_at"]:
        said.append(
            f"{t['ended']} {facts.at(row['ended_at'])}, {t['used']} {business_time(row['used_minutes'] or 0, t)}"
        )
    return f"{facts.t['sep'].join(said)}{facts.t['sep']}{facts.statement(row['policy'])}"


def _step(facts: Facts, row: dict[str, Any], t: Any) -> str:
    whom = facts.name(row["recipient"]) if row["recipient"] else t["nobody"]
    if row["instead_of"]:
        whom += f" ({t['instead'].format(name=facts.name(row['instead_of']))})"
    said = [f"{facts.at(row['at'])} {row['policy']} {t['kind.' + row['kind']]} → {whom}"]
    said.append(f"{t['used']} {business_time(row['used_minutes'] or 0, t)}")
    if row["acknowledged_by"]:
        said.append(t["acknowledged"].format(at=facts.at(row["acknowledged_at"])))
    return str(facts.t["sep"].join(said))
