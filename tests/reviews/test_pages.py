"""The internal pages of reviews: each figure leads to the leads behind it, decisions go on to the next pack."""

import csv
import io
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from html import unescape

import pytest
from fastapi.testclient import TestClient

from flows.reviewing import build, keep_all, open_review
from models.db import read_frame
from tasks.decisions import Decided, note, settle
from tasks.rules.reviews.spans import read_span
from tests.reviews.conftest import Year
from tests.reviews.year import ZONE
from web.app import make_desk
from web.internal import internal_app

PAGE = "/reviews/monthly/2025-08"


@pytest.fixture(scope="module")
def kept(played: Year) -> dict[str, bytes]:
    """The files of a month, for all and for one team, kept as a sent pack is."""
    span = read_span("monthly", "2025-08")
    review = open_review(played.engine, played.settings, played.config, span, played.cut(span))
    build(review, "华东组")
    files = build(review).files
    keep_all(played.engine, review)
    return files


@pytest.fixture
def client(played: Year, kept: dict[str, bytes]) -> TestClient:
    app = internal_app(make_desk(played.settings, played.config, played.engine))
    return TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False, follow_redirects=False)


def rows(files: dict[str, bytes], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files[f"{name}.csv"].decode())))


def test_each_figure_leads_to_as_many_leads_as_it_counts(client: TestClient, kept: dict[str, bytes]) -> None:
    listed = client.get("/reviews").text
    assert f'href="{PAGE}"' in listed
    assert f'href="{PAGE}?scope=%E5%8D%8E%E4%B8%9C%E7%BB%84"' in listed
    page = client.get(PAGE).text
    links = [unescape(link) for link in re.findall(rf'href="({PAGE}/leads[^"]*)"', page)]
    assert len(links) > 60
    some = [*links[:3], *[link for link in links if "crosses" in link or "%C3%97" in link][:2],
            *[link for link in links if "cohort" in link][:3],
            *[link for link in links if "reason" in link]]  # fmt: skip
    for link in some:
        shown = client.get(link).text
        count = re.search(rf'<a href="{re.escape(link).replace("&", "&amp;")}">([\d,]+)</a>', page)
        assert count, link
        assert len(set(re.findall(r"/leads/(XL\d+)", shown))) == int(count[1].replace(",", "")), link
    month = rows(kept, "periods")[-1]
    assert f"找到 {month['leads']} 条" in client.get(f"{PAGE}/leads?figure=leads").text


def test_the_leads_behind_a_figure_are_masked_and_those_of_the_scope(
    client: TestClient, kept: dict[str, bytes]
) -> None:
    shown = client.get(f"{PAGE}/leads?figure=leads").text
    assert re.search(r"138\*{4}\d{4}", shown)
    assert not re.search(r"138\d{8}", shown)
    assert "人**" in shown
    team = client.get(f"{PAGE}/leads?scope=华东组&figure=leads").text
    every, own = (set(re.findall(r"/leads/(XL\d+)", text)) for text in (shown, team))
    assert own < every
    for wrong in ("figure=x", "dimension=secret&value=1", "dimension=source × grade&value=1"):
        assert client.get(f"{PAGE}/leads?{wrong}").status_code == 404
    for wrong in (
        "/reviews/yearly/2025",
        "/reviews/monthly/2025-13",
        f"{PAGE}?scope=nobody",
        "/reviews/monthly/2020-01",
    ):
        assert client.get(wrong).status_code == 404


