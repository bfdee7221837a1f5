"""Clocks of leads kept in the same transaction as the events that begin, stop or change them: set-based, no loop."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine

from config.people import Roster
from config.schema import Config, Rules
from models import Clock, ClockPast, FollowUp, Objection
from models.db import insert_frame, look_up, take_ids, update_frame
from tasks.arrival import Arrival
from tasks.calendar import load_days
from tasks.record_rows import follow_ups_of
from tasks.rules.calendars import Calendars
from tasks.rules.clockwork import CHANGING, MET, TIMES, VOID, Moved, begin, ended, follow, otherwise
from tasks.rules.due import Reckoner, same_times, written
from tasks.rules.lifecycle.heard import hear
from tasks.rules.promises import OPEN, week_of_last

_NEW = ("intake", "split")
CLOCK_COLUMNS = (
    "c.id, c.lead_id, c.policy, c.subject_id, c.person, c.started_at, c.target, c.due_at, c.basis, c.paused_at,"
    " c.pauses, c.next_at, c.step, c.held_until, c.breached_at, c.ended_at, c.ending, c.used_minutes, c.over_minutes,"
    " c.rules_version"
)
_CLOCKS = f"SELECT {CLOCK_COLUMNS} FROM wanted w JOIN clock c ON c.lead_id = w.key AND c.ended_at IS NULL"
_LEADS = """
SELECT l.id AS lead_id, l.opened_at, l.verified_at AS checked_at, l.source, l.tier, l.closed_at, l.missing,
a.since AS owner_since FROM wanted w JOIN lead l ON l.id = w.key
LEFT JOIN assignment a ON a.lead_id = l.id AND a.until IS NULL
"""
_BEFORE = """
SELECT c.id AS clock_id, c.lead_id, c.started_at, c.due_at, c.ended_at, c.ending
FROM wanted w JOIN clock c ON c.id = w.key
"""
#: What follow-ups say of a lead.
_TOLD = ("first_contact_at", "last_contact_at", "plan_at", "progress_at", "case_at", "changed_at", "pause_until")
# made once for one configuration, however many transactions ask for it
_made: dict[str, Calendars] = {}
_KEPT = 8


def reckoner_of(conn: Connection | None, rules: Rules, config: Config, zone: str) -> Reckoner:
    """What due times are reckoned with: the stored calendar, the hours of the rules (of a day), the roster's leave.

    Without a database the calendar is the packages'.
    """
    made = Calendars.of(load_days(conn), rules, config.roster)
    digest = made.digest()
    if digest not in _made:
        while len(_made) >= _KEPT:
            _made.pop(next(iter(_made)))
        _made[digest] = made
    return Reckoner(_made[digest], zone)


def in_hours(engine: Engine, rules: Rules, at: datetime, zone: str) -> bool:
    """Whether the company is at work at a moment (aware): frames, half days, make-up workdays."""
    return bool(_company(engine, rules, zone).is_open(_naive(at), np.array([""], dtype=object))[0])


def working_days_before(engine: Engine, rules: Rules, at: datetime, zone: str, days: int) -> datetime:
    """The same clock time of the company's so many working days before a moment (aware)."""
    reckoner = _company(engine, rules, zone)
    today = reckoner.local(np.array([_naive(at)])).astype("datetime64[D]")
    # a month and as much again lie more working days back than any holiday takes
    worked = np.flatnonzero(reckoner.works_on(today - np.arange(1, 32 + 2 * days)))
    back = int(worked[days - 1]) + 1 if days and len(worked) >= days else days
    return at - timedelta(days=back)


def _company(engine: Engine, rules: Rules, zone: str) -> Reckoner:
    """What the company's own hours are reckoned with, whoever is in the roster."""
    with engine.connect() as conn:
        return Reckoner(Calendars.of(load_days(conn), rules, Roster()), zone)


def _naive(at: datetime) -> np.datetime64:
    return np.datetime64(at.astimezone(UTC).replace(tzinfo=None), "s")


