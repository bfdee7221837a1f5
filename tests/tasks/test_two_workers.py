"""Two processes that take two contacts of one new company at the same moment choose one owner, round after round.

Both are held inside their transactions when all is read and nothing is written that others could meet: each has seen
that the company is not there. Without what guards it, the turn and the unique key, two companies come of every round.
"""

import multiprocessing
from multiprocessing.context import SpawnContext
from multiprocessing.synchronize import Barrier
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine, text

from models.audit import audit
from models.db import make_engine, read_frame, upgrade
from tasks.neighbours import Neighbours
from tasks.turns import Turn
from tests.crash.runs import IN_FULL
from tests.prepared import settle

ROUNDS = 300 if IN_FULL else 12
_SECONDS = 120

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(1800 if IN_FULL else 300)]


def work(url: str, worker: int, rounds: int, together: Barrier, guarded: bool) -> None:
    """Settle one contact a round; the other process settles another one of the same company at the same moment."""
    engine, held = make_engine(url), set()
    take = Turn.take

    def meet(self: Turn, near: Neighbours, rows: pd.Index) -> None:
        # once a round: whoever starts anew comes alone
        if place not in held:
            held.add(place)
            together.wait(_SECONDS)
        if guarded:
            take(self, near, rows)

    Turn.take = meet  # type: ignore[method-assign]
    for place in range(rounds):
        row = {"company": f"{place}号公司", "name": f"张{place}-{worker}", "mobile": f"138{worker}{place:07}"}
        settle(engine, row, file=f"{worker}-{place}.csv")
    engine.dispose()


def meet(engine: Engine, url: str, rounds: int, *, guarded: bool) -> None:
    """Let two processes take the rounds."""
    context: SpawnContext = multiprocessing.get_context("spawn")
    together = context.Barrier(2)
    workers = [context.Process(target=work, args=(url, one, rounds, together, guarded)) for one in (1, 2)]
    for one in workers:
        one.start()
    for one in workers:
        one.join(_SECONDS + rounds)
        if one.is_alive():
            one.kill()
    assert [one.exitcode for one in workers] == [0, 0]


def companies(engine: Engine) -> list[dict[str, Any]]:
    query = """SELECT a.key, count(DISTINCT a.id) AS accounts, count(l.id) AS leads, count(DISTINCT l.owner) AS owners
    FROM account a JOIN lead l ON l.account_id = a.id GROUP BY a.key"""
    with engine.connect() as conn:
        return read_frame(conn, query).to_dict("records")


def test_two_processes_pick_one_owner_for_one_company(postgres_url: str) -> None:
    engine = make_engine(postgres_url)
    upgrade(engine)
    meet(engine, postgres_url, ROUNDS, guarded=True)
    with engine.connect() as conn:
        assert audit(conn) == []
        live = conn.execute(text("SELECT count(*), count(DISTINCT account_id) FROM account_owner WHERE until IS NULL"))
        assert tuple(live.one()) == (ROUNDS, ROUNDS)
    found = companies(engine)
    assert len(found) == ROUNDS
    assert {(one["accounts"], one["leads"], one["owners"]) for one in found} == {(1, 2, 1)}
    engine.dispose()


def test_without_turn_and_key_two_companies_come_of_it(postgres_url: str) -> None:
    """The fault that the test above finds."""
    engine = make_engine(postgres_url)
    upgrade(engine)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("ALTER TABLE account DROP CONSTRAINT uq_account_key"))
    meet(engine, postgres_url, 2, guarded=False)
    assert {one["accounts"] for one in companies(engine)} == {2}
    engine.dispose()
