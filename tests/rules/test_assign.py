"""Whose lead: the named cases, and what must hold for any roster and any leads."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from config.loader import load_rules
from config.people import Person
from config.schema import OwnerRule, Rules, ValueRule
from tasks.rules.assign import HINT, LIFT, STICKY, AssignResult, assign
from tasks.rules.eligible import RANKS
from tasks.rules.owner_rules import may_have, strength

CASES = YAML(typ="safe").load(Path(__file__).parents[1] / "cases" / "assign.yaml")
DAY = date(2024, 3, 15)
COUNTS = (("leads", 1), ("held", 0))
ROLES = {
    "A-GRADE-A": ("valid", "A", ("supervisor", "senior")),
    "A-GRADE-B": ("valid", "B", ("senior", "representative")),
    "A-GRADE-C": ("valid", "C", ("assistant", "representative")),
    "A-VERIFY": ("to_verify", None, ("representative", "assistant")),
}


def rules(cap: int = 100, off: str = "") -> Rules:
    common: dict[str, Any] = {"statement": {"zh": "规则", "en": "a rule"}, "source": "H1-3.3-owner", "effective": DAY}
    table = []
    for code, (verdict, grade, roles) in ROLES.items():
        when = {"verdict": verdict} | ({"grade": grade} if grade else {})
        table.append(OwnerRule.model_validate({"id": code, "when": when, "then": list(roles), **common}))
    said = {"A-OPEN-CAP": cap, "A-DAY-CAP": 0, "A-RAMP-DAYS": 28, "A-RAMP-FROM": 25}
    said |= {STICKY: True, HINT: True, LIFT: True}
    values = [ValueRule.model_validate({"id": code, "value": value, **common}) for code, value in said.items()]
    on = tuple(value for value in values if value.id != off)
    return Rules(version="0" * 12, assignment=tuple(table), values={"assignment": on})


def person(id: str, **said: Any) -> Person:
    common = {"id": id, "name": id, "team": "一组", "email": f"{id.lower()}@example.com"}
    return Person.model_validate(common | said)


def frame(units: list[dict[str, Any]]) -> pd.DataFrame:
    texts = ("verdict", "grade", "region", "industry", "owner", "hint")
    plain = {"verdict": "valid", "leads": 1}
    columns = {name: pd.array([(plain | one).get(name) for one in units], dtype="str") for name in texts}
    counts = {name: pd.Series([one.get(name, usual) for one in units], dtype="int64") for name, usual in COUNTS}
    return pd.DataFrame({"account_id": range(1, len(units) + 1), **counts, **columns})


def given_to(result: AssignResult) -> list[str | None]:
    return [None if pd.isna(one) else one for one in result.frame["owner"]]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_named_case_holds(case: dict[str, Any]) -> None:
    loads = {one["id"]: one.get("load", 0) for one in case["people"]}
    today = {one["id"]: one.get("today", 0) for one in case["people"]}
    people = [person(**{key: one[key] for key in one if key not in ("load", "today")}) for one in case["people"]]
    result = assign(frame(case["units"]), people, rules(), DAY, loads=loads, today=today)
    for unit, (_, got) in zip(case["units"], result.frame.iterrows(), strict=True):
        wanted = None if unit["gets"] == "none" else unit["gets"]
        assert (None if pd.isna(got["owner"]) else got["owner"]) == wanted, unit
        assert pd.isna(got["reason"]) == (wanted is not None) != pd.isna(got["rule"])
        for column in ("rule", "reason"):
            assert column not in unit or unit[column] == got[column]
        assert (None if pd.isna(got["lifted_from"]) else got["lifted_from"]) == unit.get("lifted_from")
        _check_choice(unit.get("choice"), got["choice"], result)


def _check_choice(wanted: Any, place: int, result: AssignResult) -> None:
    if wanted == "none":
        assert place == -1
    elif wanted:
        stands = {one["id"]: one["state"] for one in result.choices[place]["people"]}
        assert {code: stands.get(code) for code in wanted} == wanted


def test_a_choice_says_how_loads_were_and_became() -> None:
    people = [person("one", role="senior", capacity=2, open_cap=9), person("two", role="senior", regions=["北京市"])]
    units = frame([{"grade": "B", "region": "上海市"}] * 3)
    [choice] = assign(units, people, rules(), DAY, loads={"one": 4}).choices
    assert choice["group"] == {
        "verdict": "valid", "grade": "B", "region": "上海市", "industry": None, "roles": ["senior", "representative"],
    }  # fmt: skip
    assert choice["people"] == [
        {
            "id": "one", "state": "eligible", "load_before": 4, "load_after": 7, "capacity": 2, "weight": 200,
            "cap": 9, "due": 1.0, "given_before": 0, "given_after": 3,
        },
        {"id": "two", "state": "other_region"},
    ]  # fmt: skip


def test_a_company_may_switch_off_stickiness_hints_and_lifting() -> None:
    people = [person("rep", role="representative"), person("sen", role="senior"), person("sup", role="supervisor")]
    units = frame([{"grade": "B", "owner": "sup"}, {"grade": "B", "hint": "rep"}, {"grade": "A", "owner": "rep"}])
    gets = {off: given_to(assign(units, people, rules(off=off), DAY)) for off in ("", STICKY, HINT, LIFT)}
    assert gets[""] == ["sup", "rep", "sup"]
    assert gets[STICKY] == ["sen", "rep", "sup"]
    assert gets[HINT] == ["sup", "sen", "sup"]
    assert gets[LIFT] == ["sup", "rep", "rep"]


def test_a_company_whose_leads_are_all_owned_adds_nothing_to_its_owners_load() -> None:
    people = [person("one", role="senior"), person("two", role="senior")]
    units = frame([{"grade": "B", "owner": "one", "leads": 0}, {"grade": "B"}])
    assert given_to(assign(units, people, rules(), DAY)) == ["one", "one"]


def test_the_shipped_rules_own_every_grade() -> None:
    people = [person(role, role=role) for role in ("assistant", "representative", "senior", "supervisor")]
    units = frame([{"grade": grade} for grade in "ABC"] + [{"verdict": "to_verify", "grade": "A"}])
    assert given_to(assign(units, people, load_rules().at(DAY), DAY)) == [
        "supervisor", "senior", "assistant", "representative",
    ]  # fmt: skip


def test_a_lead_is_the_stronger_the_higher_the_role_that_its_rule_asks_first() -> None:
    leads = frame([{"grade": "C"}, {"verdict": "to_verify", "grade": "A"}, {"grade": "B"}, {"grade": "A"}])
    unknown = frame([{"verdict": "valid"}])
    order = [*strength(unknown, rules()), *strength(leads, rules())]
    assert order == sorted(set(order))


def test_who_may_have_a_lead_is_there_and_of_a_role_that_is_asked() -> None:
    people = [
        person("ass", role="assistant"),
        person("sen", role="senior"),
        person("gone", role="senior", active=False),
    ]
    leads = frame([{"grade": grade} for grade in "ABC"])
    for owner, may in (("ass", [False, False, True]), ("sen", [True] * 3), ("gone", [False] * 3), ("x", [False] * 3)):
        assert may_have(leads, pd.Series([owner] * 3), people, rules()).tolist() == may


def test_no_units_and_no_people_are_no_error() -> None:
    assert given_to(assign(frame([]), [person("one", role="senior")], rules(), DAY)) == []
    assert given_to(assign(frame([{"grade": "B"}]), [], rules(), DAY)) == [None]


REGIONS = ["浙江省嘉兴市", "浙江省杭州市", "江苏省南京市", "北京市", None]
AREAS = ["浙江省", "浙江省嘉兴市", "江苏省", "北京市"]
TRADES = ["制造业", "IT服务业", None]

crews = st.lists(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["assistant", "representative", "senior", "supervisor", "manager", "marketing"]),
            "regions": st.lists(st.sampled_from(AREAS), max_size=2, unique=True),
            "industries": st.lists(st.sampled_from(TRADES[:2]), max_size=1),
            "capacity": st.integers(0, 7),
            "open_cap": st.none() | st.integers(0, 9),
            "active": st.sampled_from([True, True, True, False]),
            "leave": st.sampled_from([[], [], [{"from": DAY, "to": DAY}]]),
        }
    ),
    max_size=9,
)
deliveries = st.lists(
    st.fixed_dictionaries(
        {
            "verdict": st.sampled_from(["valid", "valid", "to_verify"]),
            "grade": st.sampled_from("ABC"),
            "region": st.sampled_from(REGIONS),
            "industry": st.sampled_from(TRADES),
            "owner": st.none() | st.sampled_from(["p0", "p1", "p2", "gone"]),
            "hint": st.none() | st.sampled_from(["p0", "p3", "gone"]),
            "leads": st.sampled_from([1, 1, 1, 2, 3]),
        }
    ),
    max_size=40,
)


def _crew(said: list[dict[str, Any]]) -> list[Person]:
    return [person(f"p{place}", **one) for place, one in enumerate(said)]


def _covers(one: Person, unit: Any) -> bool:
    area = pd.isna(unit.region) or not one.regions or any(unit.region.startswith(word) for word in one.regions)
    return area and (pd.isna(unit.industry) or not one.industries or unit.industry in one.industries)


def _needs_more(unit: Any, owner: Person) -> bool:
    """Whether the unit asks for a higher role than its present owner has."""
    wanted = next(row[2][0] for row in ROLES.values() if row[0] == unit.verdict and row[1] in (unit.grade, None))
    return bool(unit.verdict == "valid" and unit.owner == owner.id and RANKS[owner.role] < RANKS[wanted])


@given(crews, deliveries, st.dictionaries(st.sampled_from(["p0", "p1", "p4"]), st.integers(0, 12)))
@settings(max_examples=150, deadline=None)
def test_nobody_is_chosen_who_must_not_be_and_nothing_lies_idle_while_somebody_has_room(
    said: list[dict[str, Any]], delivery: list[dict[str, Any]], loads: dict[str, int]
) -> None:
    people, units = _crew(said), frame(delivery)
    known = {one.id: one for one in people}
    result = assign(units, people, rules(8), DAY, loads=loads)
    again = assign(units, people, rules(8), DAY, loads=loads)
    pd.testing.assert_frame_equal(result.frame, again.frame)
    assert result.choices == again.choices

    load = Counter(loads)
    both = list(zip(units.itertuples(), result.frame.itertuples(), strict=True))
    for unit, got in both:
        if not pd.isna(got.owner):
            load[got.owner] += unit.leads
    for unit, got in both:
        roles = next(row for row in ROLES.values() if row[0] == unit.verdict and row[1] in (unit.grade, None))[2]
        if pd.isna(got.owner):
            able = [one for one in people if one.role in roles and one.active and not one.is_away(DAY)]
            able = [one for one in able if one.capacity and _covers(one, unit)]
            room = [(8 if one.open_cap is None else one.open_cap) - load[one.id] for one in able]
            assert all(left < unit.leads for left in room)
            continue
        owner = known[got.owner]
        assert owner.active
        if got.rule in (STICKY, HINT):
            assert owner.id == (unit.owner if got.rule == STICKY else unit.hint)
            continue
        assert owner.role in roles
        assert not owner.is_away(DAY)
        assert owner.capacity
        assert _covers(owner, unit)
        mine = [one for one, other in both if other.owner == owner.id and other.rule in (STICKY, HINT)]
        # who keeps a lead that nobody of the higher role has room for gets it last, above his cap if need be
        late = [one for one in mine if _needs_more(one, owner)]
        kept = sum(one.leads for one in mine) - sum(one.leads for one in late) + loads.get(owner.id, 0)
        taken = load[owner.id] - sum(one.leads for one in late)
        assert taken <= max(8 if owner.open_cap is None else owner.open_cap, kept)
        if got.rule == "A-LIFT":
            assert got.lifted_from == unit.owner
            assert known[unit.owner].role != owner.role


def test_what_a_company_holds_goes_with_it_and_counts_for_whom_it_goes_to() -> None:
    people = [
        person("low", role="representative"),
        person("high", role="supervisor", open_cap=5),
        person("next", role="supervisor"),
    ]
    units = frame([{"grade": "A", "owner": "low", "leads": 0, "held": 4}, {"grade": "A", "leads": 2}])
    result = assign(units, people, rules(8), DAY, loads={"low": 4})
    # new leads are given first; what is handed over then finds room with the other
    assert given_to(result) == ["next", "high"]
    assert result.loads == {"low": 0, "high": 2, "next": 4}
    assert result.frame["lifted_from"].tolist()[0] == "low"
