"""What a person decides about a lead, or mends in it, in one transaction (H1-3.2-verify).

His word is kept as a judgement and beats rows and rules from then on; all that he did not decide is decided anew on
the mended values, and the owner follows the grade. A lead that a person calls invalid is closed with its reason.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, Row, insert, select, update

from config.schema import Config
from models import Contact, Lead, Profile
from models import Judgement as Word
from models.db import begin, insert_frame, look_up, take_ids, take_turn, write
from tasks.hand_over import BY_HAND, hand_over
from tasks.neighbours import find_profiles, load_neighbours
from tasks.orders import Order
from tasks.prepare import prepare
from tasks.rules.corrections import COLUMNS_OF, DECIDED
from tasks.rules.keys import KnownBy, identity_keys, known_by, profile_keys
from tasks.settle import decide_again
from tasks.state import keep_current

VERDICTS, GRADES = ("valid", "invalid", "to_verify"), ("A", "B", "C")
_OF_CONTACT = {"contact": "name", "title": "title", "phone": "phone", "email": "email"}


class JudgeError(Exception):
    """What a person said cannot be carried out; the message says why, and names no value of a row."""


@dataclass(frozen=True)
class Said:
    """What a person says of one lead: `values` by field (verdict, grade, owner, or one of COLUMNS_OF) as typed."""

    number: str
    values: Mapping[str, str]
    #: that he has spoken with the customer: it stops the clock of verification
    verified: bool = False


@dataclass(frozen=True)
class Judged:
    """How a lead stands after a judgement, and how it stood before."""

    number: str
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)


def judge(engine: Engine, said: Said, config: Config, order: Order, *, dry_run: bool = False) -> Judged:
    """Carry out what a person said of a lead; JudgeError when it cannot be, and then nothing is changed."""
    _refuse_nonsense(said, order, config)
    with begin(engine, keep=not dry_run) as conn:
        # nobody changes the lead between what is read here and the end
        take_turn(conn)
        return _judge(conn, said, config, order)


def _refuse_nonsense(said: Said, order: Order, config: Config) -> None:
    if not said.values:
        raise JudgeError(f"nothing is said of {said.number}")
    if not order.reason.strip() and not (said.verified and said.values.get("verdict") == "valid"):
        raise JudgeError("the reason is blank: whoever reads the lead's story must learn why")
    for name, allowed in (("verdict", VERDICTS), ("grade", GRADES)):
        if name in said.values and said.values[name] not in allowed:
            raise JudgeError(f"{name} {said.values[name]!r} is none of {', '.join(allowed)}")
    known: dict[str, list[str]] = {
        "tier": [rule.then for rule in config.rules.tiers],
        "stage": [rule.stage for rule in config.rules.stages],
    }
    for name, there in known.items():
        if name in said.values and said.values[name] not in there:
            raise JudgeError(f"{name} {said.values[name]!r} is none of {', '.join(there)}")
    if said.values.get("tier") in ("成交", "流失"):
        raise JudgeError(f"{said.number}: a lead is won or lost by `leads close`, with what belongs to it")
    owner = config.roster.person(said.values["owner"]) if "owner" in said.values else None
    if "owner" in said.values and (owner is None or not owner.active):
        raise JudgeError(f"owner {said.values['owner']!r}: nobody of that id is active in the roster")


def _judge(conn: Connection, said: Said, config: Config, order: Order) -> Judged:
    lead = _open(conn, said)
    before = _standing(lead)
    arrival = order.arrival("verified" if said.verified else "set")
    config = config.model_copy(update={"rules": config.rules.at(arrival.local.date())})
    mended = _mended(said, config, order)
    by = known_by(config.rules)
    was = _rows(conn, lead, by)
    _keep(conn, lead, said, mended, was, order)
    _touch(conn, lead, said, order)
    if mended:
        _mend_keys(conn, lead, was, by)
    decide_again(conn, arrival, [lead.id], config, touched=True)
    owner = _said_owner(conn, lead.id)
    now = conn.execute(select(Lead.__table__).where(Lead.id == lead.id)).one()
    if owner and now.verdict != "invalid" and (now.owner, now.owner_rule) != (owner, BY_HAND):
        hand_over(conn, lead.id, owner, arrival, config)
    if said.values.get("verdict") == "invalid":
        conn.execute(update(Lead).where(Lead.id == lead.id).values(closed_at=order.as_of))
    keep_current(conn, [lead.id], arrival, config)
    return Judged(said.number, before, _standing(conn.execute(select(Lead.__table__).where(Lead.id == lead.id)).one()))


def _open(conn: Connection, said: Said) -> Row[Any]:
    """Find the lead; one that a person closed as invalid is open again when he says otherwise."""
    query = select(Lead.__table__).where(Lead.number == said.number)
    lead = conn.execute(query).one_or_none()
    if lead is None:
        raise JudgeError(f"there is no lead {said.number}")
    if lead.joined_into is not None:
        into = conn.execute(select(Lead.number).where(Lead.id == lead.joined_into)).scalar_one()
        raise JudgeError(f"{said.number} was joined into {into}: say it of that one")
    if lead.closed_at is None:
        return lead
    if lead.status != "archived" or said.values.get("verdict") not in ("valid", "to_verify"):
        raise JudgeError(f"{said.number} is closed; say that it is valid to open it again")
    other = select(Lead.number).where(Lead.contact_id == lead.contact_id, Lead.closed_at.is_(None))
    newer = conn.execute(other).scalar()
    if newer is not None:
        raise JudgeError(f"{said.number} is closed, and its contact has the newer lead {newer}: say it of that one")
    conn.execute(update(Lead).where(Lead.id == lead.id).values(closed_at=None))
    return lead


def _standing(lead: Row[Any]) -> dict[str, Any]:
    return {name: getattr(lead, name) for name in ("status", "verdict", "grade", "owner", "tier", "stage")}


def _mended(said: Said, config: Config, order: Order) -> dict[str, dict[str, Any]]:
    """Read the typed values as the cleaner reads a row's: field → columns; JudgeError where it cannot read one."""
    typed = {name: value for name, value in said.values.items() if name not in DECIDED}
    if not typed:
        return {}
    strange = sorted(set(typed) - set(COLUMNS_OF))
    if strange:
        raise JudgeError(f"{', '.join(strange)} cannot be set")
    row = pd.DataFrame({"sheet": [""], "line": [1], "raw": [""], "ragged": [False], "total_row": [False]})
    row = row.assign(**{name: pd.Series([value], dtype="str") for name, value in typed.items()})
    read = prepare(row, config.rules, order.arrival().channel, order.as_of, order.zone).iloc[0]
    mended = {}
    for name, value in typed.items():
        columns = {column: _plain(read[column]) for column in (*COLUMNS_OF[name], "junk")}
        # a budget may have an upper end alone
        telling = ("budget_min", "budget_max") if name == "budget" else COLUMNS_OF[name][:1]
        if value.strip() and all(columns[column] is None for column in telling):
            raise JudgeError(f"{name}: {value!r} cannot be read as one")
        mended[name] = columns
    return mended


