"""What people open on a phone, in a real browser at 360 px: mails and pages of an empty day, one lead, eighty leads."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from config.schema import Config
from config.settings import Settings
from flows.planning import plan_day
from flows.working_day import begin_day
from models.db import make_engine, read_frame, upgrade
from tasks.day_letters import EMPTY
from tasks.links import Link, sign
from tasks.orders import Order
from tasks.plans import next_working_day
from tasks.pool import give_back
from tasks.promises_listed import STATES
from tasks.reassign import reassign
from tasks.sweep import sweep
from tests.postgres import missing
from tests.prepared import CONFIG, settle
from tests.web.browser import Page, browser, find_browser
from web.app import create_app, make_desk
from web.internal import internal_app

SECRET = b"s" * 32
# who has nothing, one lead, eighty
PEOPLE = {"empty": "wujiaqi", "one": "linruoxi", "eighty": "tangyue"}
LONG = "宁波澄海精密自动化成套装备制造股份有限公司"
WIDTH = 360


@dataclass
class Scene:
    """A base with a company's day, its public and internal pages, and the mails that were written."""

    engine: Engine
    client: TestClient
    inside: TestClient
    folder: Path

    def link(self, page: str, opens: str, person: str) -> str:
        return f"/{page}/{sign(SECRET, Link(opens, person, datetime.now(UTC) + timedelta(days=1)))}"

    def mail(self, kind: str, person: str) -> str:
        with self.engine.connect() as conn:
            found = read_frame(conn, "SELECT html FROM message WHERE kind = :kind AND recipient = :person", kind=kind,
                               person=person)  # fmt: skip
        assert len(found) == 1, (kind, person)
        return str(found["html"][0])

    def pages(self, person: str) -> dict[str, str]:
        """Each page of a person, as the server gives it."""
        with self.engine.connect() as conn:
            on = next_working_day(conn, CONFIG, datetime.now(UTC), "Asia/Shanghai").isoformat()
        links = {"plan": ("d", f"plan:{on}"), "mine": ("m", "mine"), "pool": ("g", "pool")}
        return {name: self.client.get(self.link(page, opens, person)).text for name, (page, opens) in links.items()}


def told_always(config: Config) -> Config:
    """The rules with a mail also for an empty day."""
    rules = config.rules
    notices = tuple(
        one.model_copy(update={"value": True}) if one.id == EMPTY else one for one in rules.values["notices"]
    )
    return config.model_copy(
        update={"rules": rules.model_copy(update={"values": {**rules.values, "notices": notices}})}
    )


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("day")
    settings = Settings(
        _env_file=None, home=folder, base_url="https://leads.example.com", secret=SECRET.decode(),
        database_url=f"sqlite:///{folder / 'leadflow.db'}",
    )  # fmt: skip
    engine = make_engine(settings.database_url)
    upgrade(engine)
    now = datetime.now(UTC)
    then = now - timedelta(days=12)
    urgent = {"chain_state": "complete", "urgency_state": "urgent"}
    settle(engine, {"company": LONG, "name": "欧阳若谷", "mobile": "13800001111"} | urgent, as_of=then)
    many = [{"company": f"{LONG}{n}分公司", "name": f"王{n}", "mobile": f"139{n:08}"} for n in range(86)]
    settle(engine, *many, file="b.csv", as_of=then)
    order = Order("zhengkai", "合并", then, then, "Asia/Shanghai")
    for person in ("hanzhiyuan", "dongsiyuan"):
        reassign(engine, person, PEOPLE["eighty"], CONFIG, order)
    with engine.connect() as conn:
        numbers = read_frame(conn, "SELECT number FROM lead WHERE owner = :who ORDER BY id", who=PEOPLE["eighty"])
    for number in numbers["number"][80:]:
        give_back(engine, number, CONFIG, Order(PEOPLE["eighty"], "太多", then, then, "Asia/Shanghai"))
    # a Monday of the past for mails, so that the day of the week on which this runs does not matter
    monday = (now - timedelta(days=now.weekday() + 7)).replace(hour=1, minute=0)
    begin_day(settings, told_always(CONFIG), monday)
    plan_day(settings, told_always(CONFIG), monday.replace(hour=9, minute=50), always=True)
    desk = make_desk(settings, CONFIG, engine)
    inside = TestClient(internal_app(desk), base_url="http://127.0.0.1")
    client = TestClient(create_app(settings, CONFIG, engine), base_url="https://leads.example.com")
    return Scene(engine, client, inside, folder)


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    if find_browser() is None:
        missing("a browser (chromium)")
    with browser() as opened:
        opened.size(WIDTH)
        yield opened


