"""The history of another system: read by a mapping, stored as it is, counted; as the commands do it."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from config.settings import get_settings
from flows.cli import run
from models.audit import audit
from models.db import make_engine, read_frame
from tests.foreign.crm import by_sql, readme_mapping, write_files

_FIGURES = """
SELECT {value}, count(*), sum(deal_stage = 'Won'), sum(deal_stage = 'Lost'),
sum(deal_stage IN ('Engaging', 'Prospecting')),
avg(CASE WHEN deal_stage = 'Won' THEN julianday(close_date) - julianday(engage_date) END)
FROM sales_pipeline p LEFT JOIN accounts USING (account) LEFT JOIN sales_teams USING (sales_agent)
WHERE {where} GROUP BY 1
"""


@pytest.fixture
def crm(tmp_path: Path, home: Path, any_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files and the mapping; the database is each of both."""
    monkeypatch.setenv("LEADS_DATABASE_URL", any_url)
    folder = tmp_path / "crm"
    folder.mkdir()
    write_files(folder)
    (folder / "crm.yaml").write_text(readme_mapping(), encoding="utf-8")
    return folder


def answer(capsys: pytest.CaptureFixture[str], *tokens: str, code: int = 0) -> dict[str, Any]:
    capsys.readouterr()
    assert run([*tokens, "--json"]) == code
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def imported(capsys: pytest.CaptureFixture[str], folder: Path, *options: str, code: int = 0) -> dict[str, Any]:
    files = sorted(str(path) for path in folder.glob("*.csv"))
    return answer(capsys, "import-history", "--mapping", str(folder / "crm.yaml"), *files, *options, code=code)


def exported(folder: Path, *options: str) -> list[dict[str, str]]:
    out = folder.parent / "figures.csv"
    assert run(["review", "export", *options, "--out", str(out)]) == 0
    with out.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def events(kind: str) -> int:
    with make_engine(get_settings().database_url).connect() as conn:
        counted = conn.execute(text("SELECT count(*) FROM lead_event WHERE kind = :kind"), {"kind": kind})
        return int(counted.scalar_one())


@pytest.mark.parametrize(
    ("options", "value", "where"),
    [
        (("--dimension", "owner"), "sales_agent", "1 = 1"),
        (("--dimension", "region"), "regional_office", "1 = 1"),
        (("--dimension", "industry"), "replace(coalesce(sector, ''), 'technolgy', 'technology')", "1 = 1"),
        (("--dimension", "owner*region"), "sales_agent || ' × ' || regional_office", "1 = 1"),
        (("--dimension", "product"), "replace(product, 'GTXPro', 'GTX Pro')", "1 = 1"),
        (("--dimension", "month"), "substr(engage_date, 1, 7)", "1 = 1"),
        (
            ("--dimension", "quarter", "--basis", "closed"),
            "substr(close_date, 1, 4) || '-Q' || ((substr(close_date, 6, 2) + 2) / 3)",
            "close_date <> ''",
        ),
        (
            ("--dimension", "team", "--from", "2017-02", "--to", "2017-03-15"),
            "manager",
            "engage_date BETWEEN '2017-02-01' AND '2017-03-15'",
        ),
    ],
)
@pytest.mark.each_database
def test_figures_are_those_of_plain_sql_over_the_files(
    crm: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], value: str, where: str
) -> None:
    imported(capsys, crm)
    wanted = {str(row[0] or ""): row[1:] for row in by_sql(crm, _FIGURES.format(value=value, where=where))}
    found = exported(crm, *options)
    assert {row["value"] for row in found} == set(wanted)
    for row in found:
        leads, won, lost, still, days = wanted[row["value"]]
        assert [int(row[name]) for name in ("leads", "won", "lost", "open")] == [leads, won, lost, still]
        assert row["valid"] == row["won_of_valid"] == ""
        assert row["conversion"] == f"{won / leads:.6f}"
        assert row["won_of_closed"] == (f"{won / (won + lost):.6f}" if won + lost else "")
        assert row["cycle_mean_days"] == (f"{days:.4f}" if won else "")


