"""A file of follow-ups that a killed run was taking is taken by the next as if nothing had happened."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crash.left_behind import LeftBehind
from tests.crash.runs import IN_FULL, KILLED, NUMBER, Base, leads
from tests.crash.test_kill_promises import _without_clock

pytestmark = [pytest.mark.kill, pytest.mark.slow]

HEADER = "线索编号,跟进时间,跟进人,跟进方式,沟通内容,客户异议,下一步行动,下一步的时间"
ROWS = (
    f"{NUMBER},2024-03-15 10:30,林若溪,电话,介绍方案,价格偏高,发报价,2024-03-18 18:00",
    f"{NUMBER},2024-03-15 11:30,林若溪,电话,再谈,,,",
    f"{NUMBER},昨天,林若溪,电话,何时,,,",
)
AGAIN = ("ingest", "--direct", "--as-of", "2024-03-15T16:00")
# in the order of the file's way: each run goes on where the one before was killed
POINTS = ("claimed", "follow-up-recorded", "answered", "moved")
POINTS = ("claiming", *POINTS[:3], "moving", "moved", "told") if IN_FULL else POINTS


def dropped(base: Base) -> Base:
    box = base.home / "intake" / "follow-ups"
    box.mkdir(parents=True, exist_ok=True)
    (box / "a.csv").write_text("\n".join((HEADER, *ROWS, "")), "utf-8")
    return base


def answered(base: Base) -> dict[str, bytes]:
    """What stands under its final name in receipts/ and done/; a mail's links are each home's own."""
    found = [path for name in ("receipts", "done") for path in (base.home / name).rglob("*") if path.is_file()]
    whole = (path for path in found if "follow-ups" in path.parts and not path.name.startswith("."))
    return {str(path.relative_to(base.home)): path.read_bytes() for path in whole}


def test_each_follow_up_is_recorded_once_and_answered(tmp_path: Path, one_lead: Callable[[Path], Base]) -> None:
    undisturbed, killed = (dropped(one_lead(tmp_path / name)) for name in ("undisturbed", "killed"))
    assert leads(undisturbed, *AGAIN) == 0
    wanted, answers = LeftBehind.of(undisturbed), answered(undisturbed)
    assert len(answers) == 3  # the receipt, what is to be mended, and the file itself
    assert [len(wanted.tables[name]) for name in ("follow_up", "objection")] == [2, 1]
    for point in POINTS:
        assert leads(killed, *AGAIN, stop_at=f"{point}:1") == KILLED, point
        assert [path for path, content in answered(killed).items() if answers.get(path) != content] == [], point
    assert leads(killed, *AGAIN) == 0
    found = LeftBehind.of(killed)
    for name, rows in wanted.tables.items():
        assert _without_clock(found.tables[name]) == _without_clock(rows), name
    assert answered(killed) == answers
    assert not any((killed.home / "intake" / "follow-ups").iterdir())
