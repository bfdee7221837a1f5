"""What the base knows of one lead, and how each piece of it is said."""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from config.schema import Config, ConfigError, DecisionRule, Rules
from tasks.i18n import budget_words, local_time, mask_email, mask_name, mask_phone
from tasks.story_words import words

# what a `when` compares -> what the evidence calls it
FACT_OF = {
    "need_state": "need",
    "chain_state": "chain",
    "urgency_state": "urgency",
    "title_state": "title",
    "junk_signals": "junk",
}


@dataclass(frozen=True)
class Facts:
    """What the base knows of one lead, and how to say it."""

    config: Config
    lang: str
    zone: ZoneInfo
    mask: bool
    lead: dict[str, Any]
    account: dict[str, Any] | None
    contact: dict[str, Any]
    rows: list[dict[str, Any]]
    events: list[dict[str, Any]]
    assigned: dict[str, Any] | None
    choice: dict[str, Any] | None
    judged: list[dict[str, Any]]
    joined_into: str | None
    joined_from: list[str]

    @cached_property
    def t(self) -> dict[str, str]:
        """The words of the language."""
        return dict(words(self.lang))

    @cached_property
    def decided(self) -> dict[str, Any] | None:
        """The event that carries the evidence of the present decision."""
        telling = [event for event in self.events if event["facts"] and event["kind"] != "joined"]
        return telling[-1] if telling else None

    @cached_property
    def rules(self) -> Rules:
        """The rules in force on the day of the decision."""
        if self.decided is None:
            return self.config.rules
        return self.config.rules.at(self.decided["at"].astimezone(self.zone).date())

    @cached_property
    def evidence(self) -> dict[str, str]:
        """Fact → code, as the decision found them."""
        pairs = (self.decided["facts"] if self.decided else "").split("|")
        return dict(pair.split("=", 1) for pair in pairs if "=" in pair)

    @property
    def person(self) -> dict[str, Any]:
        """The contact with the names that a row has."""
        return {**self.contact, "contact": self.contact.get("name")}

    @cached_property
    def compared(self) -> dict[str, Any]:
        """The stored choice: rule, group, and how each person stood."""
        return dict(json.loads(self.choice["detail"])) if self.choice else {}

    def name(self, person: str | None) -> str:
        """A person as people call him."""
        known = self.config.roster.person(person) if person else None
        return known.name if known else (person or "")

    def statement(self, rule: str | None) -> str:
        """The sentence of a rule; one that is gone is named by its id."""
        if not rule:
            return ""
        for rules in (self.rules, self.config.rules):
            try:
                return rules.statement(rule, self.lang)
            except ConfigError:
                continue
        return rule

    def at(self, when: datetime | None) -> str:
        """A time in the business zone."""
        return local_time(when, self.zone) if when else ""

    def shown(self, field: str, row: dict[str, Any]) -> str | None:
        """A field of a row as people read it, masked where asked for."""
        if field == "budget":
            if row.get("budget_state") in (None, "blank"):
                return None
            return budget_words(self.lang, row["budget_min"], row["budget_max"], row["budget_state"])
        value = row.get(field)
        if value is None or value == "":
            return None
        masks = {"phone": mask_phone, "email": mask_email, "contact": mask_name} if self.mask else {}
        return masks[field](value) if field in masks else str(value)

    def fact(self, name: str) -> str:
        """One fact with its code, in words."""
        codes = self.evidence.get(name, "").split(",")
        said = self.t["comma"].join(self.t.get(f"{name}.{code}", code) for code in codes)
        return f"{self.t.get(f'fact.{name}', name)} {said}"

    def used(self, rule_id: str) -> list[str]:
        """The facts that a rule looked at, in words."""
        try:
            rule = self.rules.find(rule_id)
        except ConfigError:
            return []
        if not isinstance(rule, DecisionRule):
            return []
        names = [FACT_OF.get(fact, fact) for fact in rule.when]
        return [self.fact(name) for name in names if name in self.evidence]
