"""A batch taken back: as if it had never come, but for what a person has worked on."""

import random
from datetime import timedelta

import pandas as pd
import pytest

from models.audit import audit
from models.db import begin, make_engine, read_frame, update_frame
from models.lead import Lead
from tasks.batches import DONE, mark, open_batch, unfinished
from tasks.orders import Order, OrderError
from tasks.revert import RevertError, reversals, revert_batch
from tests.crash.runs import IN_FULL
from tests.kept import put_tables
from tests.prepared import AS_OF, CONFIG, lead, leads_as_sets, outcomes
from tests.prepared import settle_once as settle

LATER = AS_OF + timedelta(hours=1)
ORDER = Order("wang.min", "the wrong list", LATER, LATER, "Asia/Shanghai")
ZHANG = {"company": "甲厂", "name": "张伟", "mobile": "13812340001"}
LI = {"company": "乙厂", "name": "李四", "mobile": "13812340002"}
ZHANG_AGAIN = {"company": "甲厂", "name": "张伟", "mail": "zhang@example.com", "need_state": "vague"}
POOR = {"budget_min": 1000.0, "budget_max": 2000.0}


@pytest.fixture
def engine(engine):
    """The base on each database; whatever a test did, all of it must fit together."""
    yield engine
    with engine.connect() as conn:
        assert audit(conn) == []


def taken(engine, *rows, file: str) -> int:
    batch = settle(engine, *rows, file=file)
    mark(engine, batch, DONE)
    return batch


def revert(engine, batch: int, **said):
    return revert_batch(engine, batch, CONFIG, ORDER, **said)


def table(engine, statement):
    with engine.connect() as conn:
        return read_frame(conn, statement)


def state(engine) -> list[tuple]:
    """What the open leads are: number, verdict, grade, owner, rows."""
    found = table(
        engine, "SELECT number, verdict, grade, owner, rows FROM lead WHERE closed_at IS NULL ORDER BY number"
    )
    return list(found.astype("object").where(found.notna(), None).itertuples(index=False, name=None))


def loads(engine) -> dict[str, int]:
    found = table(engine, "SELECT name, value FROM counter WHERE name LIKE 'load:%' AND value <> 0")
    return dict(zip(found["name"], found["value"], strict=True))


def test_leads_of_the_batch_alone_end_and_free_their_owners(engine):
    batch = taken(engine, ZHANG, LI, file="a.csv")
    found = revert(engine, batch)
    assert (found.rows, found.ended, found.decided_again, found.kept) == (2, 2, 0, [])
    assert leads_as_sets(engine) == set()
    assert set(table(engine, "SELECT status FROM lead")["status"]) == {"reverted"}
    assert table(engine, "SELECT owner FROM lead")["owner"].isna().all()
    assert loads(engine) == {}
    events = table(engine, "SELECT kind, actor, batch_id FROM lead_event ORDER BY id")
    assert events["kind"].tolist() == ["intake", "intake", "reverted", "reverted"]
    assert events["actor"].tolist()[2:] == ["wang.min"] * 2
    assert [outcome for outcome, _ in outcomes(engine)] == ["reverted", "reverted"]


def test_what_others_brought_is_decided_as_if_the_batch_had_never_come(engine):
    taken(engine, ZHANG, file="a.csv")
    before = state(engine)
    batch = taken(engine, {**ZHANG_AGAIN, **POOR}, LI, file="b.csv")
    assert state(engine) != before
    found = revert(engine, batch)
    assert (found.ended, found.decided_again) == (1, 1)
    assert state(engine) == before
    kinds = table(engine, "SELECT kind FROM lead_event WHERE lead_id = 1 ORDER BY id")["kind"].tolist()
    assert kinds == ["intake", "merged", "changed"]


def test_a_lead_goes_on_with_its_number_where_the_row_that_made_it_is_taken_back(engine):
    batch = taken(engine, ZHANG, file="a.csv")
    taken(engine, ZHANG_AGAIN, file="b.csv")
    revert(engine, batch)
    assert leads_as_sets(engine) == {frozenset({"b.csv row 2"})}
    assert lead(engine, "XL202403001")["verdict"] == "to_verify"


def test_leads_that_the_batch_had_joined_stand_alone_again(engine):
    taken(engine, ZHANG, file="a.csv")
    taken(engine, {"name": "老张", "mail": "zhang@example.com"}, file="b.csv")
    before = state(engine)
    batch = taken(engine, {**ZHANG, "mail": "zhang@example.com"}, file="c.csv")
    assert len(leads_as_sets(engine)) == 1
    revert(engine, batch)
    assert [row[0] for row in state(engine)] == [row[0] for row in before]
    assert leads_as_sets(engine) == {frozenset({"a.csv row 2"}), frozenset({"b.csv row 2"})}


def test_a_lead_that_somebody_worked_on_is_kept_and_named(engine):
    batch = taken(engine, ZHANG, LI, file="a.csv")
    with begin(engine) as conn:
        update_frame(conn, Lead, pd.DataFrame({"id": [1], "touched_at": [pd.Timestamp("2024-03-15 03:00")]}))
    found = revert(engine, batch)
    assert (found.rows, found.ended, found.kept) == (1, 1, ["XL202403001"])
    assert lead(engine, "XL202403001")["status"] == "owned"
    assert leads_as_sets(engine) == {frozenset({"a.csv row 2"})}


