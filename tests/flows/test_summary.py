"""The page after a run: in the reader's language, aligned also where words are Chinese, with absolute places."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from config.loader import load_config
from config.settings import get_settings
from flows.cli import run
from flows.console import FILES, OK
from flows.engine import Engine
from flows.figures import Figures, figures
from flows.request import FileResult, Result
from flows.summary import page
from flows.told import Told, data

ENGINE = Engine("own", 9.84)
TAKEN = FileResult("官网.csv", "default", "taken", 1, 3, {"created": 2, "rejected": 1})
KNOWN = FileResult("官网.csv", "default", "known", 1, 3)
SAMPLES = Path(__file__).parents[2] / "samples"
AS_OF = "2024-03-25T09:00"


def _told(*files: FileResult, found: Figures | None = None, **settings: Any) -> Told:
    result = Result(datetime(2024, 3, 18, tzinfo=UTC), list(files), seconds={"prepare": 1.25, "tell": 0.5})
    return Told(result, ENGINE, load_config(), get_settings(**settings), found or Figures())


def _rows(text: str) -> dict[str, list[str]]:
    """Each line's words behind its first one."""
    return {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.strip()}


@pytest.mark.parametrize(
    ("lang", "said"), [("zh_CN", ("新建线索", "退回", "合计")), ("en", ("created", "rejected", "total"))]
)
def test_rows_by_outcome_tie_and_places_are_absolute(lang: str, said: tuple[str, ...], home: Path) -> None:
    text = page(_told(TAKEN, lang=lang))
    assert all(word in text for word in said)
    line = next(line for line in text.splitlines() if line.split()[:1] == ["2"])
    assert line.split() == ["2", "0", "0", "0", "1", "3"]
    assert str(home / "receipts") in text
    assert str(home / "leadflow.db") in text
    assert text.splitlines()[-1] == "Prefect engine: 9.8 s (started for this run)"


def test_what_the_engine_cost_stands_apart_from_the_work(home: Path) -> None:
    assert "用时：1.8 秒；启动调度引擎另用 9.8 秒" in page(_told(TAKEN))
    assert "Time: 1.8 s, and 9.8 s to start the Prefect engine" in page(_told(TAKEN, lang="en"))
    said = data(_told(TAKEN))
    assert said["started_seconds"] == 9.84
    assert said["seconds"] == {"prepare": 1.25, "tell": 0.5}


def test_when_all_was_known_nothing_was_new(home: Path) -> None:
    refused = FileResult("a.xls", "default", "refused", why="a workbook")
    assert "Nothing was new" in page(_told(KNOWN, lang="en"))
    assert "Nothing was new" in page(_told(KNOWN, refused, lang="en"))
    assert "Nothing was new" not in page(_told(KNOWN, TAKEN, lang="en"))
    assert "Nothing was new" not in page(_told(refused, lang="en"))


def test_when_nothing_waits_that_is_said(home: Path) -> None:
    assert "没有待接收的文件" in page(_told())


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("zh_CN", "未读取：展会/、散.csv。请把文件本身"),
        ("en", "Not read: 展会/, 散.csv. Move the files themselves"),
    ],
)
def test_what_lies_in_no_channels_folder_is_named_with_the_folders_that_there_are(
    lang: str, said: str, home: Path
) -> None:
    for told in (_told(lang=lang), _told(TAKEN, lang=lang)):
        told.result.unread = ["展会/", "散.csv"]
        [line] = [line for line in page(told).splitlines() if line.startswith(said)]
        assert str(home / "intake") in line
        assert line.endswith("default、expo、follow-ups" if lang == "zh_CN" else "default, expo, follow-ups")


def test_a_refused_file_stands_with_its_reason(home: Path) -> None:
    refused = FileResult("a.xls", "default", "refused", why="a workbook")
    assert "refused: a workbook" in page(_told(refused, lang="en"))


FOUND = Figures(
    rows=9,
    verdicts={"valid": {"A": 2, "B": 1}, "to_verify": {"C": 4}, "invalid": {"": 1}},
    owned={"linruoxi": {"A": 2}, "left.us": {"B": 1}},
    unowned={"all_full": {"C": 3}, "no_eligible": {"C": 1}},
    archived={"": 1},
    issues={"C-REACH": 5},
)


