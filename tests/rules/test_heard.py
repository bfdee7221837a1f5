"""What follow-ups say is worked out once, and anew whenever anything of them is other."""

import pandas as pd
import pytest

from config.loader import load_config
from tasks.rules.lifecycle import heard
from tasks.rules.lifecycle.heard import hear
from tasks.rules.lifecycle.pauses import pause_spans
from tasks.rules.lifecycle.records import COLUMNS, noted, told

RULES = load_config(None).rules
ZONE = "Asia/Shanghai"


def records(*leads: int, outcome: str = "answered") -> pd.DataFrame:
    at = pd.Timestamp("2025-03-03T02:00")
    rows = [
        {"id": place, "lead_id": lead, "at": at + pd.Timedelta(days=place), "recorded_at": at, "outcome": outcome,
         "method": "电话", "summary": "沟通", "confirmed": ""}
        for place, lead in enumerate(leads, start=1)
    ]  # fmt: skip
    found = pd.DataFrame(rows).reindex(columns=list(COLUMNS))
    times = [name for name in COLUMNS if name.endswith("at") or name == "pause_until"]
    texts = [name for name in COLUMNS if name not in (*times, "id", "lead_id")]
    return found.astype(dict.fromkeys(times, "datetime64[us]") | dict.fromkeys(texts, "str"))


def afresh(rows: pd.DataFrame) -> pd.DataFrame:
    read = noted(rows, RULES)
    return told(read, pause_spans(read, RULES, ZONE), ZONE)


@pytest.fixture
def worked_out(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    monkeypatch.setattr(heard, "_last", [])
    sizes: list[int] = []
    monkeypatch.setattr(heard, "noted", lambda rows, rules: sizes.append(len(rows)) or noted(rows, rules))
    return sizes


def test_the_same_ones_and_some_leads_of_them_are_worked_out_once(worked_out: list[int]) -> None:
    every = records(1, 2, 1, 3)
    for asked in (every, every.copy(), every[every["lead_id"] != 2], every[every["lead_id"] == 3]):
        pd.testing.assert_frame_equal(hear(asked, RULES, ZONE).of_lead, afresh(asked), check_dtype=False)
    assert worked_out == [4]


@pytest.mark.parametrize(
    "other",
    [records(1, 2), records(1, 2, 1, 3, 3), records(1, 2, 1, 3, outcome="not_reached"), records(4)],
    ids=["one less", "one more", "another word", "another lead"],
)
def test_whatever_is_other_is_worked_out_anew(worked_out: list[int], other: pd.DataFrame) -> None:
    hear(records(1, 2, 1, 3), RULES, ZONE)
    pd.testing.assert_frame_equal(hear(other, RULES, ZONE).of_lead, afresh(other), check_dtype=False)
    assert worked_out == [4, len(other)]
    hear(other, RULES, "UTC")
    assert worked_out == [4, len(other), len(other)]
