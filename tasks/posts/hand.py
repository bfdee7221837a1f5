"""Leads that somebody of the company types in: `leads add` and the page «new lead»; the entrant is recorded."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from config.people import Person, role_name
from config.schema import CheckRule, Config, ConfigError
from tasks.i18n import words
from tasks.posts.form import Fault
from tasks.posts.inbox import NewPost
from tasks.posts.rows import Row, frame_of
from tasks.prepare import prepare

CHANNEL = "manual"
ENTERED_BY = "N-ENTERED-BY"
#: What may be typed in.
FIELDS = (
    "company", "contact", "title", "phone", "email", "need", "budget", "chain", "urgency", "industry", "region", "size",
    "source", "note",
)  # fmt: skip
_MOST = 2000
# whether a lead can be made of what is typed is the same on every day
_SOME_DAY = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ByHand:
    """A lead as a person types it; `mine`: he wants to own it himself."""

    fields: Mapping[str, str]
    by: Person
    mine: bool = False

    def post(self, key: str = "") -> NewPost:
        """The lead as a post of its own; the same key is the same post."""
        filled = {name: text.strip() for name in FIELDS if (text := self.fields.get(name, "")).strip()}
        who = {"entrant": self.by.name, "entry_team": self.by.team or ""}
        hint = {"owner_hint": self.by.id} if self.mine else {}
        body: dict[str, Any] = {"fields": filled | who | hint, "campaign": {}}
        return NewPost(CHANNEL, f"h:{key or secrets.token_hex(16)}", body)


def faults_of(typed: ByHand, config: Config, lang: str) -> list[Fault]:
    """What is missing for a lead, or cannot be read."""
    t = words(lang)
    said = {name: typed.fields.get(name, "").strip() for name in FIELDS}
    faults = [Fault(name, "long", t["hand.long"].format(n=_MOST)) for name, text in said.items() if len(text) > _MOST]
    if not faults:
        row = _prepared(said, config)
        for name in ("phone", "email"):
            if said[name] and pd.isna(row[name]):
                faults.append(Fault(name, name, t[f"form.{name}"]))
        named = {fault.field for fault in faults}
        for rule in _rejecting(row, config):
            if rule.field not in named:
                field = rule.field if rule.field in FIELDS else "phone"
                faults.append(Fault(field, rule.id, config.rules.hint(rule.id, lang)))
    return faults


def _rejecting(row: pd.Series, config: Config) -> list[CheckRule]:
    """The checks for which no lead would be made of the row."""
    failed = set(str(row["issues"]).split("|")) if row["rejected"] else set()
    return [rule for rule in config.rules.checklist if rule.rejects and rule.id in failed]


def entered_by_others(source: str, by: Person, config: Config, lang: str) -> str:
    """A remark where leads of this source are usually entered by other roles; blank where they are not."""
    try:
        roles: tuple[str, ...] = config.rules.value(ENTERED_BY).get(source, ())
    except ConfigError:
        return ""
    if not roles or by.role in roles:
        return ""
    t = words(lang)
    return t["hand.others"].format(source=source, roles=t["list"].join(role_name(role, lang) for role in roles))


def _prepared(said: Mapping[str, str], config: Config) -> pd.Series:
    frame = frame_of([Row("", said)], config.channels[CHANNEL])
    return prepare(frame, config.rules, config.channels[CHANNEL], _SOME_DAY, "UTC").iloc[0]
