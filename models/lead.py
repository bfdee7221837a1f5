"""Who the leads are: accounts, contacts, identities, leads and their history.

What rows name by id is written in the same transaction, so these tables carry no foreign keys: checked row by row,
they were a third of PostgreSQL's work on a bulk load. `models.audit` asks for every reference at once.
"""

from datetime import date, datetime

from sqlalchemy import Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BIG, Base

LIVE = text("until IS NULL")
OPEN = text("closed_at IS NULL")
OWNED = text("owner IS NOT NULL")
CHANGING = text("state_at IS NOT NULL")
UNOWNED = text("owner IS NULL AND closed_at IS NULL AND verdict <> 'invalid'")
HELD = text("status = 'new' AND owner IS NULL AND closed_at IS NULL")


class Account(Base):
    """A company, one per normalised name."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    credit_code: Mapped[str | None] = mapped_column(Text)
    # as the row that made the account stated them; each lead holds what its own rows say now
    region: Mapped[str | None] = mapped_column(Text)
    industry: Mapped[str | None] = mapped_column(Text)
    size: Mapped[str | None] = mapped_column(Text)
    tags: Mapped[str | None] = mapped_column(Text)
    customer_number: Mapped[str | None] = mapped_column(Text)


class AccountOwner(Base):
    """Who calls a company: one live owner, the past ones end-dated."""

    __tablename__ = "account_owner"
    __table_args__ = (
        Index("uq_account_owner_live", "account_id", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),
    )

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(BIG)
    person: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    why: Mapped[str] = mapped_column(Text)


class Contact(Base):
    """A person at an account, with what was last stated about him."""

    __tablename__ = "contact"

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    account_id: Mapped[int | None] = mapped_column(BIG)
    name: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)


class Identity(Base):
    """One number or personal address of one contact, unique in the database.

    A number seen at many companies keeps its row with no contact: it is a placeholder.
    """

    __tablename__ = "identity"
    # the key alone is looked up, and each batch arrives sorted by it
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    contact_id: Mapped[int | None] = mapped_column(BIG)


class Profile(Base):
    """Which rows name the same person at the same company: key hashes company and full name."""

    __tablename__ = "profile"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012

    key: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    submission_id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)


class Lead(Base):
    """One sales cycle of a contact: the current view, changed only by events."""

    __tablename__ = "lead"
    __table_args__ = (
        Index("uq_lead_open", "contact_id", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_lead_account", "account_id"),
        Index("ix_lead_origin", "origin_id"),
        Index("ix_lead_owner", "owner", sqlite_where=OWNED, postgresql_where=OWNED),
        # what time alone changes next is read by this, never the base
        Index("ix_lead_held", "id", sqlite_where=HELD, postgresql_where=HELD),
        Index("ix_lead_unowned", "region", sqlite_where=UNOWNED, postgresql_where=UNOWNED),
        Index("ix_lead_state_at", "state_at", sqlite_where=CHANGING, postgresql_where=CHANGING),
    )

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    number: Mapped[str] = mapped_column(Text, unique=True)
    contact_id: Mapped[int] = mapped_column(BIG)
    account_id: Mapped[int | None] = mapped_column(BIG)
    # the row that made it: decides which lead goes on when rows are joined or split
    origin_id: Mapped[int] = mapped_column(BIG)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    # new, owned, in_progress, pool, won, lost, archived (machine-invalid, still open for joins), joined, reverted
    status: Mapped[str] = mapped_column(Text)
    joined_into: Mapped[int | None] = mapped_column(BIG)
    # a person's first touch stops the machine from changing verdict, grade and owner
    touched_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
    verified_by: Mapped[str | None] = mapped_column(Text)
    # how many rows it is made of, repeats and superseded deliveries not counted
    rows: Mapped[int]
    verdict: Mapped[str] = mapped_column(Text)
    verdict_rule: Mapped[str] = mapped_column(Text)
    reasons: Mapped[str] = mapped_column(Text)
    grade: Mapped[str | None] = mapped_column(Text)
    grade_rule: Mapped[str | None] = mapped_column(Text)
    owner: Mapped[str | None] = mapped_column(Text)
    owner_rule: Mapped[str | None] = mapped_column(Text)
    # kept by tasks.state alone, as state(facts, rules, as_of) gives them
    tier: Mapped[str | None] = mapped_column(Text)
    tier_rule: Mapped[str | None] = mapped_column(Text)
    stage: Mapped[str | None] = mapped_column(Text)
    stage_rule: Mapped[str | None] = mapped_column(Text)
    # the rule of lifecycle.yaml that applies
    state_rule: Mapped[str | None] = mapped_column(Text)
    # reactivate (待激活), hold (暂缓)
    pause_kind: Mapped[str | None] = mapped_column(Text)
    paused_until: Mapped[datetime | None]
    # percent, and whether the handbook, a line between its bands or a person says so
    probability: Mapped[float | None]
    probability_rule: Mapped[str | None] = mapped_column(Text)
    # the stage whose name its state bears, or lost, pool, reactivate, hold
    phase: Mapped[str | None] = mapped_column(Text)
    # what the archive of an ended lead lacks, and the rules that say something to its owner: joined by |
    missing: Mapped[str | None] = mapped_column(Text)
    hints: Mapped[str | None] = mapped_column(Text)
    # when time alone changes its state next
    state_at: Mapped[datetime | None]
    next_action_id: Mapped[int | None] = mapped_column(BIG)
    source: Mapped[str | None] = mapped_column(Text)
    source_detail: Mapped[str | None] = mapped_column(Text)
    industry: Mapped[str | None] = mapped_column(Text)
    region: Mapped[str | None] = mapped_column(Text)
    size: Mapped[str | None] = mapped_column(Text)
    need: Mapped[str | None] = mapped_column(Text)
    need_state: Mapped[str] = mapped_column(Text)
    budget_min: Mapped[float | None]
    budget_max: Mapped[float | None]
    budget_state: Mapped[str] = mapped_column(Text)
    chain: Mapped[str | None] = mapped_column(Text)
    chain_state: Mapped[str] = mapped_column(Text)
    urgency: Mapped[str | None] = mapped_column(Text)
    urgency_state: Mapped[str] = mapped_column(Text)
    title_state: Mapped[str] = mapped_column(Text)
    mark: Mapped[str | None] = mapped_column(Text)
    contact_at: Mapped[datetime | None]
    created: Mapped[str | None] = mapped_column(Text)


class Membership(Base):
    """Which row belongs to which lead, since when and why; undo and re-join are new rows."""

    __tablename__ = "membership"
    __table_args__ = (
        Index("uq_membership_live", "submission_id", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),
        Index("ix_membership_lead", "lead_id"),
    )

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    submission_id: Mapped[int] = mapped_column(BIG)
    lead_id: Mapped[int] = mapped_column(BIG)
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    # created, identity, name_company, same_content, reference, repeat, superseded
    why: Mapped[str] = mapped_column(Text)
    # what the row did when it came: created, merged, updated
    outcome: Mapped[str] = mapped_column(Text)
    batch_id: Mapped[int | None] = mapped_column(BIG)


class LeadEvent(Base):
    """What happened to a lead, append only; ids and codes, never a name, number or free text."""

    __tablename__ = "lead_event"
    __table_args__ = (Index("ix_lead_event_lead", "lead_id", "id"),)

    # the global sequence
    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    lead_id: Mapped[int] = mapped_column(BIG)
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    # intake, merged, changed, joined, split, revived, handover
    kind: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    batch_id: Mapped[int | None] = mapped_column(BIG)
    submission_id: Mapped[int | None] = mapped_column(BIG)
    rules_version: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    verdict: Mapped[str] = mapped_column(Text)
    verdict_rule: Mapped[str] = mapped_column(Text)
    reasons: Mapped[str] = mapped_column(Text)
    grade: Mapped[str | None] = mapped_column(Text)
    grade_rule: Mapped[str | None] = mapped_column(Text)
    owner: Mapped[str | None] = mapped_column(Text)
    owner_rule: Mapped[str | None] = mapped_column(Text)
    team: Mapped[str | None] = mapped_column(Text)
    account_id: Mapped[int | None] = mapped_column(BIG)
    contact_id: Mapped[int] = mapped_column(BIG)
    # evidence: fact=code pairs, e.g. need=clear|budget=sufficient
    facts: Mapped[str] = mapped_column(Text)
    # how far it was then; null: this event says nothing of it
    stage: Mapped[str | None] = mapped_column(Text)
    tier: Mapped[str | None] = mapped_column(Text)
    # what figures are told apart by, as the rows said then: blank is not known, null says nothing of it
    source: Mapped[str | None] = mapped_column(Text)
    industry: Mapped[str | None] = mapped_column(Text)
    region: Mapped[str | None] = mapped_column(Text)
    size: Mapped[str | None] = mapped_column(Text)
    # of the same event as `source`
    contact_at: Mapped[datetime | None]


class Match(Base):
    """A person's judgement that a row is another one than its key says; ended, never edited."""

    __tablename__ = "match"

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    submission_id: Mapped[int] = mapped_column(BIG, index=True)
    # the key that must not join this row to others
    key: Mapped[str] = mapped_column(Text)
    verdict: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime]
    until: Mapped[datetime | None]


