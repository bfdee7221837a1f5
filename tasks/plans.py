"""Plans of the next working day (当日跟进计划): proposed from what is due, confirmed or edited by each person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine, insert, update

from config.schema import Config
from config.sla import Span
from models import Plan, PlanItem
from models.db import begin, insert_frame, look_up, read_frame, stored_moment, take_numbers, take_turn
from tasks.clocks import reckoner_of
from tasks.day import SECTIONS, Day, day_of
from tasks.orders import MACHINE, NotHisError, Order, OrderError
from tasks.rules.due import Reckoner, moment_of
from tasks.rules.plans import prefilled
from tasks.rules.recipients import Ladderers

PROPOSED, CONFIRMED = "proposed", "confirmed"
#: Whose working days are planned.
PLANNING = ("representative", "assistant", "senior", "supervisor", "manager", "tech")
ADDED = "added"
_PLANS = """
SELECT p.id AS plan_id, p.person, p.state, p.actor, p.at FROM plan p
WHERE p.day_on = :on AND p.at <= :at AND (p.until IS NULL OR p.until > :at) ORDER BY p.person
"""
_ITEMS = """
SELECT i.plan_id, i.lead_id, i.section, i.instead_of, i.kept, i.note, l.number, l.grade, l.closed_at, l.owner,
a.name AS company, s.since AS owner_since
FROM wanted w JOIN plan_item i ON i.plan_id = w.key JOIN lead l ON l.id = i.lead_id
LEFT JOIN account a ON a.id = l.account_id LEFT JOIN assignment s ON s.lead_id = l.id AND s.until IS NULL
ORDER BY i.plan_id, i.lead_id
"""
_OPEN = "SELECT id AS lead_id, number, owner FROM lead WHERE closed_at IS NULL AND owner = :person ORDER BY id"


@dataclass(frozen=True)
class Edited:
    """A plan as a person wants it: the leads (numbers) that it keeps and leaves out, and notes by number."""

    kept: Sequence[str]
    left: Sequence[str] = ()
    notes: Mapping[str, str] = field(default_factory=dict)


def next_working_day(conn: Connection, config: Config, as_of: datetime, zone: str) -> date:
    """The company's next working day after that of a moment."""
    return _opening(reckoner_of(conn, config.rules, config, zone), as_of)[0]


def is_time(conn: Connection, config: Config, as_of: datetime, zone: str, rule: str) -> bool:
    """Whether so many working minutes as a rule says, or fewer, are left of the company's working day."""
    reckoner = reckoner_of(conn, config.rules, config, zone)
    now = _naive(as_of)
    today = reckoner.local(np.array([now])).astype("datetime64[D]")
    morning, closing = reckoner.utc(today.astype("datetime64[s]")), reckoner.day_end(today)
    if not reckoner.works_on(today)[0]:
        return False
    company = np.array([""], dtype=object)
    minutes = Span(minutes=int(config.rules.value(rule)))
    begins = reckoner.step(closing, morning, company, minutes, None)[0]
    return bool((np.isnat(begins) or begins <= now) and now < closing[0])


def foreseen(
    conn: Connection, config: Config, as_of: datetime, zone: str, on: date | None = None, person: str | None = None
) -> Day:
    """What the next working day (or `on`: today or that day) will ask of everybody, as far as is known now.

    person: only of him, and of those for whom he stands in. OrderError for any other day: what it asks is not known
    yet, or over.
    """
    following, opening = _opening(reckoner_of(conn, config.rules, config, zone), as_of)
    if on == as_of.astimezone(ZoneInfo(zone)).date():
        return _day(conn, config, as_of, zone, person)
    if on not in (None, following):
        raise OrderError(f"plans are made for today and for the next working day, {following}, not for {on}")
    return _day(conn, config, max(as_of, moment_of(opening)), zone, person)


def _day(conn: Connection, config: Config, as_of: datetime, zone: str, person: str | None) -> Day:
    if person is None:
        return day_of(conn, config, as_of, zone)
    own = day_of(conn, config, as_of, zone, person)
    others = [away for away, other in _stand_ins(config, own).items() if other == person]
    rows = [day_of(conn, config, as_of, zone, one).rows for one in others]
    return replace(own, rows=pd.concat([own.rows, *rows], ignore_index=True))


