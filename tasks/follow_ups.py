"""Follow-ups as records: each is an event of its lead, and begins and stops what is promised about it (H1-3.4)."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection, Engine, text

from config.schema import Config
from models import FollowUp, Lead, Objection
from models.db import begin, insert_frame, look_up, take_ids, take_turn, update_frame
from tasks.arrival import Arrival
from tasks.clocks import reckoner_of
from tasks.history import DECISION, append_events, without_traits
from tasks.orders import Order
from tasks.points import reached
from tasks.records_due import follow_subjects
from tasks.rules.lifecycle.records import CONFIRMED, unknown_facts
from tasks.rules.promises import OPEN
from tasks.state import keep_current

METHODS = "K-METHODS"
OUTCOMES = ("answered", "not_reached", "replied_later")
_MOST = 4_000
_LEADS = f"""
SELECT l.id AS lead_id, l.number, l.status, l.closed_at, l.joined_into AS into_id, l.account_id, l.contact_id, l.owner,
l.owner_rule, l.touched_at, l.tier, l.source, {", ".join(f"l.{name}" for name in DECISION)}
FROM wanted w JOIN lead l ON l.number = w.key
"""
_KNOWN = "SELECT f.key, f.id, f.lead_id FROM wanted w JOIN follow_up f ON f.key = w.key"
_NUMBER = text("SELECT number FROM lead WHERE id = :id")
_ACKNOWLEDGE = text("""
UPDATE escalation SET acknowledged_at = :at, acknowledged_by = :person WHERE recipient = :person AND state = 'fired'
AND acknowledged_at IS NULL AND clock_id IN (SELECT id FROM clock WHERE lead_id = :lead)
""")


class FollowUpError(Exception):
    """The follow-up cannot be recorded; the message says why, and names no value of a row."""


@dataclass(frozen=True)
class Said:
    """One contact or attempt as somebody tells it; times are aware, texts as typed."""

    number: str
    person: str
    at: datetime
    method: str
    summary: str
    outcome: str = "answered"
    feedback: str | None = None
    objection: str | None = None
    category: str | None = None
    answer: str | None = None
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


@dataclass(frozen=True)
class Recorded:
    """What a follow-up has become: its id, and whether it had been recorded before."""

    number: str
    follow_up_id: int
    before: bool


def record_follow_ups(
    engine: Engine, said: Sequence[Said], config: Config, order: Order, *, dry_run: bool = False
) -> list[Recorded]:
    """Record follow-ups in one transaction; FollowUpError names the first that cannot be, and none is recorded.

    The same one told again, by its key or its content, is recorded once.
    """
    for one in said:
        _check(one, config, order)
    with begin(engine, keep=not dry_run) as conn:
        take_turn(conn)
        found = record(conn, said, config, order.arrival("follow_up"))
        reached("follow-up-recorded")
        return found


def record(conn: Connection, said: Sequence[Said], config: Config, arrival: Arrival) -> list[Recorded]:
    """Record checked follow-ups within an open transaction, in whose turn nobody else's is."""
    rows = _rows(said, arrival)
    known = look_up(conn, rows["key"].drop_duplicates(), "TEXT", _KNOWN).set_index("key")
    fresh = ~rows["key"].isin(known.index) & ~rows["key"].duplicated()
    leads = look_up(conn, rows["number"].drop_duplicates(), "TEXT", _LEADS).set_index("number")
    _refuse_closed(conn, rows[fresh], leads)
    rows["id"] = known["id"].reindex(rows["key"]).array
    rows.loc[fresh, "id"] = take_ids(conn, "follow_up", int(fresh.sum()))
    rows["id"] = rows.groupby("key")["id"].transform("first").astype("int64")
    about = leads.reindex(rows["number"]).reset_index(drop=True)
    rows = rows.join(about[["lead_id", "owner", "grade", "tier", "source"]])
    # one round for the first follow-up of each lead, one for the second …: each finds what the one before left
    order = rows[fresh].sort_values(["at", "id"])
    turn = order.groupby("lead_id").cumcount()
    for number in range(int(turn.max() + 1) if len(turn) else 0):
        _record_round(conn, order[turn == number].reset_index(drop=True), about, arrival, config)
    told = zip(rows["number"], rows["id"], ~fresh, strict=True)
    return [Recorded(str(number), int(one), bool(before)) for number, one, before in told]


