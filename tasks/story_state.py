"""Where a lead stands, for its story: state, tier and stage with the rules that say so, and what comes next."""

from collections.abc import Iterator
from typing import Any

from tasks.rules.lifecycle.phases import phase_text
from tasks.story_facts import Facts

_UNFOLLOWED = ("new", "owned")
_TOLD = ("tier", "tier_rule", "stage", "stage_rule", "state_rule", "pause_kind", "probability", "probability_rule")


def begun(facts: Facts) -> str:
    """Tier and stage of a lead that nobody has followed yet, behind its grade; empty for others."""
    t, lead = facts.t, facts.lead
    if lead["state_rule"] is None or lead["status"] not in _UNFOLLOWED:
        return ""
    return f"{t['sep']}{t['state.tier']} {lead['tier']}{t['sep']}{t['state.stage']} {lead['stage']}"


def phase_of(facts: Facts) -> str:
    """What the lead's state is called."""
    return phase_text(facts.lead["phase"], facts.rules, facts.lang)


def state_told(facts: Facts) -> dict[str, Any] | None:
    """The same for programs; None where nobody keeps it."""
    lead = facts.lead
    if lead["state_rule"] is None:
        return None
    times = {name: facts.at(lead[name]) if lead[name] else None for name in ("paused_until", "state_at")}
    lists = {name: [one for one in (lead[name] or "").split("|") if one] for name in ("missing", "hints")}
    return {name: lead[name] for name in _TOLD} | times | lists | {"phase": phase_of(facts)}


def state_of(facts: Facts) -> Iterator[str]:
    """Sentences: how it stands and why; none where nobody has followed it yet."""
    t, lead = facts.t, facts.lead
    if lead["state_rule"] is None or lead["status"] in _UNFOLLOWED:
        return
    said = [phase_of(facts), f"{t['state.tier']} {lead['tier']}", f"{t['state.stage']} {lead['stage']}"]
    if lead["probability"] is not None:
        by = t.get(f"state.by.{lead['probability_rule']}", lead["probability_rule"])
        said.append(t["state.probability"].format(percent=f"{lead['probability']:g}", by=by))
    yield f"{t['state.now']}{t['colon']}{t['sep'].join(said)}"
    until = t["sep"] + t["state.until"].format(at=facts.at(lead["paused_until"])) if lead["paused_until"] else ""
    if lead["state_rule"] != facts.rules.lifecycle[-1].id:
        yield f"  {lead['state_rule']} {facts.statement(lead['state_rule'])}{until}"
    yield from (f"  {rule} {facts.statement(rule)}" for rule in (lead["tier_rule"], lead["stage_rule"]))
    hints = [rule for rule in (lead["hints"] or "").split("|") if rule and rule != lead["state_rule"]]
    yield from (f"  ! {rule} {facts.statement(rule)}" for rule in hints)
    if lead["missing"]:
        names = t["comma"].join(t.get(f"missing.{one}", one) for one in lead["missing"].split("|"))
        yield "  " + t["state.missing"].format(names=names)
