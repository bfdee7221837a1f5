"""The story of a lead of a foreign history: what its files said of it, and when they said it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from models import HistoryRecord, Outcome, StageEntry

_WORDS = {
    "head": (
        "线索 {number}：来自 {system} 的历史，外部编号 {id}",
        "Lead {number}: history of {system}, known there as {id}",
    ),
    "why": (
        "原样导入：未经筛选、去重、分级、分配，不计时限。",
        "Taken as it is: not screened, matched, graded or assigned, and no clock runs.",
    ),
    "said": ("{at} 起，据 {file} 第 {line} 行：{what}", "from {at} on, by {file} line {line}: {what}"),
    "won": ("成交", "won"), "lost": ("流失", "lost"), "open": ("未结", "open"),
}  # fmt: skip
_TOLD = ("company", "industry", "region", "size", "source", "product", "need_type", "grade", "owner", "team")


def history_story(conn: Connection, lead: dict[str, Any], lang: str, zone: ZoneInfo) -> tuple[str, dict[str, Any]]:
    """The story as text and as plain data; all that was ever said of it, the newest last."""
    words = {key: pair[1 if lang == "en" else 0] for key, pair in _WORDS.items()}
    records, outcomes, stages = (
        conn.execute(select(table.__table__).where(table.lead_id == lead["id"]).order_by(table.id)).mappings().all()
        for table in (HistoryRecord, Outcome, StageEntry)
    )
    versions = []
    for record in records:
        result = next((one for one in outcomes if one["recorded_at"] == record["recorded_at"]), None)
        stage = next((one["stage"] for one in stages if one["recorded_at"] == record["recorded_at"]), None)
        told = {name: record[name] for name in _TOLD if record[name]}
        told |= {"created": _day(record["created_at"], zone), "first_contact": _day(record["contact_at"], zone)}
        told |= {"stage": stage, "result": result["result"] if result else "open"}
        told |= {"closed": _day(result["at"], zone), "reason": result["reason"]} if result else {}
        known = {
            "at": record["recorded_at"].astimezone(zone).isoformat(),
            "file": record["file"],
            "line": record["line"],
        }
        versions.append(known | {"said": {name: value for name, value in told.items() if value}})
    first = records[0]
    lines = [words["head"].format(number=lead["number"], system=first["system"], id=first["external_id"]), words["why"]]
    for one in versions:
        what = "; ".join(f"{name} {words.get(value, value)}" for name, value in one["said"].items())
        lines.append(words["said"].format(at=one["at"][:16].replace("T", " "), what=what, **_place(one)))
    data = {"number": lead["number"], "status": lead["status"], "system": first["system"]}
    return "\n".join(lines), data | {"external_id": first["external_id"], "versions": versions}


def _place(version: dict[str, Any]) -> dict[str, Any]:
    return {"file": version["file"], "line": version["line"]}


def _day(moment: datetime | None, zone: ZoneInfo) -> str | None:
    return None if moment is None else f"{moment.astimezone(zone):%Y-%m-%d}"
