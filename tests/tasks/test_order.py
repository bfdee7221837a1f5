"""What a lead is follows from its set of rows, not from their order or from the files they come in."""

import itertools

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from config.schema import Channel
from models.audit import audit
from models.db import begin, make_engine, read_frame
from tasks.arrival import Arrival
from tasks.batches import open_batch
from tasks.settle import settle_chunk
from tests.crash.runs import IN_FULL
from tests.kept import put_tables
from tests.prepared import AS_OF, CONFIG, prepared

row = st.fixed_dictionaries(
    {"company": st.sampled_from("甲乙丙丁戊己庚"), "name": st.sampled_from(["张伟", "李娜"])},
    optional={
        "mobile": st.sampled_from(["13800000001", "13800000002", "13800000003"]),
        "mail": st.sampled_from(["a@x.cn", "b@x.cn", "c@x.cn"]),
        "need_state": st.sampled_from(["clear", "vague"]),
        "budget_min": st.sampled_from([1000.0, 200_000.0]),
        "at": st.sampled_from(["2024-01-01", "2024-02-01", None]),
        "urgency_state": st.sampled_from(["urgent", "unknown"]),
    },
)
_NUMBER = itertools.count()


def what_came(engine: Engine) -> list[tuple]:
    """Tell each lead's rows, verdict, grade and company, whatever its number."""
    with engine.connect() as conn:
        found = read_frame(
            conn,
            "SELECT l.id, s.raw, l.verdict, l.grade, l.rows, a.key AS company FROM lead l JOIN account a ON"
            " a.id = l.account_id JOIN membership m ON m.lead_id = l.id AND m.until IS NULL"
            " JOIN submission s ON s.id = m.submission_id WHERE l.closed_at IS NULL",
        )
    leads = (
        found.fillna("-")
        .groupby("id")
        .agg(
            {
                "raw": lambda raws: tuple(sorted(raws)),
                "verdict": "first",
                "grade": "first",
                "rows": "first",
                "company": "first",
            }
        )
    )
    return sorted(leads.itertuples(index=False, name=None))


def settled(tmp_path, frame: pd.DataFrame, sizes: list[int]) -> list[tuple]:
    """Settle a frame of rows in chunks of these sizes and tell what came of it."""
    path = tmp_path / f"{next(_NUMBER)}.db"
    put_tables(path)
    engine = make_engine(f"sqlite:///{path}")
    batch = open_batch(engine, "default", "f", "f", "{}", AS_OF, "v", 50_000)
    arrival = Arrival(batch.id, Channel(name="default"), AS_OF, AS_OF, "Asia/Shanghai")
    start = 0
    for chunk, size in enumerate(sizes):
        settle_chunk(engine, arrival, chunk, frame.iloc[start : start + size].reset_index(drop=True), CONFIG)
        start += size
    with begin(engine) as conn:
        unknown = read_frame(
            conn, "SELECT count(*) AS n FROM identity WHERE contact_id NOT IN (SELECT id FROM contact)"
        )
        live = read_frame(conn, "SELECT sum(value) AS n FROM counter WHERE name LIKE 'load:%'")
        owned = read_frame(conn, "SELECT count(*) AS n FROM assignment WHERE until IS NULL")
        shown = read_frame(conn, "SELECT count(*) AS n FROM lead WHERE owner IS NOT NULL")
        assert audit(conn) == []
    assert unknown["n"][0] == 0
    assert (0 if pd.isna(live["n"][0]) else live["n"][0]) == owned["n"][0] == shown["n"][0]
    result = what_came(engine)
    engine.dispose()
    return result


@settings(
    max_examples=100 if IN_FULL else 8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(row, min_size=2, max_size=12), st.randoms(use_true_random=False))
def test_shuffled_rows_in_chunks_of_any_size_make_the_same_leads(tmp_path, rows, random):
    straight = prepared(*rows)
    straight["raw"] = [f"row {at}" for at in range(len(rows))]
    order = list(range(len(rows)))
    random.shuffle(order)
    shuffled = straight.iloc[order].reset_index(drop=True).assign(line=range(2, len(rows) + 2))
    cut = random.randint(1, len(rows) - 1)
    ones = [1] * cut + [len(rows) - cut]
    assert settled(tmp_path, shuffled, ones) == settled(tmp_path, straight, [len(rows)])
