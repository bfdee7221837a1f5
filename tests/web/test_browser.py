"""`leads web` as people use it: a real browser, a keyboard, no scripts, a phone's width; and clients that are slow."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest
import requests
from sqlalchemy import text

from flows.server import free_port
from flows.web_protocol import HEAD_SECONDS
from models.db import make_engine
from tests.postgres import missing
from tests.web.browser import Page, browser, find_browser
from web.limits import BODY_SECONDS

ROOT = Path(__file__).parents[2]
PAGES = (
    "/",
    "/new",
    "/batches",
    "/batches/1",
    "/channels",
    "/channels/website",
    "/reviews",
    "/knowledge",
    "/people",
    "/plans",
    "/pool",
    "/unknown",
    "/spot",
)


@dataclass
class Running:
    """A `leads web` that runs: its home, its two addresses, its process."""

    home: Path
    public: str
    internal: str
    process: subprocess.Popen[bytes]
    slow: tuple[socket.socket, ...] = ()

    def ask(self, statement: str) -> list[tuple]:
        """Ask its base."""
        engine = make_engine(f"sqlite:///{self.home / 'leadflow.db'}")
        with engine.connect() as conn:
            found = [tuple(row) for row in conn.execute(text(statement)).all()]
        engine.dispose()
        return found


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("web")
    ports = free_port(), free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LEADS_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "flows", "web", "--port", str(ports[0]), "--internal-port", str(ports[1])],
        env={**kept, "PYTHONPATH": str(ROOT), "LEADS_HOME": str(folder / "home")}, cwd=folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    running = Running(folder / "home", *(f"http://127.0.0.1:{port}" for port in ports), process)
    try:
        until(lambda: answers(running.public) and answers(running.internal))
        running.slow += slow_clients(ports[0])
        said = {
            "contact": "周岚",
            "company": "宁波澄海阀门有限公司",
            "phone": "13912340001",
            "need": "阀门",
            "consent": True,
        }
        assert requests.post(f"{running.public}/f/website", json=said, timeout=10).status_code == 202
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def page(web: Running) -> Iterator[Page]:
    if find_browser() is None:
        missing("a browser (chromium)")
    with browser() as opened:
        yield opened


def answers(url: str) -> bool:
    try:
        with urlopen(f"{url}/healthz", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def until(holds, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


def typed_by_keyboard(page: Page, said: dict[str, str]) -> None:
    """Go through the form by Tab alone, type, tick the box, and send it by Enter on the button."""
    for _ in range(40):
        page.press("Tab")
        name = page.see("document.activeElement.name || document.activeElement.type || ''")
        if name in said:
            page.write(said[name])
        elif name == "consent" and not page.see("document.activeElement.checked"):
            page.press(" ", " ")
        elif name == "submit":
            page.press("Enter", "\r")
            return
    raise AssertionError("the button is not reached by Tab")


def test_a_form_is_filled_in_by_keyboard_without_scripts_on_a_phone(web: Running, page: Page) -> None:
    page.size(360)
    with page.without_scripts():
        page.open(f"{web.public}/f/website?utm_source=baidu")
        page.loaded = False
        typed_by_keyboard(
            page, {"contact": "李明", "company": "杭州澄屿机械有限公司", "phone": "12", "need": "自动化产线"}
        )
        page.wait_for_load()
        # one fault, at its field, which has the focus and is described by it; all else is kept
        page.until("document.activeElement.id === 'f-phone'")
        described = page.see("document.activeElement.getAttribute('aria-describedby')")
        assert "电话号码无法识别" in page.see(f"document.getElementById('{described}').textContent")
        assert page.see("document.getElementById('f-need').value") == "自动化产线"
        assert page.see("document.documentElement.scrollWidth") == 360
        page.see("document.activeElement.select()")
        page.write("13812340001")
        time.sleep(2)  # the limit on how quickly a person sends a page
        page.loaded = False
        typed_by_keyboard(page, {})
        page.wait_for_load()
        address = page.see("location.href")
        assert re.fullmatch(rf"{web.public}/f/website/thanks/[\w-]+\?lang=zh", address)
        assert address.split("/")[-1].split("?")[0] in page.see("document.body.textContent")
    until(lambda: web.ask("SELECT count(*) FROM lead WHERE owner IS NOT NULL") == [(2,)])
    rows = web.ask("SELECT phone, source_detail FROM submission ORDER BY id")
    assert rows[-1] == ("13812340001", "官网表单（baidu）")


def test_every_control_has_a_name_and_no_page_is_wider_than_the_window(web: Running, page: Page) -> None:
    until(lambda: web.ask("SELECT count(*) FROM batch") != [(0,)])
    for width in (360, 1280):
        page.size(width)
        for path in (f"{web.public}/f/website", *(f"{web.internal}{path}" for path in PAGES)):
            page.open(path)
            nameless = page.see(
                "[...document.querySelectorAll('input:not([type=hidden]),select,textarea,button')]"
                ".filter(one => !one.labels?.length && !one.textContent.trim()).map(one => one.outerHTML)"
            )
            assert nameless == [], path
            assert page.see("document.documentElement.scrollWidth") <= width, path
            assert page.see("document.documentElement.lang") == "zh-CN"


def test_a_new_lead_is_known_while_it_is_typed(web: Running, page: Page) -> None:
    until(lambda: web.ask("SELECT count(*) FROM lead") != [(0,)])
    page.size(1280)
    page.open(f"{web.internal}/new")
    page.see("document.getElementById('f-phone').focus()")
    page.write("139-1234-0001")
    page.until("document.querySelector('#known li')")
    [number] = web.ask("SELECT number FROM lead ORDER BY id")[0]
    assert number in page.see("document.getElementById('known').textContent")
    page.see("document.getElementById('f-phone').select()")
    page.write("13912340009")
    page.until("document.getElementById('known').textContent.includes('没有发现重复')")
    page.see("document.getElementById('f-entrant').value = 'tangyue'")
    page.see("document.getElementById('f-contact').value = '王芳'")
    page.see("document.getElementById('f-company').value = '嘉兴澄溪机械有限公司'")
    page.act("document.querySelector('form[action=\"/new\"] button').click()")
    page.until("document.querySelector('a.button')?.textContent.startsWith('XL')")
    assert "139" not in page.see("location.href")


def slow_clients(port: int) -> tuple[socket.socket, ...]:
    """One client that never ends the head of its request, and one that never ends its body."""
    clients = tuple(socket.create_connection(("127.0.0.1", port)) for _ in range(2))
    clients[0].sendall(b"GET /healthz HT")
    head = b"POST /f/website HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
    clients[1].sendall(head)
    return clients


def test_who_sends_too_slowly_is_let_go(web: Running) -> None:
    for one in web.slow:
        one.settimeout(HEAD_SECONDS + BODY_SECONDS)
    assert web.slow[0].recv(100) == b""
    assert b" 408 " in web.slow[1].recv(1000)
    assert answers(web.public)
