"""A workbook of follow-ups: handed out, filled in, dropped, answered row by row, and harmless a second time."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import Engine

from config.settings import Settings
from flows.engine import Engine as RanBy
from flows.intake import take_in
from flows.request import Request, Result
from flows.summary import page
from flows.told import Told
from models.db import make_engine, read_frame, upgrade
from tasks.record_template import make_record_template
from tests.kept import begin_with
from tests.prepared import CONFIG, settle

CAME = datetime(2024, 3, 15, 2, tzinfo=UTC)
NOW = datetime(2024, 3, 20, 10, tzinfo=UTC)
NUMBER = "XL202403001"
LI = {"company": "乙公司", "name": "李四", "mobile": "13800002222", "chain_state": "complete",
      "urgency_state": "urgent"}  # fmt: skip
ROW = {"线索编号": NUMBER, "跟进时间": "2024-03-18 10:30", "跟进人": "林若溪", "跟进方式": "电话",
       "沟通内容摘要": "介绍方案", "客户反馈/异议": "有兴趣"}  # fmt: skip
FULL = ROW | {
    "跟进时间": "2024/3/18 下午3:20", "沟通内容摘要": "=谈报价", "客户是否接通": "未联系上", "客户异议": "价格偏高",
    "下一步行动": "发报价", "下一步的时间": "2024-03-22", "预计成交金额（元）": "25万", "成交概率（%）": "40%",
    "预计成交日期": "2024-05-31",
}  # fmt: skip


@pytest.fixture
def settings(engine: Engine, tmp_path: Path) -> Settings:
    begin_with(engine, "the lead of record files", lambda: settle(engine, LI, as_of=CAME))
    url = engine.url.render_as_string(hide_password=False)
    return Settings(_env_file=None, home=tmp_path / "home", database_url=url)


def fill(path: Path, *rows: dict[str, Any], template: bool = True) -> Path:
    """The workbook that is handed out, filled in below its example."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(make_record_template(CONFIG, "zh_CN"))
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    heads = [str(cell.value).removesuffix("（必填）") for cell in sheet[1]]
    for line, row in enumerate(rows, 3 if template else 2):
        for name in row:
            assert name in heads, name
        for column, name in enumerate(heads, 1):
            sheet.cell(line, column, row.get(name)).data_type = "s"
    book.save(path)
    return path


def take(settings: Settings, *paths: Path, dry_run: bool = False) -> Result:
    return take_in(Request(paths, "follow-ups" if paths else None, NOW, dry_run=dry_run), settings, CONFIG)


def take_unnamed(settings: Settings, *paths: Path, dry_run: bool = False) -> Result:
    return take_in(Request(paths, None, NOW, dry_run=dry_run), settings, CONFIG)


def stored(engine: Engine) -> list[dict[str, Any]]:
    with engine.connect() as conn:
        found = read_frame(conn, "SELECT * FROM follow_up ORDER BY at")
    return found.astype("object").where(found.notna(), None).to_dict("records")


def cells(path: Path) -> list[dict[str, str]]:
    head, *rows = openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_what_was_filled_in_is_recorded_field_by_field(engine: Engine, settings: Settings, tmp_path: Path) -> None:
    result = take(settings, fill(tmp_path / "a.xlsx", ROW, FULL))
    assert dict(result.outcomes()) == {"recorded": 2}, cells(result.files[0].receipt)
    one, two = stored(engine)
    assert (one["person"], one["method"], one["outcome"], one["feedback"]) == ("linruoxi", "电话", "answered", "有兴趣")
    assert str(one["at"])[:16] == "2024-03-18 02:30"
    assert (two["outcome"], two["amount"], two["probability"]) == ("not_reached", 250_000, 40)
    assert (str(two["at"])[:16], str(two["next_at"])[:16]) == ("2024-03-18 07:20", "2024-03-22 10:00")
    assert str(two["close_on"])[:10] == "2024-05-31"
    assert two["channel"] == "file"


