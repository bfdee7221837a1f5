"""Review packs: datasets as plain SQL gives them, the same bytes when built again, mails by scope, once each."""

import csv
import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from sqlalchemy import select, text

import flows.reviewing
from config.loader import load_config
from config.settings import get_settings
from flows.cli import run
from flows.reviewing import due
from models import Message, Review
from models.db import make_engine, upgrade
from tasks.review_checks import check_datasets
from tasks.rules.reviews.datasets import MANDATED
from tests.foreign.crm import by_sql, full_mapping, write_files
from tests.reviews.postman import listening

KNOWN, AS_OF, LATER = "2018-01-01T09:00", "2018-01-02T09:00", "2018-03-01T09:00"
GOLDEN = Path(__file__).parent / "golden" / "conversion.csv"
_BY_MONTH = """
SELECT m.month, (SELECT count(*) FROM sales_pipeline WHERE substr(engage_date, 1, 7) = m.month {of}),
(SELECT count(*) FROM sales_pipeline WHERE deal_stage = 'Won' AND substr(close_date, 1, 7) = m.month {of}),
(SELECT avg(julianday(close_date) - julianday(engage_date)) FROM sales_pipeline
 WHERE deal_stage = 'Won' AND substr(close_date, 1, 7) = m.month {of})
FROM (SELECT DISTINCT substr(engage_date, 1, 7) AS month FROM sales_pipeline WHERE engage_date <> '') m
"""
_REASONS = """
SELECT CASE loss_reason WHEN '' THEN '未填' ELSE loss_reason END, count(*) FROM sales_pipeline
WHERE deal_stage = 'Lost' AND substr(close_date, 1, 7) = '2017-08' GROUP BY 1
"""
_SOURCES = """
SELECT s.lead_source,
(SELECT count(*) FROM sales_pipeline p WHERE p.lead_source = s.lead_source AND substr(engage_date, 1, 7) = '2017-08'),
(SELECT count(*) FROM sales_pipeline p WHERE p.lead_source = s.lead_source AND substr(close_date, 1, 7) = '2017-08'
 AND deal_stage = 'Won') FROM (SELECT DISTINCT lead_source FROM sales_pipeline) s
"""


def imported(folder: Path, as_of: str = KNOWN) -> None:
    files = [str(path) for path in sorted(folder.glob("*.csv"))]
    assert run(["import-history", "--mapping", str(folder / "crm.yaml"), *files, "--as-of", as_of]) == 0


