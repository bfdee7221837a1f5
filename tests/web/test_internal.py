"""The internal pages: what each shows and does, masked where nobody needs more, and in whose name."""

import re
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from fastapi.testclient import TestClient

from flows.adding import Asked, add
from flows.console import OK, REFUSED
from flows.intake import take_in
from flows.request import Request
from tasks.batches import CUT_SHORT, DONE, OPEN, REVERTED, SETTLED
from tests.web.site import Site
from web.internal import internal_app
from web.internal_words import internal_words

CARD = {
    "company": "杭州澄屿机械有限公司", "contact": "李明", "phone": "138 1234 0001", "email": "liming@chengyu.example",
    "need": "采购产线", "source": "行业展会", "entrant": "tangyue",
}  # fmt: skip


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def opened(site: Site) -> TestClient:
    app = internal_app(site.app.state.desk)
    return TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False, follow_redirects=False)


@pytest.fixture
def client(site: Site) -> TestClient:
    return opened(site)


def entered(site: Site, client: TestClient, **more: str) -> str:
    """Type a lead in, let it be settled, and give its number."""
    sent = client.post("/new", data=CARD | more)
    assert sent.status_code == 303
    site.sweep()
    page = client.get(sent.headers["location"]).text
    return re.search(r"/leads/(XL\d+)", page)[1]


def test_a_lead_that_is_typed_in_bears_its_entrant_and_is_found_again(tmp_path: Path, any_url: str) -> None:
    site = Site(tmp_path, any_url)
    client = opened(site)
    sent = client.post("/new", data=CARD)
    waiting = client.get(sent.headers["location"])
    assert 'http-equiv="refresh"' in waiting.text
    assert "138" not in sent.headers["location"]
    site.sweep()
    number = re.search(r"/leads/(XL\d+)", client.get(sent.headers["location"]).text)[1]
    person = site.config.roster.person("tangyue")
    assert site.ask("SELECT entrant, entry_team, source FROM submission") == [(person.name, person.team, "行业展会")]
    for q in (number, "13812340001", "+86 138-1234-0001", "liming@chengyu.example", "澄屿机械", "李明"):
        found = client.post("/", data={"q": q}).text
        assert f"/leads/{number}" in found, q
        assert "138****0001" in found
        assert "13812340001" not in found.replace(f'value="{q}"', "")
        assert "liming@" not in found.replace(f'value="{q}"', "")
    assert "XL" not in client.post("/", data={"q": "没有这家公司"}).text
    assert client.post("/", data={"q": "100%_\\'; --"}).status_code == 200
    assert "13812340001" in client.get(f"/leads/{number}").text
    assert client.get("/leads/XL209901001").status_code == 404


def test_the_handbooks_sheets_of_a_lead_and_of_a_person_are_downloaded(site: Site, client: TestClient) -> None:
    number = entered(site, client)
    owner = site.ask("SELECT owner FROM lead")[0][0]
    for path, page in (
        (f"/leads/{number}/sheets", f"/leads/{number}"),
        (f"/people/{owner}/sheets", f"/people/{owner}"),
    ):
        assert f'href="{path}"' in client.get(page).text
        sent = client.get(path)
        assert sent.headers["content-disposition"].startswith("attachment")
        sheet = openpyxl.load_workbook(BytesIO(sent.content))["线索信息表"]
        assert number in [row[0] for row in sheet.iter_rows(values_only=True)]
    assert client.get("/leads/XL209901001/sheets").status_code == 404
    assert client.get("/people/nobody/sheets").status_code == 404


def test_while_somebody_types_he_is_told_what_is_ours_already(site: Site, client: TestClient) -> None:
    number = entered(site, client)
    owner = site.ask("SELECT owner FROM lead")[0][0]
    name = site.config.roster.person(owner).name
    [hit] = client.post("/known", json={"phone": "138-1234-0001"}).json()["leads"]
    assert (hit["number"], name in hit["line"]) == (number, True)
    assert client.post("/known", json={"company": "杭州澄屿机械有限公司（杭州）"}).status_code == 200
    [hit] = client.post("/known", json={"company": "杭州 澄屿机械 有限公司"}).json()["leads"]
    assert hit["number"] == number
    assert client.post("/known", json={"phone": "13999999999", "company": None}).json() == {"leads": []}
    # the same without a script, and what was typed is kept
    page = client.post("/new?check=1", data={**CARD, "email": ""}).text
    assert f"/leads/{number}" in page
    assert 'value="杭州澄屿机械有限公司"' in page
    assert site.ask("SELECT count(*) FROM submission") == [(1,)]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"phone": "12"}, "phone"), ({"company": ""}, "company"), ({"email": "x@"}, "email"), ({"entrant": ""}, "entrant"),
     ({"note": "长" * 2001}, "note"), ({"phone": "", "email": "", "company": ""}, "phone")],
)  # fmt: skip
def test_what_is_wrong_stands_at_its_field(site: Site, client: TestClient, change: dict, field: str) -> None:
    page = client.post("/new", data=CARD | change)
    assert page.status_code == 422
    assert re.search(rf'id="f-{field}"[^>]*aria-describedby="{field}-error"', page.text)
    assert site.posts() == []


def test_pressed_twice_it_is_one_lead(site: Site, client: TestClient) -> None:
    places = {client.post("/new", data=CARD | {"key": "k1"}).headers["location"] for _ in range(2)}
    assert len(places) == 1
    assert len(site.posts()) == 1