def asked_of(day: Day, config: Config) -> pd.DataFrame:
    """Each person's plan of a day as it would be proposed: the rows of the day with person, section, instead_of."""
    rows = prefilled(day.rows, _stand_ins(config, day), SECTIONS)
    return rows[rows["person"].isin(day.here).to_numpy(dtype=bool)].reset_index(drop=True)


def propose(conn: Connection, day: Day, config: Config, as_of: datetime) -> list[str]:
    """Store the proposed plan of everybody who works on the day and has none; gives whose."""
    known = set(plans_of(conn, day.on, as_of)["person"])
    mine = [one.id for one in config.roster.people if one.active and one.role in PLANNING and one.id in day.here]
    fresh = [person for person in mine if person not in known]
    if not fresh:
        return []
    rows = asked_of(day, config)
    numbers = dict(zip(fresh, take_numbers(conn, "plan_id", len(fresh)).tolist(), strict=True))
    said = {"day_on": day.on, "state": PROPOSED, "actor": MACHINE, "at": as_of}
    conn.execute(insert(Plan), [{"id": number, "person": person} | said for person, number in numbers.items()])
    items = rows[rows["person"].isin(fresh).to_numpy(dtype=bool)]
    items = items.assign(plan_id=items["person"].map(numbers).astype("int64"), kept=True, note=None)
    insert_frame(conn, PlanItem, _stored(items))
    return fresh


def plans_of(conn: Connection, on: date, as_of: datetime) -> pd.DataFrame:
    """The plans of a day as they stood at a moment: plan_id, person, state, actor, at."""
    day = on if conn.dialect.name == "postgresql" else on.isoformat()
    return read_frame(conn, _PLANS, on=day, at=stored_moment(conn, as_of))


def items_of(conn: Connection, plans: pd.DataFrame) -> pd.DataFrame:
    """What stands in plans: person, state, section, instead_of, kept, note; lead_id, number, grade, company, and of the
    lead as it is now owner, closed_at, and moved: whether it went to somebody else after the plan was made."""
    found = look_up(conn, plans["plan_id"].astype("int64").sort_values(), "BIGINT", _ITEMS)
    found = found.assign(kept=found["kept"].astype(bool))
    found = found.merge(plans[["plan_id", "person", "state", "at"]], on="plan_id")
    moved = found["owner"].isna() | ((found["owner"] != found["person"]) & (found["owner_since"] > found["at"]))
    return found.assign(moved=moved.astype("bool")).drop(columns="at")


def confirm(
    engine: Engine, person: str, edited: Edited | None, config: Config, order: Order, *, on: date | None = None,
    dry_run: bool = False,
) -> tuple[date, pd.DataFrame, bool]:  # fmt: skip
    """Store a person's plan of the next working day, or of today: the day, its items, whether it says anything new.

    Without `edited` as it is proposed now. OrderError names what cannot be planned; others than he, those above him and
    managers say nothing of it. Said twice it is stored once.
    """
    if not config.roster.speaks_for(order.actor, person):
        raise NotHisError(order.actor, "this plan", person)
    zone = order.zone
    with begin(engine, keep=not dry_run) as conn:
        take_turn(conn)
        day = foreseen(conn, config, order.as_of, zone, on, person)
        if person not in day.here:
            raise OrderError(f"{person} does not work on {day.on}")
        items, state = current(conn, day, person, config, order.as_of)
        if edited is not None:
            items = _edited(conn, items, person, edited)
        if state == CONFIRMED and _same(items, _live(conn, day.on, person, order.as_of)):
            return day.on, items, False
        at = order.as_of
        live = (Plan.person == person, Plan.day_on == day.on, Plan.until.is_(None))
        conn.execute(update(Plan).where(*live).values(until=at))
        number = int(take_numbers(conn, "plan_id", 1)[0])
        said = {"id": number, "person": person, "day_on": day.on, "state": CONFIRMED, "actor": order.actor, "at": at}
        conn.execute(insert(Plan).values(said))
        insert_frame(conn, PlanItem, _stored(items.assign(plan_id=number)))
        return day.on, items, True