def follow_events(
    conn: Connection, events: pd.DataFrame, about: pd.DataFrame, arrival: Arrival, config: Config
) -> None:
    """Let the clocks of some leads follow their events of one moment.

    events: as stored; about (same rows): source, tier, created of new leads.
    """
    rules = config.rules.at(arrival.local.date())
    if events.empty or not rules.sla:
        return
    reckoner = reckoner_of(conn, rules, config, arrival.zone)
    events = events.assign(**{column: about[column].array for column in ("source", "tier", "created")})
    events = events.drop_duplicates("lead_id", keep="last").reset_index(drop=True)
    is_new = events["kind"].isin(_NEW).to_numpy()
    known = events.loc[~is_new, "lead_id"].astype("int64").sort_values()
    into = _joined_into(events)
    facts = _facts(conn, events, known, into, is_new, rules, arrival.zone)
    stored = look_up(conn, known, "BIGINT", _CLOCKS) if len(known) else no_clocks()
    stored, lost = _moved(stored, into)
    if len(lost):
        asked = lost.assign(key="")
        write_changed(conn, ended(asked, np.full(len(lost), arrival.at.to_datetime64()), VOID, reckoner), arrival.at)
    if len(into):
        keep_past(conn, stored.loc[stored["moved"], "id"], arrival.at)
        update_frame(conn, Clock, stored.loc[stored["moved"], ["id", "lead_id"]])
        _move_records(conn, into)
    moved = follow(facts, stored, rules, reckoner)
    changed = moved.changed[otherwise(moved.changed, stored)]
    entries = _entries(facts[is_new].reset_index(drop=True), rules, reckoner)
    write_clocks(conn, Moved(pd.concat([moved.begun, *entries], ignore_index=True), changed), arrival.at)


def write_clocks(conn: Connection, moved: Moved, at: pd.Timestamp) -> None:
    """Store what changed, then what begins; `at` (naive UTC): when it became known."""
    write_changed(conn, moved.changed, at)
    begun = moved.begun
    if begun.empty:
        return
    ids = take_ids(conn, "clock", len(begun))
    columns = ["lead_id", "policy", "subject_id", "person", "step", *CHANGING]
    insert_frame(conn, Clock, _typed(begun[columns]).assign(id=ids, known_at=at))


def write_changed(conn: Connection, changed: pd.DataFrame, at: pd.Timestamp) -> None:
    """Store changed clocks, those that end first, so that a new one may follow; `at` as in write_clocks.

    How each stood before is kept where a review would see the difference.
    """
    if not changed.empty:
        typed = _typed(changed[["id", "step", *CHANGING]])
        keep_past(conn, changed["id"], at, typed)
        update_frame(conn, Clock, typed)


def keep_past(conn: Connection, ids: pd.Series, at: pd.Timestamp, now: pd.DataFrame | None = None) -> None:
    """Keep clocks as they stand, but those that will stand the same in what a review reads."""
    before = look_up(conn, ids.astype("int64").sort_values(), "BIGINT", _BEFORE)
    if now is not None and len(before):
        after = now.set_index("id").reindex(before["clock_id"])
        other = np.zeros(len(before), dtype=bool)
        for name in ("started_at", "due_at", "ended_at"):
            other |= ~same_times(*(np.asarray(part[name], dtype="datetime64[s]") for part in (before, after)))
        other |= before["ending"].fillna("").to_numpy(object) != after["ending"].fillna("").to_numpy(object)
        before = before[other]
    past = before.assign(id=take_ids(conn, "clock_past", len(before)), until=at)
    insert_frame(conn, ClockPast, past.astype({"ending": "str"}))


def no_clocks() -> pd.DataFrame:
    """A frame of no stored clocks."""
    whole = ("id", "lead_id", "subject_id", "step", "used_minutes", "over_minutes")
    text = ("policy", "person", "target", "basis", "pauses", "ending", "rules_version")
    types = dict.fromkeys(whole, "int64") | dict.fromkeys(TIMES, "datetime64[us]") | dict.fromkeys(text, "str")
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in types.items()})


def watched(rules: Rules) -> dict[str, str]:
    """What each promise in force watches, by id."""
    return {rule.id: rule.watches for rule in rules.sla}


def _typed(clocks: pd.DataFrame) -> pd.DataFrame:
    times = {name: clocks[name].astype("datetime64[us]") for name in TIMES if name in clocks}
    whole = {name: clocks[name].astype("Int64") for name in ("used_minutes", "over_minutes")}
    texts = {
        name: clocks[name].astype("str") for name in ("person", "target", "basis", "pauses", "ending") if name in clocks
    }
    return clocks.assign(**times, **whole, **texts)