def test_a_prospect_of_ones_own_is_kept_by_whoever_enters_it(site: Site, client: TestClient) -> None:
    person = next(one for one in site.config.roster.people if one.role == "representative")
    number = entered(site, client, entrant=person.id, mine="yes", budget="30万")
    assert site.ask(f"SELECT owner FROM lead WHERE number = '{number}'") == [(person.id,)]


def test_leads_add_says_number_and_owner_and_whose_it_is_already(site: Site) -> None:
    fields = {name: text for name, text in CARD.items() if name != "entrant"}
    settings = site.settings.model_copy(update={"config": site.settings.config})
    tried = add(settings, Asked(fields, "tangyue", dry_run=True))
    assert (tried.code, tried.data["already_ours"]) == (OK, [])
    assert site.ask("SELECT count(*) FROM submission") == [(0,)]
    first = add(settings, Asked(fields, "tangyue"))
    assert (first.code, first.data["outcome"]) == (OK, "created")
    assert first.data["number"] in first.text
    again = add(settings, Asked(fields, "tangyue"))
    assert again.data["number"] == first.data["number"]
    assert [one["by"] for one in again.data["already_ours"]] == ["phone"]
    refused = add(settings, Asked({"phone": "12"}, "tangyue"))
    assert (refused.code, {one["field"] for one in refused.data["faults"]}) == (REFUSED, {"phone", "company"})


def test_batches_and_their_receipts_can_be_read(site: Site, client: TestClient, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(
        "公司名称,联系人,电话,需求描述,来源,行业\n甲有限公司,李明,13812340001,采购产线,天降之缘,造梦业\n,王,,,,\n",
        "utf-8",
    )
    take_in(Request((path,), "default", datetime.now(UTC)), site.settings, site.config)
    entered(site, client)
    listed = client.get("/batches").text
    assert "list.csv" in listed
    page = client.get("/batches/1").text
    # how it stands is said in words, whichever state it is in
    assert all("已完成" in shown and "done" not in shown for shown in (listed, page))
    assert {f"batch.{state}" for state in (OPEN, SETTLED, DONE, CUT_SHORT, REVERTED)} <= set(internal_words("zh-CN"))
    links = re.findall(r'href="(/batches/1/receipts/\d)"', page)
    assert len(links) == 3
    answer = client.get(links[0])
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    for gone in ("/batches/9", "/batches/1/receipts/9", "/batches/1/receipts/0", "/batches/99999999999999999999"):
        assert client.get(gone).status_code == 404
    unknown = client.get("/unknown").text
    assert "- {id: V-SOURCE, add: {…: [&#34;天降之缘&#34;]}}" in unknown
    assert "造梦业" in unknown


def test_the_line_for_an_unknown_word_teaches_it(tmp_path: Path) -> None:
    from config.loader import load_config
    from tasks.unknown import line_for

    rules = tmp_path / "rules"
    rules.mkdir()
    line = line_for("source", "神秘渠道").replace("…", "社交媒体")
    (rules / "vocabulary.yaml").write_text(line + "\n", "utf-8")
    value = load_config(tmp_path).rules.value("V-SOURCE")
    assert value["社交媒体"][-1] == "神秘渠道"
    assert "微信" in value["社交媒体"]


def test_channels_show_completeness_and_teams_that_leave_out_too_much(
    site: Site, client: TestClient, tmp_path: Path
) -> None:
    rows = "".join(f"甲{n}有限公司,,1381234000{n},,市场二组,罗怡然\n" for n in range(4))
    path = tmp_path / "list.csv"
    path.write_text("公司名称,联系人,电话,需求描述,录入团队,录入人\n" + rows, "utf-8")
    take_in(Request((path,), "default", datetime.now(UTC)), site.settings, site.config)
    page = client.get("/channels").text
    assert "市场二组" in page[page.index("漏填必填项过多的团队") :]
    assert "0%" in page
    assert client.get("/channels/default?month=").status_code == 200
    assert client.get("/channels/none").status_code == 404
    assert client.get("/channels?month=1999-13").status_code == 200


def test_the_weeks_sample_is_the_same_for_everybody_and_findings_stay(tmp_path: Path, any_url: str) -> None:
    site = Site(tmp_path, any_url)
    client = opened(site)
    number = entered(site, client)
    page = client.get("/spot").text
    assert f'value="{number}"' in page
    week = re.search(r'name="week" value="([^"]+)"', page)[1]
    said = {"week": week, "number": number, "result": "wrong", "finding": "电话是前台的", "by": "tangyue"}
    for broken, why in (({"finding": " "}, "请写明哪里有误"), ({"result": "x"}, "请选择“属实”或“有误”"),
                        ({"by": ""}, "请选择录入人"), ({"number": "XL209901001"}, "没有线索 XL209901001")):  # fmt: skip
        sent = client.post("/spot", data=said | broken)
        assert (sent.status_code, why in sent.text) == (422, True), why
    assert client.post("/spot", data=said).status_code == 303
    assert client.post("/spot", data=said | {"result": "right", "finding": ""}).status_code == 303
    assert site.ask("SELECT result, actor, week FROM spot_check") == [("right", "tangyue", week)]
    assert client.get("/spot?week=2026-W99").status_code == 404
    assert client.post("/spot", data=said | {"week": "x"}).status_code == 404
