"""Files in which a second list begins below the first one."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from config.loader import load_channels, load_config
from tasks.prepare import Reading, prepared_pieces
from tasks.source import find_tables, open_source

NOW = datetime(2024, 3, 15, 2, tzinfo=UTC)
DEFAULT = load_channels()["default"]
FIRST = "公司名称,联系人,手机,需求\n嘉兴精工机械有限公司,李明,13812345678,采购系统\n"
OTHER = (
    "手机,客户名称,姓名,备注\n13912345678,上海三四贸易有限公司,赵云,想买\n13612345679,北京五六网络有限公司,钱七,急\n"
)


def _prepared(folder: Path, text: str, rows: int) -> pd.DataFrame:
    path = folder / "leads.csv"
    path.write_text(text, encoding="utf-8")
    source = open_source(path, folder / "made")
    tables = find_tables(source, DEFAULT)
    reading = Reading(source, tables, DEFAULT, load_config(None).rules, NOW, "Asia/Shanghai", rows)
    return pd.concat([frame for _, frame in prepared_pieces(reading, 0)], ignore_index=True)


@pytest.mark.parametrize("rows", [1, 2, 1000])
def test_rows_below_another_header_are_not_read_by_the_first_one(tmp_path: Path, rows: int) -> None:
    frame = _prepared(tmp_path, FIRST + OTHER + FIRST, rows)
    assert frame[["line", "rejected", "company"]].to_numpy().tolist()[:1] == [[2, False, "嘉兴精工机械有限公司"]]
    assert frame.loc[frame["issues"] == "C-OTHER-LIST", "line"].tolist() == [3, 4, 5]
    assert frame.loc[~frame["rejected"], "line"].tolist() == [2, 7]


@pytest.mark.parametrize("header", ["公司名称,联系人,手机,需求", "公司名称 ,联系人,手机,"])
def test_the_lists_own_header_again_is_dropped(tmp_path: Path, header: str) -> None:
    frame = _prepared(tmp_path, FIRST + f"{header}\n杭州一二科技有限公司,王芳,13712345678,进销存\n", 1000)
    assert frame["line"].tolist() == [2, 4]
    assert not frame["rejected"].any()


def test_a_lead_whose_values_are_words_of_headers_stays(tmp_path: Path) -> None:
    frame = _prepared(tmp_path, FIRST + "单位,王芳,13712345678,联系人 手机\n", 1000)
    assert frame["line"].tolist() == [2, 3]
    assert "C-OTHER-LIST" not in "|".join(frame["issues"])
