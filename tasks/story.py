"""How a lead's story is told: sentences made from the rules' statements, on one screen."""

from collections.abc import Iterator
from typing import Any

from config.people import role_name
from tasks.i18n import word
from tasks.rules.assign import LIFT, STICKY
from tasks.story_facts import FACT_OF, Facts
from tasks.story_lines import wrapped
from tasks.story_state import begun, state_of, state_told

_TOLD_OF_EVENT = ("kind", "actor", "verdict", "grade", "owner", "rules_version")
_ROWS, _EVENTS, _NAMES, _DIFFERENCES, _PLACES = 6, 4, 4, 6, 3
_WORDS = 5
_MACHINE = "leadflow"
_FIELDS = (
    "company", "contact", "title", "phone", "email", "need", "budget", "chain", "industry", "region", "urgency",
    "source",
)  # fmt: skip
_STRONG = {"phone": ("mobile", "landline_ext", "foreign"), "email": ("personal",)}
_SAME = {"phone": "D-SAME-PHONE", "email": "D-SAME-EMAIL", "name_company": "D-SAME-NAME"}


def lines_of(facts: Facts) -> list[str]:
    """The story as lines that fit a screen."""
    return [line for text in sentences_of(facts) for line in wrapped(text)]


def sentences_of(facts: Facts) -> list[str]:
    """The story as sentences, those below others begin with blanks."""
    parts = (_head, state_of, _rows, _differences, _verdict, _grade, _owner, _by_hand, _history)
    return [text for part in parts for text in part(facts)]


def told(facts: Facts) -> dict[str, Any]:
    """The story as plain data."""
    lead = facts.lead
    decisions = {
        key: {"value": lead[key], "rule": lead[f"{key}_rule"], "statement": facts.statement(lead[f"{key}_rule"])}
        for key in ("verdict", "grade", "owner")
    }
    return {
        "number": lead["number"],
        "status": lead["status"],
        "joined_into": facts.joined_into,
        "joined_from": facts.joined_from,
        "account": (facts.account or {}).get("name"),
        "contact": {key: facts.shown(key, facts.person) for key in ("contact", "title", "phone", "email")},
        "rows": [{"id": row["id"], "file": row["file"], "sheet": row["sheet"], "line": row["line"],
                  "outcome": row["outcome"], "why": row["why"]} for row in facts.rows],
        **decisions,
        "state": state_told(facts),
        "reasons": [{"rule": rule, "statement": facts.statement(rule)} for rule in _reasons(lead)],
        "facts": facts.evidence,
        "words": facts.not_buyers,
        "chain": facts.chain,
        "mark": {"text": lead["mark"], "compared": list(facts.compared_mark)},
        "choice": facts.compared or None,
        "turn": facts.turn,
        "lifted_from": (facts.assigned or {}).get("lifted_from"),
        "events": [{"at": facts.at(event["at"]), **{key: event[key] for key in _TOLD_OF_EVENT}}
                   for event in facts.events],
        "judged": [{"row": match["submission_id"], "by": match["actor"], "at": facts.at(match["since"]),
                    "reason": match["reason"]} for match in facts.judged],
        "said": [{"field": one["field"], "value": facts.shown(one["field"], {one["field"]: one["value"]})
                  if one["field"] in ("phone", "email") else one["value"], "by": one["actor"],
                  "at": facts.at(one["since"]), "reason": one["reason"]} for one in facts.said],
    }  # fmt: skip


