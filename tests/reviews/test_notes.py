"""Commands about what reviews decided and what was learnt."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.settings import get_settings
from flows.cli import run
from models.db import make_engine, upgrade

NOTE = "review note monthly --period 2026-10 --decision 两天内核实 --who linruoxi --by zhengkai".split()
ADD = "knowledge add --kind words --title 价格异议 --text 先算投产比 --tag 价格 --tag 制造业 --by tangyue".split()
Ask = Callable[..., tuple[int, Any]]


@pytest.fixture
def ask(home: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Run a command: its exit code and its answer."""
    upgrade(make_engine(get_settings().database_url))

    def asked(*command: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = run([*command, "--json"])
        out = capsys.readouterr().out
        return code, json.loads(out) if out.strip().startswith("{") else out

    return asked


def test_a_decision_is_noted_once_and_settled(ask: Ask) -> None:
    assert ask(*NOTE, "--due", "2026-11-15")[1]["number"] == 1
    assert ask(*NOTE, "--due", "2026-11-15")[1]["number"] == 1
    assert ask(*NOTE, "--team", "华东组")[1]["number"] == 2
    listed = ask("review", "decisions")[1]["decisions"]
    assert [(one["who"], one["due_on"], one["scope"]) for one in listed] == [
        ("linruoxi", "2026-11-15", ""), ("linruoxi", None, "华东组"),
    ]  # fmt: skip
    settle = ("review", "outcome", "1", "--state", "done", "--text", "已执行", "--by", "linruoxi")
    assert ask(*settle)[0] == ask(*settle)[0] == 0
    assert [one["number"] for one in ask("review", "decisions")[1]["decisions"]] == [2]
    every = ask("review", "decisions", "--every")[1]["decisions"]
    assert [(one["number"], one["state"], one["outcome"]) for one in every] == [
        (1, "done", "已执行"),
        (2, "open", None),
    ]


@pytest.mark.parametrize(
    ("command", "change"),
    [
        (NOTE, {"linruoxi": "nobody"}), (NOTE, {"zhengkai": "nobody"}), (NOTE, {"2026-10": "2026-13"}),
        (NOTE, {"monthly": "yearly"}), (NOTE, {"两天内核实": " "}), ([*NOTE, "--due", "soon"], {}),
        ([*NOTE, "--due", "0001-01-01"], {}), ([*NOTE, "--due", "9999-12-31"], {}),
        (ADD, {"价格异议": "价" * 201}), (ADD, {"先算投产比": "先\x1b算"}),
        ([*NOTE, "--team", "nobody"], {}), (ADD, {"words": "wisdom"}), (ADD, {"先算投产比": ""}),
        ([*ADD, "--lead", "XL209901001"], {}), (ADD, {"tangyue": "nobody"}),
        ("review outcome 9 --state done --by zhengkai".split(), {}),
        ("review outcome 9 --state gone --by zhengkai".split(), {}),
        ("knowledge list --kind wisdom".split(), {}),
    ],
)  # fmt: skip
def test_what_cannot_be_noted_is_refused(ask: Ask, command: list[str], change: dict[str, str]) -> None:
    assert ask(*(change.get(word, word) for word in command))[0] == 2


def test_what_was_learnt_is_found_by_words_kind_and_tag(ask: Ask) -> None:
    first = ask(*ADD)[1]["id"]
    assert ask(*ADD)[1]["id"] == first
    again = ask(*(word.replace("先算投产比", "先算三年投产比") for word in ADD))[1]["id"]
    assert again != first
    ask(*"knowledge add --kind lost --title 输给竞品 --text 报价高出两成 --tag 价格 --by tangyue".split())

    def titles(*command: str) -> list[str]:
        return [one["title"] for one in ask("knowledge", *command)[1]["entries"]]

    assert titles("list") == ["输给竞品", "价格异议"]
    assert titles("search", "投产比 价格") == ["价格异议"]
    assert titles("search", "投产比 竞品") == []
    assert titles("list", "--tag", "价格", "--kind", "lost") == ["输给竞品"]
    assert titles("search", "%") == []
    assert ask("knowledge", "search", "三年")[1]["entries"][0]["tags"] == ["价格", "制造业"]
