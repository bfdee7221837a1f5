"""Rows and leads come out as files with exactly the columns that were promised."""

import csv
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from models.db import begin, make_engine, upgrade
from tasks.chain import ChainWords
from tasks.export import export_leads, export_rows
from tests.tasks.outgoing import base, config_of, lead_rows, own

COLUMNS = (
    "batch,file,sheet,line,external_id,outcome,lead,account,verdict,reasons,grade,owner,company,contact,phone,email,"
    "budget_min,budget_max,created,source,industry,region,urgency"
).split(",")


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _exported(folder: Path, *rows: dict[str, Any]) -> list[dict[str, str]]:
    engine = base(folder)
    own(engine, config_of(folder), *rows)
    assert export_rows(engine, folder / "rows.csv") == len(rows)
    return _read(folder / "rows.csv")


def test_every_row_is_a_line_with_exactly_these_columns(tmp_path: Path) -> None:
    rows = _exported(tmp_path, *lead_rows(2, created="2024-03-15T14:05", region="上海市", urgency="高"))
    assert list(rows[0]) == COLUMNS
    first = rows[0]
    assert (first["batch"], first["file"], first["sheet"], first["line"]) == ("1", "a.csv", "", "2")
    assert (first["outcome"], first["lead"], first["owner"], first["grade"]) == ("created", "XL202403001", "sun", "B")
    assert (first["budget_min"], first["budget_max"]) == ("200000", "300000")
    assert first["created"] == "2024-03-15T14:05"
    assert not (tmp_path / "rows.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_an_open_budget_is_empty(tmp_path: Path) -> None:
    row = _exported(tmp_path, *lead_rows(1, budget_max=float("nan")))[0]
    assert (row["budget_min"], row["budget_max"]) == ("200000", "")


def test_a_rejected_row_says_why_and_has_no_lead(tmp_path: Path) -> None:
    row = _exported(tmp_path, {"name": "王总", "contact_key": None, "company": "甲公司"})[0]
    assert (row["outcome"], row["lead"], row["reasons"]) == ("rejected", "", "C-REACH")


def test_a_joined_row_and_a_repeated_one_show_the_lead_they_belong_to(tmp_path: Path) -> None:
    first = lead_rows(1)[0] | {"external_id": "W-1"}
    other = lead_rows(1)[0] | {"external_id": "W-2", "company": "晨星0公司"}
    rows = _exported(tmp_path, first, other, dict(first))
    assert [row["lead"] for row in rows] == ["XL202403001"] * 3
    assert [row["outcome"] for row in rows] == ["created", "merged", "merged"]


def test_formulas_are_guarded_and_phones_are_left_alone(tmp_path: Path) -> None:
    rows = _exported(
        tmp_path,
        {"name": "林溪", "company": "=1+1", "phone": "+85223456789", "phone_kind": "foreign", "external_id": "-"},
    )
    assert rows[0]["company"] == "'=1+1"
    assert rows[0]["phone"] == "+85223456789"
    assert rows[0]["external_id"] == "-"


def test_a_day_without_a_year_keeps_its_form(tmp_path: Path) -> None:
    assert _exported(tmp_path, *lead_rows(1, created="--03-15"))[0]["created"] == "--03-15"


def test_quotes_commas_and_line_feeds_come_back(tmp_path: Path) -> None:
    company = '甲,"乙"\n丙'
    assert _exported(tmp_path, *lead_rows(1, company=company))[0]["company"] == company


def test_parquet_holds_the_same_without_guards(tmp_path: Path) -> None:
    engine = base(tmp_path)
    own(engine, config_of(tmp_path), *lead_rows(2, company="=1+1"))
    assert export_rows(engine, tmp_path / "rows.parquet") == 2
    table = pq.read_table(tmp_path / "rows.parquet")
    assert table.column_names == COLUMNS
    assert table["company"].to_pylist() == ["=1+1"] * 2
    assert table["budget_min"].to_pylist() == [200_000] * 2


def test_a_bom_is_written_where_asked_for(tmp_path: Path) -> None:
    engine = base(tmp_path)
    export_rows(engine, tmp_path / "rows.csv", bom=True)
    assert (tmp_path / "rows.csv").read_bytes() == b"\xef\xbb\xbf" + ",".join(COLUMNS).encode() + b"\n"


def test_blocks_make_one_file_in_a_stable_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = base(tmp_path)
    own(engine, config_of(tmp_path), *lead_rows(25))
    monkeypatch.setattr("tasks.export._FETCH", 3)
    monkeypatch.setattr("tasks.export._BLOCK", 7)
    for name in ("rows.csv", "again.csv"):
        assert export_rows(engine, tmp_path / name) == 25
    assert [int(row["line"]) for row in _read(tmp_path / "rows.csv")] == list(range(2, 27))
    assert (tmp_path / "rows.csv").read_bytes() == (tmp_path / "again.csv").read_bytes()


def test_a_lead_is_one_line_with_its_own_values(tmp_path: Path) -> None:
    engine = base(tmp_path)
    twice = lead_rows(1)[0]
    own(engine, config_of(tmp_path), {**twice, "external_id": "W-1"}, {**twice, "need": "改造产线", "at": "2024-03-10"})
    assert export_leads(engine, tmp_path / "leads.csv") == 1
    lead = _read(tmp_path / "leads.csv")[0]
    assert list(lead)[: len(COLUMNS)] == COLUMNS
    assert (lead["lead"], lead["rows"], lead["status"], lead["team"]) == ("XL202403001", "2", "owned", "甲组")
    assert (lead["line"], lead["external_id"], lead["need"]) == ("2", "W-1", "改造产线")
    assert (lead["chain_state"], lead["chain_members"]) == ("unknown", "")
    assert lead["opened_at"] == "2024-03-15T10:00:00+08:00"


def test_a_leads_chain_has_its_members(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1, chain="采购部+王总", chain_state="complete"), *lead_rows(2, chain="待定")[1:])
    chains = ChainWords(config.rules, "zh_CN")
    assert export_leads(engine, tmp_path / "leads.csv", chains=chains.column) == 2
    assert [(lead["chain"], lead["chain_members"]) for lead in _read(tmp_path / "leads.csv")] == [
        ("采购部+王总", "采购部（采购）、王总（决定）——完整"),
        ("待定", ""),
    ]
    assert export_leads(engine, tmp_path / "leads.parquet", chains=chains.column) == 2


