"""Foreign leads stored as they are: not screened, matched, graded or assigned, and nobody works on them here.

A lead of a foreign history has status `history` and is closed from the start, so that no clock, no assignment and no
mail ever sees it. What its files say later supersedes what they said; the same once more changes nothing.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine

from models import HistoryRecord, Lead, LeadEvent, Outcome, StageEntry
from models.db import begin, insert_frame, look_up, take_ids, take_numbers, take_turn, update_frame
from tasks.rules.foreign.leads import SAID
from tasks.rules.foreign.tables import side_by_side
from tasks.rules.keys import hash_text

STATUS = "history"
_CHUNK = 30_000
_KNOWN = """
SELECT h.id, h.external_id, h.lead_id, h.digest, o.id AS outcome_id, o.result AS result_before
FROM wanted w JOIN history_record h ON h.external_id = w.key AND h.system = :system AND h.until IS NULL
LEFT JOIN outcome o ON o.lead_id = h.lead_id AND o.until IS NULL
"""
_STAGES = "SELECT s.id FROM wanted w JOIN stage_entry s ON s.lead_id = w.key AND s.until IS NULL"
_RECORD = [column.name for column in HistoryRecord.__table__.columns if column.name != "until"]
_OF_OUTCOME = ("product", "amount", "currency", "reason", "competitor", "contract_number", "contract_on", "paid_at")


@dataclass(frozen=True)
class Imported:
    """From where a history comes, from when on it is known (aware), by whose rules the events are told."""

    system: str
    as_of: datetime
    zone: str
    rules_version: str
    #: The stages that the mapping names, with their places.
    stages: tuple[tuple[str, int], ...] = ()

    @property
    def at(self) -> pd.Timestamp:
        """From when on it is known, as tables keep it: naive UTC."""
        return pd.Timestamp(self.as_of.astimezone(UTC).replace(tzinfo=None)).as_unit("us")


def store_history(
    engine: Engine,
    leads: pd.DataFrame,
    origin: Imported,
    *,
    keep: bool = True,
    seen: Callable[[int], None] | None = None,
) -> dict[str, int]:
    """Store foreign leads (columns: external_id, file, line, SAID); gives how many are new, changed, unchanged.

    A transaction each 30,000 of them: a run that is killed is finished by the next one. Without `keep` nothing stays.
    """
    counts: Counter[str] = Counter({"new": 0, "changed": 0, "unchanged": 0})
    leads = leads.assign(digest=hash_text(_said(leads)))
    for start in range(0, len(leads), _CHUNK):
        chunk = leads.iloc[start : start + _CHUNK].reset_index(drop=True)
        with begin(engine, keep=keep) as conn:
            take_turn(conn)
            counts.update(_store(conn, chunk, origin))
        if seen:
            seen(start + len(chunk))
    return dict(counts)


def _said(leads: pd.DataFrame) -> pd.Series:
    """All that a lead says as one text."""
    return side_by_side([leads[name].astype("str").fillna("") for name in SAID], "\x1f")


def _store(conn: Connection, chunk: pd.DataFrame, origin: Imported) -> dict[str, int]:
    known = look_up(conn, chunk["external_id"], "TEXT", _KNOWN, system=origin.system)
    known = known.rename(columns={"digest": "digest_before", "id": "record_id"})
    known = known.astype({"outcome_id": "Int64", "lead_id": "Int64", "record_id": "Int64", "digest_before": "Int64"})
    leads = chunk.merge(known.astype({"external_id": "str"}), on="external_id", how="left")
    new = leads["lead_id"].isna()
    changed = ~new & (leads["digest_before"] != leads["digest"]).fillna(True).astype(bool)
    fresh = _number(conn, leads[new], origin)
    again = leads[changed]
    _supersede(conn, again, origin)
    told = pd.concat([fresh, again], ignore_index=True)
    _write_leads(conn, fresh, again, origin)
    _write_facts(conn, told, origin)
    _write_events(conn, fresh, again, origin)
    return {"new": int(new.sum()), "changed": int(changed.sum()), "unchanged": int((~new & ~changed).sum())}


def _number(conn: Connection, leads: pd.DataFrame, origin: Imported) -> pd.DataFrame:
    """Give new leads ids, and numbers of the month of their creation."""
    opened = leads["created_at"].fillna(origin.at)
    local = opened.dt.tz_localize("UTC").dt.tz_convert(origin.zone)
    month = ("XL" + local.dt.strftime("%Y%m")).astype("str")
    number = pd.Series("", index=leads.index, dtype="object")
    for name, count in month.value_counts().sort_index().items():
        serial = pd.Series(take_numbers(conn, str(name), int(count))).astype("str").str.zfill(3)
        number[month == name] = (str(name) + serial).to_numpy()
    ids = take_ids(conn, "lead", len(leads))
    return leads.assign(lead_id=pd.array(ids, dtype="Int64"), number=number.astype("str"))


def _supersede(conn: Connection, leads: pd.DataFrame, origin: Imported) -> None:
    """End what was said of the changed leads before."""
    stages = look_up(conn, leads["lead_id"].astype("int64"), "BIGINT", _STAGES)
    for table, ids in (
        (HistoryRecord, leads["record_id"]),
        (Outcome, leads["outcome_id"].dropna()),
        (StageEntry, stages["id"]),
    ):
        update_frame(conn, table, pd.DataFrame({"id": ids.astype("int64").array, "until": origin.at}))


def _write_leads(conn: Connection, fresh: pd.DataFrame, again: pd.DataFrame, origin: Imported) -> None:
    unknown = ("need_state", "budget_state", "chain_state", "urgency_state", "title_state")
    made = _current(fresh, origin).assign(
        number=fresh["number"].array, contact_id=0, origin_id=0, status=STATUS, rows=0, verdict="", verdict_rule="",
        reasons="", **dict.fromkeys(unknown, "unknown"),
    )  # fmt: skip
    insert_frame(conn, Lead, made)
    update_frame(conn, Lead, _current(again, origin))


def _current(leads: pd.DataFrame, origin: Imported) -> pd.DataFrame:
    texts = {name: _stated(leads[name]) for name in ("source", "industry", "region", "size", "grade", "stage")}
    return pd.DataFrame(
        {
            "id": leads["lead_id"].astype("int64"),
            "opened_at": leads["created_at"].fillna(origin.at),
            "closed_at": leads["at"].fillna(origin.at),
            "contact_at": leads["contact_at"],
            **texts,
        }
    )


def _write_facts(conn: Connection, leads: pd.DataFrame, origin: Imported) -> None:
    ids = take_ids(conn, "history_record", len(leads))
    record = leads.assign(id=ids, system=origin.system, recorded_at=origin.at)
    texts = ("company", "source", "industry", "region", "size", "need_type", "product", "grade", "owner", "team")
    insert_frame(conn, HistoryRecord, record.assign(**{name: _stated(record[name]) for name in texts})[_RECORD])
    ended = leads[leads["result"] != "open"]
    said = {name: _stated(ended[name]) if ended[name].dtype == "str" else ended[name] for name in _OF_OUTCOME}
    said["contract_on"] = _days(ended["contract_on"], origin.zone)
    outcome = ended[["lead_id", "result", "at"]].assign(
        id=take_ids(conn, "outcome", len(ended)), actor=origin.system, recorded_at=origin.at, **said
    )
    insert_frame(conn, Outcome, outcome)
    staged = leads.loc[leads["place"] >= 0, ["lead_id", "stage", "place", "at"]]
    entry = pd.concat([staged, _passed(staged, origin)], ignore_index=True)
    ids = take_ids(conn, "stage_entry", len(entry))
    insert_frame(conn, StageEntry, entry.assign(id=ids, actor=origin.system, recorded_at=origin.at))


def _passed(staged: pd.DataFrame, origin: Imported) -> pd.DataFrame:
    """Stages of the mapping in which no lead is now, each as entered by the first lead that is beyond it.

    Thereby they are known: who reached them at least can be counted.
    """
    empty = [(stage, place) for stage, place in origin.stages if not (staged["place"] == place).any()]
    beyond = [(staged[staged["place"] > place], stage, place) for stage, place in empty]
    rows = [(int(found["lead_id"].iloc[0]), stage, place) for found, stage, place in beyond if len(found)]
    passed = pd.DataFrame(rows, columns=["lead_id", "stage", "place"]).reindex(columns=list(staged))
    return passed.astype({str(name): staged[name].dtype for name in staged})


def _write_events(conn: Connection, fresh: pd.DataFrame, again: pd.DataFrame, origin: Imported) -> None:
    """Append what happened: imported, won and lost at their own time, and what the files say anew."""
    ended = fresh[fresh["result"] != "open"]
    turned = again[(again["result"] != "open") & (again["result"] != again["result_before"].fillna(""))]
    parts = [
        fresh.assign(kind="imported", at=fresh["created_at"].fillna(origin.at)),
        again.assign(kind="restated", at=origin.at),
        *(part.assign(kind=part["result"], at=part["at"].fillna(origin.at)) for part in (ended, turned)),
    ]
    events = pd.concat(parts, ignore_index=True)
    rows = pd.DataFrame(
        {
            "id": take_numbers(conn, "lead_event_id", len(events)),
            "lead_id": events["lead_id"].astype("int64"),
            "at": events["at"],
            "recorded_at": origin.at,
            "kind": events["kind"].astype("str"),
            "actor": origin.system,
            "rules_version": origin.rules_version,
            "status": STATUS,
            "verdict": "",
            "verdict_rule": "",
            "reasons": "",
            "grade": _stated(events["grade"]),
            "contact_id": 0,
            "facts": "",
            "stage": _stated(events["stage"]),
            **{name: events[name] for name in ("source", "industry", "region", "size", "contact_at")},
        }
    )
    insert_frame(conn, LeadEvent, rows)


def _days(moments: pd.Series, zone: str) -> pd.Series:
    """The local day of each time, as text that the databases read as a date."""
    local = moments.dt.tz_localize("UTC").dt.tz_convert(zone)
    return pd.Series(local.dt.strftime("%Y-%m-%d"), dtype="str")


def _stated(texts: pd.Series) -> pd.Series:
    return texts.astype("str").mask(np.asarray(texts == "", dtype=bool))
