"""A follow-up, a sweep or a notice is killed for real; run again, it is as if nothing had happened."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import select

from models import Message
from tests.crash.left_behind import LeftBehind
from tests.crash.runs import KILLED, NUMBER, ROOT, Base, leads
from tests.crash.sending import send
from tests.tasks.outgoing import base
from tests.tasks.test_channels import put
from tests.warm import Warm

DUE = "2024-03-18T15:30"
LOG = ("log", NUMBER, "--by", "linruoxi", "--at", "2024-03-15T11:00", "--method", "电话", "--summary", "已联系",
       "--as-of", "2024-03-15T11:05")  # fmt: skip
SWEEP = ("escalate", "--as-of", DUE)
NIGHT = ("nightly", "--as-of", "2024-04-16T01:30")
REBUILD = ("rebuild", "--as-of", "2024-04-16T01:30")
CLOSE = ("close", NUMBER, "--lost", "--reason", "价格", "--by", "linruoxi", "--as-of", DUE)
#: What each leaves a row in.
LEAVES = {LOG: "follow_up", SWEEP: "escalation", NIGHT: "lead_event", REBUILD: "lead_event", CLOSE: "outcome"}
pytestmark = [pytest.mark.kill, pytest.mark.slow]


@pytest.mark.parametrize(
    ("words", "point"),
    [(LOG, "follow-up-recorded"), (SWEEP, "aimed-anew"), (SWEEP, "swept"), (NIGHT, "nightly"), (REBUILD, "rebuilt"),
     (CLOSE, "closed")],
    ids=lambda one: one[:20],
)  # fmt: skip
def test_killed_and_run_again_it_leaves_what_an_undisturbed_run_leaves(
    tmp_path: Path, one_lead: Callable[[Path], Base], words: tuple[str, ...], point: str
) -> None:
    undisturbed, killed = one_lead(tmp_path / "undisturbed"), one_lead(tmp_path / "killed")
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


@pytest.mark.parametrize(("point", "arrived"), [("notice-due:1", 0), ("notice-out:1", 1)])
def test_a_notice_that_may_have_left_is_never_sent_twice(
    tmp_path: Path, httpserver: HTTPServer, point: str, arrived: int
) -> None:
    httpserver.expect_request("/send").respond_with_data(json.dumps({"errcode": 0}))
    engine = base(tmp_path)
    put(engine, state="pending")
    words = [httpserver.url_for("/send"), str(engine.url.database)]
    for stop_at, code, sent in ((point, KILLED, arrived), ("never", 0, arrived), ("never", 0, arrived)):
        ended, said = Warm(words, tmp_path, {"LEADS_STOP_AT": stop_at, "PYTHONPATH": str(ROOT)}, send).ended(120)
        assert ended == code, said
        assert len(httpserver.log) == sent
    with engine.connect() as conn:
        assert conn.execute(select(Message.state)).scalar_one() == "unknown"
