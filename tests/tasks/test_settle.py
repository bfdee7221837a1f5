"""What becomes of rows: joined, superseded, split, numbered and owned, on both databases."""

import random
import string

import pandas as pd
import pytest

from models.audit import audit
from models.db import read_frame
from tasks.rules.clean import clean
from tasks.split import SplitError, split_lead
from tests.named_cases import ZONE, one_row
from tests.prepared import AS_OF, CONFIG, lead, leads_as_sets, outcomes, settle


@pytest.fixture
def engine(engine):
    yield engine
    with engine.connect() as conn:
        assert audit(conn) == []


def table(engine, statement):
    with engine.connect() as conn:
        return read_frame(conn, statement)


HAN = [chr(code) for code in range(0x4E00, 0x9FA6)]
ZHANG = {"company": "甲厂", "name": "张伟", "mobile": "13800000001"}


def test_a_new_row_makes_an_owned_lead_with_one_intake_event(engine):
    settle(engine, ZHANG)
    assert outcomes(engine) == [("created", "XL202403001")]
    made = lead(engine, "XL202403001")
    assert (made["verdict"], made["grade"], made["status"]) == ("valid", "B", "owned")
    events = table(engine, "SELECT kind, owner, grade_rule, facts FROM lead_event")
    assert events["kind"].tolist() == ["intake"]
    assert events["owner"].tolist() == [made["owner"]]
    assert "need=clear" in events["facts"][0]


@pytest.mark.each_database
def test_a_row_of_a_known_person_joins_him_within_a_chunk_and_later(engine):
    settle(engine, ZHANG, {**ZHANG, "name": "张总", "contact_key": None})
    settle(engine, {**ZHANG, "company": "乙厂", "at": "2024-03-01"}, file="b.csv")
    assert outcomes(engine) == [("created", "XL202403001"), ("merged", "XL202403001"), ("merged", "XL202403001")]
    assert lead(engine, "XL202403001")["rows"] == 3
    assert table(engine, "SELECT kind FROM lead_event ORDER BY id")["kind"].tolist() == ["intake", "merged"]


@pytest.mark.each_database
def test_a_company_and_an_address_of_several_kilobytes_are_stored_like_any_other(engine):
    # Signs in no order, since what repeats itself is packed and would fit.
    dice = random.Random(1)
    name, mail = ("".join(dice.choices(signs, k=9000)) for signs in (HAN, string.ascii_lowercase))
    written = one_row({"company": f"{name}有限公司", "email": f"{mail}@example.cn"})
    read = clean(written, CONFIG.rules, AS_OF, ZONE).iloc[0].dropna()
    said = {**ZHANG, "company": read["company_key"]} | ({"mail": read["email"]} if "email" in read else {})
    for file in ("a.csv", "b.csv"):
        settle(engine, said, file=file)
    assert [outcome for outcome, _ in outcomes(engine)] == ["created", "merged"]
    assert table(engine, "SELECT key FROM account")["key"].tolist() == [read["company_key"]]


def test_one_mobile_at_two_companies_is_at_the_latest_that_states_one(engine):
    settle(engine, {**ZHANG, "at": "2024-02-01"})
    settle(engine, {**ZHANG, "company": "乙厂", "at": "2024-03-01"}, file="b.csv")
    settle(engine, {**ZHANG, "company": "丙厂", "at": "2024-01-01"}, file="c.csv")
    found = table(engine, "SELECT a.key FROM lead l JOIN account a ON a.id = l.account_id")
    assert found["key"].tolist() == ["乙厂"]