def test_each_row_is_answered_and_what_is_mended_is_recorded_once(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    bad = ROW | {"跟进时间": "昨天", "跟进方式": "烟雾", "跟进人": "无名氏", "线索编号": "XL209901001"}
    gone = ROW | {"线索编号": "XL209901001", "沟通内容摘要": "别的"}
    result = take(settings, fill(tmp_path / "a.xlsx", ROW, bad, gone))
    assert dict(result.outcomes()) == {"recorded": 1, "rejected": 2}
    first, second, third = cells(result.files[0].receipt)
    assert [one["leadflow线索编号"] for one in (first, second, third)] == [NUMBER, "XL209901001", "XL209901001"]
    assert first["leadflow结果"] == "已记录"
    for column in ("跟进时间", "跟进方式", "跟进人"):
        assert column in second["leadflow原因"]
    assert third["leadflow原因"] == "线索编号: 没有这条线索"
    mend = next(result.files[0].receipt.parent.glob("*待修改*"))
    book = openpyxl.load_workbook(mend)
    sheet = book.worksheets[0]
    assert sheet.max_row == 3
    for line in (2, 3):
        for column, name in enumerate(ROW, 1):
            sheet.cell(line, column, {**ROW, "沟通内容摘要": f"改正 {line}"}[name])
    book.save(tmp_path / "b.xlsx")
    for _ in range(2):
        assert dict(take(settings, tmp_path / "b.xlsx").outcomes()) == {"recorded": 2}
    assert sorted(row["summary"] for row in stored(engine)) == ["介绍方案", "改正 2", "改正 3"]


def test_what_is_vague_is_recorded_and_its_receipt_says_so(settings: Settings, tmp_path: Path) -> None:
    said = ROW | {"下一步行动": "保持联系", "下一步的时间": "2024-03-22", "结果状态": "跟进中"}
    result = take(settings, fill(tmp_path / "a.xlsx", said, said | {"下一步行动": "发报价", "沟通内容摘要": "谈价"}))
    vague, clear = cells(result.files[0].receipt)
    assert (vague["leadflow结果"], vague["leadflow原因"].split(":")[0]) == ("已记录", "下一步行动")
    assert clear["leadflow原因"] in (None, "")


def test_what_is_no_choice_is_told_by_what_a_reader_may_write(settings: Settings, tmp_path: Path) -> None:
    wrong = {
        "客户是否接通": "也许",
        "客户已确认的事项": "需求、天气",
        "当前阶段": "起飞",
        "异议是否化解": "半",
        "暂缓类型": "歇",
    }
    result = take(settings, fill(tmp_path / "a.xlsx", ROW | wrong))
    [told] = cells(result.files[0].receipt)
    for said in (
        "已接通、未联系上、稍后回复",
        "“天气”不在可选项中：需求、预算",
        "线索获取、需求分析",
        "已化解、未化解",
        "暂缓、待激活",
    ):
        assert said in told["leadflow原因"], said


def test_a_row_corrects_the_record_that_an_earlier_receipt_numbered(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    first = take(settings, fill(tmp_path / "a.xlsx", ROW)).files[0]
    [told] = cells(first.receipt)
    number = told["leadflow建议"].split("；")[0].removeprefix("跟进编号 ")
    better = ROW | {"更正的跟进编号": number, "沟通内容摘要": "介绍方案与报价"}
    strange = ROW | {"更正的跟进编号": "上一条", "沟通内容摘要": "别的"}
    for _ in range(2):
        result = take(settings, fill(tmp_path / "b.xlsx", better, strange))
        assert dict(result.outcomes()) == {"recorded": 1, "rejected": 1}
    assert cells(result.files[0].receipt)[1]["leadflow原因"].startswith("更正的跟进编号: 无法识别")
    old, new = sorted(stored(engine), key=lambda row: row["id"])
    assert (str(old["id"]), old["superseded_by"], new["summary"]) == (number, new["id"], "介绍方案与报价")
    # the lead on which it was recorded is named where it was another one
    lost = better | {"更正的跟进编号": str(new["id"]), "原记录的线索编号": "xl209901001"}
    [answer] = cells(take(settings, fill(tmp_path / "c.xlsx", lost)).files[0].receipt)
    assert answer["leadflow原因"] == f"原记录的线索编号: 这条线索没有第 {new['id']} 号跟进记录"


def test_the_summary_of_follow_ups_alone_has_no_tables_of_leads(settings: Settings, tmp_path: Path) -> None:
    result = take(settings, fill(tmp_path / "a.xlsx", ROW))
    text = page(Told(result, RanBy("direct", why="--direct"), CONFIG, settings, result.figures))
    assert "已记录跟进" in text
    for left_out in ("分给了谁", "判定与等级", "缺漏与提醒", "新建线索"):
        assert left_out not in text


def test_the_folder_takes_it_and_the_same_file_twice_adds_nothing(engine: Engine, settings: Settings) -> None:
    for name in ("一.xlsx", "二.xlsx"):
        fill(settings.intake / "follow-ups" / name, ROW, FULL)
    result = take(settings)
    assert [(file.state, file.counts) for file in result.files] == [("taken", {"recorded": 2})] * 2
    assert len(stored(engine)) == 2
    assert len(list(settings.receipts.rglob("*回执.xlsx"))) == 2
    assert not any((settings.intake / "follow-ups").iterdir())


def test_text_in_gb18030_with_its_own_order_of_columns_is_read(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    lines = ["跟进方式,沟通内容,线索编号,跟进人,跟进时间", f"phone,问过,{NUMBER.lower()},linruoxi,2024-03-18T10:30"]
    (tmp_path / "a.csv").write_bytes("\n".join(lines).encode("gb18030"))
    assert dict(take(settings, tmp_path / "a.csv").outcomes()) == {"recorded": 1}
    assert [row["method"] for row in stored(engine)] == ["电话"]


def test_a_list_of_leads_is_refused_and_a_dry_run_stores_nothing(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "leads.csv").write_text("公司名称,电话\n甲公司,13800001111\n", "utf-8")
    [refused] = take(settings, tmp_path / "leads.csv").files
    assert refused.state == "refused"
    assert "跟进记录" in refused.why
    seen = take(settings, fill(tmp_path / "a.xlsx", ROW, ROW | {"跟进方式": "烟雾"}), dry_run=True)
    assert seen.files[0].counts == {"readable": 1, "rejected": 1}
    [row] = seen.files[0].rejected
    assert (row.sheet, row.line, len(row.said)) == ("跟进记录表", 4, 1)
    assert row.said[0].startswith("跟进方式: “烟雾”不在可选项中")
    assert stored(engine) == []


def test_a_dry_run_needs_no_database_and_leaves_none(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, home=tmp_path / "home")
    seen = take(settings, fill(tmp_path / "a.xlsx", ROW | {"跟进时间": "2024-03-18"}), dry_run=True)
    assert [(file.state, file.counts) for file in seen.files] == [("looked_at", {"readable": 1, "rejected": 0})]
    assert not settings.home.exists()


def test_a_dry_run_leaves_the_database_as_it_lies(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, home=tmp_path / "home")
    file = fill(tmp_path / "a.xlsx", ROW)
    settings.home.mkdir()
    upgrade(make_engine(settings.database_url))
    writing = sqlite3.connect(settings.home / "leadflow.db")
    writing.execute("CREATE TABLE left_open (id INTEGER)")
    writing.commit()
    before = {path.name: (path.stat().st_mtime_ns, path.stat().st_size) for path in settings.home.iterdir()}
    assert [file.state for file in take(settings, file, dry_run=True).files] == ["looked_at"]
    after = {path.name: (path.stat().st_mtime_ns, path.stat().st_size) for path in settings.home.iterdir()}
    writing.close()
    assert {name: after[name] for name in ("leadflow.db", "leadflow.db-wal")} == {
        name: before[name] for name in ("leadflow.db", "leadflow.db-wal")
    }


def test_a_file_that_is_named_without_a_channel_is_known_by_its_columns(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    book = fill(tmp_path / "a.xlsx", ROW)
    table, both = tmp_path / "b.csv", tmp_path / "c.csv"
    table.write_text(
        "线索编号,跟进时间,跟进人,跟进方式,沟通内容\n" + f"{NUMBER},2024-03-19 9:00,林若溪,电话,再谈\n", "utf-8"
    )
    both.write_text(
        "线索编号,公司名称,联系人,电话,跟进时间,跟进人,跟进方式,沟通内容\n,丙公司,王五,13800003333,2024-03-19,林若溪,电话,x\n",
        "utf-8",
    )
    seen = take_unnamed(settings, book, table, both, dry_run=True)
    assert [file.channel for file in seen.files] == ["follow-ups", "follow-ups", "default"]
    assert stored(engine) == []
    taken = take_unnamed(settings, book, table, both)
    assert {file.file: (file.channel, dict(file.counts)) for file in taken.files} == {
        "a.xlsx": ("follow-ups", {"recorded": 1}), "b.csv": ("follow-ups", {"recorded": 1}),
        "c.csv": ("default", {"created": 1}),
    }  # fmt: skip
    named = take_in(Request((table,), "default", NOW), settings, CONFIG)
    assert [(file.channel, file.state) for file in named.files] == [("default", "taken")]


def test_a_row_of_today_without_a_time_is_recorded_once_and_one_of_tomorrow_never(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    dated = [ROW | {"跟进时间": day, "沟通内容摘要": day} for day in ("2024-03-20", "2024-03-21")]
    file = fill(tmp_path / "a.xlsx", *dated)
    for now in (datetime(2024, 3, 20, 1, tzinfo=UTC), NOW, datetime(2024, 3, 20, 15, tzinfo=UTC)):
        seen = take_in(Request((file,), "follow-ups", now, dry_run=True), settings, CONFIG)
        assert seen.files[0].counts == {"readable": 1, "rejected": 1}
        result = take_in(Request((file,), "follow-ups", now), settings, CONFIG)
        assert dict(result.outcomes()) == {"recorded": 1, "rejected": 1}
    assert [(str(row["at"])[:16], row["summary"]) for row in stored(engine)] == [("2024-03-20 01:00", "2024-03-20")]
