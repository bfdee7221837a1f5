"""Cases of lifecycle, tiers and stages as frames: what state() is asked, in local times."""

from datetime import date
from typing import Any

import pandas as pd

from config.loader import load_config
from tasks.rules.calendars import Calendars, Days
from tasks.rules.due import Reckoner
from tasks.rules.lifecycle.begin import no_records, no_words
from tasks.rules.lifecycle.state import Facts, state

CONFIG = load_config()
RULES = CONFIG.rules.at(date(2024, 3, 1))
ZONE = "Asia/Shanghai"
DAYS = Days.of(2023, (), (), {2023: "official", 2024: "official"})
RECKONER = Reckoner(Calendars.of(DAYS, RULES, CONFIG.roster), ZONE)
_OUTCOMES = {"a": "answered", "n": "not_reached", "l": "replied_later"}
_KEYS = {
    "pause": "pause_until", "event": "pause_event", "contract": "contract_number", "on": "contract_on",
    "amount": "contract_amount", "payment": "first_payment", "lost": "lost_reason",
}  # fmt: skip
_SINCE = "2024-03-01T09:00"


def stood(case: dict[str, Any], at: str) -> dict[str, Any]:
    """What the lead of a case is at a local moment."""
    found = state(facts_of(case), RULES, moment(at).to_datetime64(), RECKONER).iloc[0].to_dict()
    return {name: None if pd.isna(value) else value for name, value in found.items()}


def moment(text: str) -> pd.Timestamp:
    """A local time as naive UTC."""
    text = text if len(text) > len("03-04T10:00") else f"2024-{text}"
    return pd.Timestamp(text).tz_localize(ZONE).tz_convert("UTC").tz_localize(None).as_unit("us")


def local(value: Any) -> str:
    """A naive UTC time as a local one."""
    return f"{pd.Timestamp(value).tz_localize('UTC').tz_convert(ZONE):%Y-%m-%dT%H:%M}"


def facts_of(case: dict[str, Any]) -> Facts:
    """The facts of one lead with the follow-ups and words of a case."""
    opened = moment(case.get("opened", _SINCE))
    owner = case.get("owner", "hanzhiyuan")
    lead = {
        "lead_id": 1, "status": case.get("kept", "owned"), "verdict": "valid",
        "grade": case.get("given", "B"), "grade_rule": "G-B",
        "opened_at": opened, "owner": owner, "owner_rule": case.get("owner_rule", "A-GRADE-B"),
        "owner_since": moment(case["owner_since"]) if "owner_since" in case else opened if owner else pd.NaT,
        "silent_at": pd.NaT, "need_state": case.get("need", "clear"), "budget_min": 200_000.0, "budget_max": 300_000.0,
        "chain_state": "partial", "urgency_state": case.get("urgency", "frame"), "title_state": "other",
        "industry": "制造业", "source": "行业展会", "tier": None, "region": "上海市",
    }  # fmt: skip
    leads = pd.DataFrame([lead])
    times = ("opened_at", "owner_since", "silent_at")
    texts = [name for name, value in lead.items() if name not in (*times, "lead_id", "budget_min", "budget_max")]
    leads = leads.astype(dict.fromkeys(texts, "str") | dict.fromkeys(times, "datetime64[us]"))
    return Facts(leads, records(case.get("calls", [])), _words(case.get("said", [])))


def records(calls: list[str]) -> pd.DataFrame:
    """Follow-ups as cases write them."""
    empty = no_records()
    rows = []
    for number, call in enumerate(calls, start=1):
        at, outcome, *said = call.split(" ")
        row: dict[str, Any] = {"id": number, "lead_id": 1, "at": moment(at), "recorded_at": moment(at)}
        row |= {"outcome": _OUTCOMES[outcome], "method": "电话", "summary": "沟通", "person": "hanzhiyuan"}
        for part in said:
            name, value = part.split("=", 1)
            row[_KEYS.get(name, name)] = moment(value) if name == "pause" else value
        rows.append(row)
    return pd.DataFrame(rows, columns=list(empty.columns)).astype(empty.dtypes.to_dict())


def _words(said: list[str]) -> pd.DataFrame:
    empty = no_words()
    rows = []
    for word in said:
        at, field, value = word.split(" ")
        row = {"lead_id": 1, "field": field, "said": value, "since": moment(at), "at": moment(at), "actor": "zhengkai"}
        rows.append(row | {"result": value if field == "closing" else None})
    return pd.DataFrame(rows, columns=list(empty.columns)).astype(empty.dtypes.to_dict())