def current(
    conn: Connection, day: Day, person: str, config: Config, as_of: datetime
) -> tuple[pd.DataFrame, str | None]:
    """A person's plan of a day with what has fallen due since: the items, and its state (None: there is none yet)."""
    asked = asked_of(day, config)
    asked = asked[(asked["person"] == person).to_numpy(dtype=bool)].assign(kept=True, note=None)
    plans = plans_of(conn, day.on, as_of)
    plans = plans[(plans["person"] == person).to_numpy(dtype=bool)]
    if plans.empty:
        return asked.reset_index(drop=True), None
    kept = items_of(conn, plans)
    his = ~kept["moved"] | kept["lead_id"].isin(asked["lead_id"])
    kept = kept[(his & kept["closed_at"].isna()).to_numpy(dtype=bool)]
    kept = kept.merge(asked[["lead_id", "due_at"]], "left", "lead_id")
    more = asked[~asked["lead_id"].isin(kept["lead_id"]).to_numpy(dtype=bool)]
    columns = ["person", "lead_id", "number", "grade", "company", "section", "instead_of", "kept", "note", "due_at"]
    both = pd.concat([part.reindex(columns=columns).astype("object") for part in (kept, more)], ignore_index=True)
    rank = both["section"].map({name: place for place, name in enumerate(SECTIONS)}).fillna(len(SECTIONS))
    both = both.assign(rank=rank).sort_values("rank", kind="stable").drop(columns="rank").reset_index(drop=True)
    return both.astype({"kept": "bool", "lead_id": "int64"}), str(plans["state"].iloc[0])


def _stand_ins(config: Config, day: Day) -> dict[str, str]:
    """Who stands in on a day for each one who is away."""
    present, here, found = Ladderers(config.roster, day.on), set(day.here), {}
    for person in config.roster.people:
        if person.id in here or not person.active:
            continue
        hearers = [one.person for one in present.hearers(["owner"], person.id) if one.person in here]
        if hearers:
            found[person.id] = hearers[0]
    return found


def _opening(reckoner: Reckoner, as_of: datetime) -> tuple[date, np.datetime64]:
    """The company's next working day after that of a moment, and when it opens (UTC)."""
    today = reckoner.local(np.array([_naive(as_of)])).astype("datetime64[D]")
    midnight = reckoner.utc((today + np.timedelta64(1, "D")).astype("datetime64[s]"))[0]
    opening = reckoner.next_open(midnight, np.array([""], dtype=object))[0]
    on: date = reckoner.local(np.array([opening])).astype("datetime64[D]")[0].astype(object)
    return on, opening


def _edited(conn: Connection, items: pd.DataFrame, person: str, edited: Edited) -> pd.DataFrame:
    """The items as a person wants them; all that cannot be is named at once."""
    known = set(items["number"])
    own = read_frame(conn, _OPEN, person=person)
    added = [number for number in dict.fromkeys(edited.kept) if number not in known]
    strange = [number for number in (*added, *edited.left, *edited.notes) if number not in known | set(own["number"])]
    if strange:
        raise OrderError(f"no open lead of {person}: {', '.join(dict.fromkeys(strange))}")
    more = own[own["number"].isin(added).to_numpy(dtype=bool)].drop(columns="owner")
    more = more.assign(person=person, section=ADDED, instead_of=None, kept=True, note=None)
    said = set(edited.kept) | set(edited.left)
    # what fell due after he had looked is neither kept nor left out by him
    items = items[(items["number"].isin(said) | items["number"].isin(list(edited.notes))).to_numpy(dtype=bool)]
    both = pd.concat([part.astype("object") for part in (items, more)], ignore_index=True)
    kept = ~both["number"].isin(edited.left) & both["number"].isin(edited.kept)
    notes = [edited.notes.get(number, "").strip() or None for number in both["number"]]
    return both.assign(kept=kept, note=pd.Series(notes, dtype="object"))


def _live(conn: Connection, on: date, person: str, as_of: datetime) -> pd.DataFrame:
    plans = plans_of(conn, on, as_of)
    return items_of(conn, plans[(plans["person"] == person).to_numpy(dtype=bool)])


def _same(one: pd.DataFrame, two: pd.DataFrame) -> bool:
    def said(items: pd.DataFrame) -> set[tuple[Any, ...]]:
        rows = items[["number", "kept", "note"]].astype("object")
        return set(rows.where(rows.notna(), None).itertuples(index=False, name=None))

    return said(one) == said(two)


def _stored(items: pd.DataFrame) -> pd.DataFrame:
    columns = ["plan_id", "lead_id", "section", "instead_of", "kept", "note"]
    kinds = {"section": "str", "instead_of": "str", "note": "str", "kept": "bool", "lead_id": "int64"}
    return items.reindex(columns=columns).astype(kinds)


def _naive(as_of: datetime) -> np.datetime64:
    return np.datetime64(as_of.astimezone(UTC).replace(tzinfo=None), "s")