def test_it_is_harmless_when_repeated_and_says_the_same(engine):
    batch = taken(engine, ZHANG, LI, file="a.csv")
    first = revert(engine, batch)
    events = len(table(engine, "SELECT id FROM lead_event"))
    again = revert(engine, batch)
    assert again.before
    assert again.counts() == first.counts()
    assert len(table(engine, "SELECT id FROM lead_event")) == events
    assert reversals(engine)[batch]["reason"] == "the wrong list"


def test_a_dry_run_says_what_would_be_and_changes_nothing(engine):
    batch = taken(engine, ZHANG, LI, file="a.csv")
    before = state(engine)
    found = revert(engine, batch, dry_run=True)
    assert (found.rows, found.ended) == (2, 2)
    assert state(engine) == before
    assert reversals(engine) == {}
    assert not revert(engine, batch).before


def test_the_same_file_dropped_again_is_a_new_arrival(engine):
    batch = taken(engine, ZHANG, file="a.csv")
    revert(engine, batch)
    again = taken(engine, ZHANG, file="a.csv")
    assert again != batch
    assert outcomes(engine) == [("reverted", None), ("created", "XL202403002")]
    assert unfinished(engine) == []


def test_rows_that_come_later_do_not_find_what_was_taken_back(engine):
    revert(engine, taken(engine, ZHANG, file="a.csv"))
    taken(engine, ZHANG_AGAIN, file="b.csv")
    assert leads_as_sets(engine) == {frozenset({"b.csv row 2"})}


def test_a_delivery_that_was_superseded_counts_again(engine):
    taken(engine, {**ZHANG, "external_id": "E1"}, file="a.csv")
    before = state(engine)
    batch = taken(engine, {**ZHANG, "external_id": "E1", **POOR}, file="b.csv")
    assert state(engine) != before
    revert(engine, batch)
    assert state(engine) == before
    taken(engine, {**ZHANG, "external_id": "E1"}, file="c.csv")
    assert outcomes(engine)[-1] == ("merged", "XL202403001")
    assert state(engine) == before, "the delivery repeats the one that counts"


def test_a_delivery_that_repeated_what_was_taken_back_counts_itself(engine):
    batch = taken(engine, {**ZHANG, "external_id": "E1"}, file="a.csv")
    taken(engine, {**ZHANG, "external_id": "E1"}, file="b.csv")
    revert(engine, batch)
    assert leads_as_sets(engine) == {frozenset({"b.csv row 2"})}
    assert table(engine, "SELECT submission_id FROM record")["submission_id"].tolist() == [2]


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_reason_is_asked_for(engine, reason):
    batch = taken(engine, ZHANG, file="a.csv")
    with pytest.raises(OrderError, match="reason"):
        revert_batch(engine, batch, CONFIG, Order("wang.min", reason, LATER, LATER, "Asia/Shanghai"))


def test_what_is_not_there_or_not_finished_is_refused(engine):
    with pytest.raises(RevertError, match="no batch 9"):
        revert(engine, 9)
    batch = open_batch(engine, "default", "a.csv", "x", "{}", AS_OF, "1", 10)
    with pytest.raises(RevertError, match="not taken in"):
        revert(engine, batch.id)


def random_rows(chance: random.Random, count: int) -> list[dict]:
    """Rows of few people at few companies, some of whom share a number or a mailbox."""
    rows = []
    for _ in range(count):
        who = chance.randrange(6)
        row = {"company": f"{chance.choice('甲乙丙')}厂", "name": f"王{'伟芳娜敏静磊'[who]}"}
        if chance.random() < 0.8:
            row["mobile"] = f"1381234{chance.choice((who, who, chance.randrange(6))):04}"
        if chance.random() < 0.4:
            row["mail"] = f"p{chance.choice((who, who, chance.randrange(6)))}@example.com"
        if chance.random() < 0.3:
            row["external_id"] = f"E{chance.randrange(5)}"
        rows.append(row | chance.choice(({}, POOR, {"need_state": "vague"})))
    return rows


@pytest.mark.parametrize("seed", range(12 if IN_FULL else 4))
def test_what_is_left_is_what_would_be_there_without_the_batch(tmp_path, seed):
    chance = random.Random(seed)
    files = {name: random_rows(chance, 8) for name in ("a.csv", "b.csv", "c.csv")}
    with_it, without = (made(tmp_path / name) for name in ("with.db", "without.db"))
    for name, rows in files.items():
        batch = taken(with_it, *rows, file=name)
        if name == "b.csv":
            wrong = batch
        else:
            taken(without, *rows, file=name)
    revert(with_it, wrong)
    assert leads_as_sets(with_it) == leads_as_sets(without)
    decided = (
        "SELECT verdict, grade, reasons, rows, count(*) AS n FROM lead WHERE closed_at IS NULL GROUP BY 1, 2, 3, 4"
    )
    assert table(with_it, decided).equals(table(without, decided))
    assert sum(loads(with_it).values()) == sum(loads(without).values())
    for engine in (with_it, without):
        with engine.connect() as conn:
            assert audit(conn) == []
        engine.dispose()


def made(path):
    put_tables(path)
    return make_engine(f"sqlite:///{path}")
