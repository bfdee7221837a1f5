"""The procedure without Prefect: what is taken, what is known, what is refused, and going on after a fault."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from config.loader import load_config
from config.settings import Settings, get_settings
from flows import intake
from flows.intake import take_in
from flows.request import Request, Result
from models.db import make_engine, read_frame

AS_OF = datetime(2024, 3, 18, 1, 0, tzinfo=UTC)
_ROWS = """
SELECT s.line, m.outcome, s.entry_team, l.number, l.grade, l.owner FROM submission s
LEFT JOIN membership m ON m.submission_id = s.id AND m.until IS NULL LEFT JOIN lead l ON l.id = m.lead_id
ORDER BY s.batch_id, s.line
"""


@pytest.fixture
def settings(home: Path) -> Settings:
    return get_settings(chunk_rows=1)


def _take(settings: Settings, *paths: Path, dry_run: bool = False, channel: str | None = None) -> Result:
    return take_in(Request(paths, channel, AS_OF, dry_run), settings, load_config())


def _rows(settings: Settings) -> pd.DataFrame:
    with make_engine(settings.database_url).connect() as conn:
        return read_frame(conn, _ROWS)


def _drop(settings: Settings, lead_file: Path, place: str = "default") -> Path:
    folder = settings.intake / place
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{lead_file.name}.ok").touch()
    return lead_file.rename(folder / lead_file.name)


def test_a_file_in_the_intake_folder_is_taken_answered_and_moved_on(settings: Settings, lead_file: Path) -> None:
    dropped = _drop(settings, lead_file)
    result = _take(settings)
    assert result.outcomes() == {"created": 1, "merged": 1, "rejected": 1}
    [file] = result.in_state("taken")
    assert file.receipt
    assert file.receipt.is_file()
    assert not dropped.exists()
    assert [path.name for path in settings.done.rglob("*.csv")] == ["leads.csv"]
    assert _rows(settings)["number"].dropna().tolist() == ["XL202403001", "XL202403001"]


def test_a_named_file_stays_where_it_lies(settings: Settings, lead_file: Path) -> None:
    assert _take(settings, lead_file).outcomes().total() == 3
    assert lead_file.exists()


def test_the_same_content_again_is_known_and_changes_nothing(settings: Settings, lead_file: Path) -> None:
    _take(settings, lead_file)
    before = _rows(settings)
    again = lead_file.with_name("another name.csv")
    again.write_bytes(lead_file.read_bytes())
    [file] = _take(settings, again).files
    assert (file.state, file.rows) == ("known", 3)
    pd.testing.assert_frame_equal(_rows(settings), before)


def test_a_dry_run_counts_and_stores_nothing(settings: Settings, lead_file: Path) -> None:
    _drop(settings, lead_file)
    [file] = _take(settings, dry_run=True).files
    assert (file.state, file.counts) == ("looked_at", {"readable": 2, "rejected": 1})
    assert not (settings.home / "leadflow.db").exists()
    assert list(settings.intake.rglob("*.csv"))


def test_a_file_that_cannot_be_read_is_refused_with_its_reason(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "letter.csv"
    path.write_text("Dear Sir\n", encoding="utf-8")
    dropped = _drop(settings, path)
    [file] = _take(settings).in_state("refused")
    assert file.why
    assert not dropped.exists()
    assert list(settings.refused.rglob("letter.csv"))


def test_the_sub_folder_names_the_team(settings: Settings, lead_file: Path) -> None:
    _drop(settings, lead_file, "default/华东市场组")
    _take(settings)
    assert _rows(settings)["entry_team"].unique().tolist() == ["华东市场组"]


@pytest.mark.parametrize("chunk", [0, 1, 2])
def test_what_a_fault_left_half_done_is_finished_by_the_next_run(
    chunk: int, settings: Settings, lead_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = get_settings(chunk_rows=1, home=tmp_path / "undisturbed")
    _take(undisturbed, lead_file)
    settle = intake.settle_chunk

    def breaking(engine, place, number, *rest):
        if number == chunk:
            raise OSError("the machine stops here")
        return settle(engine, place, number, *rest)

    _drop(settings, lead_file)
    monkeypatch.setattr(intake, "settle_chunk", breaking)
    with pytest.raises(OSError, match="stops here"):
        _take(settings)
    monkeypatch.setattr(intake, "settle_chunk", settle)
    _forget_claims()
    assert len(_rows(settings)) == chunk
    _take(settings)
    pd.testing.assert_frame_equal(_rows(settings), _rows(undisturbed))


def _forget_claims() -> None:
    """Give up the locks as the end of the process would."""
    from tasks import claims

    for folder in list(claims._held):
        claims._held.discard(folder)


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_file_dropped_where_no_channel_reads_is_named_and_stays(
    settings: Settings, lead_file: Path, dry_run: bool
) -> None:
    _drop(settings, lead_file, "fairs")
    (settings.intake / "loose.csv").write_text("x", encoding="utf-8")
    result = _take(settings, dry_run=dry_run)
    assert result.files == []
    assert result.as_dict()["unread"] == ["fairs/", "loose.csv"]
    assert (settings.intake / "loose.csv").is_file()
    (settings.intake / "loose.csv").unlink()
    (settings.intake / "fairs").rename(settings.intake / "expo")
    assert _take(settings, dry_run=dry_run).unread == []


def test_nothing_waits_is_no_fault(settings: Settings) -> None:
    assert _take(settings).files == []
    assert (settings.home / "leadflow.db").exists()


def test_the_time_zone_of_the_settings_reaches_every_time(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "late.csv"
    path.write_text(
        "公司名称,联系人,电话,首次接触时间\n杭州澄屿机械有限公司,季若谷,13955501234,2024-03-19 05:00\n",
        encoding="utf-8",
    )
    # 21:00 of the 18th in Shanghai is within a day of receipt, 09:00 of the 19th in New York is not
    for number, (tz, utc, future) in enumerate(
        [("Asia/Shanghai", "2024-03-18 21:00", 0), ("America/New_York", "2024-03-19 09:00", 1)]
    ):
        settings = get_settings(tz=tz, home=tmp_path / str(number))
        assert _take(settings, path, dry_run=True).issues.get("C-DATE-FUTURE", 0) == future
        _take(settings, path)
        with make_engine(settings.database_url).connect() as conn:
            stored = read_frame(conn, "SELECT contact_at FROM lead")["contact_at"]
        assert pd.to_datetime(stored).tolist() == [pd.Timestamp(utc)]


def test_a_rule_of_later_days_leaves_earlier_runs_as_they_were(settings: Settings, tmp_path: Path) -> None:
    own = tmp_path / "company" / "rules"
    own.mkdir(parents=True)
    (own / "screening.yaml").write_text("- {id: S-FLOOR, value: 50000, effective: 2024-06-01}\n", encoding="utf-8")
    config, verdicts = load_config(own.parent), []
    for month, phone in ((3, "13955501234"), (7, "13955501235")):
        path = tmp_path / f"{month}.csv"
        row = f"杭州澄屿机械有限公司,制造业,季若谷,{phone},自动化生产线改造,8万"
        path.write_text(f"公司名称,行业,联系人,电话,需求描述,预算范围\n{row}\n", encoding="utf-8")
        take_in(Request((path,), None, AS_OF.replace(month=month)), settings, config)
        with make_engine(settings.database_url).connect() as conn:
            verdicts.append(read_frame(conn, "SELECT verdict_rule FROM lead ORDER BY id")["verdict_rule"].tolist()[-1])
    assert verdicts == ["S-BUDGET-BELOW", "S-VALID"]


def test_a_batch_begun_before_a_rule_of_later_days_is_finished_under_the_rules_of_its_own(
    settings: Settings, lead_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "company" / "rules"
    own.mkdir(parents=True)
    (own / "screening.yaml").write_text("- {id: S-FLOOR, value: 900000, effective: 2024-06-01}\n", encoding="utf-8")
    settle = intake.settle_chunk

    def breaking(*args):
        raise OSError("the machine stops here")

    _drop(settings, lead_file)
    monkeypatch.setattr(intake, "settle_chunk", breaking)
    with pytest.raises(OSError, match="stops here"):
        _take(settings)
    monkeypatch.setattr(intake, "settle_chunk", settle)
    _forget_claims()
    take_in(Request((), None, AS_OF.replace(month=7)), settings, load_config(own.parent))
    assert _rows(settings)["grade"].dropna().unique().tolist() == ["A"]
