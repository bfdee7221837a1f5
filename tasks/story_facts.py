"""What the base knows of one lead, and how each piece of it is said."""

import json
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from config.schema import Config, ConfigError, DecisionRule, Rules
from tasks.chain import ChainWords
from tasks.i18n import CODED, budget_words, local_time, mark_words, mask_email, mask_name, mask_phone, word
from tasks.layout import CELL_SEPARATOR
from tasks.need_words import with_words, words_found
from tasks.rules.marks import compare_mark
from tasks.story_words import words
from tasks.tables import stored_mapping

_WRITTEN_CHARACTERS = 40

# what a `when` compares -> what the evidence calls it
FACT_OF = {
    "need_state": "need",
    "chain_state": "chain",
    "urgency_state": "urgency",
    "title_state": "title",
    "junk_signals": "junk",
}
# evidence -> the field that it was read in
_READ_IN = {"budget_state_fact": "budget", "urgency": "urgency", "industry_state": "industry"}
# what makes two rows say the same of a field
_SAYS = {
    "budget": ("budget_min", "budget_max", "budget_state"),
    "urgency": ("urgency", "urgency_state"),
    "industry": ("industry",),
}


def facts_of(text: str) -> dict[str, str]:
    """Fact → code, as an event keeps them: need=clear|chain=…"""
    return dict(pair.split("=", 1) for pair in text.split("|") if "=" in pair)


def tells_decision(kind: str, facts: str) -> bool:
    """Whether an event carries the facts that its lead was decided on: not one that only moved it along."""
    return kind not in ("joined", "follow_up", "moved", "state") and bool(set(facts_of(facts)) - {"along"})


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
    # what people said of its fields, in order; what was superseded is left out
    said: list[dict[str, Any]] = field(default_factory=list)
    # of the last decision that another person owned
    former_company: str | None = None
    # which of how many shares of its kind this one was; nothing where nobody was compared
    turn: tuple[int, int] | None = None

    @cached_property
    def t(self) -> dict[str, str]:
        """The words of the language."""
        return dict(words(self.lang))

    @cached_property
    def decided(self) -> dict[str, Any] | None:
        """The event that carries the evidence of the present decision."""
        telling = [event for event in self.events if tells_decision(event["kind"], event["facts"] or "")]
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
        return facts_of(self.decided["facts"] if self.decided else "")

    @property
    def person(self) -> dict[str, Any]:
        """The contact with the names that a row has."""
        return {**self.contact, "contact": self.contact.get("name")}

    @cached_property
    def compared(self) -> dict[str, Any]:
        """The stored choice: rule, group, and how each person stood."""
        return dict(json.loads(self.choice["detail"])) if self.choice else {}

    @cached_property
    def compared_mark(self) -> tuple[str, ...]:
        """How marketing's mark compares with grade and budget, as codes."""
        lead = self.lead
        if not lead["mark"]:
            return ()
        budget = (lead["budget_min"], lead["budget_max"])
        for rules in (self.rules, self.config.rules):
            try:
                return compare_mark(lead["mark"], lead["grade"], *budget, rules)
            except ConfigError:
                continue
        return ()

    @cached_property
    def chains(self) -> ChainWords:
        """What says who is in a decision chain, by the rules of the decision."""
        for rules in (self.rules, self.config.rules):
            try:
                rules.value("V-CHAIN-MEMBERS")
            except ConfigError:
                continue
            return ChainWords(rules, self.lang, self.mask)
        return ChainWords(self.config.rules, self.lang, self.mask)

    @property
    def chain(self) -> dict[str, Any]:
        """The decision chain as plain data: as written, its completeness, its members."""
        text = self.lead["chain"]
        return {"text": self.chains.written(text), "state": self.lead["chain_state"], "members": self.chains.told(text)}

    @property
    def members(self) -> str:
        """Who is in the decision chain, in words."""
        return self.chains.said(self.lead["chain"])

    def name(self, person: str | None) -> str:
        """A person as people call him."""
        return self.config.roster.name_of(person) if person else ""

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
        if field == "mark" and "grade" in row:
            said = mark_words(self.lang, self.compared_mark)
            return self.t["mark_compared"].format(mark=value, said=said) if said else str(value)
        if field == "chain":
            return self.chains.written(str(value))
        if field in CODED:
            return word(self.lang, field, value)
        masks = {"phone": mask_phone, "email": mask_email, "contact": mask_name} if self.mask else {}
        return masks[field](value) if field in masks else str(value)

    def written(self, field: str) -> str | None:
        """A field as its sender wrote it, in the latest row that says what the lead has."""
        for row in reversed(self.rows):
            if all(row[name] == self.lead[name] for name in _SAYS[field]):
                columns = stored_mapping(row["layout"], row["sheet"]).get(field, ())
                cells = row["raw"].split(CELL_SEPARATOR)
                places = [place for place in columns if place < len(cells)]
                return " ".join(filter(None, (cells[place].strip() for place in places))) or None
        return None

    def with_written(self, field: str, row: dict[str, Any]) -> str | None:
        """A field of the lead as people read it, with the sender's own words where they are others."""
        shown = self.shown(field, row)
        if shown is None or field not in _SAYS:
            return shown
        written = self.written(field)
        if written is None or _plain(written) == _plain(shown):
            return shown
        return self.t["written"].format(shown=shown, written=written[:_WRITTEN_CHARACTERS])

    def fact(self, name: str) -> str:
        """One fact with its code, in words."""
        codes = self.evidence.get(name, "").split(",")
        said = self.t["list"].join(self._said(name, code) for code in codes)
        return self.t["fact"].format(name=self.t.get(f"fact.{name}", name), said=said)

    def _said(self, name: str, code: str) -> str:
        if name == "junk":
            return with_words(code, self.not_buyers.get(code, ()), self.t)
        return self.t.get(f"{name}.{code}", code)

    @cached_property
    def not_buyers(self) -> dict[str, list[str]]:
        """The words of the need in which the decision read that no buyer writes, by signal."""
        return words_found(self.evidence.get("junk", ""), self.lead["need"], (self.rules, self.config.rules))

    def fact_written(self, name: str) -> str:
        """One fact in words, with the words of the sender that it was read in where nothing else shows them."""
        fact, field = self.fact(name), _READ_IN.get(name)
        if field is None or self.evidence.get(name) == "unknown" or self.shown(field, self.lead) is not None:
            return fact
        written = self.written(field)
        if written:
            return self.t["written"].format(shown=fact, written=written[:_WRITTEN_CHARACTERS])
        return self.t["by_need"].format(fact=fact) if name == "urgency" else fact

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


def _plain(text: str) -> str:
    """A text without what only its look differs by: 20-30万 is 20–30 万元."""
    text = unicodedata.normalize("NFKC", text).replace("–", "-")
    return "".join(sign for sign in text if not sign.isspace()).removesuffix("元")
