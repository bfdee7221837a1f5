"""Named cases of lifecycle, tiers and stages, and the pages made of them."""

from pathlib import Path
from typing import Any

from config.loader import load_config
from config.states_doc import render_states
from tests.named_cases import each
from tests.rules.lifecycle_cases import RULES, local, stood

_DOCS = Path(__file__).parents[2] / "docs" / "states.md"
_LISTS = ("missing", "hints")
_SAME = ("status", "tier", "tier_rule", "stage", "stage_rule", "grade", "grade_rule", "phase")
_NAMED = {"pause": "pause_kind", "by": "probability_rule", "reason": "lost_reason", "probability": "probability"}


@each("lifecycle")
def test_a_lifecycle_case_holds(case: dict[str, Any]) -> None:
    found = stood(case, case["at"])
    assert found["state_rule"] == case["rule"]
    for name in _SAME:
        if name in case:
            assert found[name] == case[name], name
    for name in _LISTS:
        if name in case:
            assert [one for one in found[name].split("|") if one] == case[name]
    for name in ("pause", "reason"):
        if name in case:
            assert found[_NAMED[name]] == case[name]
    if "until" in case:
        assert local(found["paused_until"]) == case["until"]


@each("tiers")
def test_a_tier_case_holds(case: dict[str, Any]) -> None:
    found = stood(case, "2024-03-11T11:00")
    assert (found["tier_rule"], found["tier"]) == (case["rule"], case["tier"])
    for name in ("probability", "by"):
        if name in case:
            assert found[_NAMED[name]] == case[name]


@each("stages")
def test_a_stage_case_holds(case: dict[str, Any]) -> None:
    found = stood(case, case.get("at", "2024-03-11T11:00"))
    assert (found["stage_rule"], found["stage"]) == (case["rule"], case["stage"])


def test_what_is_next_is_the_first_moment_at_which_time_changes_a_lead() -> None:
    case = {"calls": ["03-04T10:00 n", "03-05T10:00 n"]}
    moments = ["2024-03-05T11:00"]
    seen = []
    while (found := stood(case, moments[-1]))["state_at"] is not None:
        seen.append((found["state_rule"], local(found["state_at"])))
        moments.append(local(found["state_at"]))
    assert seen == [
        ("L-SILENT2", "2024-04-05T10:00"), ("L-FOLLOW", "2024-04-19T10:00"), ("L-STALL-B", "2024-05-05T10:00"),
    ]  # fmt: skip
    assert found["status"] == "lost"


def test_the_page_of_states_is_current() -> None:
    told = _DOCS.read_text(encoding="utf-8")
    assert told == render_states(load_config().rules), "run: leads check-rules --write-docs"
    assert all(rule.id in told for family in (RULES.lifecycle, RULES.tiers, RULES.stages) for rule in family)
    assert "paused" in render_states(load_config().rules, "en")
