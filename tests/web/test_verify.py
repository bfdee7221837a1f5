"""The page that a mail's link opens: a GET shows, the button changes, and no other link opens it."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import insert, select

from config.errors import SettingsError
from config.settings import get_settings
from models import Judgement, Lead, LeadEvent, Message
from models.db import begin
from tasks.links import Link, LinkError, load_secret, opened, sign
from tasks.tell import tell
from tests.kept import begin_with
from tests.prepared import AS_OF, CONFIG, settle
from web.app import create_app

ZHANG = {"company": "<b>甲</b>公司", "name": "张三", "mobile": "13800001111", "budget_min": None, "budget_max": None,
         "budget_state": "unknown", "need": "<script>alert(1)</script>采购产线", "mark": "高意向",
         "chain": "采购部陈主管谈价，王总拍板"}  # fmt: skip
FIRST = "XL202403001"
SECRET = b"s" * 32


@pytest.fixture
def settings(tmp_path: Path):
    home = tmp_path / "home"
    home.mkdir()
    return get_settings(home=home, base_url="https://leads.example.com/", secret=SECRET.decode(), config=None)


@pytest.fixture
def client(engine, settings) -> TestClient:
    begin_with(engine, "a lead to verify", lambda: settle(engine, ZHANG))
    return TestClient(create_app(settings, CONFIG, engine))


def link(person: str, number: str = FIRST, days: float = 1, secret: bytes = SECRET) -> str:
    return f"/v/{sign(secret, Link(number, person, datetime.now(UTC) + timedelta(days=days)))}"


def lead(engine):
    with engine.connect() as conn:
        return conn.execute(select(Lead.__table__).where(Lead.number == FIRST)).one()


def events(engine) -> list[str]:
    with engine.connect() as conn:
        return list(conn.execute(select(LeadEvent.kind).order_by(LeadEvent.id)).scalars())


def test_opening_the_page_shows_the_lead_and_changes_nothing(engine, client):
    before = lead(engine)
    page = client.get(link(before.owner))
    assert page.status_code == 200
    assert "138" in page.text
    assert '<span class="mark">高意向</span> 高于分级' in page.text
    assert "<dd>采购部陈主管谈价，王总拍板</dd>" in page.text
    assert "<dd>陈主管（采购部，采购）、王总（决定）——完整</dd>" in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;采购产线" in page.text
    assert "<script" not in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert client.head(link(before.owner)).status_code == 405
    assert lead(engine) == before
    assert events(engine) == ["intake"]


def test_what_makes_the_need_look_like_nobodys_who_buys_is_named(engine, settings) -> None:
    settle(engine, {**ZHANG, "need": "求职，<b>随时到岗</b>", "junk": "need_job_seeker"})
    # what only moved it along with its company says nothing of it
    with begin(engine) as conn:
        [told] = conn.execute(select(LeadEvent.__table__)).mappings().all()
        conn.execute(
            insert(LeadEvent).values({**told, "id": told["id"] + 1, "kind": "pooled", "facts": "along=company"})
        )
    page = TestClient(create_app(settings, CONFIG, engine)).get(link(lead(engine).owner)).text
    assert "求职（需求中写有" in page
    assert "“随时到岗”" in page
    assert "<b>随时" not in page


def test_the_button_says_valid_and_twice_is_once(engine, client):
    url = link(lead(engine).owner)
    first = client.post(url, data={"verdict": "valid", "reason": ""})
    assert first.status_code == 200
    after = lead(engine)
    assert (after.verdict, after.grade, after.status) == ("valid", "B", "owned")
    assert after.verified_by is not None
    again = client.post(url, data={"verdict": "valid"})
    # the grade has given it to another meanwhile
    assert again.status_code in (200, 403)
    assert events(engine) == ["intake", "verified"]


def test_invalid_needs_a_reason_and_keeps_what_was_typed(engine, client):
    url = link(lead(engine).owner)
    page = client.post(url, data={"verdict": "invalid", "reason": "  "})
    assert page.status_code == 400
    assert re.search(r'value="invalid" required checked', page.text)
    assert client.post(url, data={}).status_code == 400
    assert lead(engine).verified_at is None
    assert client.post(url, data={"verdict": "invalid", "reason": "预算\n不足"}).status_code == 200
    after = lead(engine)
    assert (after.verdict, after.status) == ("invalid", "archived")
    with engine.connect() as conn:
        assert conn.execute(select(Judgement.reason)).scalar_one() == "预算 不足"


def test_a_link_of_nobody_opens_nothing(engine, client):
    owner = lead(engine).owner
    good = link(owner)
    forged = [
        link(owner, secret=b"x" * 32),
        good[:-2] + ("AA" if good[-2:] != "AA" else "BB"),
        "/v/" + "a" * 20,
        "/v/%E4%BD%A0.%00",
        link("nobody"),
        link(owner, number="XL209901001"),
    ]
    for url in forged:
        for answer in (client.get(url), client.post(url, data={"verdict": "valid"})):
            assert answer.status_code == 404
            assert "138" not in answer.text
    assert lead(engine).verified_at is None


def test_an_old_link_says_so(engine, client):
    answer = client.post(link(lead(engine).owner, days=-0.01), data={"verdict": "valid"})
    assert answer.status_code == 410
    assert lead(engine).verified_at is None


def test_whoever_has_the_lead_no_more_sees_nothing_of_it(engine, client):
    owner = CONFIG.roster.person(lead(engine).owner)
    known = {owner.id, owner.deputy, owner.reports_to}
    other = next(person.id for person in CONFIG.roster.people if person.id not in known and person.active)
    answer = client.get(link(other))
    assert answer.status_code == 403
    assert "138" not in answer.text
    assert client.get(link(owner.reports_to)).status_code == 200


def test_a_long_form_is_refused(engine, client):
    url = link(lead(engine).owner)
    assert client.post(url, data={"verdict": "valid", "reason": "长" * 10_000}).status_code == 413
    assert client.post(url, data={"verdict": "valid", "reason": "长" * 501}).status_code == 400
    assert lead(engine).verified_at is None


def test_the_mail_has_the_owners_own_link_and_none_without_an_address(engine, client, settings):
    owner = lead(engine).owner
    tell(engine, CONFIG, settings, AS_OF)
    with engine.connect() as conn:
        html, text = conn.execute(select(Message.html, Message.text).where(Message.recipient == owner)).one()
    [address] = set(re.findall(r"https://leads\.example\.com/v/[\w.-]+", html))
    assert address in text
    found = opened(SECRET, address.rsplit("/", 1)[1], AS_OF)
    assert (found.number, found.person, found.until) == (FIRST, owner, AS_OF + timedelta(days=14))


def test_a_secret_is_made_once_and_kept_to_oneself(tmp_path):
    settings = get_settings(home=tmp_path, config=None)
    made = load_secret(settings)
    assert load_secret(settings) == made
    assert (tmp_path / "secret").stat().st_mode & 0o077 == 0
    (tmp_path / "secret").write_text("")
    with pytest.raises(SettingsError, match="secret"):
        load_secret(settings)


@pytest.mark.parametrize("token", ["", ".", "a.b", "é.é", "====.====", "bm8.bm8"])
def test_what_is_no_token_is_forged(token):
    with pytest.raises(LinkError, match="forged"):
        opened(SECRET, token, AS_OF)
