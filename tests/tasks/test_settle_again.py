"""What later rows, joins, splits and people do to known leads: owners, touches, numbers, events."""

import pandas as pd
import pytest

from config.people import Person
from config.schema import Channel, Roster, Rules
from models.audit import audit
from models.db import begin, make_engine, read_frame, update_frame
from models.lead import Lead
from tasks.arrival import Arrival
from tasks.batches import open_batch
from tasks.closing import close
from tasks.orders import Order
from tasks.settle import settle_chunk
from tasks.split import split_lead
from tests.kept import put_tables
from tests.prepared import AS_OF, CONFIG, lead, leads_as_sets, outcomes, prepared, settle


@pytest.fixture
def engine(tmp_path):
    put_tables(tmp_path / "leadflow.db")
    made = make_engine(f"sqlite:///{tmp_path / 'leadflow.db'}")
    yield made
    with made.connect() as conn:
        assert audit(conn) == []
    made.dispose()


def table(engine, statement):
    with engine.connect() as conn:
        return read_frame(conn, statement)


def crew(*roles: str, **said):
    """The shipped rules with these people, each named by his role, the second of a role with a 2 behind it."""
    people = [
        Person.model_validate(
            {"id": role, "name": role, "team": "一组", "email": f"{role}@example.com", "role": role.rstrip("2")}
        )
        for role in roles
    ]
    return CONFIG.model_copy(update={"roster": Roster(people=tuple(people), **said)})


def rules_without(*ids: str):
    rules = CONFIG.rules
    values = {family: tuple(one for one in had if one.id not in ids) for family, had in rules.values.items()}
    said = {name: getattr(rules, name) for name in Rules.model_fields}
    return CONFIG.model_copy(update={"rules": Rules(**said | {"values": values})})


def touch(engine, number: str, **said) -> None:
    """What a person's first touch leaves on a lead."""
    values = {"id": [lead(engine, number)["id"]], "touched_at": [pd.Timestamp("2024-03-15 03:00")], **said}
    with begin(engine) as conn:
        update_frame(conn, Lead, pd.DataFrame(values))


ZHANG = {"company": "甲厂", "name": "张伟", "mobile": "13800000001"}
LI = {"company": "甲厂", "name": "李四", "mobile": "13800000002"}
HOT = {"chain_state": "complete", "urgency_state": "urgent"}
COLD = {"need_state": "vague"}
POOR = {"budget_min": 1000.0, "budget_max": 2000.0}


def owners(engine) -> list[str | None]:
    found = table(engine, "SELECT owner FROM lead ORDER BY number")["owner"]
    return [None if pd.isna(one) else one for one in found]


def test_a_lead_that_waited_goes_to_the_owner_that_its_company_gets(engine):
    settle(engine, {**ZHANG, **HOT}, config=crew("assistant"))
    assert owners(engine) == [None]
    settle(engine, {**LI, **HOT}, file="b.csv", config=crew("assistant", "supervisor"))
    assert owners(engine) == ["supervisor", "supervisor"]
    assert lead(engine, "XL202403001")["status"] == "owned"
    told = table(engine, "SELECT lead_id, person, lifted_from FROM assignment WHERE until IS NULL ORDER BY lead_id")
    assert told["person"].tolist() == ["supervisor", "supervisor"]
    assert told["lifted_from"].isna().all()
    kinds = table(engine, "SELECT kind FROM lead_event ORDER BY id")["kind"].tolist()
    assert kinds == ["intake", "intake", "changed"]


def test_the_strongest_need_of_a_company_counts_also_when_its_lead_only_waits(engine):
    settle(engine, {**ZHANG, **HOT}, config=crew("representative"))
    settle(engine, LI, file="b.csv", config=crew("representative", "senior", "supervisor"))
    assert owners(engine) == ["supervisor", "supervisor"]


def test_a_waiting_lead_that_nobody_may_have_keeps_no_other_from_its_owner(engine):
    settle(engine, {**ZHANG, **HOT}, config=crew("representative"))
    settle(engine, LI, file="b.csv", config=crew("representative"))
    assert owners(engine) == [None, "representative"]
    assert lead(engine, "XL202403001")["owner_rule"] == "no_eligible"


def test_who_may_keep_his_lead_keeps_it_when_nobody_can_take_the_stronger_one_of_its_company(engine):
    settle(engine, ZHANG, config=crew("representative"))
    settle(engine, {**ZHANG, "title": "厂长"}, {**LI, **HOT}, file="b.csv", config=crew("representative"))
    assert owners(engine) == ["representative", None]


