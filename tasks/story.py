"""How a lead's story is told: sentences made from the rules' statements, on one screen."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from config.people import role_name
from tasks.i18n import word
from tasks.rules.assign import STICKY
from tasks.story_facts import FACT_OF, Facts

_TOLD_OF_EVENT = ("kind", "actor", "verdict", "grade", "owner", "rules_version")
_WIDTH, _ROWS, _EVENTS, _NAMES, _DIFFERENCES = 100, 6, 6, 4, 6
_MACHINE = "leadflow"
_FIELDS = (
    "company", "contact", "title", "phone", "email", "need", "budget", "chain", "industry", "region", "urgency",
    "source",
)  # fmt: skip
_STRONG = {"phone": ("mobile", "landline_ext", "foreign"), "email": ("personal",)}
_SAME = {"phone": "D-SAME-PHONE", "email": "D-SAME-EMAIL", "name_company": "D-SAME-NAME"}


def lines_of(facts: Facts) -> list[str]:
    """The story as lines that fit a screen."""
    parts = (_head, _rows, _differences, _verdict, _grade, _owner, _by_hand, _history)
    return [line for part in parts for text in part(facts) for line in _wrapped(text)]


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
                  "outcome": _outcome(row), "why": row["why"]} for row in facts.rows],
        **decisions,
        "reasons": [{"rule": rule, "statement": facts.statement(rule)} for rule in _reasons(lead)],
        "facts": facts.evidence,
        "choice": facts.compared or None,
        "lifted_from": (facts.assigned or {}).get("lifted_from"),
        "events": [{"at": facts.at(event["at"]), **{key: event[key] for key in _TOLD_OF_EVENT}}
                   for event in facts.events],
        "judged": [{"row": match["submission_id"], "by": match["actor"], "at": facts.at(match["since"]),
                    "reason": match["reason"]} for match in facts.judged],
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
    lead = {**lead, "first_contact": (lead["created"] or "").replace("T", " ")}
    keys = ("need", "budget", "chain", "urgency", "industry", "region", "source", "mark", "first_contact")
    said = [f"{t[f'field.{key}']} {shown}" for key in keys if (shown := facts.shown(key, lead))]
    yield f"  {t['said']}{t['colon']}{t['sep'].join(said)}"
    if facts.joined_from:
        yield "  " + t["joined_from"].format(numbers=t["comma"].join(facts.joined_from))


def _rows(facts: Facts) -> Iterator[str]:
    t = facts.t
    yield t["rows"].format(n=len(facts.rows))
    for row in facts.rows[:_ROWS]:
        form = t["row_sheet" if row["sheet"] else "row"]
        place = form.format(id=row["id"], file=row["file"], sheet=row["sheet"], line=row["line"])
        outcome = word(facts.lang, "outcome", _outcome(row))
        yield f"  {place} {outcome}{t['sep']}{_why(facts, row)}"
    if len(facts.rows) > _ROWS:
        yield "  " + t["row_more"].format(n=len(facts.rows) - _ROWS)


def _why(facts: Facts, row: dict[str, Any]) -> str:
    """Why a row belongs to the lead: what it shares with the others, and the rule that makes it count."""
    t, why = facts.t, row["why"]
    if why == "identity":
        said = [f"{facts.statement(_SAME[field])}{t['colon']}{facts.shown(field, {field: value})}"
                for field, value in _shared(facts.rows, row)]  # fmt: skip
        return t["sep"].join(said) or t["why.identity"]
    if why == "name_company":
        return facts.statement(_SAME[why])
    if why == "repeat":
        return t["why.repeat"].format(id=row["same_as"]) if row["same_as"] else t["why.repeated"]
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
    yield f"  {t['facts']}{t['colon']}{t['sep'].join(facts.fact(name) for name in facts.evidence)}"


def _grade(facts: Facts) -> Iterator[str]:
    t, lead = facts.t, facts.lead
    grade = f"{lead['grade']} {word(facts.lang, 'grade', lead['grade'])}" if lead["grade"] else t["ungraded"]
    provisional = t["provisional"] if lead["grade"] and lead["verdict"] == "to_verify" else ""
    yield f"{t['grading']}{t['colon']}{grade}{provisional}{t['sep']}{t['first_fits']}"
    if lead["grade_rule"]:
        yield f"  {_rule(facts, lead['grade_rule'])}"
        yield from _not_better(facts, lead["grade_rule"])
    version = facts.decided["rules_version"] if facts.decided else facts.config.rules.version
    if version != facts.config.rules.version:
        yield "  " + t["version"].format(version=version, now=facts.config.rules.version)


def _not_better(facts: Facts, given: str) -> Iterator[str]:
    """Which facts kept the lead from the better grades that stand before the rule that fitted."""
    grade = facts.lead["grade"] or ""
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


def _rule(facts: Facts, rule: str) -> str:
    used = facts.used(rule)
    on = facts.t["on_facts"].format(facts=facts.t["comma"].join(used)) if used else ""
    return f"{rule} {facts.statement(rule)}{on}"


def _owner(facts: Facts) -> Iterator[str]:
    t, lead, assigned = facts.t, facts.lead, facts.assigned
    if assigned is None:
        code = {"archived": "invalid", "joined": "joined"}.get(lead["status"], lead["owner_rule"] or "")
        reason = t.get(f"unowned.{code}", code)
        yield f"{t['owning']}{t['colon']}{t['sep'].join(filter(None, [t['nobody'], reason]))}"
        return
    name = facts.name(assigned["person"])
    said = [_person(facts, assigned["person"]), t["since"].format(at=facts.at(assigned["since"]))]
    if assigned["lifted_from"]:
        said.append(t["lifted"].format(name=facts.name(assigned["lifted_from"])))
    yield f"{t['owning']}{t['colon']}{t['sep'].join(said)}"
    rule = lead["owner_rule"] or assigned["why"]
    yield f"  {rule} {facts.statement(rule)}"
    if rule == STICKY and facts.choice:
        yield "  " + t["sticky"].format(name=name)
    yield from _compared(facts, name)


def _compared(facts: Facts, chosen: str) -> Iterator[str]:
    """How everybody whose role was asked stood, the same states together."""
    t, detail = facts.t, facts.compared
    if not detail:
        return
    group = detail.get("group", {})
    roles = t["comma"].join(role_name(role, facts.lang) for role in group.get("roles", ()))
    kinds = [word(facts.lang, "verdict", group.get("verdict"))]
    kinds += [t["grade"].format(grade=group["grade"])] if group.get("grade") else []
    kinds += [str(group[key]) for key in ("region", "industry") if group.get(key)]
    rule = detail.get("rule", "")
    named = t["choice_group"].format(roles=roles, facts=t["comma"].join(filter(None, kinds)))
    yield f"  {t['choice']}{t['colon']}{named}{t['sep']}{rule} {facts.statement(rule)}"
    by_state: dict[str, list[dict[str, Any]]] = {}
    for person in detail.get("people", ()):
        by_state.setdefault(person["state"], []).append(person)
    for state in sorted(by_state, key=lambda state: _STATES.index(state) if state in _STATES else len(_STATES)):
        yield f"    {t.get(f'state.{state}', state)}{t['colon']}{_names(facts, state, by_state[state])}"
    if any(facts.name(person["id"]) == chosen for person in by_state.get("eligible", ())):
        yield "    " + t["chosen"].format(name=chosen)


def _names(facts: Facts, state: str, people: list[dict[str, Any]]) -> str:
    form = {"eligible": facts.t["load"], "full": facts.t["load_full"]}.get(state, "{name}")
    shown = [
        form.format(
            name=facts.name(person["id"]),
            before=person.get("load_before"),
            after=person.get("load_after"),
            capacity=person.get("capacity"),
            cap=person.get("cap"),
        )
        for person in (people if state == "eligible" and len(people) <= 2 * _NAMES else people[:_NAMES])
    ]
    names = facts.t["comma"].join(shown)
    return names if len(shown) == len(people) else facts.t["people"].format(names=names, n=len(people))


def _by_hand(facts: Facts) -> Iterator[str]:
    t, lead = facts.t, facts.lead
    said = []
    if lead["verified_at"]:
        said.append(t["verified"].format(at=facts.at(lead["verified_at"]), name=facts.name(lead["verified_by"])))
    if lead["touched_at"]:
        said.append(t["touched"].format(at=facts.at(lead["touched_at"])))
    for match in facts.judged[:3]:
        row = t["row_short"].format(id=match["submission_id"])
        name = facts.name(match["actor"])
        said.append(t["apart"].format(at=facts.at(match["since"]), name=name, row=row, reason=match["reason"]))
    if said:
        yield t["by_hand"]
        yield from (f"  {line}" for line in said)


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
    return f"{known.name}（{role_name(known.role, facts.lang)}、{known.team}）" if known else person


def _row_names(facts: Facts, ids: list[str]) -> str:
    return facts.t["row_short"].format(id=facts.t["comma"].join(ids[:3]))


def _reasons(lead: dict[str, Any]) -> list[str]:
    """Every screening rule that fitted, the deciding one first."""
    listed = [rule for rule in (lead["reasons"] or "").split("|") if rule]
    return list(dict.fromkeys([lead["verdict_rule"], *listed]))


def _outcome(row: dict[str, Any]) -> str:
    return "merged" if row["outcome"] == "rejected" else str(row["outcome"])


def _wrapped(text: str) -> Iterator[str]:
    """Lines of at most 100 columns; what a Chinese sign takes is two of them."""
    indent = " " * (len(text) - len(text.lstrip()) + 2)
    line, width = "", 0
    for piece in _PIECES.findall(text):
        step = sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in piece)
        if width + step > _WIDTH and line.strip():
            yield line.rstrip()
            line, width = indent, len(indent)
        line, width = line + piece, width + step
    yield line.rstrip()


# a number or an address is never broken, and no line begins with a closing sign
_PIECES = re.compile(r"(?:[\w@.+*-]+|.)[，。；：、）！？]*", re.ASCII)
_STATES = ("eligible", "full", "on_leave", "other_region", "other_industry", "other_role", "inactive")
