"""The letters about leads: what a person reads, in his language, with everything attached."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from markupsafe import Markup, escape

from config.schema import Config, ConfigError, DecisionRule
from tasks.chain import ChainWords, members_of
from tasks.i18n import budget_words, mark_words, mask_email, mask_phone, word, words
from tasks.news import FIELDS, Decision, News
from tasks.rules.marks import compare_mark
from tasks.workbook import SEPARATOR, SharedText, join_rows, write_workbook

LISTED, WORKBOOK_ROWS, PRIORITY = "N-LISTED", "N-WORKBOOK-ROWS", "G-PRIORITY"
VERIFICATION, MARK = "S-VERIFICATION", "N-MARK"
LEVELS = "V-MARK"
_BEFORE, _BEHIND = ("grade", "verdict"), ("members", "budget", "why", "whose", "todo", "former")
_WIDTHS = (9, 9, 16, 30, 12, 12, 16, 26, 40, 8, 24, 14, 24, 14, 17, 12, 16, 36, 16, 40, 30, 40, 12)
# a longer text is cut in a mail, which some programs clip; the workbook has all of it
_SHOWN_CHARACTERS = 240


@dataclass(frozen=True)
class Letter:
    """One message to one person, as the outbox keeps it."""

    key: str
    kind: str
    recipient: str
    subject: str
    text: str
    html: str
    files: tuple[tuple[str, bytes], ...] = ()
    #: it tells of an A lead
    urgent: bool = False

    def message(self, number: int, address: str, as_of: datetime) -> dict[str, Any]:
        """The letter as a row of the outbox that waits to be sent."""
        fields = ("key", "kind", "recipient", "subject", "text", "html")
        said: dict[str, Any] = {name: getattr(self, name) for name in fields}
        return said | {"id": number, "address": address, "state": "pending", "attempts": 0, "created_at": as_of,
                       "urgent": self.urgent}  # fmt: skip


@dataclass(frozen=True)
class Section:
    """The part of a letter about a person's own new leads."""

    counts: np.ndarray
    leads: list[dict[str, Any]]
    file: tuple[str, bytes]
    kept: int


