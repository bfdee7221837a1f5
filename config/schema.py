"""The frozen models of every rule family, of channels and of the roster.

A rule is data: an id, a statement that a manager understands, the handbook ids it comes from, the date from
which it holds, and its values. Unknown keys, facts and words are refused when the files are loaded.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from config import facts
from config.cost import Costs
from config.errors import ConfigError, SettingsError
from config.feed import Feed
from config.fit import LEAST, MOST
from config.form import Form
from config.lifecycle import StageRule
from config.objections import AnswerRule
from config.people import Person, Role, Roster
from config.rule import Frozen, Rule, Statement, Words
from config.rule import listed as _listed
from config.sla import ClockRule
from config.webhook import Webhook

__all__ = [
    "FAMILIES", "AnswerRule", "Channel", "CheckRule", "ClockRule", "Condition", "Config", "ConfigError", "DecisionRule",
    "Lang", "OwnerRule", "Person", "Role", "Roster", "Rule", "Rules", "SettingsError", "StageRule", "StateRule",
    "Statement", "TierRule", "ValueRule",
]  # fmt: skip

Lang = Literal["zh_CN", "en"]
Word = str | bool


def _frozen_value(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_frozen_value(item) for item in value)
    if isinstance(value, dict):
        return {key: _frozen_value(item) for key, item in value.items()}
    return value


class ValueRule(Rule):
    """A threshold, a word list, or any nested mapping or list of them (lists become tuples)."""

    value: Annotated[Any, BeforeValidator(_frozen_value)]
    #: The only values that the rule may have, where it is a choice.
    choices: tuple[Any, ...] | None = None
    #: The form that a company's own value must have (config.fit); it decides nothing, so it makes no other version.
    least: float = Field(default=LEAST, exclude=True)
    most: float = Field(default=MOST, exclude=True)
    open: bool = Field(default=False, exclude=True)

    @field_validator("value")
    @classmethod
    def _stated(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("must not be empty")
        return value

    @field_validator("choices")
    @classmethod
    def _chosen(cls, choices: tuple[Any, ...] | None, info: ValidationInfo) -> tuple[Any, ...] | None:
        if choices is not None and "value" in info.data and info.data["value"] not in choices:
            raise ValueError(f"the value {info.data['value']!r} is none of {', '.join(map(str, choices))}")
        return choices


class Condition(Frozen):
    """What one fact must be: one of some words, within bounds, or a set that has one of some codes."""

    among: Words | None = None
    has: Words | None = None
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"among": value} if isinstance(value, str | list | tuple) else value

    @property
    def bounds(self) -> dict[str, float]:
        """The stated bounds by operator name."""
        pairs = (("ge", self.ge), ("gt", self.gt), ("le", self.le), ("lt", self.lt))
        return {name: bound for name, bound in pairs if bound is not None}

    def problem(self, fact: str) -> str | None:
        """Say what is wrong with comparing `fact` in this way, or None."""
        kind = facts.kind_of(fact)
        if kind is None:
            return f"unknown fact {fact!r}; known facts: {', '.join(facts.names())}"
        if kind == "number":
            return None if self.bounds and not (self.among or self.has) else f"{fact} is compared with ge, gt, le or lt"
        if kind == "codes":
            return _unknown(fact, self.has, facts.CODES[fact]) if self.has else f"{fact} is compared with has"
        return _unknown(fact, self.among, facts.WORDS[fact]) if self.among else f"{fact} is compared with its words"


def _unknown(fact: str, given: Iterable[str] | None, known: tuple[str, ...]) -> str | None:
    strange = [word for word in given or () if word not in known]
    return f"{fact} is never {', '.join(strange)}; it is one of {', '.join(known)}" if strange else None


class TableRule(Rule):
    """A row of a decision table: it fits where every fact that `when` names is as stated; null never fits."""

    when: dict[str, Condition]

    @field_validator("when")
    @classmethod
    def _known(cls, when: dict[str, Condition]) -> dict[str, Condition]:
        problems = [text for fact, condition in when.items() if (text := condition.problem(fact))]
        if problems:
            raise ValueError("; ".join(problems))
        return when


class DecisionRule(TableRule):
    """A row of the screening or grading table and the outcome that it gives."""

    then: Literal["valid", "invalid", "to_verify", "A", "B", "C", "none"]


class OwnerRule(TableRule):
    """Who takes a lead: roles in the order in which they are asked."""

    then: Annotated[tuple[Role, ...], BeforeValidator(_listed)] = Field(min_length=1)


class TierRule(TableRule):
    """Which tier a lead is in."""

    then: Literal["潜在", "意向", "高意向", "成交", "流失"]


class StateRule(TableRule):
    """What applies to a lead now: rows tried in the handbook's order of precedence."""

    then: Literal["won", "lost", "paused", "pool", "downgrade", "alarm", "follow"]