def built(folder: Path, *options: str, as_of: str = AS_OF) -> Path:
    """Build a review beside the folder; without options that of August 2017."""
    out = folder.parent / f"review-{len(list(folder.parent.glob('review-*')))}"
    asked = options or ("monthly", "--period", "2017-08")
    assert run(["review", "build", *asked, "--as-of", as_of, "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a history (crm), its base on SQLite (home), and the review of August 2017 (review-0)."""
    folder = tmp_path_factory.mktemp("year")
    (folder / "crm").mkdir()
    write_files(folder / "crm", deals=900)
    (folder / "crm" / "crm.yaml").write_text(full_mapping(), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEADS_HOME", str(folder / "home"))
        imported(folder / "crm")
        built(folder / "crm")
    return folder


@pytest.fixture
def crm(year: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The history's folder in a copy of the year of the test's own."""
    shutil.copytree(year, tmp_path / "year")
    monkeypatch.setenv("LEADS_HOME", str(tmp_path / "year" / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "year" / "crm"


def test_postgresql_gives_the_bytes_of_sqlite(
    year: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_url: str
) -> None:
    monkeypatch.setenv("LEADS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LEADS_DATABASE_URL", postgres_url)
    shutil.copytree(year / "crm", tmp_path / "crm")
    imported(tmp_path / "crm")
    out = built(tmp_path / "crm")
    assert {path.name: path.read_bytes() for path in out.iterdir()} == {
        path.name: path.read_bytes() for path in (year / "review-0").iterdir()
    }


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_monthly_table_is_that_of_plain_sql(year: Path) -> None:
    out, crm = year / "review-0", year / "crm"
    rows = table(out, "conversion")
    assert tuple(rows[0]) == MANDATED
    assert (rows[0]["月份"], rows[-1]["月份"]) == ("2016-10", "2017-08")
    whole = {row[0]: row[1:] for row in by_sql(crm, _BY_MONTH.format(of=""))}
    hot = {row[0]: row[1:] for row in by_sql(crm, _BY_MONTH.format(of="AND rating = 'hot'"))}
    for row in rows:
        leads, won, days = whole[row["月份"]]
        assert (int(row["线索总数"]), int(row["成交客户数"]), row["有效线索数"]) == (leads, won, "")
        assert row["转化率"] == f"{won / leads:.6f}"
        assert row["平均跟进周期(天)"] == (f"{days:.4f}" if won else "")
        leads, won, _ = hot[row["月份"]]
        assert row["A级线索转化率"] == f"{won / leads:.6f}"
    lost = dict(by_sql(crm, _REASONS))
    ordered = sorted(lost.items(), key=lambda one: (-one[1], one[0]))[:2]
    assert rows[-1]["主要流失原因"] == "、".join(f"{why}({n / sum(lost.values()):.0%})" for why, n in ordered)
    assert (out / "conversion.csv").read_bytes() == GOLDEN.read_bytes()


def test_dimensions_and_reasons_are_those_of_plain_sql_and_tie(year: Path) -> None:
    out, crm = year / "review-0", year / "crm"
    cells = [one for one in table(out, "dimensions") if (one["view"], one["dimension"]) == ("event", "source")]
    wanted = {row[0]: row[1:] for row in by_sql(crm, _SOURCES)}
    assert {one["value"]: (int(one["leads"]), int(one["won"])) for one in cells} == wanted
    reasons = {one["reason"]: int(one["lost"]) for one in table(out, "loss_reasons") if int(one["lost"])}
    assert reasons == dict(by_sql(crm, _REASONS))
    frames = {path.stem: pd.read_parquet(path) for path in out.glob("*.parquet")}
    assert check_datasets(frames) == []
    frames["dimensions"].loc[0, "leads"] += 1
    assert check_datasets(frames) == ["ties: leads expect_column_values_to_be_in_set"]


def test_a_cohort_is_mature_when_all_its_leads_have_had_the_days(crm: Path) -> None:
    query = """SELECT count(*) FROM sales_pipeline WHERE substr(engage_date, 1, 7) = '2017-06' AND deal_stage = 'Won'
    AND julianday(close_date) - julianday(engage_date) <= 60"""
    rows = {(one["month"], one["days"]): one for one in table(crm.parent / "review-0", "cohorts")}
    assert int(rows["2017-06", "60"]["won"]) == by_sql(crm, query)[0][0]
    assert {one["mature"] for one in rows.values()} == {"True"}
    early = table(built(crm, "quarterly", "--period", "2017-Q4"), "cohorts")
    assert {(one["days"], one["mature"]) for one in early if one["month"] == "2017-12"} == {
        ("30", "False"), ("60", "False"), ("90", "False"),
    }  # fmt: skip


def test_a_pack_built_again_has_the_same_bytes_whatever_came_later(crm: Path) -> None:
    first = crm.parent / "review-0"
    deals = crm / "sales_pipeline.csv"
    deals.write_text(deals.read_text("utf-8").replace(",Web,", ",Fair,"), encoding="utf-8")
    imported(crm, LATER)
    with make_engine(get_settings().database_url).begin() as conn:
        conn.execute(text("DELETE FROM review_row"))
        conn.execute(text("DELETE FROM review"))
    again = built(crm)
    names = sorted(path.name for path in first.iterdir())
    assert names == sorted(path.name for path in again.iterdir())
    assert [name for name in names if (first / name).read_bytes() != (again / name).read_bytes()] == []
    with make_engine(get_settings().database_url).connect() as conn:
        kept = conn.execute(select(Review.__table__)).one()
        rows = conn.execute(text("SELECT data FROM review_row WHERE dataset = 'conversion' ORDER BY line")).scalars()
        assert [json.loads(row) for row in rows] == table(again, "conversion")
    assert set(json.loads(kept.files)) == set(names)
    assert built(crm, as_of=LATER).joinpath("dimensions.csv").read_bytes() != (first / "dimensions.csv").read_bytes()


def test_the_workbook_has_the_mandated_columns_charts_and_definitions(year: Path) -> None:
    book = openpyxl.load_workbook(year / "review-0" / "review.xlsx")
    assert book.sheetnames[:2] == ["封面与口径", "线索转化分析表"]
    sheet = book["线索转化分析表"]
    assert tuple(cell.value for cell in sheet[1]) == MANDATED
    assert sheet.cell(2, 5).number_format == "0.0%"
    assert len(sheet._charts) == 1
    cover = {row[0].value for row in book["封面与口径"].iter_rows()}
    assert cover >= {"R-LEADS", "R-CONVERSION", "R-CYCLE"}


def test_what_was_recorded_later_is_a_restatement_of_the_next_pack(crm: Path) -> None:
    deals = crm / "sales_pipeline.csv"
    lines = deals.read_text("utf-8").splitlines()
    place = next(at for at, line in enumerate(lines) if ",Engaging,2017-" in line)
    cells = lines[place].split(",")
    lines[place] = ",".join([*cells[:4], "Won", cells[5], "2017-12-30", "", *cells[8:]])
    deals.write_text("\n".join(lines) + "\n", encoding="utf-8")
    imported(crm, "2018-01-20T09:00")
    [line] = table(built(crm, "monthly", "--period", "2018-01", as_of="2018-02-01T09:00"), "restatements")
    assert (line["month"], line["figure"], int(line["now"]) - int(line["before"])) == ("2017-12", "won", 1)


@pytest.fixture
def postman(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What a real mail server has got that refuses one recipient; the settings send through it."""
    with listening() as (got, url):
        monkeypatch.setenv("LEADS_SMTP_URL", url)
        monkeypatch.setenv("LEADS_MAIL_MODE", "send")
        yield got


def test_a_pack_is_mailed_once_to_each_and_again_only_to_whom_it_was_refused(
    crm: Path, postman: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["review", "send", "quarterly", "--period", "2017-Q3", "--as-of", AS_OF, "--backfill-mail", "--json"]
    capsys.readouterr()
    assert run(asked) == 3
    told = json.loads(capsys.readouterr().out)
    assert told["refused"] == ["gaowenbo"]
    people = told["letters"]
    assert people > 9
    assert len(postman) == people - 1
    assert sorted({one.rcpt_tos[0] for one in postman}) == sorted(one.rcpt_tos[0] for one in postman)
    assert run(asked) == 3
    assert len(postman) == people - 1
    with make_engine(get_settings().database_url).connect() as conn:
        states = conn.execute(select(Message.state).order_by(Message.id)).scalars().all()
    assert sorted(states) == ["refused", *["sent"] * (people - 1)]


def test_figures_that_fail_a_check_are_mailed_to_nobody_and_operations_hear_of_it(
    crm: Path, postman: list[Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = flows.reviewing.datasets

    def false(*given: Any) -> dict[str, pd.DataFrame]:
        found = made(*given)
        return found | {"dimensions": found["dimensions"].assign(leads=found["dimensions"]["leads"] + 1)}

    monkeypatch.setattr(flows.reviewing, "datasets", false)
    asked = ["review", "send", "monthly", "--period", "2017-08", "--as-of", AS_OF, "--backfill-mail", "--json"]
    for _ in range(2):
        capsys.readouterr()
        assert run(asked) == 3
        assert json.loads(capsys.readouterr().out)["faults"] == [
            f"ties: {name} expect_column_values_to_be_in_set" for name in ("leads",)
        ]
    assert [one.rcpt_tos for one in postman] == [["zhou.minmin@example.com"]]


def test_the_mail_is_small_needs_no_image_and_says_its_figures_as_text_too(crm: Path) -> None:
    folder = crm.parent / "preview"
    assert (
        run(["review", "send", "monthly", "--period", "2017-08", "--as-of", AS_OF, "--preview", "--out", str(folder)])
        == 0
    )
    html, plain = ((folder / f"zhengkai.{end}").read_text("utf-8") for end in ("html", "txt"))
    assert len(html.encode()) <= 90_000
    assert "<img" not in html
    assert "http" not in html
    month = table(crm.parent / "review-0", "periods")[-1]
    for figure in (f"{int(month['leads']):,}", f"{int(month['won']):,}", f"{float(month['conversion']):.1%}"):
        assert figure in html
        assert figure in plain
    assert f"{float(month['cycle_mean_days']):.1f}" in plain
    for sentence in re.findall(r"^- (.*)$", plain.split("关键指标")[0], re.MULTILINE):
        assert "依据：" in sentence
    # another team's supervisor sees none of these leads
    other = (folder / "linruoxi.txt").read_text("utf-8")
    assert "华东组" in other.splitlines()[0]
    assert "本期没有线索" in other.splitlines()[0]
    assert not (crm.parent / "home" / "mails").exists()


def test_a_pack_is_due_on_its_day_and_only_until_everybody_has_it(home: Path) -> None:
    settings, config = get_settings(), load_config(None)
    engine = make_engine(settings.database_url)
    upgrade(engine)

    def labels(moment: str) -> list[str]:
        at = datetime.fromisoformat(moment).replace(tzinfo=settings.zone)
        found = due(engine, settings, config, at.astimezone(UTC))
        return [one.span.label + ("?" if one.preliminary else "") for one in found]

    # the first of October is a holiday until the seventh, and the pack is due on the fourth at the latest
    assert labels("2026-10-04T08:59") == []
    assert labels("2026-10-04T09:00") == ["2026-09", "2026-Q3"]
    assert labels("2026-10-08T09:00") == ["2026-W40", "2026-09", "2026-Q3"]
    # the first of November 2026 is a Sunday
    assert labels("2026-11-01T10:00") == []
    assert labels("2026-11-02T10:00") == ["2026-W44", "2026-10"]
    assert labels("2026-11-22T10:00") == []
    # the last five working days of the quarter begin on a Friday
    assert labels("2026-12-25T08:00") == ["2026-W51"]
    assert labels("2026-12-25T09:00") == ["2026-W51", "2026-Q4?"]


def test_an_empty_month_says_why_it_says_nothing(crm: Path) -> None:
    folder = crm.parent / "preview"
    assert (
        run(["review", "send", "monthly", "--period", "2015-03", "--as-of", AS_OF, "--preview", "--out", str(folder)])
        == 0
    )
    plain = (folder / "zhengkai.txt").read_text("utf-8")
    assert "没有新建线索" in plain
    assert "0.0%" not in plain.split("统计口径")[0]


def test_english_packs_are_english(crm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADS_LANG", "en")
    folder = crm.parent / "preview"
    assert (
        run(["review", "send", "weekly", "--period", "2017-W32", "--as-of", AS_OF, "--preview", "--out", str(folder)])
        == 0
    )
    plain = (folder / "zhengkai.txt").read_text("utf-8")
    assert plain.startswith("[Weekly leads] 2017-W32")
    assert not re.search("[\u4e00-\u9fff]", re.sub("未填|R-.*", "", plain))


def test_a_wrong_period_is_told(crm: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["review", "build", "monthly", "--period", "2017-13"]) == 2
    assert "such as 2026-10" in capsys.readouterr().err
    assert run(["review", "build", "yearly", "--period", "2017"]) == 2