@dataclass
class Book:
    """Everything that the letters of one telling share."""

    config: Config
    lang: str
    news: News
    day: str
    shared: SharedText = field(default_factory=SharedText)
    # the address of a lead's page for a person; nothing where no address is set
    link: Callable[[str, str], str] | None = None

    def name(self, person: str) -> str:
        """A person as people call him."""
        return self.config.roster.name_of(person)

    @cached_property
    def listed(self) -> int:
        """How many leads a mail lists."""
        return int(self.config.rules.value(LISTED))

    @cached_property
    def workbook_rows(self) -> int:
        """How many leads an attached workbook holds at most."""
        return int(self.config.rules.value(WORKBOOK_ROWS))

    @cached_property
    def decisions(self) -> list[dict[str, str]]:
        """The words for each decision code: grade, priority, verdict, why, whose, to-do."""
        return [self._decision(Decision.of(value)) for value in self.news.decisions.values]

    @cached_property
    def budgets(self) -> list[str]:
        """The words for each budget code."""
        return [self._budget(*value.split("|")) for value in self.news.budgets.values]

    @cached_property
    def formers(self) -> list[str]:
        """The name for each person code."""
        return [self.name(value) if value else "" for value in self.news.people.values]

    @cached_property
    def former_cells(self) -> pa.Array:
        """The finished cell with the name of each person code."""
        return self.shared.cells(self.formers)

    @cached_property
    def cells(self) -> dict[str, pa.Array]:
        """The finished cells of the columns that are codes."""
        columns = {key: [words_[key] for words_ in self.decisions] for key in ("verdict", "why", "whose", "todo")}
        columns["grade"] = [f"{words_['grade']} {words_['priority']}".strip() for words_ in self.decisions]
        columns["budget"] = self.budgets
        return {key: self.shared.cells(values) for key, values in columns.items()} | {"former": self.former_cells}

    def statement(self, rule: str) -> str:
        """The sentence of a rule; a rule of former times is named by its id."""
        try:
            return self.config.rules.statement(rule, self.lang) if rule else ""
        except ConfigError:
            return rule

    def workbook(self, rows: pa.Table) -> bytes:
        """All of somebody's new leads, a row each."""
        codes = dict.fromkeys(("grade", "verdict", "why", "whose", "todo"), "decision")
        codes |= {"budget": "budget", "former": "lifted_from"}

        def column(key: str) -> pa.Array:
            return self.cells[key].take(rows[codes[key]].combine_chunks())

        before, behind = [column(key) for key in _BEFORE], [column(key) for key in _BEHIND if key in codes]
        joined = join_rows(before, self._with_members(rows["text"].combine_chunks()), behind)
        header = [self._title(key) for key in (*_BEFORE, *FIELDS, *_BEHIND)]
        return write_workbook(self._title("number"), header, _WIDTHS, joined, rows.num_rows, self.shared)

    def _with_members(self, cells: pa.Array) -> pa.Array:
        """The joined cells of each lead and, as one more, who is in its decision chain."""
        members = members_of(cells, FIELDS.index("chain"), SEPARATOR, self.chains)
        return pc.binary_join_element_wise(cells, members, pa.scalar(SEPARATOR, pa.large_string()))

    @cached_property
    def chains(self) -> ChainWords:
        """What says who is in a decision chain."""
        return ChainWords(self.config.rules, self.lang)

    @cached_property
    def masked_chains(self) -> ChainWords:
        """The same with names masked."""
        return replace(self.chains, mask=True)

    def leads(self, rows: pa.Table, *, masked: bool) -> list[dict[str, Any]]:
        """The rows as a mail lists them."""
        chains = self.masked_chains if masked else self.chains
        members_of(rows["text"].combine_chunks(), FIELDS.index("chain"), SEPARATOR, chains)  # read all at once
        return [self._lead(row, masked=masked) for row in rows.to_pylist()]

    def linked(self, leads: list[dict[str, Any]], person: str) -> list[dict[str, Any]]:
        """The listed leads with the address of the page on which this person verifies them."""
        if self.link is None:
            return leads
        return [lead | {"link": self.link(lead["number"], person)} for lead in leads]

    def counted(self, counts: np.ndarray) -> tuple[list[int], int]:
        """Leads by grade A, B, C and none, and how many of all are to be verified."""
        grade, unsure = self._kinds
        return np.bincount(grade, counts, 4).astype(int).tolist(), int(counts[unsure].sum())

    @cached_property
    def _kinds(self) -> tuple[np.ndarray, np.ndarray]:
        grade = np.array([_PLACES.get(said["grade"], 3) for said in self.decisions], dtype=np.int64)
        return grade, np.array([bool(said["unsure"]) for said in self.decisions], dtype=bool)

    def grades(self, numbers: list[int]) -> str:
        """Counts by grade in words: 高 3、中 20."""
        names = [*(self.priority(grade) for grade in "ABC"), words(self.lang)["ungraded"]]
        parts = [f"{name} {number}" for name, number in zip(names, numbers, strict=True) if number]
        return words(self.lang)["list"].join(parts)

    def priority(self, grade: str) -> str:
        """A grade as the handbooks show it: 高, 中, 低."""
        return str(self.config.rules.value(PRIORITY)[grade]) if self.lang != "en" else word("en", "grade", grade)

    def file_name(self, kind: str, person: str) -> str:
        """The name of an attachment: ASCII, which every mail program shows right."""
        return f"{kind}_{self.day}_{re.sub(r'[^A-Za-z0-9.-]', '_', person)}.xlsx"

    def _title(self, key: str) -> str:
        return words(self.lang)[f"column.{key}"]

    def _decision(self, decision: Decision) -> dict[str, str]:
        grade = decision.grade
        nobody = words(self.lang).get(f"unowned.{decision.owner_rule}")
        return {
            "grade": grade,
            "priority": self.priority(grade) if grade in _PLACES else "",
            "verdict": word(self.lang, "verdict", decision.verdict),
            "unsure": "1" if decision.verdict == "to_verify" else "",
            "why": self.statement(decision.grade_rule),
            "whose": nobody or self.statement(decision.owner_rule),
            "named": self._title("nobody" if nobody else "whose"),
            "todo": self._todo(decision),
        }

    def _todo(self, decision: Decision) -> str:
        """What the handbook promises the customer, and so asks of the owner."""
        t = words(self.lang)
        verify = t["todo.said"].format(promise=self._promise("verification") or t["todo.verify"])
        if decision.verdict == "to_verify":
            asked = [self._question(rule) for rule in decision.reasons.split(",") if rule]
            reasons = t["reasons"].join(dict.fromkeys(filter(None, asked)))
            return t["todo.to_verify"].format(promise=verify, reasons=reasons) if reasons else verify
        if decision.grade == "A":
            return self._promise("first_contact") or t["todo.contact"]
        if self._value(VERIFICATION) == "all":
            return t["todo.both"].format(promise=verify)
        return t["todo.contact"]

    def _question(self, rule: str) -> str:
        """What a rule leaves open, without the verdict that its sentence ends with."""
        try:
            found = self.config.rules.find(rule)
        except ConfigError:
            return rule
        open_one = isinstance(found, DecisionRule) and found.then == "to_verify"
        return self.statement(rule).removesuffix(words(self.lang)["verdict_said"]) if open_one else ""

    def _promise(self, watches: str) -> str:
        """The sentence of the promise about a matter; nothing where a company has switched it off."""
        rule = next(iter(self.config.rules.watching(watches)), None)
        return self.statement(rule.id) if rule else ""

    def _value(self, rule: str) -> Any:
        try:
            return self.config.rules.value(rule)
        except ConfigError:
            return None

    def _budget(self, low: str, high: str, state: str) -> str:
        return budget_words(self.lang, float(low) if low else None, float(high) if high else None, state)

    def _lead(self, row: dict[str, Any], *, masked: bool) -> dict[str, Any]:
        """One lead as the templates show it: its cells, the decision's words, and lines of label and text."""
        lead: dict[str, Any] = dict(zip(FIELDS, row["text"].split(SEPARATOR), strict=True))
        lead |= self.decisions[row["decision"]] | {"budget": self.budgets[row["budget"]], "masked": masked}
        chains = self.masked_chains if masked else self.chains
        lead |= {"chain": chains.written(lead["chain"]) or "", "members": chains.said(lead["chain"])}
        lead["former"] = self.formers[row["lifted_from"]]
        lead["owner"] = self.formers[row["person"]] if masked else ""
        if not self._value(MARK):
            lead["mark"] = ""
        lead["mark_said"] = self._marked(lead["mark"], lead["grade"], self.news.budgets.values[row["budget"]])
        if masked:
            lead |= {"phone": mask_phone(lead["phone"]), "email": mask_email(lead["email"])}
            lead |= dict.fromkeys(("why", "whose", "todo"), "")
        else:
            lead["dial"] = dialled(lead["phone"])
        lines = self._lines(lead)
        return lead | {"lines": lines, "safe_lines": escape("\n".join(lines)).replace("\n", Markup("<br>"))}

    def _marked(self, mark: str, grade: str, budget: str) -> str:
        """How marketing's mark compares with the grade and the budget; nothing where it says nothing of them."""
        if not mark or self._value(LEVELS) is None:
            return ""
        low, high = (float(end) if end else None for end in budget.split("|")[:2])
        said = mark_words(self.lang, compare_mark(mark, grade, low, high, self.config.rules))
        return words(self.lang)["mail.title"].format(said) if said else ""

    def _lines(self, lead: dict[str, Any]) -> list[str]:
        """What is known of the lead, some of it to a line, each with its name."""
        source, detail = lead["source"], lead["source_detail"]
        if detail and detail != source:
            lead = {**lead, "source": source + words(self.lang)["mail.title"].format(detail) if source else detail}
        shown = [self._said(lead, *keys) for keys in _LINES]
        return [line for line in shown if line]

    def _said(self, lead: dict[str, Any], *keys: str) -> str:
        colon = words(self.lang)["mail.colon"]
        return "  ·  ".join(f"{self._title(key)}{colon}{_cut(lead[key])}" for key in keys if lead[key])


