"""Follow-ups as records: each is an event of its lead, and begins and stops what is promised about it (H1-3.4)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Engine

from config.schema import Config
from models.db import begin, take_turn
from tasks.follow_up_words import fault_text, field_name
from tasks.orders import Order
from tasks.points import reached
from tasks.recording import found_of, write_records
from tasks.rules.follow_up_check import NUMBERS, fault, fault_frame, faults_of
from tasks.rules.follow_up_hints import hints_of
from tasks.rules.lifecycle.records import CONFIRMED, FACT_WORDS
from tasks.rules.objections import categories
from tasks.told_again import content_keys, keyed
from tasks.unfit import unfit_records

METHODS = "K-METHODS"


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong of a record: its place among those told, its lead, the field, and what it is."""

    row: int
    number: str
    field: str
    code: str
    value: str
    known: Mapping[str, tuple[str, ...]]

    def said(self, lang: str) -> str:
        """What is wrong, in the reader's language."""
        return fault_text(self.code, self.field, self.value, lang, self.known)

    def named(self, lang: str) -> str:
        """The same behind the field's name."""
        return f"{field_name(self.field, lang)}: {self.said(lang)}"


class FollowUpError(Exception):
    """Follow-ups cannot be recorded; `faults` are all that is wrong of them, and none repeats a free text."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        said: dict[str, list[str]] = {}
        for one in faults:
            said.setdefault(one.number, []).append(f"{one.field}: {one.said('en')}")
        super().__init__("\n".join(f"{number}: {'; '.join(texts)}" for number, texts in said.items()))
        self.faults = tuple(faults)


@dataclass(frozen=True)
class Said:
    """One contact or attempt as somebody tells it; times are aware, texts as typed."""

    number: str
    person: str
    #: what is told without one of these is refused
    at: datetime | None
    method: str | None
    summary: str | None
    outcome: str = "answered"
    feedback: str | None = None
    objection: str | None = None
    category: str | None = None
    #: how the objection will be answered: the id of a standard answer (objections.yaml), or own words, or both
    answer: str | None = None
    #: whether the objections that are open are settled: yes, no
    settled: str | None = None
    next_action: str | None = None
    next_at: datetime | None = None
    next_person: str | None = None
    result: str | None = None
    risk: str | None = None
    milestone: str | None = None
    plan: str | None = None
    support: str | None = None
    support_at: datetime | None = None
    pause_until: datetime | None = None
    pause_kind: str | None = None
    pause_event: str | None = None
    #: facts that the customer confirmed, joined by |: need, budget, chain, decider, date, offer, or L-FACT-WORDS
    confirmed: str = ""
    stage: str | None = None
    #: what the tier asks for: expected close, percent, yuan
    close_on: date | None = None
    probability: float | None = None
    amount: float | None = None
    obstacle: str | None = None
    #: what makes a lead won
    contract_number: str | None = None
    contract_on: date | None = None
    contract_amount: float | None = None
    first_payment: float | None = None
    first_payment_on: date | None = None
    #: what is known of a lost one
    lost_reason: str | None = None
    competitor: str | None = None
    would_have_helped: str | None = None
    channel: str = "cli"
    key: str | None = None
    #: the number of the earlier follow-up whose place this one takes
    corrects: int | None = None
    #: the lead on which that one was recorded, where that was the wrong one
    corrects_lead: str | None = None


@dataclass(frozen=True)
class Recorded:
    """What a follow-up has become: its id, whether it had been recorded before, and what is hinted at of it."""

    number: str
    follow_up_id: int
    before: bool
    hints: tuple[Fault, ...] = ()


def record_follow_ups(
    engine: Engine, said: Sequence[Said], config: Config, order: Order, *, dry_run: bool = False
) -> list[Recorded]:
    """Record follow-ups in one transaction; FollowUpError names all that is wrong, and then none is recorded.

    The same one told again, by its key or its content, is recorded once.
    """
    rows = _rows(said)
    _refuse(rows, check_rows(rows, config, order), config)
    with begin(engine, keep=not dry_run) as conn:
        take_turn(conn)
        arrival = order.arrival("follow_up")
        rows = keyed(rows, arrival)
        known, leads, earlier = found_of(conn, rows)
        _refuse(rows, unfit_records(rows, known, leads, earlier, config), config)
        found = write_records(conn, rows, known, leads, earlier, config, arrival)
        reached("follow-up-recorded")
    hints: dict[int, list[Fault]] = {}
    for one in _hints(rows, found["unheard"], config, order):
        hints.setdefault(one.row, []).append(one)
    told = enumerate(zip(rows["number"], found["id"], found["before"], strict=True))
    return [
        Recorded(str(number), int(one), bool(before), tuple(hints.get(row, ()))) for row, (number, one, before) in told
    ]


@dataclass(frozen=True)
class Taken:
    """What is wrong of the records that were not recorded; of the others what is hinted at, and their ids by row."""

    wrong: list[Fault]
    hints: list[Fault]
    ids: Mapping[int, int]


def take_follow_ups(engine: Engine, rows: pd.DataFrame, faults: pd.DataFrame, config: Config, order: Order) -> Taken:
    """Record those of many follow-ups of which nothing is wrong, in one transaction.

    rows: fields of records in their order, as `typed` gives them; faults: what was wrong of them already.
    """
    wrong = all_faults(rows, faults, config, order)
    arrival = order.arrival("follow_up")
    rows = keyed(rows, arrival)
    with begin(engine) as conn:
        take_turn(conn)
        fit = rows[~rows.index.isin(wrong["row"])]
        known, leads, earlier = found_of(conn, fit)
        unfit = unfit_records(fit, known, leads, earlier, config)
        unfit["row"] = fit.index.to_numpy()[unfit["row"].to_numpy(int)]
        fit = fit[~fit.index.isin(unfit["row"])]
        unheard, ids = pd.Series(False, index=rows.index), {}
        if len(fit):
            found = write_records(conn, fit.reset_index(drop=True), known, leads, earlier, config, arrival)
            unheard[fit.index] = found["unheard"].to_numpy()
            ids = dict(zip(fit.index.tolist(), found["id"].tolist(), strict=True))
        reached("follow-up-recorded")
    return Taken(told_faults(rows, fault_frame([wrong, unfit]), config), _hints(rows, unheard, config, order), ids)


def method_of(typed: str, config: Config) -> str | None:
    """The method that a word means, or None."""
    word = typed.strip().lower()
    for method, names in config.rules.value(METHODS).items():
        if word == method.lower() or word in (name.lower() for name in names):
            return str(method)
    return None


def _rows(said: Sequence[Said]) -> pd.DataFrame:
    return rows_of([{one.name: getattr(record, one.name) for one in fields(Said)} for record in said])


def rows_of(records: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Fields of records, as they were said, with their types; what was said as a number and is none is no sum."""
    # in a column of numbers NaN is what was not said
    told = [{name: math.inf if _is_nan(value) else value for name, value in one.items()} for one in records]
    return typed(pd.DataFrame.from_records(told, columns=[one.name for one in fields(Said)]))


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def typed(rows: pd.DataFrame) -> pd.DataFrame:
    """Fields of records with the types that they are checked and stored with; those that are not there blank."""
    names = [one.name for one in fields(Said)]
    rows = rows.reindex(columns=names)
    for name in names:
        if name in NUMBERS:
            rows[name] = rows[name].astype("float64")
        elif name == "corrects":
            rows[name] = pd.to_numeric(rows[name]).astype("Int64")
        elif name.endswith("_at") or name in ("at", "pause_until"):
            rows[name] = pd.to_datetime(rows[name], utc=True).dt.tz_localize(None).astype("datetime64[us]")
        else:
            rows[name] = rows[name].astype("str")
            rows[name] = rows[name].mask(rows[name].str.strip() == "")
    return rows.assign(confirmed=rows["confirmed"].fillna(""))