def _plain(value: Any) -> Any:
    return None if pd.isna(value) else value


def _rows(conn: Connection, lead: Row[Any], by: KnownBy) -> pd.DataFrame:
    """The lead's rows as they stand now."""
    none = pd.Series(dtype="int64")
    named = pd.DataFrame({"lead_id": none})
    near = load_neighbours(conn, named, pd.Series(dtype="str"), none, none, by, (lead.id,))
    rows: pd.DataFrame = near.rows[(near.rows["lead_id"] == lead.id).fillna(False)]
    return rows


def _keep(
    conn: Connection,
    lead: Row[Any],
    said: Said,
    mended: Mapping[str, Mapping[str, Any]],
    rows: pd.DataFrame,
    order: Order,
) -> None:
    """Store each word; what was said of the same field before is superseded."""
    ids = take_ids(conn, "judgement", len(said.values)).tolist()
    for number, (name, value) in zip(ids, said.values.items(), strict=True):
        live = (Word.lead_id == lead.id, Word.field == name, Word.until.is_(None))
        conn.execute(update(Word).where(*live).values(until=order.as_of))
        word = {"id": number, "lead_id": lead.id, "field": name, "value": value, "was": _was(conn, lead, rows, name)}
        word |= {"columns": json.dumps(mended.get(name, {}), ensure_ascii=False)}
        word |= {"reason": order.reason.strip(), "actor": order.actor, "since": order.as_of}
        conn.execute(insert(Word).values(word))