def _head(facts: Facts) -> Iterator[str]:
    t, lead = facts.t, facts.lead
    grade = t["grade"].format(grade=lead["grade"]) if lead["grade"] else t["ungraded"]
    owner = t["owner"].format(name=_person(facts, lead["owner"])) if lead["owner"] else t["no_owner"]
    verdict = word(facts.lang, "verdict", lead["verdict"])
    status = word(facts.lang, "status", lead["status"])
    if facts.joined_into:
        status = t["joined_into"].format(number=facts.joined_into)
    yield t["head"].format(number=lead["number"], parts=t["comma"].join([status, verdict, grade, owner]))
    company = facts.account["name"] if facts.account else t["no_company"]
    fields = ("contact", "title", "phone", "email")
    reach = [shown for field in fields if (shown := facts.shown(field, facts.person))]
    yield f"  {t['customer']}{t['colon']}{company}{t['sep']}{t['contact']}{t['colon']}{' '.join(reach)}"
    lead = facts.lead | {
        "first_contact": (lead["created"] or "").replace("T", " ").removeprefix("--"),
        "members": facts.members,
    }
    keys = ("need", "budget", "chain", "members", "urgency", "industry", "region", "source", "mark", "first_contact")
    said = [f"{t[f'field.{key}']} {shown}" for key in keys if (shown := facts.with_written(key, lead))]
    yield f"  {t['said']}{t['colon']}{t['sep'].join(said)}"
    if facts.joined_from:
        yield "  " + t["joined_from"].format(numbers=t["comma"].join(facts.joined_from))


def _rows(facts: Facts) -> Iterator[str]:
    t = facts.t
    yield t["rows_one" if len(facts.rows) == 1 else "rows"].format(n=len(facts.rows))
    for row in facts.rows[:_ROWS]:
        form = t["row_sheet" if row["sheet"] else "row"]
        place = form.format(id=row["id"], file=row["file"], sheet=row["sheet"], line=row["line"])
        said = [word(facts.lang, "outcome", row["outcome"]), _why(facts, row)]
        yield f"  {place} {t['sep'].join(filter(None, said))}"
    if len(facts.rows) > _ROWS:
        yield "  " + t["row_more"].format(n=len(facts.rows) - _ROWS)


def _why(facts: Facts, row: dict[str, Any]) -> str:
    """Why a row belongs to the lead: what it shares with the others, and the rule that makes it count."""
    t, why, other = facts.t, row["why"], row["same_as"]
    # the row that counts came later: not this row again, but other words in its place
    if other is not None and other > row["id"]:
        return str(t["why.superseded"].format(id=other))
    older = [str(one["id"]) for one in facts.rows if one["same_as"] == row["id"] and one["id"] < row["id"]]
    if older:
        return str(t["why.updates"].format(rows=_row_names(facts, older)))
    if why == "created":
        apart = any(match["submission_id"] == row["id"] for match in facts.judged)
        return str(t["why.split"]) if apart else ""
    if why == "identity":
        said = [f"{facts.statement(_SAME[field])}{t['colon']}{facts.shown(field, {field: value})}"
                for field, value in _shared(facts.rows, row)]  # fmt: skip
        return t["sep"].join(said) or t["why.identity"]
    if why == "name_company":
        return facts.statement(_SAME[why])
    if why == "repeat":
        return t["why.repeat"].format(id=other) if other is not None else t["why.repeated"]
    return str(t.get(f"why.{why}", why))


def _shared(rows: list[dict[str, Any]], row: dict[str, Any]) -> list[tuple[str, str]]:
    others: set[tuple[str, str]] = set()
    for other in rows:
        if other["id"] != row["id"]:
            others.update(_keys(other))
    return sorted(set(_keys(row)) & others, reverse=True)