def test_who_got_what_names_each_person_with_role_and_counts_and_why_nobody_has_the_rest(home: Path) -> None:
    told = _told(TAKEN, found=FOUND)
    text = page(told)
    rows = _rows(text)
    assert rows["林若溪"] == ["主管", "2", "·", "·", "·", "2"]
    assert rows["left.us"] == ["·", "1", "·", "·", "1"]
    assert rows["（无效，已归档）"] == ["·", "·", "·", "1", "1"]
    unowned = [line.split() for line in text.splitlines() if line.startswith("（暂未分配）")]
    assert unowned == [
        ["（暂未分配）", "符合条件的人在手线索都已满", "·", "·", "3", "·", "3"],
        ["（暂未分配）", "没有符合职级、地区和行业的人", "·", "·", "1", "·", "1"],
    ]
    totals = [line.split()[1:] for line in text.splitlines() if line.startswith("合计")]
    assert totals == [["2", "1", "4", "1", "8"]] * 2, "leads by grade and leads by owner are the same leads"
    assert told.config.rules.statement("C-REACH") in text


def test_columns_stay_aligned_where_words_are_twice_as_wide(home: Path) -> None:
    for lang in ("zh_CN", "en"):
        lines = page(_told(TAKEN, found=FOUND, lang=lang)).splitlines()
        start = next(at for at, line in enumerate(lines) if line in ("分给了谁", "Who got what"))
        table = lines[start + 1 : lines.index("", start)]
        assert len({cell_len(line) for line in table}) == 1, "figures end at one edge"


def test_the_lead_to_look_at_next_is_named(home: Path) -> None:
    told = _told(TAKEN)
    assert "leads explain XL202403001" in page(
        Told(told.result, ENGINE, told.config, told.settings, FOUND, "XL202403001")
    )


def test_a_password_of_the_database_is_never_shown(home: Path) -> None:
    told = _told(TAKEN, database_url="postgresql+psycopg://leads:secret@db/leads")
    for text in (page(told), json.dumps(data(told))):
        assert "secret" not in text
        assert "@db/leads" in text


KEYS = {
    "home", "as_of", "dry_run", "files", "rows", "outcomes", "nothing_new", "messages", "unfinished", "checks",
    "unread", "places", "engine", "started_seconds", "seconds", "leads", "owners", "unassigned", "archived",
}  # fmt: skip