def test_an_untouched_lead_keeps_its_owner_when_its_company_is_spelled_anew(engine):
    settle(engine, ZHANG, config=crew("senior"))
    # the other one has nothing to do
    both = crew("senior2", "senior")
    settle(engine, {**ZHANG, "company": "甲厂集团", "at": "2024-03-02"}, {**LI, "company": "甲厂集团"}, file="b.csv",
           config=both)  # fmt: skip
    assert owners(engine) == ["senior", "senior"]
    assert lead(engine, "XL202403001")["owner_rule"] == "A-STICKY"
    assert table(engine, "SELECT person FROM account_owner")["person"].tolist() == ["senior", "senior"]
    assert table(engine, "SELECT lifted_from FROM assignment")["lifted_from"].isna().all()


def test_a_lead_whose_owner_ranks_too_low_for_what_it_has_become_is_handed_over_with_its_move(engine):
    settle(engine, ZHANG, config=crew("representative"))
    hot = {**ZHANG, **HOT, "company": "甲厂集团", "at": "2024-03-02"}
    settle(engine, hot, file="b.csv", config=crew("representative", "supervisor"))
    assert owners(engine) == ["supervisor"]
    live = table(engine, "SELECT person, lifted_from, why FROM assignment WHERE until IS NULL")
    assert live.values.tolist() == [["supervisor", "representative", "A-LIFT"]]


def test_a_lead_that_comes_to_a_company_with_an_owner_is_his_and_no_turn_of_his(engine):
    settle(engine, ZHANG, config=crew("senior"))
    settle(engine, {**LI, "company": "乙厂"}, file="b.csv", config=crew("senior2"))
    new = {"company": "丙厂", "name": "王五", "mobile": "13800000003"}
    moving = {**ZHANG, "company": "乙厂", "at": "2024-03-02"}
    settle(engine, moving, new, file="c.csv", config=crew("senior2", "senior"))
    # what came to him with its company does not put the others before him
    assert owners(engine) == ["senior2", "senior2", "senior2"]
    live = table(engine, "SELECT person, lifted_from FROM assignment WHERE until IS NULL AND lead_id = 1")
    assert live.values.tolist() == [["senior2", "senior"]]


@pytest.mark.parametrize("taken", [0, 1])
def test_a_split_leaves_the_number_with_the_rows_that_stay(engine, taken):
    settle(engine, ZHANG, {**ZHANG, "name": "李四", "mail": "li@a.cn"}, {**ZHANG, "title": "厂长"})
    rows = table(engine, "SELECT id FROM submission ORDER BY id")["id"].tolist()
    made = split_lead(
        engine, "XL202403001", (rows[taken],), CONFIG, actor="p1", reason="另一人", as_of=AS_OF, recorded_at=AS_OF,
        zone="Asia/Shanghai",
    )  # fmt: skip
    assert made == ["XL202403002"]
    numbers = [number for _, number in outcomes(engine)]
    assert numbers[taken] == "XL202403002"
    assert {number for at, number in enumerate(numbers) if at != taken} == {"XL202403001"}
    settle(engine, {"company": "乙厂", "name": "赵六", "mail": "z@b.cn", "lead_ref": "XL202403001"}, file="b.csv")
    assert outcomes(engine)[-1] == ("merged", "XL202403001")


def test_the_source_is_the_earliest_stated_one_however_much_a_later_row_knows_of_it(engine):
    settle(engine, {**ZHANG, "source": "电话咨询", "created": "2024-02-01", "at": "2024-02-01"})
    later = {"source": "行业展会", "source_detail": "2024年展会", "created": "2024-03-01", "at": "2024-03-01"}
    settle(engine, {**ZHANG, **later}, file="b.csv")
    made = lead(engine, "XL202403001")
    assert (made["source"], made["created"]) == ("电话咨询", "2024-02-01")
    assert pd.isna(made["source_detail"])


def test_a_join_takes_a_persons_touch_and_judgement_along(engine):
    settle(engine, ZHANG, {"company": "乙厂", "name": "李四", "mail": "li@b.cn", **HOT})
    touch(engine, "XL202403002", verified_at=[pd.Timestamp("2024-03-15 04:00")], verified_by=["p7"])
    before = lead(engine, "XL202403002")
    settle(engine, {**ZHANG, "mail": "li@b.cn", **COLD, "at": "2024-03-14"}, file="b.csv")
    made = lead(engine, "XL202403001")
    assert lead(engine, "XL202403002")["status"] == "joined"
    assert made["verified_by"] == "p7"
    for column in ("touched_at", "verified_at", "verdict", "grade", "grade_rule"):
        assert made[column] == before[column], column
    assert made["status"] == "owned"