@pytest.mark.each_database
def test_a_row_that_ties_two_leads_joins_them_and_the_older_goes_on(engine):
    settle(engine, ZHANG, {"company": "乙厂", "name": "李四", "mail": "li@b.cn"})
    settle(engine, {"company": "甲厂", "name": "张伟", "mobile": "13800000001", "mail": "li@b.cn"}, file="b.csv")
    assert {number for _, number in outcomes(engine)} == {"XL202403001"}
    gone = lead(engine, "XL202403002")
    assert (gone["status"], gone["joined_into"]) == ("joined", lead(engine, "XL202403001")["id"])
    live = table(engine, "SELECT count(*) AS n FROM assignment WHERE until IS NULL")
    assert live["n"][0] == 1
    loads = table(engine, "SELECT sum(value) AS n FROM counter WHERE name LIKE 'load:%'")
    assert loads["n"][0] == 1


def test_a_row_without_a_way_to_reach_its_person_is_rejected_until_he_is_known(engine):
    settle(engine, {"company": "甲厂", "name": "张伟"})
    assert outcomes(engine) == [("rejected", None)]
    settle(engine, ZHANG, file="b.csv")
    assert outcomes(engine) == [("merged", "XL202403001"), ("created", "XL202403001")]


def test_a_bare_row_between_two_people_of_one_name_joins_neither_and_leaves_whom_it_had_joined(engine):
    bare = {"company": "甲厂", "name": "张伟", "mail": "z@a.cn"}
    settle(engine, ZHANG, bare)
    assert len(leads_as_sets(engine)) == 1
    settle(engine, {**ZHANG, "mobile": "13800000002"}, file="b.csv")
    assert len(leads_as_sets(engine)) == 3
    kinds = table(engine, "SELECT kind FROM lead_event ORDER BY id")["kind"].tolist()
    assert sorted(kinds) == ["changed", "intake", "intake", "split"]


@pytest.mark.each_database
def test_a_number_found_to_be_a_placeholder_gives_the_joined_leads_back(engine):
    for at in range(4):
        settle(engine, {"company": f"公司{at}", "name": f"人{at}", "mobile": "13900000000"}, file=f"{at}.csv")
    assert len(leads_as_sets(engine)) == 1
    settle(engine, {"company": "公司9", "name": "人9", "mobile": "13900000000"}, file="9.csv")
    assert len(leads_as_sets(engine)) == 5
    assert table(engine, "SELECT contact_id FROM identity")["contact_id"].isna().all()
    settle(engine, {"company": "公司10", "name": "人10", "mobile": "13900000000"}, file="10.csv")
    assert len(leads_as_sets(engine)) == 6


@pytest.mark.each_database
def test_a_split_that_undoes_a_join_gives_the_lead_its_number_back(engine):
    settle(engine, ZHANG, {"company": "乙厂", "name": "李四", "mail": "li@b.cn"})
    settle(engine, {"company": "丙厂", "name": "王五", "mobile": "13800000001", "mail": "li@b.cn"}, file="b.csv")
    rows = table(engine, "SELECT id FROM submission ORDER BY id")["id"].tolist()
    made = split_lead(
        engine, "XL202403001", (rows[1],), CONFIG, actor="p1", reason="另一人", as_of=AS_OF, recorded_at=AS_OF,
        zone="Asia/Shanghai",
    )  # fmt: skip
    assert made == ["XL202403002"]
    assert lead(engine, "XL202403002")["status"] == "owned"
    settle(engine, {"company": "丙厂", "name": "王五", "mobile": "13800000001"}, file="c.csv")
    assert [number for _, number in outcomes(engine)] == ["XL202403001", "XL202403002", "XL202403001", "XL202403001"]


def test_a_split_without_a_reason_or_without_rows_is_refused(engine):
    settle(engine, ZHANG)
    for rows, reason, said in (((1,), " ", "reason is blank"), ((), "r", "no row")):
        with pytest.raises(SplitError, match=said):
            split_lead(
                engine, "XL202403001", rows, CONFIG, actor="p", reason=reason, as_of=AS_OF, recorded_at=AS_OF,
                zone="Asia/Shanghai",
            )  # fmt: skip


