"""Plans on the command line, and the day's dry run."""

import json
from pathlib import Path

import pytest

from flows.cli import run

HEADER = "公司名称,联系人,电话,需求描述,预算范围,所属行业,线索来源"
ROWS = ("甲科技有限公司,张三,13800001111,采购生产管理系统,20-30万,制造业,官网",
        "乙科技有限公司,李四,13800002222,采购生产管理系统,20-30万,制造业,官网")  # fmt: skip
FRIDAY, NUMBER = "2024-03-15T17:10", "XL202403001"


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict:
    capsys.readouterr()
    assert run([*arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


LATER = ("--as-of", "2024-04-01T09:00")


def test_a_plan_is_proposed_confirmed_and_looked_at(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.csv").write_text("\n".join([HEADER, *ROWS, ""]), "utf-8")
    assert run(["ingest", str(tmp_path / "a.csv"), "--direct", "--as-of", "2024-03-15T10:00"]) == 0
    owner = said(capsys, "explain", NUMBER)["leads"][0]["owner"]["value"]
    when = ("--as-of", FRIDAY)
    # nothing is left behind by what is only asked
    for _ in range(2):
        would = said(capsys, "plan", "send", "--dry-run", *when)
        assert (would["dry_run"], would["letters"]["day_plan"] > 0, would["messages"]) == (True, True, {})
        day = said(capsys, "day", "--dry-run", "--as-of", "2024-03-18T09:00")
        assert day["letters"]["day"] > 0
    due = next(
        one["due"] for one in said(capsys, "day", "--person", owner, *LATER)["people"][owner]["leads"] if one["due"]
    )
    assert run(["day", "--person", owner, *LATER]) == 0
    told = capsys.readouterr().out
    assert due not in told, "people read their own time"
    assert "18:00" in told
    assert said(capsys, "plan", "list", "--person", owner, *when)["state"] is None
    assert said(capsys, "plan", "send", *when)["letters"]["day_plan"] > 0
    assert said(capsys, "plan", "send", *when)["letters"] == {}
    listed = said(capsys, "plan", "list", "--person", owner, *when)
    assert (listed["day"], listed["state"]) == ("2024-03-18", "proposed")
    assert NUMBER in {one["number"] for one in listed["leads"]}
    confirm = ("plan", "confirm", "--person", owner, "--by", owner, "--leave-out", NUMBER.lower(),
               "--note", f"{NUMBER}=等客户回电", *when)  # fmt: skip
    assert said(capsys, *confirm, "--dry-run")["new"]
    assert said(capsys, "plan", "list", "--person", owner, *when)["state"] == "proposed"
    assert said(capsys, *confirm)["new"]
    assert not said(capsys, *confirm)["new"]
    later = ("--as-of", "2024-03-15T17:30")
    [mine] = [one for one in said(capsys, "plan", "list", *later)["people"] if one["person"] == owner]
    assert (mine["state"], mine["left_out"]) == ("confirmed", [NUMBER])
    [kept] = [
        one for one in said(capsys, "plan", "list", "--person", owner, *later)["leads"] if one["number"] == NUMBER
    ]
    assert (kept["kept"], kept["note"]) == (False, "等客户回电")
    assert run(["plan", "confirm", "--person", owner, "--by", owner, "--add", "XL202403999", *later]) == 1
    assert run(["plan", "confirm", "--person", "nobody", "--by", owner, *later]) == 2
    assert run(["plan", "list", "--day", "2024-04-18", *later]) == 1