def test_a_joined_lead_has_no_line(tmp_path: Path) -> None:
    engine = base(tmp_path)
    own(engine, config_of(tmp_path), *lead_rows(2))
    with begin(engine) as conn:
        conn.execute(text("UPDATE lead SET joined_into = 1 WHERE id = 2"))
    assert export_leads(engine, tmp_path / "leads.csv") == 1


def test_a_failed_export_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("old", encoding="utf-8")
    engine = make_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(Exception, match="no such table"):
        export_rows(engine, tmp_path / "rows.csv")
    assert (tmp_path / "rows.csv").read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.glob("*.part")] == []
    with pytest.raises(ValueError, match=r"\.csv or \.parquet"):
        export_rows(engine, tmp_path / "rows.txt")


@pytest.mark.postgres
def test_postgresql_exports_the_same(tmp_path: Path, postgres_url: str) -> None:
    config, written = config_of(tmp_path), []
    for engine in (base(tmp_path), make_engine(postgres_url)):
        upgrade(engine)
        own(engine, config, *lead_rows(3, budget_max=float("nan")), {"name": "王总", "company": "甲公司"})
        export_rows(engine, tmp_path / "rows.csv")
        export_leads(engine, tmp_path / "leads.csv")
        written.append([(tmp_path / name).read_bytes() for name in ("rows.csv", "leads.csv")])
        engine.dispose()
    assert written[0] == written[1]
