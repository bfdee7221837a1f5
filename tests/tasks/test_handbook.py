"""The handbooks' sheets as a workbook, by the worked example (H1): columns exactly so, plan as a gantt, archive."""

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import Engine

from config.settings import Settings
from flows.console import OK, UNWELL, UsageError
from flows.handbook import Whose, archive_check, sheets
from models.db import read_frame
from tests.kept import begin_with
from tests.tasks.promised import CONFIG, ZHANG, arrive, at, follow_up, say
from tests.tasks.test_state import DEAL, end

COLUMNS = {
    "线索信息表": "线索编号 来源 公司名称 行业 联系人 职位 电话 邮箱 需求描述 预算范围 决策链 负责人 创建时间 状态",
    "跟进记录表": "线索编号 跟进时间 跟进人 跟进方式 沟通内容摘要 客户反馈/异议 下一步行动 结果状态",
    "客户层级表": "客户编号 客户名称 所属行业 联系人及职务 联系方式 需求描述 来源渠道 首次接触时间 最近跟进时间"
    " 跟进次数 客户层级 当前阶段关键节点 负责人 预计成交时间 成交概率(%) 备注",
    "客户信息表": "客户编号 客户名称 所属行业 企业规模 需求描述 关键联系人(姓名/职位/联系方式) 信息来源 首次接触时间"
    " 分级 标签",
}
PLAN = "第1周 电话确认需求 3月18日\n线上演示方案（3月25日-4月3日） 支持：技术部出方案"


def worked_example(engine: Engine) -> None:
    arrive(
        engine,
        {**ZHANG, "company": "示例制造有限公司", "title": "生产部经理", "chain": "生产部、总经理拍板",
         "source": "行业展会", "source_detail": "2024年展会展台", "created": "2024-03-15", "mail": "li@example.com"},
        on="2024-03-15T10:00",
    )  # fmt: skip
    say(engine, "2024-03-15T16:00", verified=True, verdict="valid")
    follow_up(
        engine, "2024-03-18T15:00", objection="担心生产效率提升不明显", result="方案沟通中", next_action="发送案例",
        next_at="2024-03-20T18:00", summary="介绍方案", plan=PLAN, confirmed="需求",
    )  # fmt: skip
    follow_up(engine, "2024-03-22T10:00", method="线上演示", summary="演示认可，预算审批待确认", risk="审批慢")
    follow_up(engine, "2024-03-25T10:00", method="邮件", milestone="报价", summary="=1+1", amount=250_000.0,
              probability=40.0, close_on="2024-04-30", obstacle="预算审批")  # fmt: skip


@pytest.fixture
def settings(engine: Engine, tmp_path: Path) -> Settings:
    begin_with(engine, "the worked example in sheets", lambda: worked_example(engine))
    url = engine.url.render_as_string(hide_password=False)
    return Settings(_env_file=None, home=tmp_path / "home", database_url=url)


def written(settings: Settings, whose: Whose, out: Path) -> Any:
    answer = sheets(settings, whose, out)
    assert [path.name for path in out.parent.iterdir() if path.name.startswith(".")] == [], answer.text
    return openpyxl.load_workbook(out)


def cells(sheet: Any) -> list[list[Any]]:
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def row_of(sheet: Any) -> dict[str, Any]:
    head, row = cells(sheet)[:2]
    return dict(zip(head, row, strict=True))


def test_the_worked_example_comes_out_in_the_handbooks_columns(settings: Settings, tmp_path: Path) -> None:
    book = written(settings, Whose(("xl202403001",)), tmp_path / "a.xlsx")
    for name, columns in COLUMNS.items():
        assert [cell.value for cell in book[name][1]] == columns.split(" "), name
    lead = row_of(book["线索信息表"])
    assert (lead["来源"], lead["预算范围"], lead["状态"]) == ("行业展会（2024年展会展台）", "20–30 万元", "待客户确认")
    assert (lead["电话"], lead["创建时间"]) == ("13800001111", "2024-03-15 10:00")
    records = cells(book["跟进记录表"])[1:]
    assert [row[4] for row in records] == ["介绍方案", "演示认可，预算审批待确认", "=1+1"]
    assert records[0][5] == "异议：担心生产效率提升不明显"
    assert records[0][6].startswith("发送案例（林若溪，2024-03-20 18:00")
    tier = row_of(book["客户层级表"])
    assert (tier["首次接触时间"], tier["跟进次数"], tier["成交概率(%)"]) == ("2024-03-15", 3, 40)
    assert (tier["客户层级"], tier["当前阶段关键节点"], tier["预计成交时间"]) == (
        "意向",
        "商务谈判 / 报价",
        "2024-04-30",
    )
    assert row_of(book["客户信息表"])["关键联系人(姓名/职位/联系方式)"] == "张三/生产部经理/13800001111/li@example.com"
    # a text that looks like a formula stays text
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)


