"""A run killed with SIGKILL wherever it may be, and run again, leaves what an undisturbed run leaves."""

import random
import re
from collections.abc import Callable

import pytest

from flows.console import FILES, OK
from tests.crash.left_behind import LeftBehind
from tests.crash.runs import IN_FULL, KILLED, ROOT, ROUNDS, Base, ingest

SEED = 20240318

pytestmark = [pytest.mark.kill, pytest.mark.slow, pytest.mark.timeout(3600 if IN_FULL else 600)]

# In the order of a file's way: each run goes on where the one before was killed.
POINTS = {
    "claiming:1": "a file is about to be claimed",
    "claimed:1": "after the claim of a file",
    "opening:1": "in the transaction that opens its batch",
    "in-transaction:2": "in the transaction of a chunk, before its commit",
    "chunk-settled:1": "between two chunks, the later of which joins rows of the first",
    "settled:1": "commit → receipt",
    "receipt-rows:1": "while a receipt is written",
    "receipt-begun:1": "between two files of a receipt",
    "answered:1": "receipt → the batch is done",
    "done:1": "the batch is done → move of its file",
    "moving:1": "in the midst of the move",
    "moved:1": "after the move",
    "telling:1": "in the transaction that fills the outbox",
    "told:1": "after that transaction",
    "mail-due:1": "before a mail goes out",
    "mail-written:2": "while a mail is written",
    "mail-out:3": "outbox → sent: a mail went out and is not marked yet",
}

# On the second database the short form leaves out what happens to files alone.
IN_THE_DATABASE = ("opening:1", "in-transaction:2", "chunk-settled:1", "done:1", "telling:1", "mail-out:3")

Note = Callable[[str], None]


def test_killed_anywhere_and_run_again_it_leaves_what_an_undisturbed_run_leaves(
    fresh: Callable[[], Base], killed: Note
) -> None:
    undisturbed = fresh()
    run = ingest(undisturbed)
    assert run.code == FILES, run.said  # one of them is a letter
    wanted = LeftBehind.of(undisturbed)

    points = tuple(POINTS) if IN_FULL or undisturbed.url.startswith("sqlite") else IN_THE_DATABASE
    hits = _at_named_points(points, fresh(), wanted, killed)
    for place in POINTS if IN_FULL else ():
        hits += _at_named_points((place,), fresh(), wanted, killed)
    assert {place for place in points if hits.count(place) < 1} == set()
    _at_random_moments(run.seconds, fresh, wanted, killed)


def test_every_named_point_of_the_code_is_one_that_runs_are_killed_at() -> None:
    named: set[str] = set()
    for package in ("flows", "tasks", "models"):
        for path in (ROOT / package).rglob("*.py"):
            named.update(re.findall(r'\breached\("([a-z-]+)"\)', path.read_text("utf-8")))
    # killed at in tests/tasks/test_shares.py, tests/flows/test_receipt_mail.py, tests/feeds/test_command.py and
    # tests/posts/test_loop.py; promises in test_kill_promises.py
    elsewhere = {"started", "taking", "copied", "posted", "page-committed", "post-kept", "post-settled", "day-told"}
    elsewhere |= {"follow-up-recorded", "aimed-anew", "swept", "notice-due", "notice-out"}
    elsewhere |= {"nightly", "rebuilt", "closed", "day-planned"}
    assert named - elsewhere == {place.rpartition(":")[0] for place in POINTS}


def _at_named_points(plan: tuple[str, ...], base: Base, wanted: LeftBehind, killed: Note) -> list[str]:
    """Kill one run after the other, each at the next point; then let one end. Gives the points that were hit."""
    hits = []
    for place in plan:
        run = ingest(base, stop_at=place)
        assert run.code == KILLED, f"{place} was not reached:\n{run.said}"
        assert run.said.splitlines()[-1] == f"reached {place}"
        hits.append(place)
        killed(f"{place.rpartition(':')[0]}: {POINTS[place]}")
        wanted.must_hold_what_is_answered(base)
    _end(base, wanted)
    return hits


def _at_random_moments(seconds: float, fresh: Callable[[], Base], wanted: LeftBehind, killed: Note) -> None:
    """Kill runs at moments within the time of an undisturbed one, until enough were; each home until a run ends."""
    chance = random.Random(SEED)
    print(f"seed {SEED}: {ROUNDS} kills within {seconds:.1f} s")
    base, kills, untouched = fresh(), 0, True
    while kills < ROUNDS:
        moment = chance.uniform(0, seconds)
        run = ingest(base, kill_after=moment)
        print(f"{moment:6.2f} s after its start, after {run.said.splitlines()[-1]!r}: {run.code}")
        if run.code == KILLED:
            kills, untouched = kills + 1, False
            killed("a random moment after start-up")
            wanted.must_hold_what_is_answered(base)
        else:
            wanted.must_equal(base)
            # the machine has become faster: else moments beyond the end would be drawn again and again
            seconds = run.seconds if untouched else seconds
            base, untouched = fresh(), True
    _end(base, wanted)


def _end(base: Base, wanted: LeftBehind) -> None:
    run = ingest(base)
    assert run.code in (OK, FILES), run.said
    wanted.must_equal(base)
