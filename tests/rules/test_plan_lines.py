"""The steps of a plan, as people write them (H3-2-plan)."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.plan_lines import COLUMNS, plan_steps

METHODS = ("电话", "面谈", "拜访", "线上演示")


def steps(text: str | None, on: str = "2024-03-15T15:00") -> list[tuple[object, ...]]:
    found = plan_steps(pd.Series([text], dtype="str"), pd.Series([pd.Timestamp(on)]), METHODS)
    days = found[["week", "first", "last"]].apply(lambda column: column.dt.strftime("%Y-%m-%d"))
    shown = found.assign(**days).astype("object")
    return list(shown.where(shown.notna(), None)[["week", "goal", "method", "first", "last", "support"]]
                .itertuples(index=False, name=None))  # fmt: skip


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("第1周：电话确认需求", [("2024-03-11", "电话确认需求", "电话", None, None, None)]),
        ("第十二周 复盘", [("2024-05-27", "复盘", None, None, None, None)]),
        ("1. 拜访总经理 2024-04-02", [("2024-04-01", "拜访总经理", "拜访", "2024-04-02", "2024-04-02", None)]),
        ("3月18日-3月20日 方案，支持：技术部", [("2024-03-18", "方案", None, "2024-03-18", "2024-03-20", "技术部")]),
        ("线上演示（3/25～4/3）", [("2024-03-25", "线上演示", "线上演示", "2024-03-25", "2024-04-03", None)]),
        ("演示3.2版本", [(None, "演示3.2版本", None, None, None, None)]),
        ("02-30 拜访", [(None, "02-30 拜访", "拜访", None, None, None)]),
        ("整体先看看", [(None, "整体先看看", None, None, None, None)]),
        (" ；\n", []),
        (None, []),
    ],
)
def test_a_step_is_read_as_far_as_it_says(text: str | None, wanted: list[tuple[object, ...]]) -> None:
    assert steps(text) == wanted


def test_steps_are_parted_by_line_or_semicolon_and_a_day_behind_new_year_is_next_years() -> None:
    found = steps("12月30日 电话；1月5日 面谈\n- 2.完成", "2024-12-20T09:00")
    assert [row[3] for row in found] == ["2024-12-30", "2025-01-05", None]


@given(
    st.text(max_size=200),
    st.dates(min_value=pd.Timestamp("2000-01-01").date(), max_value=pd.Timestamp("2090-01-01").date()),
)
def test_no_plan_raises_and_none_is_lost(text: str, on: object) -> None:
    found = plan_steps(pd.Series([text], dtype="str"), pd.Series([pd.Timestamp(str(on))]), METHODS)
    assert list(found) == list(COLUMNS)
    assert (found["goal"].notna()).all()
