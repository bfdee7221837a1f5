"""What state() is asked with: leads, their follow-ups and what people said of them, as the base holds them now."""

import json
from collections.abc import Iterable
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from models.db import look_up
from tasks.record_rows import follow_ups_of
from tasks.rules.lifecycle.deals import DEAL
from tasks.rules.lifecycle.state import CONFIRMED_BY, KEPT, STALLED, Facts

LEAD_COLUMNS = (
    "number", "status", "verdict", "verdict_rule", "reasons", "grade", "grade_rule", "opened_at", "closed_at", "owner",
    "owner_rule", "account_id", "contact_id", "need_state", "budget_min", "budget_max", "chain_state",
    "urgency_state", "title_state", "industry", "region", "source", "tier", "state_at",
)  # fmt: skip
_LEADS = f"""
SELECT l.id AS lead_id, {", ".join(f"l.{name}" for name in dict.fromkeys((*LEAD_COLUMNS, *KEPT)))},
a.since AS owner_since, o.at AS silent_at
FROM wanted w JOIN lead l ON l.id = w.key LEFT JOIN assignment a ON a.lead_id = l.id AND a.until IS NULL
LEFT JOIN outcome o ON o.lead_id = l.id AND o.until IS NULL AND o.actor = 'leadflow' AND o.result = 'lost'
WHERE l.status <> 'history'
"""
_WORDS = """
SELECT j.lead_id, j.field, j.value AS said, j.columns, j.since, j.actor FROM wanted w
JOIN judgement j ON j.lead_id = w.key AND j.until IS NULL AND j.field IN ('tier', 'stage', 'grade', 'closing')
ORDER BY j.id
"""
#: The grade that rows or a person decided last, before the lifecycle changed it.
_GRADES = f"""
SELECT e.lead_id, e.grade, e.grade_rule FROM wanted w JOIN lead_event e ON e.id = (
SELECT max(x.id) FROM lead_event x WHERE x.lead_id = w.key
AND (x.grade_rule IS NULL OR x.grade_rule NOT IN ('{STALLED}', '{CONFIRMED_BY}')))
"""


#: What a lead's last decision stood on: rows that came after a person had touched it change nothing.
_EVIDENCE = """
SELECT e.lead_id, e.facts FROM wanted w JOIN lead_event e ON e.id = (
SELECT max(x.id) FROM lead_event x WHERE x.lead_id = w.key AND x.facts LIKE '%need=%'
AND x.kind NOT IN ('joined', 'follow_up', 'state'))
"""
_NAMED = {
    "need": "need_state", "chain": "chain_state", "urgency": "urgency_state", "title": "title_state",
    "budget_state_fact": "budget_state_fact",
}  # fmt: skip


def load_facts(conn: Connection, ids: Iterable[int]) -> tuple[Facts, pd.DataFrame]:
    """The facts of leads, and the leads as they are stored, in the same order."""
    wanted = pd.Series(sorted(set(ids)), dtype="int64")
    stored = look_up(conn, wanted, "BIGINT", _LEADS).sort_values("lead_id", ignore_index=True)
    records = follow_ups_of(conn, wanted)
    words = read_words(look_up(conn, wanted, "BIGINT", _WORDS))
    leads = stored.drop(columns=[name for name in KEPT if name not in LEAD_COLUMNS])
    evidence = look_up(conn, wanted, "BIGINT", _EVIDENCE).set_index("lead_id")["facts"]
    return Facts(with_evidence(_decided(conn, leads), evidence), records, words), stored


def with_evidence(leads: pd.DataFrame, evidence: pd.Series) -> pd.DataFrame:
    """Leads with the facts on which they were decided (need=clear|chain=…, by lead id) in the place of their own."""
    text = evidence.reindex(leads["lead_id"]).astype("str")
    found = {}
    for name, column in _NAMED.items():
        said = text.str.extract(rf"(?:^|\|){name}=([^|]*)", expand=False).array
        given = pd.Series(said, index=leads.index).astype("str")
        found[column] = given.fillna(leads[column]) if column in leads else given
    return leads.assign(**found)


def read_words(words: pd.DataFrame) -> pd.DataFrame:
    """What people said, that of an end spelled out: result, DEAL, and `at`, when it happened."""
    columns = ["lead_id", "field", "said", "since", "at", "actor", "result", *DEAL]
    rows = []
    for word in words.to_dict("records"):
        said = json.loads(word["columns"]) if word["field"] == "closing" else {}
        result = word["said"] if word["field"] == "closing" else None
        at = pd.Timestamp(said["at"]) if said.get("at") else word["since"]
        told: dict[Any, Any] = {name: said.get(name) for name in DEAL}
        rows.append(dict(word) | told | {"at": at, "result": result})
    found = pd.DataFrame(rows, columns=columns)
    numbers = ("contract_amount", "first_payment")
    kinds: dict[str, str] = dict.fromkeys(columns, "str") | dict.fromkeys(numbers, "float64")
    kinds |= {"lead_id": "int64", "since": "datetime64[us]", "at": "datetime64[us]"}
    return found.astype(kinds)


def _decided(conn: Connection, leads: pd.DataFrame) -> pd.DataFrame:
    """Leads with the grade that they had before the lifecycle changed it."""
    changed = leads["grade_rule"].isin((STALLED, CONFIRMED_BY)).to_numpy(dtype=bool)
    if not changed.any():
        return leads
    before = look_up(conn, leads.loc[changed, "lead_id"], "BIGINT", _GRADES).set_index("lead_id")
    leads = leads.copy()
    for name in ("grade", "grade_rule"):
        leads.loc[changed, name] = before[name].reindex(leads.loc[changed, "lead_id"]).array
    return leads