class CheckWhen(Frozen):
    """In which channels a check applies; what is not stated does not matter."""

    subject: Literal["company", "person"] | None = None
    contact_required: bool | None = None

    def applies(self, channel: "Channel") -> bool:
        """Whether the check is made on rows of this channel."""
        subject = self.subject in (None, channel.subject)
        return subject and self.contact_required in (None, channel.contact_required)


CheckTest = Literal[
    "blank",  # the cleaned field is empty
    "unreachable",  # neither a usable phone nor a usable e-mail
    "sci_notation",  # the digits of a number are gone: 1.38E+10
    "unreadable",  # something is written and nothing can be read from it
    "span",  # days or a quarter: 2024/3/1~3/5
    "order",  # a date of which day and month may stand either way: 3/5/2024
    "future",  # a time that lies after the row's own arrival
    "placeholder",  # a number that nobody can have
    "vague",  # words that say nothing: 预算充足, 有软件需求
    "other_list",  # the row belongs to a further list with another header
    "example_row",  # the row calls itself an example: the template's own
    "error_cell",  # a cell of the row is the error of a formula: #N/A
    "no_city",  # a region that stops at the province
    "unknown",  # a word outside the vocabulary
    "ragged",  # a row with fewer or more cells than the header
    "total_row",  # a line of totals, which is no lead
]


class CheckRule(Rule):
    """One thing that a row must have or be; `rejects` where no lead can be made without it.

    level: required (an omission that is counted), format (written but unreadable), quality (readable but poor).
    completeness: for required ones, 1 = the checklist of required fields, 2 = the least information beyond it.
    """

    field: str
    level: Literal["required", "format", "quality"]
    test: CheckTest
    rejects: bool = False
    completeness: Literal[1, 2] | None = None
    when: CheckWhen = CheckWhen()
    hint: Statement


#: File name (without .yaml) -> the model of its rules that are no values, in the order of docs/rules.md.
FAMILIES: dict[str, type[Rule]] = {
    "checklist": CheckRule,
    "facts": ValueRule,
    "screening": DecisionRule,
    "grading": DecisionRule,
    "assignment": OwnerRule,
    "dedupe": ValueRule,
    "vocabulary": ValueRule,
    "notices": ValueRule,
    "reviews": ValueRule,
    "sla": ClockRule,
    "lifecycle": StateRule,
    "tiers": TierRule,
    "stages": StageRule,
    "objections": AnswerRule,
    "follow_ups": ValueRule,
}

_PLACEHOLDER = re.compile(r"\{([A-Z][A-Z0-9-]+)\}")


class Rules(Frozen):
    """All rules of one configuration: tables in their order, values by id.

    Freshly loaded it holds every dated entry, also those that switch a rule off from a day on; `at` gives the ones
    in force on a day.
    """

    version: str
    checklist: tuple[CheckRule, ...] = ()
    screening: tuple[DecisionRule, ...] = ()
    grading: tuple[DecisionRule, ...] = ()
    assignment: tuple[OwnerRule, ...] = ()
    sla: tuple[ClockRule, ...] = ()
    lifecycle: tuple[StateRule, ...] = ()
    tiers: tuple[TierRule, ...] = ()
    stages: tuple[StageRule, ...] = ()
    objections: tuple[AnswerRule, ...] = ()
    #: Value rules of every family, by family.
    values: dict[str, tuple[ValueRule, ...]] = Field(default_factory=dict)
    #: Rules that stand beside the others and are never on, by family.
    off: dict[str, tuple[Any, ...]] = Field(default_factory=dict)

    def at(self, on: date) -> "Rules":
        """Keep for each id the newest entry that is effective on the day."""
        tables: dict[str, Any] = {name: _in_force(getattr(self, name), on) for name in TABLES}
        values = {family: _in_force(rules, on) for family, rules in self.values.items()}
        return Rules(version=self.version, values=values, off=self.off, **tables)

    def value(self, rule_id: str) -> Any:
        """The value of a value rule of any family: its newest entry."""
        rule = self.find(rule_id)
        if not isinstance(rule, ValueRule):
            raise ConfigError("is a rule without a value", rule=rule_id)
        return rule.value

    def find(self, rule_id: str) -> Rule:
        """The newest entry of an id, of any family."""
        try:
            return self._by_id[rule_id]
        except KeyError:
            raise ConfigError("no such rule is in force", rule=rule_id) from None

    def statement(self, rule_id: str, lang: str = "zh_CN") -> str:
        """The sentence of a rule in one language, with the values that it names put in."""
        return self.fill(self.find(rule_id).statement, lang)

    def hint(self, rule_id: str, lang: str = "zh_CN") -> str:
        """How the sender can mend what a check found."""
        rule = self.find(rule_id)
        if not isinstance(rule, CheckRule):
            raise ConfigError("is no check, so it has no hint", rule=rule_id)
        return self.fill(rule.hint, lang)

    def fill(self, text: Statement, lang: str) -> str:
        """A sentence in one language, with the values that it names put in."""
        return _PLACEHOLDER.sub(lambda found: shown(self.value(found[1]), lang), text.of(lang))

    def watching(self, what: str) -> tuple[ClockRule, ...]:
        """The promises about one matter (cadence, archive, support …), in their order."""
        return tuple(rule for rule in self.sla if rule.watches == what)

    def every(self) -> Iterator[tuple[str, Rule]]:
        """Every entry that is switched on, with its family, in the order of the files."""
        for family in FAMILIES:
            for rule in (*getattr(self, family, ()), *self.values.get(family, ())):
                if rule.enabled:
                    yield family, rule

    @cached_property
    def _by_id(self) -> dict[str, Rule]:
        newest: dict[str, Rule] = {}
        for _, rule in self.every():
            if rule.id not in newest or rule.effective >= newest[rule.id].effective:
                newest[rule.id] = rule
        return newest