def test_the_plan_is_drawn_over_its_weeks_and_the_form_holds_the_rest(settings: Settings, tmp_path: Path) -> None:
    book = written(settings, Whose(("XL202403001",)), tmp_path / "a.xlsx")
    sheet = book["跟进甘特表"]
    head = next(row for row in sheet.iter_rows() if row[0].value == "周")
    weeks = {cell.value: cell.column for cell in head[5:]}
    assert list(weeks) == ["03-18", "03-25", "04-01"]
    step = next(row for row in sheet.iter_rows() if row[1].value == "计划：线上演示方案")
    assert [cell.value for cell in step[2:5]] == ["线上演示", "2024-03-25 ~ 04-03", "技术部出方案"]
    drawn = [week for week, column in weeks.items() if step[column - 1].fill.fgColor.rgb == "FF2468A8"]
    assert drawn == ["03-25", "04-01"]
    labels = [value for row in cells(sheet) for value in row]
    assert labels.index("风险提示") > labels.index("所需支持")
    form = cells(book["客户跟进记录表"])
    said = {row[i]: row[i + 1] for row in form for i in range(0, len(row) - 1, 2) if row[i]}
    assert (said["决策人"], said["当前状态"], said["成交/预计成交金额"]) == ("总经理", "推进中", "预计 25 万元")
    assert (said["跟进频率"], said["关键障碍"]) == ("每 5 个工作日内一次", "预算审批")


def test_a_plan_over_the_end_of_a_year_says_the_years(engine: Engine, settings: Settings, tmp_path: Path) -> None:
    plan = "签约（2024年12月23日-2025年1月8日）"
    follow_up(engine, "2024-04-01T10:00", plan=plan, summary="年底签约")
    sheet = written(settings, Whose(("XL202403001",)), tmp_path / "a.xlsx")["跟进甘特表"]
    head = next(row for row in sheet.iter_rows() if row[0].value == "周")
    weeks = [cell.value for cell in head[5:]]
    assert len(weeks) == len(set(weeks))
    assert weeks[-3:] == ["2024-12-23", "2024-12-30", "2025-01-06"]
    step = next(row for row in sheet.iter_rows() if row[1].value == "计划：签约")
    assert [step[0].value, step[3].value] == ["2024-12-23 周", "2024-12-23 ~ 2025-01-08"]


@pytest.mark.each_database
def test_what_is_said_twice_is_told_once_and_the_key_of_the_plan_can_be_read(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    arrive(engine, {"company": "乙公司", "name": "李四", "mobile": "13800002222", "source": "官网表单",
                    "source_detail": "官网表单"}, on="2024-03-16T10:00", file="b.csv")  # fmt: skip
    follow_up(engine, "2024-03-18T15:00", "XL202403002", feedback="价格高", objection="价格高", summary="谈价")
    book = written(settings, Whose(("XL202403002",)), tmp_path / "a.xlsx")
    assert row_of(book["线索信息表"])["来源"] == "官网表单"
    assert row_of(book["跟进记录表"])["客户反馈/异议"] == "异议：价格高"
    [key] = [cell for cell in book["跟进甘特表"][1] if cell.value == "计划"]
    assert key.font.color.rgb == "FFFFFFFF"


def test_a_person_a_team_and_whoever_has_nothing(engine: Engine, settings: Settings, tmp_path: Path) -> None:
    with engine.connect() as conn:
        owner = read_frame(conn, "SELECT owner FROM lead")["owner"][0]
    nobody = next(one.id for one in CONFIG.roster.people if one.id != owner)
    own = written(settings, Whose(owner=CONFIG.roster.name_of(owner)), tmp_path / "a.xlsx")
    team = written(
        settings.model_copy(update={"lang": "en"}), Whose(team=CONFIG.roster.person(owner).team), tmp_path / "b.xlsx"
    )
    none = written(settings, Whose(owner=nobody), tmp_path / "c.xlsx")
    assert [len(cells(book.worksheets[0])) for book in (own, team, none)] == [2, 2, 1]
    assert [sheet.title for sheet in team][:3] == ["Leads", "Follow-ups", "Customer tiers"]
    for whose, wrong in (
        (Whose(), "say whose"), (Whose(("XL1",), owner="x"), "say whose"), (Whose(("XL1",)), "XL1"),
        (Whose(owner="无名氏"), "无名氏"), (Whose(team="月球组"), "the teams are"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=wrong):
            sheets(settings, whose, tmp_path / "d.xlsx")
    with pytest.raises(UsageError, match=r"\.xlsx"):
        sheets(settings, Whose(team="华东组"), tmp_path / "d.csv")
    assert not (tmp_path / "d.xlsx").exists()


@pytest.mark.each_database
def test_ended_leads_have_their_sheets_and_the_archive_says_what_it_lacks(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    assert archive_check(settings, Whose()).code == OK
    arrive(engine, {"company": "乙公司", "name": "李四", "mobile": "13800002222"}, file="b.csv", on="2024-03-16T10:00")
    end(engine, "2024-04-10T10:00", "won", **DEAL)
    end(engine, "2024-04-11T10:00", "lost", "XL202403002", lost_reason="价格偏高", competitor="某某自动化")
    book = written(settings, Whose(("XL202403001", "XL202403002")), tmp_path / "a.xlsx")
    lost = row_of(book["流失原因分析表"])
    assert (lost["流失时间"], lost["流失原因"], lost["竞争对手"]) == ("2024-04-11", "价格偏高", "某某自动化")
    won = [value for row in cells(book["需求确认单"]) for value in row]
    assert won[won.index("合同编号") + 1] == "HT-1"
    assert won[won.index("客户已确认的事项") + 1] == "需求（2024-03-18）"
    found = archive_check(settings, Whose())
    assert (found.code, found.data["ended"], found.data["whole"]) == (UNWELL, 2, 1)
    gap = found.data["gaps"][0]
    assert (gap["lead"], gap["missing"], gap["late"]) == ("XL202403002", ["follow_up"], True)
    assert gap["due_at"] == at("2024-04-18T18:00")
    assert archive_check(settings, Whose(owner="linruoxi")).code == OK