def _json(capsys: pytest.CaptureFixture[str], *words: str, code: int = OK) -> dict[str, Any]:
    capsys.readouterr()
    assert run([*words, "--direct", "--json", "--as-of", AS_OF]) == code
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("words", [["ingest", str(SAMPLES)], ["demo"]], ids=["ingest", "demo"])
def test_the_figures_for_programs_tie_and_are_those_of_the_page(
    words: list[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # the folder of samples also holds the program that made them, which is no list of leads
    said = _json(capsys, *words, code=FILES if words[0] == "ingest" else OK)
    assert set(said) == KEYS
    assert sum(said["outcomes"].values()) == said["rows"] == sum(file["rows"] for file in said["files"])
    by_verdict = [said["leads"][verdict] for verdict in ("valid", "to_verify", "invalid")]
    assert said["outcomes"]["created"] == said["leads"]["total"] == sum(grades["total"] for grades in by_verdict)
    held = [*said["owners"], *said["unassigned"], said["archived"]]
    for grade in ("A", "B", "C", "none", "total"):
        assert sum(one[grade] for one in held) == sum(grades[grade] for grades in by_verdict)
    assert {"layout", "prepare", "look_up", "match", "decide", "receipts", "tell", "send", "figures"} <= set(
        said["seconds"]
    )
    assert said["started_seconds"] == 0
    assert all(Path(place).exists() for name, place in said["places"].items() if name != "refused")

    assert run([*words, "--direct", "--as-of", AS_OF]) in (OK, FILES)
    text = capsys.readouterr().out
    assert "没有新内容" in text
    assert f"合计 {said['rows']}" in " ".join(text.split())
    for owner in said["owners"]:
        counts = [str(owner[grade] or "·") for grade in ("A", "B", "C", "none", "total")]
        assert _rows(text)[owner["name"]][1:] == counts
    again = _json(capsys, *words, code=FILES if words[0] == "ingest" else OK)
    assert again["nothing_new"]
    assert [again[name] for name in ("leads", "owners", "archived")] == [
        said[name] for name in ("leads", "owners", "archived")
    ]


def test_figures_are_those_of_the_batches_asked_for(any_url: str, lead_file: Path, tmp_path: Path) -> None:
    from flows.intake import take_in
    from flows.request import Request
    from models.db import make_engine

    settings = get_settings(home=tmp_path / "home", database_url=any_url)
    other = tmp_path / "other.csv"
    other.write_text(
        lead_file.read_text("utf-8").replace("5550", "5551").replace("澄屿", "朗岫").replace("\nE", "\nF"),
        encoding="utf-8",
    )
    config = load_config()
    result = take_in(Request((lead_file, other), None, datetime(2024, 3, 18, tzinfo=UTC)), settings, config)
    engine = make_engine(any_url)
    one, both, none = figures(engine, [1]), figures(engine, [1, 2]), figures(engine, [])
    engine.dispose()
    assert result.outcomes() == {"created": 2, "merged": 2, "rejected": 2}
    assert (one.rows, one.leads, both.rows, both.leads, none.leads) == (3, 1, 6, 2, 0)
    assert sum(sum(grades.values()) for grades in both.owned.values()) == 2
    assert one.issues["C-REACH"] == 1


def _tree(folder: Path) -> dict[str, bytes | None]:
    return {os.path.relpath(path, folder): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def test_a_dry_run_leaves_a_used_home_byte_for_byte_and_says_what_would_be_done(
    home: Path, lead_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # in a process of its own: one that ends leaves its database in one file
    words = ["ingest", str(lead_file), "--direct", "--as-of", AS_OF]
    subprocess.run([sys.executable, "-m", "flows", *words], cwd=SAMPLES.parent, check=True, capture_output=True)
    waiting = home / "intake" / "default" / "new.csv"
    waiting.write_text(lead_file.read_text("utf-8").replace("5550", "5551"), encoding="utf-8")
    (home / "intake" / "default" / "new.csv.ok").touch()
    before = _tree(tmp_path)
    assert run(["ingest", "--direct", "--dry-run", "--as-of", AS_OF]) == OK
    text = capsys.readouterr().out
    assert "没有保存、移动或发送任何东西" in text
    assert ["2", "1", "3"] in [line.split() for line in text.splitlines()]
    said = _json(capsys, "ingest", "--dry-run")
    assert said["dry_run"]
    assert [(file["file"], file["state"], file["counts"]) for file in said["files"]] == [
        ("new.csv", "looked_at", {"readable": 2, "rejected": 1})
    ]
    said = _json(capsys, "ingest", str(lead_file), "--dry-run")
    assert [(file["state"], file["rows"]) for file in said["files"]] == [("known", 3)]
    assert said["nothing_new"]
    assert _tree(tmp_path) == before


def test_a_dry_run_makes_no_home(home: Path, lead_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ingest", str(lead_file), "--direct", "--dry-run"]) == OK
    assert not home.exists()


@pytest.mark.postgres
def test_a_dry_run_changes_no_row_of_a_database(
    postgres_url: str, home: Path, lead_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from sqlalchemy import func, select

    from models import Base
    from models.db import make_engine

    monkeypatch.setenv("LEADS_DATABASE_URL", postgres_url)
    assert run(["ingest", str(lead_file), "--direct", "--dry-run"]) == OK
    engine = make_engine(postgres_url)

    def counted() -> dict[str, int]:
        with engine.connect() as conn:
            return {name: conn.scalar(select(func.count()).select_from(t)) for name, t in Base.metadata.tables.items()}

    assert run(["ingest", str(lead_file), "--direct", "--as-of", AS_OF]) == OK
    before = counted()
    lead_file.write_text(lead_file.read_text("utf-8").replace("5550", "5551"), encoding="utf-8")
    assert run(["ingest", str(lead_file), "--direct", "--dry-run", "--as-of", AS_OF]) == OK
    assert counted() == before
    engine.dispose()