TABLES = ("checklist", "screening", "grading", "assignment", "sla", "lifecycle", "tiers", "stages", "objections")


def shown(value: Any, lang: str) -> str:
    """A value as people read it: numbers grouped, lists as an enumeration."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:,}"
    if isinstance(value, tuple):
        return (", " if lang == "en" else "、").join(shown(item, lang) for item in value)
    return str(value)


def placeholders(text: Statement) -> set[str]:
    """The rule ids whose values a sentence names."""
    return set(_PLACEHOLDER.findall(text.zh)) | set(_PLACEHOLDER.findall(text.en))


R = TypeVar("R", bound=Rule)


def _in_force(entries: tuple[R, ...], on: date) -> tuple[R, ...]:
    newest: dict[str, R] = {}
    for rule in entries:
        if rule.effective <= on and (rule.id not in newest or rule.effective > newest[rule.id].effective):
            newest[rule.id] = rule
    # Of one id's entries each has a place of its own.
    return tuple(rule for rule in entries if newest.get(rule.id) is rule and rule.enabled)


#: What a record of a feed may be mapped to.
FEED_FIELDS = (
    "external_id", "lead_ref", "source", "company", "industry", "contact", "title", "phone", "email", "need", "budget",
    "chain", "first_contact", "created", "region", "urgency", "size", "note", "mark", "owner_hint", "status_text",
    "entrant", "entry_team",
)  # fmt: skip


class Channel(Frozen):
    """One source of leads: how its rows arrive, what they must have, and who stands behind them."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    kind: Literal["folder", "form", "webhook", "feed", "hand"] = "folder"
    #: What the files of a folder hold: leads, or records of follow-ups.
    holds: Literal["leads", "follow_ups"] = "leads"
    subject: Literal["company", "person"] = "company"
    contact_required: bool = False
    trusts_owner: bool = False
    #: Field -> the headers that mean it; the channel's own ones first, then the shipped ones.
    synonyms: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    entrant: str | None = None
    entry_team: str | None = None
    #: The source of a row that names none.
    source: str | None = None
    #: Who gets the receipts of its files, and hears when it falls silent.
    contact: str | None = Field(default=None, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
    #: What it costs; reviews say what a valid and a won lead of it has cost.
    cost: Costs = ()
    #: How a channel of kind feed is asked, and what its records mean.
    feed: Feed | None = None
    #: How a channel of kind form asks, and how one of kind webhook is spoken to.
    form: Form | None = None
    webhook: Webhook | None = None

    @model_validator(mode="after")
    def _has_its_part(self) -> Self:
        for kind, part in (("feed", self.feed), ("form", self.form), ("webhook", self.webhook)):
            if (self.kind == kind) != (part is not None):
                raise ValueError(f"a channel of kind {kind} has a {kind}, and no other has")
        if self.holds != "leads" and self.kind != "folder":
            raise ValueError("only a channel of kind folder holds follow_ups")
        for kind, part in (("feed", self.feed), ("webhook", self.webhook)):
            strange = set(part.fields) - set(FEED_FIELDS) if part else set()
            if strange:
                raise ValueError(f"{kind}.fields: {sorted(strange)[0]!r} is no field; known: {', '.join(FEED_FIELDS)}")
        return self


class Config(Frozen):
    """Everything that the files say."""

    rules: Rules
    channels: dict[str, Channel]
    roster: Roster

    @model_validator(mode="after")
    def _has_default(self) -> Self:
        if "default" not in self.channels:
            raise ValueError("the channel default must exist")
        return self