def dialled(phone: str) -> str:
    """A number as a telephone dials it: 037969718501,9207 waits before the extension."""
    area, _, rest = phone.partition("-")
    number, _, extension = rest.partition("-")
    if not area.startswith("0") or not extension:
        return phone.replace("-", "")
    return f"{area}{number},{extension}"


def _cut(text: str) -> str:
    """A text on one line, as long as a mail takes."""
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"


def render(template: str, lang: str, **values: Any) -> tuple[str, str]:
    """The text and the HTML of a mail."""
    context = {"t": words(lang), "lang": "en" if lang == "en" else "zh-CN", **values}
    body, html = (_environment().get_template(f"{template}.{kind}.j2") for kind in ("txt", "html"))
    return body.render(context), html.render(context)


# what a mail says of a lead, line by line
_LINES = (
    ("need",),
    ("budget", "urgency"),
    ("chain", "members"),
    ("source", "first_contact"),
    ("industry", "region"),
)
_PLACES = {"A": 0, "B": 1, "C": 2}
_TEMPLATES = Path(__file__).parent / "templates"
_env: list[jinja2.Environment] = []


def _environment() -> jinja2.Environment:
    if not _env:
        loader = jinja2.FileSystemLoader(_TEMPLATES)
        escaped = jinja2.select_autoescape(["html.j2"], default=False)
        _env.append(jinja2.Environment(loader=loader, autoescape=escaped, trim_blocks=True, lstrip_blocks=True))
    return _env[0]