def _was(conn: Connection, lead: Row[Any], rows: pd.DataFrame, name: str) -> str | None:
    """What the lead said of a field: the first word's, where it was set before, so that the rows' own is found."""
    if name in DECIDED:
        value = getattr(lead, name)
        return None if value is None else str(value)
    first = select(Word.was).where(Word.lead_id == lead.id, Word.field == name).order_by(Word.id)
    earlier = conn.execute(first).first()
    if earlier is not None:
        return None if earlier.was is None else str(earlier.was)
    if name in _OF_CONTACT:
        column = getattr(Contact, _OF_CONTACT[name])
        stated: str | None = conn.execute(select(column).where(Contact.id == lead.contact_id)).scalar_one()
        return stated
    column = COLUMNS_OF[name][0]
    if column in Lead.__table__.c:
        value = getattr(lead, column)
        return None if value is None else str(value)
    said = rows.sort_values(["contact_at", "id"], na_position="first")[column].dropna()
    return str(said.iloc[-1]) if len(said) else None


def _touch(conn: Connection, lead: Row[Any], said: Said, order: Order) -> None:
    values: dict[str, Any] = {"touched_at": lead.touched_at or order.as_of}
    if said.verified:
        values |= {"verified_at": order.as_of, "verified_by": order.actor}
    conn.execute(update(Lead).where(Lead.id == lead.id).values(values))


def _mend_keys(conn: Connection, lead: Row[Any], was: pd.DataFrame, by: KnownBy) -> None:
    """Let the lead be found by what is right, and no longer by what was wrong."""
    rows = _rows(conn, lead, by)
    now, before = (set(identity_keys(part, by)["key"]) for part in (rows, was))
    fresh = pd.Series(sorted(now - before), dtype="str")
    taken = look_up(conn, fresh, "TEXT", _TAKEN)
    others = taken.loc[taken["contact_id"].notna() & (taken["contact_id"] != lead.contact_id)]
    if len(others):
        numbers = others["number"].dropna().tolist() or ["a closed lead"]
        raise JudgeError(f"{', '.join(map(str, numbers))} is known by that phone or e-mail already")
    for key in sorted(before - now):
        write(conn, "DELETE FROM identity WHERE key = :key AND contact_id = :contact", key=key, contact=lead.contact_id)
    profiles = profile_keys(rows).dropna().astype("int64")
    wanted = pd.DataFrame({"key": profiles.to_numpy(), "submission_id": rows.loc[profiles.index, "id"].to_numpy()})
    stored = find_profiles(conn, wanted["key"].drop_duplicates())
    both = wanted.merge(stored, how="left", on=["key", "submission_id"], indicator=True)
    insert_frame(conn, Profile, both.loc[both["_merge"] == "left_only", ["key", "submission_id"]])


_TAKEN = """
SELECT i.key, i.contact_id, l.number FROM wanted w JOIN identity i ON i.key = w.key
LEFT JOIN lead l ON l.contact_id = i.contact_id AND l.closed_at IS NULL
"""


def _said_owner(conn: Connection, lead_id: int) -> str | None:
    said = select(Word.value).where(Word.lead_id == lead_id, Word.field == "owner", Word.until.is_(None))
    owner: str | None = conn.execute(said).scalar()
    return owner
