"""Commands about what is stored: verify, set, quality and replay, on a base that the main job made."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks.cluster import create_database, drop_database
from benchmarks.leads import write_leads
from config.loader import load_config
from config.settings import get_settings
from flows.cli import run
from flows.console import OK, REFUSED, USAGE
from flows.intake import take_in
from flows.request import Request, moment
from models.db import make_engine, read_frame
from tests.postgres import template_database

Leads = Callable[..., Any]
ROWS = 600
SALES = "wujiaqi"


@pytest.fixture(scope="module")
def taken_in(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Makes once, on each kind of database, a base of some hundred generated rows: the file or database to copy."""

    @cache
    def made(kind: str) -> str:
        folder = tmp_path_factory.mktemp(kind)

        def fill(url: str) -> None:
            settings = get_settings(home=folder / "home", database_url=url)
            done = take_in(Request(tuple(write_leads(folder, ROWS)), None, moment(None)), settings, load_config())
            assert [file.state for file in done.files] == ["taken"]

        if kind == "postgresql":
            return template_database(request.getfixturevalue("postgres_server"), "by_hand", fill)
        fill(f"sqlite:///{folder / 'own.db'}")
        return str(folder / "own.db")

    return made


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path, taken_in: Callable[[str], str]) -> Iterator[str]:
    if request.param == "sqlite":
        with closing(sqlite3.connect(taken_in("sqlite"))) as base, closing(sqlite3.connect(tmp_path / "own.db")) as own:
            base.backup(own)
        yield f"sqlite:///{tmp_path / 'own.db'}"
        return
    server = request.getfixturevalue("postgres_server")
    name = f"byhand_{abs(hash(tmp_path))}"
    yield create_database(server, name, taken_in("postgresql"))
    drop_database(server, name)


