"""How good what arrives is: counts that tie, teams that leave out too much, late entries; on both databases."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from flows.quality import heading
from tasks.quality import measure
from tasks.rules.quality import DIMENSIONS, OUTCOMES, VERDICTS, combined, entered_late
from tests.prepared import AS_OF, CONFIG
from tests.prepared import settle_once as settle

SHANGHAI = ZoneInfo("Asia/Shanghai")
RULES = CONFIG.rules.at(date(2024, 3, 15))
SALES = {"entry_team": "销售部", "entrant": "小赵"}
ZHANG = {"company": "甲公司", "name": "张三", "mobile": "13800001111", "created": "2024-03-14", **SALES}
LI = {"company": "乙公司", "name": "李四", "mobile": "13800002222", "source": "行业展会", "created": "2024-03-12T10:00"}


def found(engine, as_of=AS_OF, by=DIMENSIONS, **asked):
    with engine.connect() as conn:
        return measure(conn, RULES, SHANGHAI, as_of, tuple(by), **asked)


def test_every_row_and_every_lead_is_counted_once_in_each_dimension(engine):
    settle(engine, ZHANG, {**ZHANG, "budget_max": 900_000.0}, LI, {"company": "丙公司", "name": "王五"}, file="a.csv")
    settle(engine, {**LI, "name": "赵六", "mobile": "13800003333", "industry": "餐饮"}, file="b.csv", channel="expo")
    figures = found(engine).figures
    for by in DIMENSIONS:
        assert figures[by]["rows"].sum() == 5
        assert figures[by][list(OUTCOMES)].sum().to_dict() == {
            "created": 3,
            "merged": 1,
            "updated": 0,
            "rejected": 1,
            "held": 0,
        }
        assert figures[by]["leads"].sum() == 3
        assert figures[by][list(VERDICTS)].to_numpy().sum() == 3
    assert figures["channel"].loc["expo", ["rows", "invalid", "invalid:S-INDUSTRY-OTHER"]].tolist() == [1, 1, 1]
    assert figures["team"].index.tolist() == ["", "销售部"]
    assert figures["source"].loc["行业展会", "rows"] == 2
    assert set(combined(figures)["by"]) == set(DIMENSIONS)


def test_a_month_and_a_channel_are_counted_alone_and_what_came_later_is_not(engine):
    settle(engine, ZHANG, file="a.csv")
    settle(engine, LI, file="b.csv", channel="expo", as_of=datetime(2024, 3, 31, 17, tzinfo=UTC))
    later = datetime(2024, 5, 1, tzinfo=UTC)
    assert found(engine, later).figures["month"].index.tolist() == ["2024-03", "2024-04"]
    assert found(engine, later, month="2024-04").figures["channel"].index.tolist() == ["expo"]
    assert found(engine, later, channel="default").figures["month"].index.tolist() == ["2024-03"]
    assert found(engine).figures["channel"].index.tolist() == ["default"]


def test_a_team_is_named_from_its_third_omission_with_the_rows_that_show_it(engine):
    blank = {"issues": "C-BUDGET|C-CHAIN"}
    settle(engine, {**ZHANG, **blank}, {**LI, "issues": "C-BUDGET|C-CHAIN|C-NEED"}, file="a.csv")
    assert found(engine).teams.empty
    settle(engine, {**ZHANG, "mobile": "13800004444", "name": "钱七", "issues": "C-CHAIN"}, file="b.csv")
    quality = found(engine)
    assert quality.teams.to_dict("records") == [{"month": "2024-03", "team": "销售部", "omissions": 3, "rows": 2}]
    told = quality.missing[["file", "line", "fields", "entrant"]].to_numpy().tolist()
    assert told == [["a.csv", 2, "budget|chain", "小赵"], ["b.csv", 2, "chain", "小赵"]]


def test_an_empty_base_has_no_figures(engine):
    quality = found(engine)
    assert all(len(figures) == 0 for figures in quality.figures.values())
    assert quality.missing.empty


@pytest.mark.parametrize(
    ("contact", "received", "late"),
    [
        ("2024-03-14", "2024-03-14", False),
        ("2024-03-14T09:00", "2024-03-15", False),
        ("2024-03-13", "2024-03-15", True),
        ("2024-03-15", "2024-03-18", False),
        ("2024-03-15", "2024-03-19", True),
        ("2024-03-16", "2024-03-19", False),
        ("2024-03-16", "2024-03-20", True),
        ("--03-15", "2024-03-30", False),
        ("", "2024-03-30", False),
        ("2024-03-20", "2024-03-15", False),
    ],
)
def test_more_than_a_business_day_after_the_contact_is_late(contact, received, late):
    rows = pd.Series([contact], dtype="str"), pd.Series(pd.to_datetime([received]))
    assert entered_late(*rows, 1).tolist() == [late]


def test_late_entries_are_counted(engine):
    settle(engine, {**ZHANG, "created": "2024-03-12"}, LI, {**ZHANG, "mobile": "13800009999", "name": "孙八"})
    figures = found(engine, AS_OF + timedelta(days=1), by=("team",)).figures["team"]
    assert np.array_equal(figures["late"].to_numpy(), [1, 1])


def test_a_heading_says_what_a_column_counts_and_none_is_let_through_unsaid() -> None:
    columns = ["rows", "grade:A", "omission:need", "invalid:V-INVALID"]
    assert [heading(one, "zh_CN") for one in columns] == ["行数", "A", "漏填 需求描述", "无效原因 V-INVALID"]
    for strange in ("strange", "strange:A"):
        with pytest.raises(KeyError):
            heading(strange, "en")