def test_a_decision_is_noted_on_the_page_and_what_became_of_it(client: TestClient, kept: dict[str, bytes]) -> None:
    said = {"decision": "展会线索两天内核实", "who": "linruoxi", "due": "2025-10-20", "by": "zhengkai"}
    assert client.post(PAGE, data=said).status_code == 303
    assert client.post(PAGE, data=said).status_code == 303
    page = client.get(PAGE).text
    assert page.count("展会线索两天内核实") == 1
    number = re.search(r'name="number" value="(\d+)"', page)[1]
    done = {"number": number, "state": "done", "outcome": "<b>已执行</b>", "by": "linruoxi"}
    assert client.post(PAGE, data=done).status_code == 303
    assert "&lt;b&gt;已执行" in client.get(PAGE).text
    assert "展会线索" not in client.get("/reviews").text
    for wrong, why in (
        ({"decision": ""}, "请填写决定的内容"), ({"who": "nobody"}, "请选择负责人"), ({"by": ""}, "请选择录入人"),
        ({"due": "soon"}, "日期或编号无法识别"), ({"due": "1900-01-01"}, "1990 年之后"),
        ({"number": "99", "state": "done"}, "没有第 99 号决定"), ({"number": "99"}, "请选择进展"),
    ):  # fmt: skip
        sent = client.post(PAGE, data=said | wrong)
        assert (sent.status_code, why in sent.text) == (422, True), why


def test_a_decision_stands_in_the_packs_that_follow_with_what_became_of_it(played: Year) -> None:
    cut = datetime(2026, 5, 1, 9, tzinfo=ZONE)
    said = Decided("monthly", "2026-04", "报价三天内答复", "tangyue", date(2026, 5, 20), "华东组")
    number = note(played.engine, said, "linruoxi", cut + timedelta(days=1))
    span = read_span("monthly", "2026-05")
    due = played.cut(span)

    def pack(scope: str) -> list[str]:
        data = build(replace(review, made={}), scope).datasets["decisions"]
        own = data[data["number"] == number]
        return own[["state", "outcome"]].fillna("").to_numpy().ravel().tolist()

    review = open_review(played.engine, played.settings, played.config, span, due)
    # it is overdue by then, and nobody of another team hears of it
    assert pack("华东组") == ["overdue", ""]
    assert pack("综合组") == []
    settle(played.engine, number, "done", "已改流程", "tangyue", due - timedelta(hours=1))
    review = open_review(played.engine, played.settings, played.config, span, due)
    assert pack("") == ["done", "已改流程"]


def test_the_knowledge_base_is_added_to_and_searched_on_its_page(client: TestClient) -> None:
    entry = {
        "kind": "words",
        "title": "价格异议",
        "text": "先算投产比\n<i>再谈</i>报价",
        "tags": "价格，制造业",
        "by": "tangyue",
    }
    assert client.post("/knowledge", data=entry).status_code == 303
    assert client.post("/knowledge", data=entry).status_code == 303
    page = client.get("/knowledge?q=投产比").text
    assert page.count("先算投产比") == 1
    assert "&lt;i&gt;再谈" in page
    assert "先算投产比" in client.get("/knowledge?tag=制造业").text
    assert "先算投产比" not in client.get("/knowledge?tag=制造").text
    assert "先算投产比" not in client.get("/knowledge?kind=won").text
    assert "先算投产比" not in client.get("/knowledge?q=100%25").text
    for wrong, why in (
        ({"title": ""}, "请填写标题和内容"), ({"kind": "x"}, "请选择类别"), ({"by": ""}, "请选择录入人"),
        ({"lead": "XL209901001"}, "没有线索 XL209901001"),
    ):  # fmt: skip
        sent = client.post("/knowledge", data=entry | wrong)
        assert (sent.status_code, why in sent.text) == (422, True), why
        assert "先算投产比" in sent.text


def test_the_standard_answers_stand_in_the_knowledge_base_with_what_they_did(client: TestClient, played: Year) -> None:
    assert 'href="/knowledge#answers"' in client.get(PAGE).text
    page = client.get("/knowledge").text
    ids = re.findall(r"O(?:-[A-Z]+){2}", page)
    assert sorted(ids) == sorted(rule.id for rule in played.config.rules.objections)
    told = [int(count) for count in re.findall(r"提出 (\d+)，", page)]
    with played.engine.connect() as conn:
        own = read_frame(conn, "SELECT count(*) AS n FROM objection")["n"].iloc[0]
    assert sum(told) == own > 0
