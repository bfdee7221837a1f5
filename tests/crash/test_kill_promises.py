"""A follow-up, a sweep or a notice is killed for real; run again, it is as if nothing had happened."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import select

from models import Message
from tests.crash.left_behind import LeftBehind
from tests.crash.runs import KILLED, ROOT, Base
from tests.tasks.outgoing import base
from tests.tasks.test_channels import put
from tests.warm import Warm

HEADER = "公司名称,联系人,电话,需求描述,预算范围,决策链,紧急程度,所属行业,线索来源"
ROW = "甲科技有限公司,张三,13800001111,采购生产管理系统,20-30万,张三总经理决策,两周内,制造业,官网"
CAME, DUE = "2024-03-15T10:00", "2024-03-18T15:30"
NUMBER = "XL202403001"
LOG = ("log", NUMBER, "--by", "linruoxi", "--at", "2024-03-15T11:00", "--method", "电话", "--summary", "已联系",
       "--as-of", "2024-03-15T11:05")  # fmt: skip
SWEEP = ("escalate", "--as-of", DUE)
NIGHT = ("nightly", "--as-of", "2024-04-16T01:30")
REBUILD = ("rebuild", "--as-of", "2024-04-16T01:30")
CLOSE = ("close", NUMBER, "--lost", "--reason", "价格", "--by", "linruoxi", "--as-of", DUE)
#: What each leaves a row in.
LEAVES = {LOG: "follow_up", SWEEP: "escalation", NIGHT: "lead_event", REBUILD: "lead_event", CLOSE: "outcome"}
pytestmark = [pytest.mark.kill, pytest.mark.slow]


def leads(base: Base, *words: str, stop_at: str = "never", **settings: str) -> int:
    told = {"LEADS_HOME": str(base.home), "LEADS_STOP_AT": stop_at, "PYTHONPATH": str(ROOT)} | settings
    code, said = Warm(words, base.home, told).ended(120)
    assert code in (0, KILLED), said
    return code


def home(folder: Path) -> Base:
    """A home with one A lead that nobody has called."""
    base = Base(folder, f"sqlite:///{folder / 'leadflow.db'}")
    folder.mkdir()
    (folder / "a.csv").write_text(f"{HEADER}\n{ROW}\n", "utf-8")
    assert leads(base, "ingest", "--direct", "a.csv", "--as-of", CAME) == 0
    return base


@pytest.mark.parametrize(
    ("words", "point"),
    [(LOG, "follow-up-recorded"), (SWEEP, "aimed-anew"), (SWEEP, "swept"), (NIGHT, "nightly"), (REBUILD, "rebuilt"),
     (CLOSE, "closed")],
    ids=lambda one: one[:20],
)  # fmt: skip
def test_killed_and_run_again_it_leaves_what_an_undisturbed_run_leaves(
    tmp_path: Path, words: tuple[str, ...], point: str
) -> None:
    undisturbed, killed = home(tmp_path / "undisturbed"), home(tmp_path / "killed")
    assert leads(undisturbed, *words) == 0
    wanted = LeftBehind.of(undisturbed)
    assert wanted.tables[LEAVES[words]]
    assert leads(killed, *words, stop_at=f"{point}:1") == KILLED
    assert leads(killed, *words) == 0
    found = LeftBehind.of(killed)
    for name, rows in wanted.tables.items():
        assert _without_clock(found.tables[name]) == _without_clock(rows), name


def _without_clock(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Without the moments at which this machine did it: today's."""
    return [tuple(cell for cell in row if "datetime.datetime(2024" in cell or "datetime" not in cell) for row in rows]


_SEND = """
import sys
from pathlib import Path
from config.loader import load_config
from config.settings import Settings
from tasks.outbox import send_pending
from tests.tasks.outgoing import AS_OF
from models.db import make_engine
url, database = sys.argv[1:]
settings = Settings(_env_file=None, home=Path(database).parent, wecom_url=url, mail_mode="send",
                    smtp_url="smtp://127.0.0.1:9?from=leads@example.com")
rules = load_config().rules.at(AS_OF.date())
print(send_pending(make_engine(f"sqlite:///{database}"), settings, AS_OF, rules, now=AS_OF))
"""


@pytest.mark.parametrize(("point", "arrived"), [("notice-due:1", 0), ("notice-out:1", 1)])
def test_a_notice_that_may_have_left_is_never_sent_twice(
    tmp_path: Path, httpserver: HTTPServer, point: str, arrived: int
) -> None:
    httpserver.expect_request("/send").respond_with_data(json.dumps({"errcode": 0}))
    engine = base(tmp_path)
    put(engine, state="pending")
    words = [sys.executable, "-c", _SEND, httpserver.url_for("/send"), str(engine.url.database)]
    for stop_at, code, sent in ((point, KILLED, arrived), ("never", 0, arrived), ("never", 0, arrived)):
        told = os.environ | {"LEADS_STOP_AT": stop_at, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(words, cwd=ROOT, env=told, capture_output=True, timeout=120)
        assert done.returncode == code, done.stderr.decode()
        assert len(httpserver.log) == sent
    with engine.connect() as conn:
        assert conn.execute(select(Message.state)).scalar_one() == "unknown"
