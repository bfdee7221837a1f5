"""Prepared rows: what the channel adds to what a row says, and the zone in which its times are written."""

from datetime import UTC, datetime

import pandas as pd

from config.loader import load_config
from config.schema import Channel
from tasks.prepare import prepare

AT = datetime(2024, 3, 18, 1, 0, tzinfo=UTC)
RULES = load_config().rules.at(AT.date())


def _prepared(channel: Channel | None = None, zone: str = "Asia/Shanghai", **columns: list[str | None]) -> pd.DataFrame:
    rows = pd.DataFrame({name: pd.Series(values, dtype="str") for name, values in columns.items()})
    rows = rows.assign(sheet="", line=range(2, len(rows) + 2), raw="…", phone="13605731234")
    return prepare(rows, RULES, channel or Channel(name="default"), AT, zone)


def test_the_source_of_a_channel_fills_what_a_row_leaves_open_and_replaces_nothing() -> None:
    expo = Channel(name="expo", source="行业展会")
    made = _prepared(expo, source=["饭局认识的", None, "无", "-", "官网留言"])
    assert made["source"].fillna("").tolist() == ["", "行业展会", "行业展会", "行业展会", "官网表单"]
    assert ["C-SOURCE-UNKNOWN" in issues for issues in made["issues"]] == [True, False, False, False, False]


def test_a_channel_without_a_source_leaves_what_nobody_knows_open() -> None:
    made = _prepared(source=["饭局认识的", None])
    assert made["source"].isna().all()
    assert ["C-SOURCE-UNKNOWN" in issues for issues in made["issues"]] == [True, False]


def test_times_are_written_in_the_business_zone() -> None:
    for zone, utc in (("Asia/Shanghai", "2024-03-15T06:05"), ("America/New_York", "2024-03-15T18:05")):
        made = _prepared(zone=zone, first_contact=["2024-03-15 14:05"])
        assert (made["created"][0], made["contact_at"][0]) == ("2024-03-15T14:05", pd.Timestamp(utc))