def _keys(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for column, field in (("phone", "phone"), ("phone2", "phone"), ("email", "email")):
        if row[column] and row[f"{column}_kind"] in _STRONG[field]:
            yield field, row[column]


def _differences(facts: Facts) -> Iterator[str]:
    """The fields on which rows disagree: whose word counts, and what was passed over."""
    t = facts.t
    current = {**facts.lead, "company": (facts.account or {}).get("name")}
    current |= {key: facts.person.get(key) for key in ("contact", "title", "phone", "email")}
    found = []
    for field in _FIELDS:
        stated: dict[str, list[str]] = {}
        for row in facts.rows:
            if (value := facts.shown(field, row)) is not None:
                stated.setdefault(value, []).append(str(row["id"]))
        mine = facts.shown(field, current)
        if len(stated) < 2 or mine not in stated:
            continue
        others = [t["differ_other"].format(value=value, rows=_row_names(facts, ids))
                  for value, ids in stated.items() if value != mine]  # fmt: skip
        named, rows = t[f"field.{field}"], _row_names(facts, stated[mine])
        found.append(t["differ_one"].format(field=named, value=mine, rows=rows, others=t["comma"].join(others[:2])))
    if found:
        yield t["differ"]
        yield from (f"  {line}" for line in found[:_DIFFERENCES])


def _verdict(facts: Facts) -> Iterator[str]:
    t, lead = facts.t, facts.lead
    yield f"{t['verdict']}{t['colon']}{word(facts.lang, 'verdict', lead['verdict'])}"
    for rule in _reasons(lead):
        yield f"  {_rule(facts, rule)}"
    yield f"  {t['facts']} {t['sep'].join(facts.fact_written(name) for name in facts.evidence)}"


def _grade(facts: Facts) -> Iterator[str]:
    t, lead = facts.t, facts.lead
    grade = f"{lead['grade']} {word(facts.lang, 'grade', lead['grade'])}" if lead["grade"] else t["ungraded"]
    provisional = t["provisional"] if lead["grade"] and lead["verdict"] == "to_verify" else ""
    yield f"{t['grading']}{t['colon']}{grade}{provisional}{t['sep']}{t['first_fits']}{begun(facts)}"
    if lead["grade_rule"]:
        yield f"  {_rule(facts, lead['grade_rule'])}"
        yield from _not_better(facts, lead["grade_rule"])
        yield from _before_better(facts, lead["grade_rule"])
    version = facts.decided["rules_version"] if facts.decided else facts.config.rules.version
    if version != facts.config.rules.version:
        yield "  " + t["version"].format(version=version, now=facts.config.rules.version)


def _not_better(facts: Facts, given: str) -> Iterator[str]:
    """Which facts kept the lead from the better grades that stand before the rule that fitted."""
    grade = facts.lead["grade"] or ""
    if given not in [rule.id for rule in facts.rules.grading]:
        return
    for rule in facts.rules.grading:
        if rule.id == given:
            return
        if rule.then >= grade:
            continue
        named = {FACT_OF.get(fact, fact): wanted.among for fact, wanted in rule.when.items() if wanted.among}
        unmet = [facts.fact(name) for name, among in named.items() if facts.evidence.get(name) not in among]
        if unmet:
            missed = facts.t["comma"].join(unmet)
            yield "  " + facts.t["not_better"].format(grade=rule.then, rule=rule.id, facts=missed)


def _before_better(facts: Facts, given: str) -> Iterator[str]:
    """Which better grades were not looked at, because the rule that fitted stands before theirs."""
    ids = [rule.id for rule in facts.rules.grading]
    behind = facts.rules.grading[ids.index(given) + 1 :] if given in ids else ()
    better = sorted({rule.then for rule in behind if rule.then < (facts.lead["grade"] or "")})
    if better:
        yield "  " + facts.t["before"].format(grades=facts.t["comma"].join(better))


def _rule(facts: Facts, rule: str) -> str:
    used = facts.used(rule)
    on = facts.t["on_facts"].format(facts=facts.t["comma"].join(used)) if used else ""
    return f"{rule} {facts.statement(rule)}{on}"


def _owner(facts: Facts) -> Iterator[str]:
    t, lead, assigned = facts.t, facts.lead, facts.assigned
    if assigned is None:
        code = {"archived": "invalid", "joined": "joined", "reverted": "reverted"}.get(
            lead["status"], lead["owner_rule"] or ""
        )
        reason = t.get(f"unowned.{code}", code)
        yield f"{t['owning']}{t['colon']}{t['sep'].join(filter(None, [t['nobody'], reason]))}"
        yield from _compared(facts, None, "")
        return
    name = facts.name(assigned["person"])
    said = [_person(facts, assigned["person"]), t["since"].format(at=facts.at(assigned["since"]))]
    if assigned["lifted_from"]:
        said.append(t["lifted"].format(name=facts.name(assigned["lifted_from"])))
    yield f"{t['owning']}{t['colon']}{t['sep'].join(said)}"
    rule = lead["owner_rule"] or assigned["why"]
    yield f"  {rule} {facts.statement(rule)}"
    yield from _before_him(facts, rule)
    if rule == STICKY and facts.choice:
        yield "  " + t["sticky"].format(name=name)
    yield from _compared(facts, name, rule)


def _before_him(facts: Facts, rule: str) -> Iterator[str]:
    """Who had the lead before, and why he has it no more."""
    t, former = facts.t, (facts.assigned or {}).get("lifted_from")
    if former:
        known = facts.config.roster.person(former)
        roles = [role_name(role, facts.lang) for role in facts.compared.get("group", {}).get("roles", ())]
        if rule == LIFT and known and roles:
            role = role_name(known.role, facts.lang)
            yield "  " + t["too_low"].format(name=known.name, role=role, roles=t["comma"].join(roles))
        return
    owned = [event for event in facts.events if event["owner"] and event["kind"] != "joined"]
    others = [event for event in owned if event["owner"] != facts.lead["owner"]]
    if not others:
        return
    name, new = facts.name(others[-1]["owner"]), (facts.account or {}).get("name")
    moved = new and facts.former_company and others[-1]["account_id"] != facts.lead["account_id"]
    form = t["moved" if moved else "passed"]
    yield "  " + form.format(name=name, old=facts.former_company, new=new)


def _compared(facts: Facts, chosen: str | None, told: str) -> Iterator[str]:
    """How everybody whose role was asked stood, the same states together; `told` is the rule named already."""
    t, detail = facts.t, facts.compared
    if not detail:
        return
    group = detail.get("group", {})
    roles = t["then"].join(role_name(role, facts.lang) for role in group.get("roles", ()))
    kinds = [word(facts.lang, "verdict", group.get("verdict"))]
    kinds += [t["grade"].format(grade=group["grade"])] if group.get("grade") else []
    kinds += [shown for key in ("region", "industry") if (shown := facts.shown(key, group))]
    rule = detail.get("rule", "")
    named = t["choice_group"].format(roles=roles, facts=t["comma"].join(filter(None, kinds)))
    by_rule = f"{t['sep']}{rule} {facts.statement(rule)}" if rule != told else ""
    yield f"  {t['choice' if facts.assigned else 'choice_now']}{t['colon']}{named}{by_rule}"
    by_state: dict[str, list[dict[str, Any]]] = {}
    for person in detail.get("people", ()):
        by_state.setdefault(person["state"], []).append(person)
    for state in sorted(by_state, key=lambda state: _STATES.index(state) if state in _STATES else len(_STATES)):
        yield f"    {t.get(f'state.{state}', state)}{t['colon']}{_names(facts, state, by_state[state])}"
    eligible = by_state.get("eligible", [])
    for person in eligible:
        if facts.name(person["id"]) == chosen:
            yield f"    {_turn(facts, person, eligible)}"


def _turn(facts: Facts, chosen: dict[str, Any], eligible: list[dict[str, Any]]) -> str:
    """Why one of those who could take the lead got it; the note of a choice is that of its first turn."""
    nth, n = facts.turn or (1, 1)
    if len(eligible) == 1:
        form = "chosen_only"
    elif nth > 1 or "due" not in chosen:
        form = "chosen_turn"
    else:
        form = "chosen_share"
    values = {"due": chosen.get("due"), "had": chosen.get("given_before"), "nth": nth, "n": n}
    return str(facts.t[form].format(name=facts.name(chosen["id"]), **values))


def _names(facts: Facts, state: str, people: list[dict[str, Any]]) -> str:
    listed = people if state == "eligible" and len(people) <= 2 * _NAMES else people[:_NAMES]
    names = facts.t["comma"].join(_named(facts, state, person) for person in listed)
    return names if len(listed) == len(people) else facts.t["people"].format(names=names, n=len(people))


def _named(facts: Facts, state: str, person: dict[str, Any]) -> str:
    """One of those compared, with what speaks for or against him."""
    t, name = facts.t, facts.name(person["id"])
    known = facts.config.roster.person(person["id"])
    places = {"other_region": known.regions, "other_industry": known.industries}.get(state) if known else None
    if places:
        some = t["comma"].join(word(facts.lang, "industry", place) for place in places[:_PLACES])
        more = t["places_more"].format(places=some, n=len(places)) if len(places) > _PLACES else some
        return str(t["place"].format(name=name, places=more))
    form = {"eligible": t["load" if "due" in person else "load_alone"], "full": t["load_full"]}.get(state, "{name}")
    said = {key: person.get(key) for key in _SAID}
    return str(form.format(name=name, weight=f"{(person.get('weight') or 0) / 100:g}", **said))


def _by_hand(facts: Facts) -> Iterator[str]:
    t, lead = facts.t, facts.lead
    said = []
    if lead["verified_at"]:
        said.append(t["verified"].format(at=facts.at(lead["verified_at"]), name=facts.name(lead["verified_by"])))
    if lead["touched_at"]:
        said.append(t["touched"].format(at=facts.at(lead["touched_at"])))
    said += [_word(facts, one) for one in facts.said[-_WORDS:]]
    if len(facts.said) > _WORDS:
        said.append(t["word_more"].format(n=len(facts.said) - _WORDS))
    for match in facts.judged[:3]:
        row = t["row_short"].format(id=match["submission_id"])
        name = facts.name(match["actor"])
        said.append(t["apart"].format(at=facts.at(match["since"]), name=name, row=row, reason=match["reason"]))
    if said:
        yield t["by_hand"]
        yield from (f"  {line}" for line in said)


def _word(facts: Facts, one: dict[str, Any]) -> str:
    """What a person said of one field, and why."""
    name = str(one["field"])
    value = facts.shown(name, {name: one["value"]}) if name in ("phone", "email") else str(one["value"])
    if name == "pool":
        value = facts.t[f"pool.{value}"]
    if name == "reassigned":
        value = facts.name(value) if value else facts.t["no_owner"]
    if name == "closing":
        value = word(facts.lang, "status", value)
    if name in ("owner", "verdict"):
        value = facts.name(value) if name == "owner" else word(facts.lang, "verdict", value)
    reason = facts.t["word_reason"].format(reason=one["reason"]) if one["reason"] else ""
    said = {"at": facts.at(one["since"]), "name": facts.name(one["actor"]), "field": facts.t[f"field.{name}"]}
    return str(facts.t["word"].format(**said, value=value, reason=reason))


def _history(facts: Facts) -> Iterator[str]:
    t, events = facts.t, facts.events
    yield t["history"]
    half = _EVENTS // 2
    first, last = (events, []) if len(events) <= _EVENTS else (events[:half], events[-half:])
    yield from (f"  {_event(facts, event)}" for event in first)
    if last:
        yield "  " + t["history_more"].format(n=len(events) - 2 * half)
        yield from (f"  {_event(facts, event)}" for event in last)


def _event(facts: Facts, event: dict[str, Any]) -> str:
    t = facts.t
    said = [t.get(f"kind.{event['kind']}", event["kind"]), word(facts.lang, "verdict", event["verdict"])]
    said.append(t["grade"].format(grade=event["grade"]) if event["grade"] else t["ungraded"])
    said.append(facts.name(event["owner"]) if event["owner"] else t["no_owner"])
    if event["actor"] != _MACHINE:
        said.append(t["by"].format(name=facts.name(event["actor"])))
    return f"{facts.at(event['at'])} {t['sep'].join(said)}"


def _person(facts: Facts, person: str) -> str:
    known = facts.config.roster.person(person)
    if known is None:
        return person
    return str(facts.t["person"].format(name=known.name, role=role_name(known.role, facts.lang), team=known.team))


def _row_names(facts: Facts, ids: list[str]) -> str:
    return facts.t["row_short"].format(id=facts.t["comma"].join(ids[:3]))


def _reasons(lead: dict[str, Any]) -> list[str]:
    """Every screening rule that fitted, the deciding one first."""
    listed = [rule for rule in (lead["reasons"] or "").split("|") if rule]
    return list(dict.fromkeys([lead["verdict_rule"], *listed]))


_SAID = ("capacity", "cap", "load_before", "load_after", "given_before", "given_after")
_STATES = ("eligible", "full", "full_today", "on_leave", "other_region", "other_industry", "other_role", "inactive")
