"""What the internal pages show of reviews: the last packs, a pack's datasets, and the leads behind a figure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, select

from config.settings import Settings
from models import Review, ReviewRow
from models.db import look_up
from tasks.i18n import mask_name, mask_phone
from tasks.lead_facts import lead_facts
from tasks.need_types import with_need_types
from tasks.rules.reviews.activity import during
from tasks.rules.reviews.facts import LOST, OPEN, TRAITS, WON
from tasks.rules.reviews.spans import Span

_MOST, _PACKS = 500, 40
#: The leads that a figure counts: the day by which it takes them, and what they must be.
FIGURES: Mapping[str, tuple[str, str]] = {
    "leads": ("created_on", ""), "valid": ("created_on", "valid"), "invalid": ("created_on", "invalid"),
    "to_verify": ("created_on", "to_verify"), "open": ("created_on", OPEN), "won": ("closed_on", WON),
    "lost": ("closed_on", LOST),
}  # fmt: skip
_ABOUT = """
SELECT l.id AS lead_id, a.name AS company, k.name AS contact, k.phone FROM wanted w JOIN lead l ON l.id = w.key
LEFT JOIN account a ON a.id = l.account_id LEFT JOIN contact k ON k.id = l.contact_id
"""


@dataclass(frozen=True)
class Kept:
    """A pack as it was built: kind, period, scope, moment, rules, and its datasets as rows of text."""

    id: int
    kind: str
    period: str
    scope: str
    as_of: datetime
    rules_version: str


def packs(conn: Connection) -> list[Kept]:
    """The last packs that were built, the newest first; of one period and scope the newest build."""
    asked = select(Review.id, Review.kind, Review.period, Review.scope, Review.as_of, Review.rules_version)
    found = [
        Kept(*row) for row in conn.execute(asked.order_by(Review.as_of.desc(), Review.id.desc()).limit(_PACKS * 4))
    ]
    newest: dict[tuple[str, str, str], Kept] = {}
    for one in found:
        newest.setdefault((one.kind, one.period, one.scope), one)
    return list(newest.values())[:_PACKS]


def pack(conn: Connection, kind: str, period: str, scope: str) -> Kept | None:
    """The newest build of a period and scope."""
    asked = select(Review.id, Review.kind, Review.period, Review.scope, Review.as_of, Review.rules_version).where(
        Review.kind == kind, Review.period == period, Review.scope == scope
    )
    row = conn.execute(asked.order_by(Review.as_of.desc(), Review.id.desc()).limit(1)).first()
    return Kept(*row) if row else None


def rows_of(conn: Connection, review_id: int) -> dict[str, list[dict[str, str]]]:
    """The datasets of a build, each row as it stands in the CSV."""
    asked = select(ReviewRow.dataset, ReviewRow.data).where(ReviewRow.review_id == review_id)
    found: dict[str, list[dict[str, str]]] = {}
    for dataset, data in conn.execute(asked.order_by(ReviewRow.dataset, ReviewRow.line)):
        found.setdefault(dataset, []).append(json.loads(data))
    return found


def behind(
    engine: Engine,
    settings: Settings,
    kept: Kept,
    span: Span,
    asked: Mapping[str, str],
    kinds: Mapping[str, Sequence[str]],
) -> pd.DataFrame:
    """The leads that a figure of a build counts, names and phones masked.

    asked: figure (one of FIGURES), dimension and value (crosses parted by « × »), view (event or cohort).
    kinds: of needs, with their words.
    Columns: number, company, contact, phone, source, grade, owner, verdict, result, created_on, closed_on.
    """
    with engine.connect() as conn:
        as_of = kept.as_of if kept.as_of.tzinfo else kept.as_of.replace(tzinfo=UTC)
        facts = lead_facts(conn, as_of, settings.tz)
        if "need_type" in asked.get("dimension", "").split(" × "):
            facts = with_need_types(conn, facts, kinds)
        if kept.scope:
            facts = facts[facts["team"] == kept.scope]
        own = _chosen(facts, span, asked)
        shown = own.head(_MOST)
        about = look_up(conn, shown["lead_id"].drop_duplicates().sort_values(), "BIGINT", _ABOUT)
    about = about.assign(lead_id=about["lead_id"].astype("int64")).set_index("lead_id").reindex(shown["lead_id"])
    shown = shown.assign(
        company=about["company"].fillna("").to_numpy(),
        contact=[mask_name(_said(name)) for name in about["contact"]],
        phone=[mask_phone(_said(phone)) for phone in about["phone"]],
    )
    found = shown[
        [
            "number",
            "company",
            "contact",
            "phone",
            "source",
            "grade",
            "owner",
            "verdict",
            "result",
            "created_on",
            "closed_on",
        ]
    ].reset_index(drop=True)
    found.attrs["all"] = len(own)
    return found


def _said(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _chosen(facts: pd.DataFrame, span: Span, asked: Mapping[str, str]) -> pd.DataFrame:
    """The facts of the leads that a figure counts; LookupError where there is no such figure or dimension."""
    figure = asked.get("figure", "leads")
    if figure not in FIGURES:
        raise LookupError(figure)
    day, state = FIGURES[figure]
    if asked.get("view") == "cohort":
        day = "created_on"
    own = facts[during(facts[day], span.first, span.last)]
    if figure in ("valid", "invalid", "to_verify"):
        own = own[own["verdict"] == state]
    elif state:
        own = own[own["result"] == state]
    names = [part for part in asked.get("dimension", "").split(" × ") if part]
    values = asked.get("value", "").split(" × ")
    if any(name not in TRAITS for name in names) or (names and len(values) != len(names)):
        raise LookupError(asked.get("dimension", ""))
    for name, value in zip(names, values, strict=False):
        own = own[own[name] == ("" if value == "未填" else value)]
    return own.sort_values("number")
