"""Every route: which of the two applications it belongs to, and that nobody else gets in or changes anything."""

import base64
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from flows.console import UsageError
from flows.web import Places, serve
from tasks.links import Link, sign
from tests.web.site import EXAMPLES, SECRET, Site
from web.internal import internal_app

#: Where each route belongs; one that is added must be put into one of the two on purpose.
PUBLIC = {
    "/f/{channel}": {"GET", "POST", "OPTIONS"}, "/f/{channel}/token": {"GET"},
    "/f/{channel}/thanks/{reference}": {"GET"}, "/hooks/{channel}": {"GET", "POST"}, "/v/{token}": {"GET", "POST"},
    "/p/{token}": {"GET", "POST"}, "/d/{token}": {"GET", "POST"},
    "/m/{token}": {"GET", "POST"}, "/g/{token}": {"GET", "POST"},
    "/healthz": {"GET"},
}  # fmt: skip
INTERNAL = {
    "/": {"GET", "POST"}, "/leads/{number}": {"GET"}, "/leads/{number}/sheets": {"GET"},
    "/new": {"GET", "POST"}, "/new/{reference}": {"GET"},
    "/known": {"POST"}, "/static/new.js": {"GET"}, "/batches": {"GET"}, "/batches/{number}": {"GET"},
    "/batches/{number}/receipts/{place}": {"GET"}, "/channels": {"GET"}, "/channels/{name}": {"GET"},
    "/reviews": {"GET"}, "/reviews/{kind}/{period}": {"GET", "POST"}, "/reviews/{kind}/{period}/leads": {"GET"},
    "/knowledge": {"GET", "POST"}, "/people": {"GET", "POST"}, "/people/{person}": {"GET", "POST"},
    "/people/{person}/sheets": {"GET"},
    "/api/follow-ups": {"POST"}, "/plans": {"GET"}, "/promises": {"GET"}, "/pool": {"GET", "POST"},
    "/unknown": {"GET"}, "/spot": {"GET", "POST"}, "/healthz": {"GET"},
}  # fmt: skip
PASSWORD, TOKEN = "a long password", "a token for programs"
FILLED = {
    "number": "1",
    "place": "1",
    "reference": "260101-AAAAA-AAAAA",
    "name": "default",
    "channel": "website",
    "token": "x.y",
    "kind": "monthly",
    "period": "2026-10",
    "person": "linruoxi",
}
ROUTES = sorted((path, method) for path, methods in INTERNAL.items() for method in methods if path != "/healthz")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    channels = {name: (EXAMPLES / f"{name}.yaml").read_text("utf-8") for name in ("wjx", "facebook")}
    made = Site(tmp_path_factory.mktemp("site"), channels=channels, password=PASSWORD, token=TOKEN)
    said = {"contact": "李明", "phone": "13812340001", "company": "甲有限公司", "need": "产线", "consent": "yes"}
    assert made.client.post("/f/website", json=said).status_code == 202
    made.sweep()
    return made


@pytest.fixture(scope="module")
def internal(site: Site) -> TestClient:
    return TestClient(
        internal_app(site.app.state.desk), base_url="http://leads.example", raise_server_exceptions=False,
        follow_redirects=False,
    )  # fmt: skip


def routes_of(app: FastAPI) -> dict[str, set[str]]:
    """Every operation that the OpenAPI tells."""
    return {path: {name.upper() for name in told} for path, told in app.openapi()["paths"].items()}


def everything(site: Site) -> dict[str, int]:
    """How many rows each table has, and when the lead was last changed."""
    tables = ("lead", "lead_event", "judgement", "submission", "message", "spot_check", "post_taken")
    with site.engine.connect() as conn:
        found = {name: conn.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in tables}
    return found | {"posts": len(site.posts())}


def filled(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda hole: FILLED[hole[1]], path)


def test_every_route_is_in_the_openapi_and_in_one_of_the_two_applications(site: Site, internal: TestClient) -> None:
    assert routes_of(site.app) == PUBLIC
    assert routes_of(internal.app) == INTERNAL
    for app in (site.app, internal.app):
        served = {route.path for route in _plain(app.routes)}
        assert served - {"/openapi.json"} == set(routes_of(app))


def _plain(routes: Any) -> list[Any]:
    found = []
    for route in routes:
        inner = getattr(route, "routes", None) or getattr(getattr(route, "original_router", None), "routes", None)
        found += _plain(inner) if inner else [route]
    return [one for one in found if hasattr(one, "path")]