def test_a_stage_counts_who_reached_it_at_least(crm: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported(capsys, crm)
    stages = dict(by_sql(crm, "SELECT deal_stage, count(*) FROM sales_pipeline GROUP BY 1"))
    found = {row["value"]: int(row["leads"]) for row in exported(crm, "--dimension", "stage")}
    assert list(found) == ["Prospecting", "Engaging", "closed", "Won"]
    assert found["Prospecting"] == sum(stages.values())
    assert found["Engaging"] == sum(stages.values()) - stages["Prospecting"]
    assert found["closed"] == stages["Won"] + stages["Lost"]
    assert found["Won"] == stages["Won"]


def test_a_stage_in_which_nobody_is_now_is_counted_too(crm: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mapping = crm / "crm.yaml"
    text = mapping.read_text("utf-8").replace("order: [Prospecting, ", "order: [First call, Prospecting, Demo, ")
    mapping.write_text(text, encoding="utf-8")
    imported(capsys, crm)
    found = {row["value"]: int(row["leads"]) for row in exported(crm, "--dimension", "stage")}
    assert list(found) == ["First call", "Prospecting", "Demo", "Engaging", "closed", "Won"]
    assert (found["First call"], found["Demo"]) == (found["Prospecting"], found["Engaging"])


@pytest.mark.each_database
def test_the_same_files_twice_change_nothing_and_a_changed_row_updates(
    crm: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert imported(capsys, crm, "--dry-run")["new"] == 400
    first = imported(capsys, crm, "--as-of", "2018-01-01T09:00")
    assert (first["new"], first["changed"]) == (400, 0)
    again = imported(capsys, crm)
    assert (again["new"], again["changed"], again["unchanged"]) == (0, 0, 400)
    before = exported(crm, "--dimension", "total")[0]
    deals = crm / "sales_pipeline.csv"
    rows = deals.read_text("utf-8").splitlines()
    place = next(at for at, row in enumerate(rows) if ",Engaging," in row)
    cells = rows[place].split(",")
    rows[place] = ",".join([*cells[:4], "Won", cells[5], "2018-02-03", "700", *cells[8:]])
    deals.write_text("\n".join(rows) + "\n", encoding="utf-8")
    wins = events("won")
    mended = imported(capsys, crm, "--as-of", "2018-02-05T09:00")
    assert (mended["new"], mended["changed"], mended["unchanged"]) == (0, 1, 399)
    assert (events("restated"), events("won")) == (1, wins + 1)
    after = exported(crm, "--dimension", "total")[0]
    assert int(after["won"]) == int(before["won"]) + 1
    assert int(after["leads"]) == int(before["leads"])
    # as it was known before the correction
    assert exported(crm, "--dimension", "total", "--as-of", "2018-02-01T09:00")[0] == before


def test_nothing_else_sees_a_foreign_history(crm: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported(capsys, crm)
    engine = make_engine(get_settings().database_url)
    with engine.connect() as conn:
        assert audit(conn) == []
        for table in ("assignment", "message", "account", "contact", "identity", "submission"):
            assert conn.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0, table
        assert conn.execute(text("SELECT count(*) FROM lead WHERE closed_at IS NULL")).scalar_one() == 0
        number = str(read_frame(conn, "SELECT number FROM lead ORDER BY id")["number"].iloc[0])
    capsys.readouterr()
    assert run(["explain", number]) == 0
    assert "来自 old-crm 的历史，外部编号 D00000" in capsys.readouterr().out


def test_figures_are_the_same_bytes_at_any_later_time(crm: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported(capsys, crm, "--as-of", "2018-01-01T09:00")
    asked = ("review", "export", "--dimension", "owner", "--dimension", "month", "--as-of", "2018-01-02T09:00")
    for name in ("one.csv", "two.csv"):
        assert run([*asked, "--out", str(crm.parent / name)]) == 0
    one, two = (crm.parent / name for name in ("one.csv", "two.csv"))
    assert one.read_bytes() == two.read_bytes()
    assert one.read_bytes().startswith(
        b"dimension,value,leads,valid,won,lost,open,conversion,won_of_valid,won_of_closed,cycle_mean_days,"
        b"cycle_median_days\nowner,Agent "
    )


def test_faults_are_told_with_file_line_and_column_and_nothing_is_stored(
    crm: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deals = crm / "sales_pipeline.csv"
    rows = deals.read_text("utf-8").splitlines()
    rows[3] = "D9,Agent A,MG Special,Company 1,Won,2017-02-30,soon,many,,,"
    rows[5] = "D00007,Agent A,MG Special,Company 1,Dreaming,2017-02-20,,,,,"
    deals.write_text("\n".join(rows) + "\n", encoding="utf-8")
    told = imported(capsys, crm, code=3)
    places = {(one["line"], one["column"]) for one in told["listed"] if one["file"] == "sales_pipeline.csv"}
    assert places >= {(4, "engage_date (created)"), (4, "close_date (closed)"), (4, "close_value (amount)")}
    assert (6, "deal_stage (result)") in places
    # there is no base yet, or nothing in it
    if run(["review", "export", "--dimension", "total", "--out", str(crm.parent / "total.csv")]) == 0:
        assert len((crm.parent / "total.csv").read_text("utf-8").splitlines()) == 1, "a header and no lead"
    mapping = crm / "crm.yaml"
    mapping.write_text(mapping.read_text("utf-8").replace("close_value", "closing_value"), encoding="utf-8")
    told = imported(capsys, crm, code=3)
    assert any("closing_value" in one["what"] and "close_value" in one["what"] for one in told["listed"])


def test_a_draft_of_a_mapping_reads_the_files_that_it_was_made_from(
    crm: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = sorted(str(path) for path in crm.glob("*.csv"))
    drafted = answer(capsys, "import-history", "--init", *files)["mapping"]
    (crm / "crm.yaml").write_text(drafted, encoding="utf-8")
    told = imported(capsys, crm, "--dry-run")
    known = dict(by_sql(crm, "SELECT deal_stage, count(*) FROM sales_pipeline GROUP BY 1"))
    assert (told["won"], told["lost"]) == (known["Won"], known["Lost"])


def test_a_wrong_mapping_is_told_with_its_line(crm: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (crm / "crm.yaml").write_text("system: crm\nfields:\n  id: opportunity_id\n  colour: deal_stage\n", "utf-8")
    assert run(["import-history", "--mapping", str(crm / "crm.yaml"), str(crm / "accounts.csv")]) == 4
    assert "crm.yaml:2: key fields: 'colour' is no field" in capsys.readouterr().err
    assert run(["import-history", str(crm / "accounts.csv")]) == 2


def test_one_file_may_stand_under_several_names(tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deals.csv").write_text("id,owner_id\n1,u1\n2,u2\n", encoding="utf-8")
    (tmp_path / "users.csv").write_text("id,name,boss\nu1,Ann,u2\nu2,Bo,\n", encoding="utf-8")
    (tmp_path / "crm.yaml").write_text(
        "system: crm\nfiles:\n  - {name: deals}\n  - {name: owner, file: users.csv, join: {id: owner_id}}\n"
        "  - {name: boss, file: users.csv, join: {id: owner.boss}}\n"
        "fields: {id: deals.id, owner: owner.name, team: boss.name}\n",
        encoding="utf-8",
    )
    imported(capsys, tmp_path)
    rows = exported(tmp_path, "--dimension", "owner*team")
    assert {row["value"]: row["leads"] for row in rows} == {"Ann × Bo": "1", "Bo × ": "1"}


def test_a_column_that_no_file_has_is_told_with_the_line_of_the_mapping(
    crm: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mapping = crm / "crm.yaml"
    text = mapping.read_text(encoding="utf-8")
    mapping.write_text(text.replace("column: sector", "column: setcor"), encoding="utf-8")
    line = next(at for at, one in enumerate(text.splitlines(), 1) if "column: sector" in one)
    [listed] = imported(capsys, crm, code=3)["listed"]
    assert (listed["file"], listed["line"], listed["column"]) == ("crm.yaml", line, "industry")
    assert listed["what"].startswith("column setcor: there is no such column; there are: opportunity_id")


def test_rows_that_do_not_count_are_told(tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deals.csv").write_text("id,deleted\n1,no\n2,yes\n3,yes\n", encoding="utf-8")
    mapping = "system: crm\nfiles: [{name: deals, only: {deleted: false}}]\nfields: {id: id}\n"
    (tmp_path / "crm.yaml").write_text(mapping, encoding="utf-8")
    told = imported(capsys, tmp_path)
    assert (told["leads"], told["rows_that_do_not_count"]) == (1, {"deals": 2})