def by_now(rows: pd.DataFrame, days: pd.Series, order: Order) -> pd.DataFrame:
    """Records of which only the day is said (ISO text, else NA): those of today happened by now, not at its end.

    Told again later on they are the same ones.
    """
    today = order.as_of.astimezone(ZoneInfo(order.zone)).date().isoformat()
    now = pd.Timestamp(order.as_of).tz_convert("UTC").tz_localize(None)
    late = (days == today).fillna(False).to_numpy(dtype=bool) & (rows["at"] > now).to_numpy(dtype=bool)
    if not late.any():
        return rows
    keys = rows["key"].where(rows["key"].notna() | ~late, content_keys(rows))
    return rows.assign(key=keys, at=rows["at"].mask(late, now))


def said_by_now(said: Said, day: date, order: Order) -> Said:
    """The same of one record."""
    rows = by_now(_rows([said]), pd.Series([day.isoformat()]), order)
    key = rows["key"].iloc[0]
    at = order.as_of if pd.notna(key) and said.key is None else said.at
    return replace(said, at=at, key=str(key) if pd.notna(key) else None)


def _refuse(rows: pd.DataFrame, faults: pd.DataFrame, config: Config) -> None:
    """Raise what is wrong of records, all of it; a free text is never repeated."""
    if len(faults):
        raise FollowUpError(told_faults(rows, faults, config))