def test_a_split_of_a_strange_row_or_of_all_rows_is_refused(engine):
    settle(engine, ZHANG)
    for rows, said in (((99,), "do not belong"), ((1,), "all rows")):
        with pytest.raises(SplitError, match=said):
            split_lead(
                engine, "XL202403001", rows, CONFIG, actor="p", reason="r", as_of=AS_OF, recorded_at=AS_OF,
                zone="Asia/Shanghai",
            )  # fmt: skip


@pytest.mark.each_database
def test_a_record_delivered_again_is_an_update_or_no_news(engine):
    record = {**ZHANG, "external_id": "R1"}
    settle(engine, record)
    settle(engine, record, file="twin.csv")
    settle(engine, {**record, "region": "浙江省嘉兴市"}, file="b.csv")
    settle(engine, record, channel="other", file="c.csv")
    number = "XL202403001"
    assert outcomes(engine) == [("created", number), ("merged", number), ("updated", number), ("merged", number)]
    assert len(table(engine, "SELECT kind FROM lead_event")) == 3
    assert lead(engine, number)["region"] == "浙江省嘉兴市"


def test_an_update_that_names_another_person_keeps_the_lead_of_its_record(engine):
    settle(engine, {**ZHANG, "external_id": "R1"})
    settle(engine, {"company": "甲厂", "name": "张玮", "mobile": "13800000009", "external_id": "R1"}, file="b.csv")
    assert outcomes(engine) == [("created", "XL202403001"), ("updated", "XL202403001")]
    assert table(engine, "SELECT name FROM contact")["name"].tolist() == ["张玮"]


def test_numbers_that_begin_anew_in_each_file_lose_nobody(engine):
    first = {"company": "甲厂", "name": "张伟", "mobile": "13800000001", "external_id": "1"}
    settle(engine, first)
    settle(engine, {"company": "乙厂", "name": "李四", "mobile": "13800000002", "external_id": "1"}, file="b.csv")
    settle(engine, {"company": "乙厂", "name": "王五", "mobile": "13800000002", "external_id": "1"}, file="c.csv")
    one, two = "XL202403001", "XL202403002"
    assert outcomes(engine) == [("created", one), ("created", two), ("updated", two)]
    assert table(engine, "SELECT name FROM contact ORDER BY id")["name"].tolist() == ["张伟", "王五"]


def test_an_identifier_of_its_own_is_one_record_whatever_company_the_next_file_names(engine):
    settle(engine, {"company": "甲厂", "name": "张伟", "mobile": "13800000001", "external_id": "CRM-2024-17"})
    later = {"company": "甲厂机械", "name": "张伟", "mobile": "13800000009", "external_id": "CRM-2024-17"}
    settle(engine, later, file="b.csv")
    assert outcomes(engine) == [("created", "XL202403001"), ("updated", "XL202403001")]


def test_a_known_number_addresses_its_lead_and_a_strange_one_is_an_external_id(engine):
    settle(engine, ZHANG)
    settle(
        engine,
        {"company": "乙厂", "name": "李四", "mail": "li@b.cn", "lead_ref": "XL202403001"},
        {"company": "丙厂", "name": "王五", "mail": "w@c.cn", "lead_ref": "K-77"},
        file="b.csv",
    )
    assert [number for _, number in outcomes(engine)] == ["XL202403001", "XL202403001", "XL202403002"]
    assert table(engine, "SELECT external_id FROM submission WHERE company = '丙厂'")["external_id"][0] == "K-77"


