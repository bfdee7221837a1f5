"""Requests to the technical department as pages show them: the same to whoever asked and to whoever answers."""

from datetime import UTC, datetime
from typing import Any

from tasks.i18n import local_time
from tasks.support import Support, support_of
from web.desk import Desk
from web.promise_words import words


def shown_support(desk: Desk, lead: int) -> list[dict[str, Any]]:
    """What was asked about a lead (its id), and how it stands: text, by, state, code, answer."""
    policy = next((rule.id for rule in desk.rules.watching("support")), "")
    helpers = [one.id for one in desk.config.roster.people if one.role == "tech"]
    with desk.engine.connect() as conn:
        found = support_of(conn, lead, policy, helpers, datetime.now(UTC))
    return [_shown(desk, one) for one in found]


def _shown(desk: Desk, one: Support) -> dict[str, Any]:
    w, zone = words(desk.settings.lang), desk.settings.zone
    key = "asked" if one.state == "open" and one.due_at is None else one.state
    said = {
        "due": local_time(one.due_at, zone) if one.due_at else "",
        "at": local_time(one.answered_at, zone) if one.answered_at else "",
        "who": desk.config.roster.name_of(one.answered_by or ""),
    }
    by = w["support.by"].format(who=desk.config.roster.name_of(one.by), at=local_time(one.at, zone))
    state = w[f"support.{key}"].format(**said)
    return {"text": one.text, "by": by, "state": state, "code": one.state, "answer": one.answer or ""}