def test_the_event_of_a_touched_lead_tells_the_facts_that_it_was_decided_on(engine):
    settle(engine, ZHANG)
    touch(engine, "XL202403001")
    settle(engine, {**ZHANG, **POOR, "at": "2024-03-14"}, file="b.csv")
    events = table(engine, "SELECT verdict, facts FROM lead_event ORDER BY id")
    assert events["verdict"].tolist() == ["valid", "valid"]
    assert events["facts"][1] == events["facts"][0]
    assert "budget_state_fact=sufficient" in events["facts"][1]


def test_a_second_cycle_is_of_the_same_contact(engine):
    settle(engine, ZHANG)
    order = Order("zhengkai", "价格", AS_OF, AS_OF, "Asia/Shanghai")
    close(engine, "XL202403001", "lost", {"lost_reason": "价格"}, CONFIG, order)
    settle(engine, {**ZHANG, "need": "二期"}, {**ZHANG, "name": "李四", "company": "乙厂"}, file="b.csv")
    found = table(engine, "SELECT number, contact_id FROM lead ORDER BY number")
    assert found["number"].tolist() == ["XL202403001", "XL202403002"]
    assert found["contact_id"].nunique() == 1


def test_rules_say_what_tells_the_same_person(engine):
    rows = [
        ZHANG,
        {**ZHANG, "name": "张总", "contact_key": None},
        {"company": "甲厂", "name": "张伟", "mail": "z@a.cn"},
        {"company": "乙厂", "name": "赵六", "mail": "z@a.cn"},
    ]
    for without, leads in (((), 1), (("D-SAME-PHONE",), 2), (("D-SAME-EMAIL",), 2), (("D-SAME-NAME",), 2)):
        path = f"{engine.url.database}.{leads}{len(without)}{without}.db"
        put_tables(path)
        fresh = make_engine(f"sqlite:///{path}")
        settle(fresh, *rows[:2], config=rules_without(*without))
        settle(fresh, *rows[2:], file="b.csv", config=rules_without(*without))
        assert len(leads_as_sets(fresh)) == leads, without
        fresh.dispose()


def test_a_superseded_delivery_is_told_from_a_repeated_one(engine):
    record = {**ZHANG, "external_id": "R1"}
    settle(engine, record, record, {**record, "need": "别的"})
    found = table(engine, "SELECT why, outcome FROM membership ORDER BY submission_id")
    assert found["why"].tolist() == ["superseded", "repeat", "update"]
    assert found["outcome"].tolist() == ["created", "merged", "updated"]


def test_a_delivery_that_only_repeats_is_a_row_of_its_lead_at_once(engine):
    record = {**ZHANG, "external_id": "R1"}
    settle(engine, record)
    settle(engine, record, file="twin.csv")
    assert outcomes(engine) == [("created", "XL202403001"), ("merged", "XL202403001")]


def test_a_check_by_any_name_rejects_whom_nobody_can_reach(engine):
    checks = tuple(
        one.model_copy(update={"id": "C-OWN-REACH"}) if one.test == "unreachable" else one
        for one in CONFIG.rules.checklist
    )
    config = CONFIG.model_copy(update={"rules": CONFIG.rules.model_copy(update={"checklist": checks})})
    settle(engine, {"company": "甲厂", "name": "张伟", "phone": None, "rejected": True, "issues": "C-OWN-REACH"},
           config=config)  # fmt: skip
    settle(engine, ZHANG, file="b.csv", config=config)
    assert outcomes(engine) == [("merged", "XL202403001"), ("created", "XL202403001")]


def test_an_event_names_the_row_that_made_it_where_one_row_did(engine):
    settle(engine, ZHANG, LI, {**LI, "title": "厂长"})
    settle(engine, {**ZHANG, "title": "厂长"}, file="b.csv")
    events = table(engine, "SELECT kind, lead_id, submission_id FROM lead_event ORDER BY id")
    assert events["kind"].tolist() == ["intake", "intake", "merged"]
    assert events["submission_id"].fillna(0).tolist() == [1, 0, 4]


def test_a_later_chunk_of_the_batch_that_made_a_lead_has_changed_it_only_where_a_decision_is_another(engine):
    batch = open_batch(engine, "default", "a.csv", "a.csv", "{}", AS_OF, CONFIG.rules.version, 50_000)
    arrival = Arrival(batch.id, Channel(name="default"), AS_OF, AS_OF, "Asia/Shanghai")
    again = {**ZHANG, "title": "厂长", "at": "2024-03-01"}
    for chunk, row in enumerate((ZHANG, again, {**again, **HOT, "at": "2024-03-02"})):
        settle_chunk(engine, arrival, chunk, prepared(row).assign(line=2 + chunk), CONFIG)
    events = table(engine, "SELECT kind, grade FROM lead_event ORDER BY id")
    assert events.values.tolist() == [["intake", "B"], ["merged", "B"], ["changed", "A"]]
