"""The form of a follow-up: its fields, how they are read, and what of them is wrong, field by field."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from tasks.follow_up_words import ANSWERED, field_name
from tasks.follow_ups import Fault, Said, method_of
from tasks.objections import open_objections
from tasks.rules.follow_up_check import DAYS, NUMBERS
from tasks.rules.lifecycle.records import CONFIRMED
from tasks.rules.objections import SETTLED, answer_id, answers_by_category, categories
from web.desk import Desk
from web.promise_words import words
from web.typed import read_day, read_moment

_MOST = 1_000
_WHOLE = re.compile(r"[1-9]\d{0,14}\Z", re.ASCII)
_TEXTS = ("summary", "objection", "next_action", "support")
_TIMES = ("next_at", "support_at")
#: What stands folded in, in groups: what was said further, how the deal stands, a contract, a loss.
GROUPS = {
    "said": ("feedback", "result", "risk", "milestone", "plan"),
    "deal": ("stage", "close_on", "probability", "amount", "obstacle"),
    "contract": ("contract_number", "contract_on", "contract_amount", "first_payment", "first_payment_on"),
    "loss": ("lost_reason", "competitor", "would_have_helped"),
}
#: What stands beside the objection: its kind, the answer in own words, whether the open ones are settled.
OBJECTED = ("category", "answer", "settled")
_FOLDED = (*OBJECTED, *(name for group in GROUPS.values() for name in group))
#: The standard answer that was chosen; it becomes the beginning of the answer.
STANDARD = "standard"
#: The lead that a corrected record is about, where it was recorded on the wrong one.
MOVED_TO = "moved_to"
FORM = (
    "at",
    "method",
    "answered",
    *_TEXTS,
    *_TIMES,
    "next_person",
    "confirmed",
    *_FOLDED,
    STANDARD,
    "corrects",
    MOVED_TO,
)


def read_record(typed: Mapping[str, str], number: str, person: str, desk: Desk) -> tuple[Said, dict[str, str]]:
    """Read what was typed into the form: the record, and what of it cannot be read, by field, in the reader's language.

    What cannot be read is not there; what is wrong of the rest is the record's own to say (tasks.follow_ups).
    """
    w = words(desk.settings.lang)
    # a NUL cannot be stored
    given = {name: typed.get(name, "").replace("\0", "").strip() for name in FORM}
    wrong = {name: w["shorter"].format(n=_MOST) for name in (*_TEXTS, *_FOLDED) if len(given[name]) > _MOST}
    read: dict[str, Any] = {name: given[name] or None for name in (*_TEXTS, "next_person", *_FOLDED)}
    if given[STANDARD]:
        read["answer"] = f"{given[STANDARD]} {given['answer']}".strip()
    moment = partial(read_moment, zone=desk.settings.zone)
    readers: dict[str, Callable[[str], Any]] = dict.fromkeys(("at", *_TIMES), moment)
    readers |= dict.fromkeys(DAYS, read_day) | dict.fromkeys(NUMBERS, _number) | {"corrects": _whole}
    for name, reader in readers.items():
        read[name] = reader(given[name]) if given[name] else None
        if given[name] and read[name] is None:
            wrong[name] = w["unreadable"]
    read |= {
        "method": method_of(given["method"], desk.config) or given["method"],
        "outcome": ANSWERED.get(given["answered"], given["answered"]),
        "confirmed": _confirmed(given["confirmed"]),
    }
    other = given[MOVED_TO].upper() if read["corrects"] else ""
    if other and other != number:
        number, read["corrects_lead"] = other, number
    return Said(number, person, channel="page", **read), wrong


def wrong_fields(faults: Iterable[Fault], lang: str) -> dict[str, str]:
    """What a record's fields have wrong, by field of the form."""
    as_typed = {"outcome": "answered", "corrects_lead": "corrects"}
    return {as_typed.get(one.field, one.field): one.said(lang) for one in faults}


def shown_form(desk: Desk, typed: Mapping[str, str]) -> dict[str, Any]:
    """What the form's template is given: fields in groups with their labels and kinds, and what can be confirmed."""
    lang, w = desk.settings.lang, words(desk.settings.lang)
    stages = [rule.stage for rule in desk.rules.stages]
    checked = set(_confirmed(typed.get("confirmed", "")).split("|"))
    groups = [
        {
            "title": w[f"group.{group}"],
            "fields": [(name, field_name(name, lang), _kind(name)) for name in names],
            "open": any(typed.get(name) for name in names),
        }
        for group, names in GROUPS.items()
    ]
    return {
        "groups": groups,
        "objected": [(name, field_name(name, lang), _kind(name)) for name in OBJECTED],
        "chosen": {"category": _with(categories(desk.rules), typed.get("category", "")), "stage": stages,
                   "settled": list(SETTLED)},
        "people": [(one.id, one.name) for one in desk.config.roster.people if one.active],
        "confirmed": [(name, w[f"fact.{name}"], name in checked) for name in CONFIRMED],
    }  # fmt: skip


def shown_answers(desk: Desk, lead_id: int) -> dict[str, Any]:
    """The objections of a lead that are not settled, and the standard answers: to these first, the rest folded in."""
    lang, rules = desk.settings.lang, desk.rules
    found = open_objections(desk.engine, lead_id, rules)
    rows = found.astype("object").where(found.notna(), None).to_dict("records")
    named = {rule.id: rule.statement.of(lang) for rule in rules.objections}
    first = list(dict.fromkeys(str(row["category"]) for row in rows))
    groups = [
        {
            "category": category,
            "answers": [{"id": rule.id, "title": named[rule.id], "words": rule.answer.of(lang),
                         "proof": rule.proof.of(lang)} for rule in answers],
        }
        for category, answers in answers_by_category(rules, first)
    ]  # fmt: skip
    waiting = [
        {"category": row["category"], "text": row["text"], "answer": _answer(row["answer"], named)} for row in rows
    ]
    return {
        "open": waiting,
        "first": [one for one in groups if one["category"] in first],
        "rest": [one for one in groups if one["category"] not in first],
    }


def _answer(planned: Any, named: Mapping[str, str]) -> str:
    """A planned answer as people read it: a standard one by what it says."""
    text = str(planned or "")
    known = answer_id(text)
    return f"{named[known]} {text.partition(known)[2].strip()}".strip() if known in named else text


def _with(known: tuple[str, ...], typed: str) -> list[str]:
    """What can be chosen, and what was typed where that is another."""
    return [*known, *([typed] if typed and typed not in known else [])]


def _kind(name: str) -> str:
    choice = name in ("stage", "category", "settled")
    return "date" if name in DAYS else "number" if name in NUMBERS else "choice" if choice else "text"


def _confirmed(text: str) -> str:
    return "|".join(part for part in text.replace(",", "|").split("|") if part)


def _whole(text: str) -> int | None:
    return int(text) if _WHOLE.match(text) else None


def _number(text: str) -> float | None:
    try:
        found = float(text.replace(",", "").replace("，", "").rstrip("%％元"))
    except ValueError:
        return None
    return found if abs(found) < 1e15 else None