def basic(user: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


STRANGERS = {
    "nothing": {},
    "another password": basic("tangyue", "another password"),
    "nobody of the roster": basic("nobody", PASSWORD),
    "no name": basic("", PASSWORD),
    "another token": {"authorization": "Bearer " + TOKEN[:-1] + "x"},
    "the password as a token": {"authorization": f"Bearer {PASSWORD}"},
    "no base64": {"authorization": "Basic !!!"},
    "no text": {"authorization": "Basic /////w=="},
}


@pytest.mark.parametrize(("path", "method"), ROUTES)
def test_nobody_sees_an_internal_page_without_signing_in(
    site: Site, internal: TestClient, path: str, method: str
) -> None:
    before = everything(site)
    for who, headers in STRANGERS.items():
        site.app.state.desk.rates.seen.clear()
        answer = internal.request(method, filled(path), headers=headers)
        assert answer.status_code == 401, who
        assert "basic" in answer.headers["www-authenticate"].lower()
        assert "138" not in answer.text
    for headers in (basic("tangyue", PASSWORD), {"authorization": f"Bearer {TOKEN}"}):
        assert internal.request(method, filled(path), headers=headers).status_code not in (401, 403)
    # the page of another site, with the password that the browser keeps
    if method == "POST":
        for origin in ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
            answer = internal.request(method, filled(path), headers=basic("tangyue", PASSWORD) | origin)
            assert answer.status_code == 403
    assert everything(site) == before


@pytest.mark.parametrize(("path", "method"), ROUTES)
def test_the_public_application_has_no_internal_page(site: Site, path: str, method: str) -> None:
    assert site.client.request(method, filled(path), headers=basic("tangyue", PASSWORD)).status_code in (404, 405)


def test_whoever_guesses_has_to_wait(site: Site, internal: TestClient) -> None:
    site.app.state.desk.rates.seen.clear()
    codes = [internal.get("/", headers=basic("tangyue", f"guess {n}")).status_code for n in range(25)]
    assert codes == [401] * 20 + [429] * 5
    site.app.state.desk.rates.seen.clear()


def test_without_a_password_only_this_machine_is_let_in(tmp_path: Path) -> None:
    app = internal_app(Site(tmp_path).app.state.desk)
    for host, code in (("127.0.0.1:8601", 200), ("localhost", 200), ("[::1]:8601", 200), ("leads.example", 403),
                       ("127.0.0.1.evil.example", 403), ("", 403)):  # fmt: skip
        assert TestClient(app, base_url="http://127.0.0.1").get("/", headers={"host": host}).status_code == code, host
    with pytest.raises(UsageError, match="LEADS_PASSWORD"):
        serve(Site(tmp_path / "other").settings, Places(internal_host="0.0.0.0"), with_loop=False)


def link(site: Site, person: str, *, days: float = 1, secret: str = SECRET, number: str = "") -> str:
    number = number or site.ask("SELECT number FROM lead")[0][0]
    return f"/v/{sign(secret.encode(), Link(number, person, datetime.now(UTC) + timedelta(days=days)))}"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_at_an_address_changes_nothing(site: Site, internal: TestClient, method: str) -> None:
    owner = site.ask("SELECT owner FROM lead")[0][0]
    before = everything(site)
    for path in (link(site, owner), *map(filled, PUBLIC)):
        site.client.request(method, path)
    for path in map(filled, INTERNAL):
        assert internal.request(method, path, headers=basic("tangyue", PASSWORD)).status_code < 500
    assert everything(site) == before


def test_an_expired_or_altered_link_opens_nothing(site: Site) -> None:
    owner = site.ask("SELECT owner FROM lead")[0][0]
    good = link(site, owner)
    body, _, seal = good.rpartition(".")
    altered = {
        "expired": link(site, owner, days=-1), "another secret": link(site, owner, secret="x" * 32),
        "another seal": f"{body}.{seal[::-1]}", "another text": good.replace("/v/", "/v/A"), "no seal": body,
        "another lead": link(site, owner, number="XL209901001"), "nobody": link(site, "nobody"),
    }  # fmt: skip
    before = everything(site)
    for why, path in altered.items():
        for answer in (site.client.get(path), site.client.post(path, data={"verdict": "valid"})):
            assert answer.status_code in (403, 404, 410), why
            assert "138" not in answer.text
    assert everything(site) == before
    assert "138" in site.client.get(good).text


@pytest.mark.parametrize("app", ["public", "internal"])
def test_every_answer_says_how_careful_a_browser_must_be(site: Site, internal: TestClient, app: str) -> None:
    client, paths = (site.client, PUBLIC) if app == "public" else (internal, INTERNAL)
    for path in [*map(filled, paths), "/nothing"]:
        headers = client.get(path, headers=basic("tangyue", PASSWORD)).headers
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "same-origin"
        assert "server" not in headers


def test_a_person_reads_a_page_where_a_program_reads_a_problem(site: Site) -> None:
    page = site.client.get("/f/none", headers={"accept": "text/html,*/*"})
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert site.client.get("/f/none").json()["status"] == 404
