"""The pieces of the benchmarks at a tiny size: figures are worth nothing when what they stand on is wrong."""

from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import create_engine, inspect

import benchmarks.assign as assignment
from benchmarks.bare import bare_seconds, shuffled_tables
from benchmarks.ingest import Figures, report
from benchmarks.leads import HEADER, lead_tables, write_leads
from benchmarks.measure import RunFailed, run_leads
from benchmarks.roster import write_overlay
from config.loader import load_roster

ROWS = 3000


@pytest.fixture(scope="module")
def leads(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    [path] = write_leads(tmp_path_factory.mktemp("leads"), ROWS)
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def test_lead_files_have_the_handbooks_columns_and_an_id_a_row(leads: pd.DataFrame) -> None:
    assert tuple(leads.columns) == HEADER
    assert leads["外部编号"].is_unique
    assert len(leads) == ROWS


def test_the_same_seed_gives_the_same_rows_however_they_are_cut(tmp_path: Path) -> None:
    whole = pd.concat([table.to_pandas() for table in lead_tables(0, 900)], ignore_index=True)
    blocks = pd.concat([table.to_pandas() for table in lead_tables(0, 900, block=128)], ignore_index=True)
    files = [pd.read_csv(path, dtype=str, keep_default_na=False) for path in write_leads(tmp_path, 900, files=4)]
    other = pd.concat([table.to_pandas() for table in lead_tables(0, 900, seed=1)], ignore_index=True)
    pd.testing.assert_frame_equal(whole, blocks)
    pd.testing.assert_frame_equal(whole, pd.concat(files, ignore_index=True), check_dtype=False)
    assert not whole.equals(other)


def test_a_fair_share_of_the_rows_repeats_another_and_companies_are_many(leads: pd.DataFrame) -> None:
    copies = leads.drop(columns="外部编号").duplicated().mean()
    mobiles = leads["电话"].str.removesuffix(".0").str.replace(r"\D", "", regex=True).str[-11:]
    mobiles = mobiles[mobiles.str.fullmatch(r"1[3-9]\d{9}")]
    assert 0.05 < copies < 0.11
    assert 0.10 < mobiles.duplicated().mean() < 0.25
    assert 0.5 < leads["公司名称"].nunique() / ROWS < 0.75
    assert leads["公司名称"].str.endswith("分公司").any()
    assert leads["邮箱"].str.startswith(("info@", "sales@")).any()


def test_a_mobile_belongs_to_one_person(leads: pd.DataFrame) -> None:
    plain = leads[leads["电话"].str.fullmatch(r"1[3-9]\d{9}") & ~leads["联系人"].isin(["测试", "王总", ""])]
    plain = plain[plain["电话"] != "11111111111"]
    assert (plain.groupby("电话")["联系人"].nunique() == 1).all()


@pytest.mark.parametrize("people", [8, 500])
def test_the_roster_has_every_role_everywhere(people: int, tmp_path: Path) -> None:
    roster = load_roster(write_overlay(tmp_path / "company", people, 10**6))
    anywhere = {person.role for person in roster.people if not person.regions}
    assert len(roster.people) == people
    assert anywhere >= {"supervisor", "representative"} if people < 10 else len(anywhere) == 4


def test_the_bare_limit_loads_every_row_in_random_order(any_url: str, tmp_path: Path) -> None:
    [path] = write_leads(tmp_path, 500)
    keys = [key for table in shuffled_tables(path) for key in table["id"].to_pylist()]
    assert sorted(keys) == list(range(500))
    assert keys != sorted(keys)
    before = _tables(any_url)
    assert bare_seconds(any_url, path) > 0
    assert _tables(any_url) == before  # it takes its own away again


def _tables(url: str) -> list[str]:
    engine = create_engine(url)
    names = inspect(engine).get_table_names()
    engine.dispose()
    return sorted(names)


def figures(**changed: float) -> Figures:
    good = {"rows": 100, "seconds": 3.0, "startup": 2.0, "cpu_seconds": 3.0, "peak_mib": 500.0,
            "leads": 80, "valid": 60, "owned": 60}  # fmt: skip
    return Figures(database="sqlite", bare=[1.0, 1.2], outcomes={"created": 80, "merged": 20}, **(good | changed))


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"seconds": 4.5}, "4.09x"),
        ({"peak_mib": 1024.0}, "1024 MiB"),
        ({"owned": 59}, "98.3% owned"),
        ({"rows": 101}, "outcomes"),
    ],
)
def test_a_missed_bar_is_said_in_the_last_line_and_by_the_exit_code(
    changed: dict[str, float], fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report([figures()]) == 0
    assert capsys.readouterr().out.endswith("| bar met\n")
    assert report([figures(), figures(**changed)]) == 1
    closing = capsys.readouterr().out.splitlines()[-1]
    assert "MISSED" in closing
    assert fault in closing


def test_a_command_that_fails_says_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(RunFailed, match="no-such-file"):
        run_leads(["ingest", "--direct", "no-such-file.csv"], {"LEADS_HOME": str(tmp_path)}, tmp_path)


def test_the_benchmark_of_assignment_gives_every_lead_and_keeps_to_the_shares(
    capsys: pytest.CaptureFixture[str],
) -> None:
    seconds, owned, off = assignment.assigned(assignment.crew(40), assignment.leads_of(3_000))
    assert owned == 3_000
    assert off < 1
    assert assignment.report(3_000, 40, seconds, owned, off, [seconds * 2 + 1]) == 0
    assert assignment.report(3_000, 40, seconds, owned, 1.5, [seconds * 2 + 1]) == 1
    assert "MISSED" in capsys.readouterr().out.splitlines()[-1]