@pytest.fixture
def leads(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Leads:
    """Run a command on such a base; its exit code and its answer."""
    for name, value in (("HOME", tmp_path / "home"), ("DATABASE_URL", url), ("MAIL_MODE", "file"), ("CONFIG", "")):
        monkeypatch.setenv(f"LEADS_{name}", str(value))
    monkeypatch.chdir(tmp_path)

    def carry_out(*words: str) -> Any:
        capsys.readouterr()
        code = run([*words, "--json"])
        return code, json.loads(capsys.readouterr().out or "{}")

    return carry_out


def everything(url: str) -> list[tuple[Any, ...]]:
    engine = make_engine(url)
    with engine.connect() as conn:
        counts = [
            read_frame(conn, f"SELECT * FROM {table} ORDER BY 1, 2").astype("str").to_numpy().tolist()
            for table in ("lead", "lead_event", "assignment", "membership", "submission", "judgement", "counter")
        ]
    engine.dispose()
    return counts


@pytest.mark.each_database
def test_the_same_rules_decide_the_same_again_and_write_nothing(leads: Leads, url: str, tmp_path: Path) -> None:
    (tmp_path / "same").mkdir()
    blocked = ["--phone", "13800001111", "--company", "杭州澄屿机械有限公司"]
    assert leads("block", *blocked, "--reason", "请勿联系", "--by", SALES)[0] == OK
    before = everything(url)
    code, told = leads("replay", "--config", str(tmp_path / "same"))
    assert (code, told["changed"], told["newly_rejected"], told["newly_accepted"]) == (OK, 0, 0, 0)
    assert told["leads"] > ROWS / 2
    assert everything(url) == before


def test_other_rules_tell_what_would_change_lead_by_lead(leads: Leads, tmp_path: Path) -> None:
    rules = tmp_path / "other" / "rules"
    rules.mkdir(parents=True)
    (rules / "screening.yaml").write_text("- {id: S-FLOOR, value: 100000000}\n", encoding="utf-8")
    _, told = leads("replay", "--config", str(rules.parent), "--out", str(tmp_path / "changes.csv"))
    changes = pd.read_csv(tmp_path / "changes.csv", dtype=str, keep_default_na=False)
    assert told["changed"] == len(changes) > 0
    stated = changes[changes["verdict_rule_new"] == "S-BUDGET-BELOW"]
    assert (stated["verdict_new"] == "invalid").all()
    assert sum(move["leads"] for move in told["verdicts"]) == (changes["verdict"] != changes["verdict_new"]).sum()


def test_what_a_person_decided_is_not_replayed(leads: Leads, tmp_path: Path) -> None:
    (tmp_path / "same").mkdir()
    _, before = leads("replay", "--config", str(tmp_path / "same"))
    [number, *_] = numbers(leads, tmp_path, verdict="to_verify")
    assert leads("verify", number, "--valid", "--by", SALES)[0] == OK
    _, after = leads("replay", "--config", str(tmp_path / "same"))
    assert (after["leads"], after["changed"]) == (before["leads"] - 1, 0)


def numbers(leads: Leads, folder: Path, **wanted: str) -> list[str]:
    assert leads("export", "leads", "--out", str(folder / "leads.csv"))[0] == OK
    found = pd.read_csv(folder / "leads.csv", dtype=str, keep_default_na=False)
    for column, value in wanted.items():
        found = found[found[column] == value]
    return found["lead"].tolist()


def test_figures_of_quality_tie_with_the_receipt(leads: Leads, tmp_path: Path) -> None:
    code, told = leads("quality", "--by", "source", "--by", "channel", "--out", str(tmp_path / "q.csv"))
    assert code == OK
    for by in ("source", "channel"):
        figures = pd.DataFrame(told["figures"][by])
        assert (
            figures["rows"].sum()
            == figures[["created", "merged", "updated", "rejected", "held"]].to_numpy().sum()
            == ROWS
        )
        assert figures["leads"].sum() == figures[["valid", "to_verify", "invalid"]].to_numpy().sum()
    stored = pd.read_csv(tmp_path / "q.csv")
    assert stored.groupby("by")["rows"].sum().to_dict() == {"channel": ROWS, "source": ROWS}


def test_several_leads_are_verified_and_what_cannot_be_is_named(leads: Leads, tmp_path: Path) -> None:
    first, second, *_ = numbers(leads, tmp_path, verdict="to_verify")
    code, told = leads("verify", first, "XL1", second, "--invalid", "--reason", "无此需求", "--by", SALES)
    assert code == REFUSED
    assert [lead["number"] for lead in told["leads"]] == [first, second]
    assert told["refused"] == ["there is no lead XL1"]
    assert {lead["after"]["status"] for lead in told["leads"]} == {"archived"}


@pytest.mark.each_database
def test_what_was_set_stands_in_the_story(leads: Leads, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [number, *_] = numbers(leads, tmp_path, status="owned")
    assert leads("set", number, "--grade", "a", "--phone", "139 9999 0001", "--reason", "名片", "--by", SALES)[0] == OK
    _, told = leads("explain", number)
    said = {one["field"]: (one["value"], one["by"], one["reason"]) for one in told["leads"][0]["said"]}
    assert said == {"grade": ("A", SALES, "名片"), "phone": ("139 9999 0001", SALES, "名片")}
    capsys.readouterr()
    assert run(["explain", number]) == OK
    assert "将级别定为“A”：名片" in capsys.readouterr().out.replace("\n    ", "")


@pytest.mark.parametrize(
    "words",
    [
        ["verify", "XL1", "--by", SALES],
        ["verify", "XL1", "--valid", "--by", "nobody"],
        ["set", "XL1", "--reason", "x", "--by", SALES],
        ["quality", "--month", "2026-13"],
        ["quality", "--by", "colour"],
        ["replay", "--config", "nowhere"],
    ],
)
def test_a_wrong_command_line_is_told(leads: Leads, words: list[str]) -> None:
    assert leads(*words)[0] == USAGE