def _facts(
    conn: Connection, events: pd.DataFrame, known: pd.Series, into: pd.Series, is_new: np.ndarray, rules: Rules,
    zone: str,
) -> pd.DataFrame:  # fmt: skip
    """The fact frame of tasks.rules.promises for the leads of some events."""
    facts = pd.DataFrame(
        {
            "lead_id": events["lead_id"].to_numpy(dtype=np.int64),
            "at": events["at"].array,
            "open": events["status"].isin(OPEN),
            **{
                name: events[name].array
                for name in ("verdict", "grade", "tier", "source", "owner", "created", "status")
            },
            "opened_at": events["at"].array,
            "missing": pd.array([pd.NA] * len(events), dtype="str"),
        }
    )
    never = pd.array([pd.NaT] * len(facts), dtype="datetime64[us]")
    unsaid = dict.fromkeys(("verified_at", "closed_at", "owner_since", "week_from", *_TOLD), never)
    facts = facts.assign(**unsaid, week_contacts=np.nan)
    if not len(known):
        return facts
    leads = look_up(conn, known, "BIGINT", _LEADS).set_index("lead_id").reindex(facts["lead_id"]).reset_index()
    old = pd.Series(~is_new & leads["opened_at"].notna().to_numpy())
    stored = ("opened_at", "source", "tier", "closed_at", "owner_since", "missing")
    if old.all():
        facts = facts.assign(**{name: leads[name].array for name in stored}, verified_at=leads["checked_at"].array)
    else:
        masked = {name: facts[name].mask(old, leads[name]) for name in stored}
        facts = facts.assign(**masked, verified_at=leads["checked_at"].where(old))
    records = follow_ups_of(conn, known)
    if len(records):
        records["lead_id"] = records["lead_id"].map(into).fillna(records["lead_id"]).astype("int64")
        said = hear(records, rules, zone).of_lead.reindex(facts["lead_id"]).reset_index(drop=True)
        facts = facts.assign(**{name: said[name].array for name in (*_TOLD, "week_contacts")})
        facts["week_from"] = week_of_last(facts, zone)
    times = ("opened_at", "verified_at", "closed_at", "owner_since", "week_from", *_TOLD)
    return facts.astype(dict.fromkeys(times, "datetime64[us]"))


def _move_records(conn: Connection, into: pd.Series) -> None:
    """Give what people recorded of joined leads to the leads that have them now."""
    for table, name in ((FollowUp, "follow_up"), (Objection, "objection")):
        query = f"SELECT r.id, r.lead_id FROM wanted w JOIN {name} r ON r.lead_id = w.key"
        rows = look_up(conn, pd.Series(into.index).sort_values(), "BIGINT", query)
        update_frame(conn, table, rows.assign(lead_id=rows["lead_id"].map(into).astype("int64")))


def _joined_into(events: pd.DataFrame) -> pd.Series:
    """The lead that each joined one has become part of; only where that one has an event of this moment too."""
    joined = events[events["kind"] == "joined"]
    into = joined["facts"].str.extract(r"^into=(\d+)$", expand=False).astype("int64")
    found = pd.Series(into.array, index=joined["lead_id"].astype("int64").array)
    return found[found.isin(events["lead_id"])]


def _moved(stored: pd.DataFrame, into: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the clocks of joined leads to those that have them now; of two of a kind the earlier due one stays."""
    if into.empty or stored.empty:
        return stored.assign(moved=False), stored.iloc[:0]
    owner = stored["lead_id"].map(into)
    stored = stored.assign(lead_id=owner.fillna(stored["lead_id"]).astype("int64"), moved=owner.notna())
    ordered = stored.sort_values(["due_at", "id"], na_position="last")
    kept = ~ordered.duplicated(["lead_id", "policy", "subject_id"])
    return ordered[kept].reset_index(drop=True), ordered[~kept].reset_index(drop=True)


def _entries(facts: pd.DataFrame, rules: Rules, reckoner: Reckoner) -> list[pd.DataFrame]:
    """The kept or broken promise to enter each new lead in time after its stated contact.

    A date without a time counts as that day's end: N working days after it.
    """
    made = []
    stated = facts["created"].astype("str").fillna("").str.match(r"^\d{4}-\d\d-\d\d").to_numpy(dtype=bool)
    rows = facts[stated].reset_index(drop=True)
    for rule in rules.watching("entry") if len(rows) else ():
        text, span = rows["created"].astype("str"), rule.targets[0].within
        whole = (text.str.len() == 10).to_numpy(dtype=bool)
        local = pd.to_datetime(text.str.slice(0, 16), format="ISO8601").to_numpy("datetime64[s]")
        local = np.where(whole, local + np.timedelta64(86_400, "s"), local)
        less = f"{span.count - 1} {span.unit}" if span.unit == "working_days" and span.count else written(span)
        clocks = pd.DataFrame(
            {
                "lead_id": rows["lead_id"],
                "subject_id": 0,
                "person": pd.array([pd.NA] * len(rows), dtype="str"),
                "started_at": reckoner.utc(local),
                "target": np.where(whole, less, written(span)),
                "key": reckoner.calendars.keys(rows["owner"], np.full(len(rows), rule.hours)),
            }
        )
        clocks = begin(clocks, rule, rules, reckoner).assign(target=written(span))
        made.append(ended(clocks, rows["at"].to_numpy(), MET, reckoner))
    return made
