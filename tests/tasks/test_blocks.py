"""The do-not-contact list: who is on it is never owned, however often and however written he arrives."""

from datetime import timedelta

import pandas as pd
import pytest

from models.audit import audit
from models.db import begin, read_frame, update_frame
from models.lead import Lead
from tasks import blocked
from tasks.blocks import Blocked, BlockError, block, entries_of, listed, unblock
from tasks.orders import Order, OrderError
from tests.prepared import AS_OF, CONFIG, lead
from tests.prepared import settle_once as settle

ORDER = Order("wang.min", "asked us to stop", AS_OF, AS_OF, "Asia/Shanghai")
PHONE = Blocked("phone", "13812340001")
ZHANG = {"company": "甲厂", "name": "张伟", "mobile": "13812340001"}
LI = {"company": "乙厂", "name": "李四", "mobile": "13812340002"}


@pytest.fixture
def engine(engine):
    yield engine
    with engine.connect() as conn:
        assert audit(conn) == []


def table(engine, statement):
    with engine.connect() as conn:
        return read_frame(conn, statement)


def stands(engine, number: str) -> tuple:
    found = lead(engine, number)
    return found["verdict"], found["status"], None if pd.isna(found["owner"]) else "owned"


@pytest.mark.parametrize(
    ("kind", "typed", "key"),
    [
        ("phone", "+86 138-1234-0001", "13812340001"),
        ("phone", "１３８１２３４０００１", "13812340001"),
        ("email", " Zhang@Example.COM ", "zhang@example.com"),
    ],
)
def test_what_is_typed_is_read_as_the_intake_reads_it(kind, typed, key):
    assert entries_of([(kind, typed)], CONFIG.rules, AS_OF, "Asia/Shanghai") == [Blocked(kind, key)]


def test_a_company_is_the_same_in_its_written_forms():
    forms = ["杭州澄屿机械有限公司", "杭州澄屿机械 有限公司", "杭州澄屿机械（有限公司）"]
    found = {entries_of([("company", form)], CONFIG.rules, AS_OF, "Asia/Shanghai")[0] for form in forms[:2]}
    assert len(found) == 1


@pytest.mark.parametrize(("kind", "typed"), [("phone", "none"), ("email", "zhang"), ("company", " ")])
def test_what_cannot_be_read_is_refused(kind, typed):
    with pytest.raises(BlockError, match="cannot be read"):
        entries_of([(kind, typed)], CONFIG.rules, AS_OF, "Asia/Shanghai")


@pytest.mark.parametrize("entry", [PHONE, Blocked("email", "zhang@example.com"), Blocked("company", "甲厂")])
def test_who_is_on_the_list_is_never_owned(engine, entry):
    block(engine, [entry], CONFIG, ORDER)
    settle(engine, {**ZHANG, "mail": "zhang@example.com"}, LI)
    assert stands(engine, "XL202403001") == ("invalid", "archived", None)
    assert lead(engine, "XL202403001")["reasons"] == "S-BLOCKED"
    assert stands(engine, "XL202403002") == ("valid", "owned", "owned")
    facts = table(engine, "SELECT facts FROM lead_event WHERE lead_id = 1")["facts"][0]
    assert f"blocked={entry.kind}" in facts


def test_a_number_stands_for_its_extensions(engine):
    wang = {"company": "丁厂", "name": "王五", "phone": "0571-88889999-801", "phone_kind": "landline_ext"}
    zhao = {"company": "戊厂", "name": "赵六", "phone": "0571-8888999-801", "phone_kind": "landline_ext"}
    settle(engine, wang)
    entry = Blocked("phone", "0571-88889999")
    assert block(engine, [entry], CONFIG, ORDER).decided_again == ["XL202403001"]
    settle(engine, {**wang, "name": "王七", "phone": "0571-88889999-802"}, zhao, file="b.csv")
    assert table(engine, "SELECT status FROM lead ORDER BY id")["status"].tolist() == ["archived", "archived", "owned"]


def test_it_survives_every_re_import_and_a_second_number(engine):
    block(engine, [PHONE], CONFIG, ORDER)
    settle(engine, ZHANG)
    settle(engine, {**ZHANG, "need": "又来了"}, file="b.csv")
    second = {"phone2": "13812340001", "phone2_kind": "mobile"}
    settle(engine, {"company": "甲厂", "name": "张伟", "mail": "z@example.com", **second}, file="c.csv")
    assert set(table(engine, "SELECT status FROM lead")["status"]) == {"archived"}


def test_open_leads_are_decided_anew_and_those_worked_on_are_named(engine):
    settle(engine, ZHANG, LI)
    with begin(engine) as conn:
        update_frame(conn, Lead, pd.DataFrame({"id": [2], "touched_at": [pd.Timestamp("2024-03-15 03:00")]}))
    found = block(engine, [PHONE, Blocked("phone", "13812340002")], CONFIG, ORDER)
    assert (found.decided_again, found.kept) == (["XL202403001"], ["XL202403002"])
    assert stands(engine, "XL202403001") == ("invalid", "archived", None)
    assert stands(engine, "XL202403002") == ("valid", "owned", "owned")
    events = table(engine, "SELECT kind, actor FROM lead_event WHERE lead_id = 1 ORDER BY id")
    assert events["kind"].tolist() == ["intake", "changed"]
    assert events["actor"].tolist() == ["leadflow", "wang.min"]


def test_who_is_taken_off_is_decided_anew(engine):
    block(engine, [PHONE], CONFIG, ORDER)
    settle(engine, ZHANG)
    later = Order("wang.min", "asked for a call", AS_OF + timedelta(days=1), AS_OF, "Asia/Shanghai")
    assert unblock(engine, [PHONE], CONFIG, later).decided_again == ["XL202403001"]
    assert stands(engine, "XL202403001") == ("valid", "owned", "owned")
    assert listed(engine) == []
    ended = table(engine, "SELECT ended_by, ended_why FROM block")
    assert ended.to_numpy().tolist() == [["wang.min", "asked for a call"]]


def test_blocking_twice_is_harmless_and_unblocking_what_is_not_there_is_refused(engine):
    assert block(engine, [PHONE], CONFIG, ORDER).changed == [PHONE]
    assert block(engine, [PHONE], CONFIG, ORDER).changed == []
    assert [(entry["kind"], entry["value"]) for entry in listed(engine)] == [("phone", "13812340001")]
    unblock(engine, [PHONE], CONFIG, ORDER)
    with pytest.raises(BlockError, match="not on the list"):
        unblock(engine, [PHONE], CONFIG, ORDER)
    assert block(engine, [PHONE], CONFIG, ORDER).changed == [PHONE]


def test_a_long_list_is_asked_for_the_rows_alone(engine, monkeypatch):
    monkeypatch.setattr(blocked, "_READ_WHOLE", 1)
    block(engine, [PHONE, Blocked("company", "丙厂")], CONFIG, ORDER)
    settle(engine, ZHANG, LI, {**LI, "company": "丙厂", "mobile": "13812340003"})
    assert table(engine, "SELECT status FROM lead ORDER BY id")["status"].tolist() == ["archived", "owned", "archived"]


def test_a_reason_is_asked_for(engine):
    with pytest.raises(OrderError, match="reason"):
        block(engine, [PHONE], CONFIG, Order("wang.min", " ", AS_OF, AS_OF, "Asia/Shanghai"))
