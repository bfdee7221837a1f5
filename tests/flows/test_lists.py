"""The commands about many rows at once, as they are typed: batches, batch revert, block, unblock, status."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from flows import status
from flows.cli import run
from tasks.headers import ADDED

HEADER = "来源,公司名称,行业,联系人,职位,电话,需求描述,预算范围,决策链,创建时间"
ROW = "官网表单,杭州澄屿机械有限公司,制造业,季若谷,总经理,13955501234,自动化生产线改造,20-30万,总经理,2024-03-15"
BY = ("--reason", "the wrong list", "--by", "zhengkai")


@pytest.fixture
def lead_file(tmp_path: Path, home: Path) -> Path:
    path = tmp_path / "leads.csv"
    path.write_text(f"{HEADER}\n{ROW}\n", encoding="utf-8")
    return path


def answer(capsys: pytest.CaptureFixture[str], *tokens: str) -> dict[str, Any]:
    capsys.readouterr()
    assert run([*tokens, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def ingest(path: Path) -> None:
    assert run(["ingest", str(path), "--direct", "--quiet"]) == 0


def test_a_batch_is_listed_taken_back_and_taken_in_again(lead_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ingest(lead_file)
    [batch] = answer(capsys, "batches")["batches"]
    assert (batch["rows"], batch["leads"], batch["verdicts"], batch["won"]) == (1, 1, {"valid": 1}, 0)
    assert answer(capsys, "batch", "revert", "1", *BY, "--dry-run")["ended"] == 1
    assert answer(capsys, "batches")["batches"][0]["leads"] == 1
    assert answer(capsys, "batch", "revert", "1", *BY)["ended"] == 1
    assert answer(capsys, "batch", "revert", "1", *BY)["before"]
    [batch] = answer(capsys, "batches")["batches"]
    assert (batch["state"], batch["leads"], batch["reverted"]["reason"]) == ("reverted", 0, "the wrong list")
    ingest(lead_file)
    assert [batch["state"] for batch in answer(capsys, "batches")["batches"]] == ["done", "reverted"]


def test_the_story_of_a_reverted_lead_is_told(lead_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ingest(lead_file)
    [number] = _numbers(lead_file.parent)
    answer(capsys, "batch", "revert", "1", *BY)
    assert run(["explain", number]) == 0
    assert "整批撤回" in capsys.readouterr().out


def _numbers(home: Path) -> list[str]:
    [receipt] = (home / "home" / "receipts" / "default").glob("*回执.csv")
    return [row[ADDED["zh_CN"][1]] for row in csv.DictReader(io.StringIO(receipt.read_text("utf-8-sig")))]


def test_a_blocked_row_says_so_in_its_receipt(lead_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = answer(capsys, "block", "--phone", "+86 139 5550 1234", *BY)
    assert said["entries"] == [{"kind": "phone", "value": "13955501234", "new": True}]
    ingest(lead_file)
    [receipt] = (lead_file.parent / "home" / "receipts" / "default").glob("*回执.csv")
    assert "请勿联系名单" in receipt.read_text("utf-8-sig")
    assert answer(capsys, "batches")["batches"][0]["verdicts"] == {"invalid": 1}
    assert [one["value"] for one in answer(capsys, "block", "--list")["blocked"]] == ["13955501234"]
    assert len(answer(capsys, "unblock", "--phone", "13955501234", *BY)["decided_again"]) == 1
    assert answer(capsys, "batches")["batches"][0]["verdicts"] == {"valid": 1}


@pytest.mark.parametrize(
    ("tokens", "code"),
    [
        (["batch", "revert", "1"], 2),
        (["batch", "revert", "1", "--reason", "x", "--by", "nobody"], 2),
        (["batch", "revert", "99", *BY], 1),
        (["batch", "revert", "1", "--reason", " ", "--by", "zhengkai"], 1),
        (["batches", "--channel", "nowhere"], 2),
        (["block", *BY], 2),
        (["block", "--phone", "none", *BY], 1),
        (["unblock", "--phone", "13955501234", *BY], 1),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    lead_file: Path, capsys: pytest.CaptureFixture[str], tokens: list[str], code: int
) -> None:
    ingest(lead_file)
    capsys.readouterr()
    assert run(tokens) == code
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def faults(capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert run(["status"]) == 6
    return capsys.readouterr().err


def test_the_status_names_what_is_not_well(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "leads up does not run" in faults(capsys)
    (home / "intake" / "default").mkdir(parents=True)
    (home / "intake" / "default" / "a.csv").write_text("x")
    (home / "intake" / "lost.csv").write_text("x")
    assert "nothing reads it: lost.csv" in faults(capsys)
    assert "files wait" not in faults(capsys)
    monkeypatch.setattr(status, "FILE_LATE", -1.0)
    assert "1 files wait" in faults(capsys)
