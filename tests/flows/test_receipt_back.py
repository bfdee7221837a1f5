"""A receipt whose bad rows were mended is dropped back: the mended rows are news, the others are repeats."""

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.loader import load_config
from config.settings import Settings, get_settings
from flows.intake import take_in
from flows.request import FileResult, Request
from tasks.headers import ADDED

AS_OF = datetime(2024, 3, 18, 1, 0, tzinfo=UTC)
HEADER = "外部编号,来源,公司名称,行业,联系人,职位,电话,邮箱,需求描述,预算范围,决策链,首次接触时间,备注"
FILE = f"""{HEADER}
E1,官网表单,杭州澄屿机械有限公司,制造业,季若谷,总经理,13955501234,,自动化生产线改造,20-30万,总经理,2024-03-15,=1+1
E2,电话咨询,宁波远帆电子有限公司,制造业,周渡,采购经理,+86 13955505678,,贴片机采购,30-40万,总经理,2024-03-15,-
E3,官网表单,,制造业,陈亦,厂长,13955507777,,注塑机改造,50万,总经理,2024-03-15,"第一行
第二行"
E4,官网表单,苏州明川软件有限公司,IT服务业,何一舟,经理,12,,采购管理系统,20万,总经理,2024-03-15,
"""


@pytest.fixture
def settings(home: Path) -> Settings:
    return get_settings()


def _take(settings: Settings, path: Path, minutes: int) -> FileResult:
    folder = settings.intake / "default"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{path.name}.ok").touch()
    path.rename(folder / path.name)
    [file] = take_in(Request((), None, AS_OF + timedelta(minutes=minutes), False), settings, load_config()).files
    return file


def _mended(receipt: Path, folder: Path) -> Path:
    rows = list(csv.reader(io.StringIO(receipt.read_bytes().decode("utf-8-sig"), newline="")))
    head = rows[0]
    for row in rows[1:]:
        named = dict(zip(head, row, strict=False))
        if named["外部编号"] == "E3":
            row[head.index("公司名称")] = "无锡天禾塑料有限公司"
        if named["外部编号"] == "E4":
            row[head.index("电话")] = "13955509999"
    folder.mkdir(exist_ok=True)
    path = folder / receipt.name
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def _results(receipt: Path | None) -> dict[str, tuple[str, str]]:
    assert receipt is not None
    rows = list(csv.DictReader(io.StringIO(receipt.read_bytes().decode("utf-8-sig"), newline="")))
    result, lead = ADDED["zh_CN"][:2]
    assert list(rows[0]) == [*HEADER.split(","), *ADDED["zh_CN"]]
    return {row["外部编号"]: (row[result], row[lead]) for row in rows}


def test_mended_rows_of_a_receipt_become_leads_and_the_others_are_repeats(settings: Settings, tmp_path: Path) -> None:
    source = tmp_path / "三月.csv"
    source.write_text(FILE, encoding="utf-8")
    first = _take(settings, source, 0)
    assert first.counts == {"created": 2, "rejected": 2}
    assert first.receipt is not None
    before = _results(first.receipt)
    assert [before[key][0] for key in ("E1", "E2", "E3", "E4")] == ["已创建", "已创建", "已退回", "已退回"]

    back = _take(settings, _mended(first.receipt, tmp_path / "back"), 5)
    after = _results(back.receipt)
    assert (after["E1"], after["E2"]) == (("已合并到", before["E1"][1]), ("已合并到", before["E2"][1]))
    assert {after["E3"][1], after["E4"][1]} == {"XL202403003", "XL202403004"}
    assert back.receipt is not None
    text = back.receipt.read_bytes().decode("utf-8-sig")
    assert "'=1+1" in text
    assert "''" not in text


def test_the_rows_to_mend_alone_may_come_back(settings: Settings, tmp_path: Path) -> None:
    source = tmp_path / "三月.csv"
    source.write_text(FILE, encoding="utf-8")
    first = _take(settings, source, 0)
    assert first.receipt is not None
    to_mend = first.receipt.with_name(first.receipt.name.replace("回执", "待修改"))
    back = _take(settings, _mended(to_mend, tmp_path / "back"), 5)
    assert set(_results(back.receipt)) == {"E3", "E4"}
    assert back.rows == 2
    assert {lead for _, lead in _results(back.receipt).values()} == {"XL202403003", "XL202403004"}