def looked_at(page: Page, scene: Scene, name: str, html: str) -> None:
    """Open what was rendered, and hold it to a phone's width; its picture lies beside it."""
    file = scene.folder / f"{name}.html"
    file.write_text(html, encoding="utf-8")
    page.open(file.as_uri())
    page.picture(file.with_suffix(".png"))
    assert page.see("document.documentElement.scrollWidth") == WIDTH, name
    nameless = page.see(
        "[...document.querySelectorAll('input:not([type=hidden]),select,textarea,button')]"
        ".filter(one => !one.labels?.length && !one.ariaLabel && !one.textContent.trim()).map(one => one.outerHTML)"
    )
    assert nameless == [], name
    low = page.see("[...document.querySelectorAll('button')].filter(one => one.offsetHeight < 40).length")
    assert low == 0, f"{name}: a button too low for a thumb"


@pytest.mark.parametrize(("amount", "person"), PEOPLE.items())
def test_the_mails_of_a_day_fit_a_phone(scene: Scene, page: Page, amount: str, person: str) -> None:
    for kind in ("day", "day_plan"):
        looked_at(page, scene, f"mail-{kind}-{amount}", scene.mail(kind, person))
        rows = page.see("document.querySelectorAll('table tr').length")
        assert {"empty": rows == 0, "one": rows == 1, "eighty": 10 <= rows <= 40}[amount], (kind, rows)
        assert page.see("[...document.querySelectorAll('a')].some(one => /leads.example.com.[dm]./.test(one.href))")


@pytest.mark.parametrize(("amount", "person"), PEOPLE.items())
def test_a_persons_pages_fit_a_phone(scene: Scene, page: Page, amount: str, person: str) -> None:
    wanted = {"empty": 0, "one": 1, "eighty": 80}[amount]
    for name, html in scene.pages(person).items():
        looked_at(page, scene, f"page-{name}-{amount}", html)
        if name == "mine":
            assert page.see("document.querySelectorAll('a[href^=\"tel:\"]').length") == wanted
        elif name == "plan":
            assert page.see("document.querySelectorAll('input[name=keep]:checked').length") == wanted
        elif amount == "eighty":
            assert page.see("document.querySelectorAll('form').length") == 6
            assert page.see("document.querySelectorAll('button').length") == 6


def test_what_supervisors_read_fits_a_phone(scene: Scene, page: Page) -> None:
    looked_at(page, scene, "mail-day_plan_team", scene.mail("day_plan_team", "linruoxi"))
    assert "唐悦" in page.see("document.body.textContent")
    for name in ("plans", "pool", f"people/{PEOPLE['eighty']}"):
        looked_at(page, scene, f"inside-{name.partition('/')[0]}", scene.inside.get(f"/{name}").text)


@pytest.mark.parametrize(("amount", "person"), PEOPLE.items())
def test_the_page_of_promises_fits_a_phone_and_a_desk(scene: Scene, page: Page, amount: str, person: str) -> None:
    sweep(scene.engine, CONFIG, scene.inside.app.state.desk.settings, datetime.now(UTC) - timedelta(hours=1))
    for show in STATES:
        address = f"/promises?show={show}&person={person}"
        html = scene.inside.get(address).text
        looked_at(page, scene, f"promises-{show}-{amount}", html)
        rows = page.see("document.querySelectorAll('tbody tr').length")
        if show == "running":
            assert {"empty": rows == 0, "one": 1 <= rows < 10, "eighty": rows == 50}[amount], rows
        assert page.see("document.body.textContent.includes('没有符合条件的承诺')") == (rows == 0)
        assert "欧阳若谷" not in html, "names are masked in lists"
        onward = page.see("document.querySelector('a[rel=next]')?.getAttribute('href')")
        if onward:
            assert page.see("document.querySelectorAll('tbody tr').length") == 50
            behind = scene.inside.get(onward).text
            assert not set(re.findall(r"/leads/(XL\d+)", behind)) <= set(re.findall(r"/leads/(XL\d+)", html))
        page.size(1280)
        page.picture(scene.folder / f"promises-{show}-{amount}-desk.png")
        assert page.see("document.documentElement.scrollWidth <= 1280")
        page.size(WIDTH)
    assert 'href="/promises"' in scene.inside.get("/").text