def told_faults(rows: pd.DataFrame, faults: pd.DataFrame, config: Config) -> list[Fault]:
    """What is wrong of records, each with its lead and with what could be said instead."""
    numbers = rows["number"].astype("object").fillna("").to_numpy()[faults["row"].to_numpy(int)]
    told = zip(faults["row"], numbers, faults["field"], faults["code"], faults["value"], strict=True)
    facts = config.rules.value(FACT_WORDS)
    known = {
        "method": tuple(config.rules.value(METHODS)), "category": categories(config.rules),
        "stage": tuple(rule.stage for rule in config.rules.stages), "confirmed": CONFIRMED,
        "confirmed.zh": tuple(next(iter(facts[name]), name) for name in CONFIRMED),
    }  # fmt: skip
    return [Fault(int(row), str(number), field, code, str(value), known) for row, number, field, code, value in told]


def all_faults(rows: pd.DataFrame, faults: pd.DataFrame, config: Config, order: Order) -> pd.DataFrame:
    """What was wrong of records already, and what is wrong of them by themselves."""
    # what of a field cannot be read is not blank too
    wrong = fault_frame([faults, check_rows(rows, config, order)])
    unread = pd.MultiIndex.from_frame(faults[["row", "field"]])
    double = pd.MultiIndex.from_frame(wrong[["row", "field"]]).isin(unread) & wrong.duplicated(["row", "field"])
    single: pd.DataFrame = wrong[~double].reset_index(drop=True)
    return single


def faults_in(said: Said, config: Config, order: Order) -> list[Fault]:
    """What is wrong of one record by itself."""
    rows = _rows([said])
    return told_faults(rows, check_rows(rows, config, order), config)


def check_rows(rows: pd.DataFrame, config: Config, order: Order) -> pd.DataFrame:
    """What is wrong of records by themselves."""
    today = order.as_of.astimezone(ZoneInfo(order.zone)).date()
    rules = config.rules.at(today)
    people = [person.id for person in config.roster.people]
    as_of = pd.Timestamp(order.as_of).tz_convert("UTC").tz_localize(None)
    return faults_of(rows, people, list(config.rules.value(METHODS)), rules, as_of, today)


def _hints(rows: pd.DataFrame, unheard: pd.Series, config: Config, order: Order) -> list[Fault]:
    """What is hinted at of records: said in vague words, not said at all, or said of an objection that is not there."""
    today = order.as_of.astimezone(ZoneInfo(order.zone)).date()
    lost = [fault(unheard & rows[name].notna(), name, "no_objection") for name in ("answer", "settled")]
    return told_faults(rows, fault_frame([hints_of(rows, config.rules.at(today)), *lost]), config)