def method_of(typed: str, config: Config) -> str | None:
    """The method that a word means, or None."""
    word = typed.strip().lower()
    for method, names in config.rules.value(METHODS).items():
        if word == method.lower() or word in (name.lower() for name in names):
            return str(method)
    return None


def _record_round(conn: Connection, rows: pd.DataFrame, about: pd.DataFrame, arrival: Arrival, config: Config) -> None:
    """Record at most one follow-up a lead."""
    # the tier that stands beside them is the lead's, not a word of the follow-up
    known = set(FollowUp.__table__.columns.keys()) - {"tier"}
    table = [column for column in rows if column in known]
    insert_frame(conn, FollowUp, rows[table])
    objections = _objections(conn, rows)
    leads = about.drop_duplicates("lead_id").set_index("lead_id").reindex(rows["lead_id"]).reset_index()
    untouched = leads["touched_at"].isna().to_numpy()
    touched = {"id": leads["lead_id"][untouched], "touched_at": rows["at"][untouched].array}
    update_frame(conn, Lead, pd.DataFrame(touched))
    planned = rows["next_at"].notna().to_numpy()
    update_frame(conn, Lead, pd.DataFrame({"id": leads["lead_id"][planned], "next_action_id": rows["id"][planned]}))
    facts = "follow_up=" + rows["id"].astype("str") + "|outcome=" + rows["outcome"]
    events = without_traits(leads).assign(kind="follow_up", facts=facts, at=rows["at"].array)
    append_events(conn, [events], arrival, config)
    rules = config.rules.at(arrival.local.date())
    technical = {person.id for person in config.roster.people if person.role == "tech"}
    rows = rows.assign(technical=rows["person"].isin(technical))
    follow_subjects(conn, rows, objections, rules, reckoner_of(conn, rules, config, arrival.zone))
    given = zip(rows["at"], rows["person"], rows["lead_id"], strict=True)
    asked = [{"at": at.to_pydatetime(), "person": person, "lead": int(lead)} for at, person, lead in given]
    conn.execute(_ACKNOWLEDGE, asked)
    keep_current(conn, rows["lead_id"], arrival, config)


def _objections(conn: Connection, rows: pd.DataFrame) -> pd.DataFrame:
    """Store what customers objected; an answer or a dated next action in the same record plans its answer at once."""
    raised = rows[rows["objection"].notna()].reset_index(drop=True)
    if raised.empty:
        return raised
    planned = plans_answer(raised)
    objections = pd.DataFrame(
        {
            "id": take_ids(conn, "objection", len(raised)),
            "lead_id": raised["lead_id"],
            "follow_up_id": raised["id"],
            "at": raised["at"],
            "category": raised["category"],
            "text": raised["objection"],
            "answer": raised["answer"].fillna(raised["next_action"]).where(planned),
            "answer_person": raised["next_person"].fillna(raised["person"]).where(planned),
            "answer_due_at": raised["next_at"].where(planned),
            "planned_at": raised["at"].where(planned),
            "planned_in": raised["id"].astype("Int64").where(planned),
        }
    )
    insert_frame(conn, Objection, objections)
    return raised.assign(objection_id=objections["id"], planned=planned)


def plans_answer(rows: pd.DataFrame) -> pd.Series:
    """Whether a record says how an objection will be answered: an answer, or a next action with its time."""
    planned: pd.Series = rows["answer"].notna() | (rows["next_action"].notna() & rows["next_at"].notna())
    return planned


def _rows(said: Sequence[Said], arrival: Arrival) -> pd.DataFrame:
    names = [one.name for one in fields(Said)]
    rows = pd.DataFrame([[getattr(one, name) for name in names] for one in said], columns=names)
    for name in names:
        if name in NUMBERS:
            rows[name] = rows[name].astype("float64")
        elif name.endswith("_at") or name in ("at", "pause_until"):
            rows[name] = pd.to_datetime(rows[name], utc=True).dt.tz_localize(None).astype("datetime64[us]")
        else:
            rows[name] = rows[name].astype("str")
            rows[name] = rows[name].mask(rows[name].str.strip() == "")
    rows["confirmed"] = rows["confirmed"].fillna("")
    content = rows[["number", "person", "method", "summary"]].astype("object").agg("\x1f".join, axis=1)
    made = pd.util.hash_array((content + "\x1f" + rows["at"].astype("str")).to_numpy(object))
    rows["key"] = rows["key"].fillna(pd.Series(made, index=rows.index).map("content:{:016x}".format))
    return rows.assign(recorded_at=arrival.at)