def test_one_company_has_one_owner_and_a_higher_lead_lifts_all_of_it(engine):
    settle(engine, ZHANG)
    first = lead(engine, "XL202403001")["owner"]
    hot = {
        "company": "甲厂",
        "name": "李四",
        "mobile": "13800000002",
        "chain_state": "complete",
        "urgency_state": "urgent",
    }
    settle(engine, hot, file="b.csv")
    both = table(engine, "SELECT number, grade, owner FROM lead ORDER BY number")
    assert both["grade"].tolist() == ["B", "A"]
    assert both["owner"].nunique() == 1
    assert both["owner"][0] != first
    assert table(engine, "SELECT kind FROM lead_event ORDER BY id")["kind"].tolist() == ["intake", "intake", "handover"]
    assert table(engine, "SELECT count(*) AS n FROM account_owner WHERE until IS NULL")["n"][0] == 1


def test_a_lead_that_ends_by_the_row_that_lifts_its_company_is_handed_to_nobody(engine):
    settle(engine, ZHANG, {"company": "甲厂", "name": "李四", "mobile": "13800000002", "mail": "li@b.cn"})
    hot = {**ZHANG, "mail": "li@b.cn", "chain_state": "complete", "urgency_state": "urgent", "at": "2024-03-01"}
    settle(engine, hot, file="b.csv")
    assert lead(engine, "XL202403001")["grade"] == "A"
    assert lead(engine, "XL202403002")["status"] == "joined"
    live = table(engine, "SELECT lead_id, person FROM assignment WHERE until IS NULL")
    assert live["lead_id"].tolist() == [lead(engine, "XL202403001")["id"]]
    loads = table(engine, "SELECT sum(value) AS n FROM counter WHERE name LIKE 'load:%'")
    assert loads["n"][0] == 1


def test_a_row_that_nothing_identifies_joins_its_own_copy_and_no_other(engine):
    nobody = {"company": "甲厂", "contact": "王总", "box": "info@a.cn"}
    settle(engine, nobody, {**nobody, "need": "别的"})
    settle(engine, nobody, file="b.csv")
    assert outcomes(engine) == [
        ("created", "XL202403001"),
        ("created", "XL202403002"),
        ("merged", "XL202403001"),
    ]
    why = table(engine, "SELECT why FROM membership ORDER BY id")["why"].tolist()
    assert why == ["created", "created", "same_content"]


def test_a_copy_of_a_row_between_two_people_of_one_name_joins_that_row(engine):
    between = {"company": "甲厂", "name": "张伟", "box": "info@a.cn"}
    settle(engine, ZHANG, {**ZHANG, "mobile": "13800000002"}, between)
    settle(engine, between, file="b.csv")
    assert [number for _, number in outcomes(engine)][2:] == ["XL202403003", "XL202403003"]


def test_of_two_deliveries_of_a_record_in_one_file_the_first_makes_the_lead(engine):
    settle(engine, {**ZHANG, "external_id": "E1"}, {**ZHANG, "external_id": "E1", "need": "别的"})
    assert outcomes(engine) == [("created", "XL202403001"), ("updated", "XL202403001")]


def test_an_invalid_lead_is_archived_without_an_owner_and_revived_by_a_better_row(engine):
    poor = {**ZHANG, "budget_min": 1000.0, "budget_max": 2000.0, "at": "2024-03-01"}
    settle(engine, poor)
    made = lead(engine, "XL202403001")
    assert (made["verdict"], made["status"]) == ("invalid", "archived")
    assert pd.isna(made["owner"])
    settle(engine, {**ZHANG, "at": "2024-03-02"}, file="b.csv")
    made = lead(engine, "XL202403001")
    assert (made["verdict"], made["status"]) == ("valid", "owned")


@pytest.mark.each_database
def test_a_chunk_is_settled_once(engine):
    from datetime import datetime

    from config.schema import Channel
    from tasks.arrival import Arrival
    from tasks.settle import settle_chunk
    from tests.prepared import prepared

    batch = settle(engine, ZHANG)
    arrival = Arrival(batch, Channel(name="default"), AS_OF, datetime.now(AS_OF.tzinfo), "Asia/Shanghai")
    assert settle_chunk(engine, arrival, 0, prepared(ZHANG), CONFIG) is None
    assert len(outcomes(engine)) == 1
