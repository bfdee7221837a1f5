"""Two processes that take two contacts of one new company at the same moment choose one owner, round after round."""

import multiprocessing
from multiprocessing.context import SpawnContext
from multiprocessing.synchronize import Barrier

import pytest
from sqlalchemy import text

from models.audit import audit
from models.db import make_engine, read_frame, upgrade
from tests.crash.runs import IN_FULL
from tests.prepared import settle

ROUNDS = 300 if IN_FULL else 12
_SECONDS = 120

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(1800 if IN_FULL else 300)]


def work(url: str, worker: int, rounds: int, together: Barrier) -> None:
    """Settle one contact a round; the other process settles another one of the same company at the same moment."""
    engine = make_engine(url)
    for place in range(rounds):
        row = {"company": f"{place}号公司", "name": f"张{place}-{worker}", "mobile": f"138{worker}{place:07}"}
        together.wait(_SECONDS)
        settle(engine, row, file=f"{worker}-{place}.csv")
    engine.dispose()


def test_two_processes_pick_one_owner_for_one_company(postgres_url: str) -> None:
    engine = make_engine(postgres_url)
    upgrade(engine)
    context: SpawnContext = multiprocessing.get_context("spawn")
    together = context.Barrier(2)
    workers = [context.Process(target=work, args=(postgres_url, one, ROUNDS, together)) for one in (1, 2)]
    for one in workers:
        one.start()
    for one in workers:
        one.join(_SECONDS + ROUNDS)
        if one.is_alive():
            one.kill()
    assert [one.exitcode for one in workers] == [0, 0]
    with engine.connect() as conn:
        assert audit(conn) == []
        found = read_frame(conn, "SELECT account_id, count(DISTINCT owner) AS owners, count(owner) AS leads FROM lead"
                           " GROUP BY account_id")  # fmt: skip
        live = conn.execute(text("SELECT count(*), count(DISTINCT account_id) FROM account_owner WHERE until IS NULL"))
        assert tuple(live.one()) == (ROUNDS, ROUNDS)
    assert found["owners"].tolist() == [1] * ROUNDS
    assert found["leads"].tolist() == [2] * ROUNDS
    engine.dispose()