def _refuse_closed(conn: Connection, rows: pd.DataFrame, leads: pd.DataFrame) -> None:
    for number in rows["number"].drop_duplicates():
        if number not in leads.index:
            raise FollowUpError(f"there is no lead {number}")
        lead = leads.loc[number]
        if pd.notna(lead["into_id"]):
            into = conn.execute(_NUMBER, {"id": int(lead["into_id"])}).scalar_one()
            raise FollowUpError(f"{number} was joined into {into}: record it there")
        if lead["status"] == "won":
            # a customer is cared for
            continue
        if lead["status"] not in (*OPEN, "pool") or pd.notna(lead["closed_at"]):
            raise FollowUpError(f"{number} is closed: no follow-up can be recorded")


def _check(said: Said, config: Config, order: Order) -> None:
    """Refuse what no record may say; a text is never repeated."""
    wrong: list[str] = []
    if config.roster.person(said.person) is None:
        wrong.append(f"nobody of the id {said.person!r} is in the roster")
    if said.next_person and config.roster.person(said.next_person) is None:
        wrong.append(f"nobody of the id {said.next_person!r} is in the roster")
    if said.outcome not in OUTCOMES:
        wrong.append(f"outcome {said.outcome!r} is none of {', '.join(OUTCOMES)}")
    if method_of(said.method, config) != said.method:
        wrong.append(f"method {said.method!r} is none of {', '.join(config.rules.value(METHODS))}")
    if not said.summary.strip():
        wrong.append("the summary is blank: whoever takes over must learn what was said")
    if said.at > order.as_of:
        wrong.append("its time lies in the future")
    wrong += _dates_wrong(said, order.as_of)
    wrong += _facts_wrong(said, config, order)
    long = [one.name for one in fields(Said) if len(_text(getattr(said, one.name))) > _MOST]
    wrong += [f"{name} has more than {_MOST} signs" for name in long]
    if wrong:
        raise FollowUpError(f"{said.number}: {'; '.join(wrong)}")


def _dates_wrong(said: Said, as_of: datetime) -> list[str]:
    wrong = []
    if (said.next_at is None) != (not (said.next_action or "").strip()):
        wrong.append("a next action needs what and when, both")
    for name, at in (("next", said.next_at), ("support", said.support_at), ("pause", said.pause_until)):
        if at is not None and at <= said.at:
            wrong.append(f"the time of {name} lies before the follow-up")
        if at is not None and at.year > as_of.year + _YEARS_AHEAD:
            wrong.append(f"the time of {name} lies more than {_YEARS_AHEAD} years ahead")
    return wrong


def _facts_wrong(said: Said, config: Config, order: Order) -> list[str]:
    """What is wrong of stage, pause, numbers and days."""
    today = order.as_of.astimezone(ZoneInfo(order.zone)).date()
    rules = config.rules.at(today)
    wrong = []
    stages = [rule.stage for rule in rules.stages]
    if said.stage and said.stage not in stages:
        wrong.append(f"stage {said.stage!r} is none of {', '.join(stages)}")
    if said.pause_kind not in (None, "", *PAUSES):
        wrong.append(f"the kind of pause {said.pause_kind!r} is none of {', '.join(PAUSES)}")
    strange = set(unknown_facts(said.confirmed, rules))
    wrong += [f"confirmed: {one!r} is none of {', '.join(CONFIRMED)}" for one in sorted(strange)]
    if said.probability is not None and not 0 <= said.probability <= 100:
        wrong.append("the probability is no percentage")
    for name in NUMBERS[1:]:
        value = getattr(said, name)
        if value is not None and not 0 <= value < _MOST_YUAN:
            wrong.append(f"{name} is no sum in yuan")
    for name in ("contract_on", "first_payment_on"):
        day = getattr(said, name)
        if day is not None and day > today:
            wrong.append(f"{name} lies in the future")
    if said.close_on is not None and said.close_on.year > today.year + _YEARS_AHEAD:
        wrong.append(f"close_on lies more than {_YEARS_AHEAD} years ahead")
    return wrong


NUMBERS = ("probability", "amount", "contract_amount", "first_payment")
PAUSES = ("hold", "reactivate")
_YEARS_AHEAD, _MOST_YUAN = 5, 1e12


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
