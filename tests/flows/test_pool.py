"""The pool on the command line."""

import json
from pathlib import Path

import pytest

from flows.cli import run

HEADER = "公司名称,联系人,电话,需求描述,预算范围,所属行业,线索来源"
ROW = "甲科技有限公司,张三,13800001111,采购生产管理系统,20-30万,制造业,官网"


def _said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict:
    capsys.readouterr()
    assert run([*arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_a_lead_goes_into_the_pool_and_out_of_it(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.csv").write_text(f"{HEADER}\n{ROW}\n", "utf-8")
    assert run(["ingest", str(tmp_path / "a.csv"), "--direct", "--as-of", "2024-03-15T10:00"]) == 0
    assert _said(capsys, "pool")["leads"] == []
    number = "XL202403001"
    owner = _said(capsys, "explain", number)["leads"][0]["owner"]["value"]
    back = ("give-back", number, "--reason", "区域调整", "--by", owner, "--as-of", "2024-03-16T10:00")
    assert _said(capsys, *back, "--dry-run")["moved"] == [{"numbers": [number], "from": owner, "to": None}]
    assert _said(capsys, "pool")["leads"] == []
    assert _said(capsys, *back)["refused"] == []
    (waiting,) = _said(capsys, "pool")["leads"]
    assert (waiting["number"], waiting["former"], waiting["status"]) == (number, owner, "pool")
    assert run(["explain", number]) == 0
    assert "已退回公海，等待领取" in capsys.readouterr().out
    refused = _said(capsys, "claim", number, "--by", owner, "--as-of", "2024-03-17T10:00", code=1)["refused"]
    assert "may claim it again from" in refused[0]
    assert _said(capsys, "claim", number, "--by", owner, "--as-of", "2024-03-25T10:00")["moved"][0]["to"] == owner
    assert run(["explain", number]) == 0
    story = capsys.readouterr().out
    assert "从公海领取" in story
    assert "A-CLAIM" in story
    done = _said(capsys, "reassign", "--from", owner, "--reason", "离职", "--by", "linruoxi", "--dry-run")
    assert [one["number"] for one in done["leads"]] == [number]
    assert run(["give-back", number, "--reason", "x", "--by", "nobody"]) == 2