class Choice(Base):
    """Among whom an owner was chosen, with each one's load and state at that moment."""

    __tablename__ = "choice"

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    detail: Mapped[str] = mapped_column(Text)


class Assignment(Base):
    """Who had which lead from when to when, why, and chosen among whom; ids follow commits."""

    __tablename__ = "assignment"
    __table_args__ = (Index("uq_assignment_live", "lead_id", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),)

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    lead_id: Mapped[int] = mapped_column(BIG)
    account_id: Mapped[int | None] = mapped_column(BIG)
    person: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    why: Mapped[str] = mapped_column(Text)
    lifted_from: Mapped[str | None] = mapped_column(Text)
    choice_id: Mapped[int | None] = mapped_column(BIG)


class Person(Base):
    """A sales person as roster.yaml said at a time; superseded, never edited."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(Text, index=True)
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    team: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    reports_to: Mapped[str | None] = mapped_column(Text)
    deputy: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime]
    until: Mapped[datetime | None]


class Leave(Base):
    """An absence as the roster or a person said it."""

    __tablename__ = "leave"

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(Text, index=True)
    first_on: Mapped[date]
    last_on: Mapped[date]
    # only these hours of each day, as 13:30-18:00; empty: the whole day
    hours: Mapped[str | None] = mapped_column(Text)
    # who stands in for this time only
    deputy: Mapped[str | None] = mapped_column(Text)
    # roster: as roster.yaml says it; added: by a command or a page, whoever said so
    origin: Mapped[str] = mapped_column(Text, default="roster", server_default="roster")
    said_by: Mapped[str | None] = mapped_column(Text)
    since: Mapped[datetime]
    until: Mapped[datetime | None]
