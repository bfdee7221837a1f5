"""New kinds of files: a channel's YAML made from one, and the template that marketing hands out."""

import json
from pathlib import Path

import openpyxl
import pytest

from config.loader import load_channels, load_config
from flows.cli import run
from tasks.headers import known_headers

VENDOR = """\
供应商导出 2026
客户主体,您怎么称呼,怎么联系您,工作邮箱地址,打算投入多少,想解决什么,何时填的,在哪,做什么的,员工几人,吉祥物,您的手机号码是
深圳市大鹏电子有限公司,王明,0755-82345678,w@dp.cn,20-30万,想了解仓库管理系统报价,2026-03-01 10:00,深圳,制造业,200人,,
上海悦木科技有限公司,李雷,021-62345678,li@yuemu.cn,约50万,需要替换现有的客户关系管理系统,2026/3/2,上海,软件,50人以下,狗,
北京长天集团,韩梅梅,010-62345678,han@ct.cn,100万以内,希望把三个地方的报表合到一起来看,2026-03-03,北京,制造业,1000人以上,,
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LEADS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LEADS_CONFIG", str(tmp_path / "company"))
    (tmp_path / "company").mkdir()
    return tmp_path


def _dry_run(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    capsys.readouterr()
    assert run(["ingest", "--dry-run", "--direct", "--json", *arguments]) == 0
    told = json.loads(capsys.readouterr().out)
    return told | {"outcomes": {name: told["outcomes"][name] for name in ("readable", "rejected")}}


def test_a_vendor_never_seen_is_set_up_by_its_file(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = home / "Vendor 2026.csv"
    file.write_text(VENDOR, "utf-8")
    assert run(["new-channel", str(file), "--name", "vendor"]) == 0
    synonyms = load_channels(home / "company")["vendor"].synonyms
    meaning = known_headers(synonyms).meaning
    for field, header in {
        "company": "客户主体", "contact": "您怎么称呼", "email": "工作邮箱地址", "budget": "打算投入多少",
        "need": "想解决什么", "created": "何时填的", "region": "在哪", "industry": "做什么的", "size": "员工几人",
    }.items():  # fmt: skip
        assert meaning(header) == field
    assert [meaning(header) for header in ("怎么联系您", "您的手机号码是")] == ["phone", "phone"]
    assert "做什么的" in synonyms["industry"]
    assert not any("吉祥物" in headers for headers in synonyms.values())
    assert run(["check-rules"]) == 0
    seen = _dry_run(capsys, str(file), "--channel", "vendor")
    assert seen["outcomes"] == {"readable": 3, "rejected": 0}


def test_a_channel_that_exists_is_not_written_over(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = home / "vendor.csv"
    file.write_text(VENDOR, "utf-8")
    assert run(["new-channel", str(file)]) == 0
    written = (home / "company" / "channels" / "vendor.yaml").read_bytes()
    assert run(["new-channel", str(file)]) == 1
    assert "exists already" in capsys.readouterr().err
    assert (home / "company" / "channels" / "vendor.yaml").read_bytes() == written
    assert run(["new-channel", str(file), "--name", "../up"]) == 2
    assert run(["new-channel", str(home / "nothing.csv")]) == 2


def test_a_name_of_several_lines_writes_no_yaml_of_its_own(home: Path) -> None:
    file = home / "a.csv\nentrant: somebody\n#.csv"
    file.write_text(VENDOR, "utf-8")
    assert run(["new-channel", str(file), "--name", "odd"]) == 0
    assert load_channels(home / "company")["odd"].entrant is None


def test_headers_that_mean_something_to_yaml_stay_texts(home: Path) -> None:
    file = home / "odd.csv"
    odd = "手机: 必填 #1"
    file.write_text(f'"{odd}",公司名称,"a, [b]: 电子邮箱"\n13812345678,甲公司,a@b.cn\n', "utf-8")
    assert run(["new-channel", str(file)]) == 0
    synonyms = load_channels(home / "company")["odd"].synonyms
    assert odd in synonyms["phone"]
    assert "a, [b]: 电子邮箱" in synonyms["email"]


@pytest.mark.parametrize(("lang", "company"), [("zh_CN", "公司名称（必填）"), ("en", "Company (required)")])
def test_the_template_offers_choices_and_its_example_is_no_lead(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], lang: str, company: str
) -> None:
    monkeypatch.setenv("LEADS_LANG", lang)
    file = home / "template.xlsx"
    assert run(["template", "--out", str(file)]) == 0
    assert run(["template", "--out", str(file)]) == 1
    book = openpyxl.load_workbook(file)
    sheet = book.worksheets[0]
    headers = [cell.value for cell in sheet[1]]
    assert company in headers
    assert {cell.number_format for cell in sheet[2]} == {"@"}
    lists = {check.formula1 for check in sheet.data_validations.dataValidation if check.type == "list"}
    assert len(lists) == 4
    families = load_config().rules.value("V-SOURCE")
    assert [cell.value for cell in book.worksheets[2]["A"] if cell.value] == list(families)
    assert _dry_run(capsys, str(file))["outcomes"] == {"readable": 0, "rejected": 1}
    values = {company: "甲公司", headers[5]: "13812345678", headers[7]: "想了解仓库管理系统"}
    for column, header in enumerate(headers, 1):
        sheet.cell(3, column, values.get(header, ""))
    book.save(file)
    seen = _dry_run(capsys, str(file))
    assert seen["outcomes"] == {"readable": 1, "rejected": 1}
    assert seen["checks"]["C-EXAMPLE"] == 1
