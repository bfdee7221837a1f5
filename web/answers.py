"""Standard answers to objections as the knowledge base shows them: what was raised, what was used, what helped."""

from datetime import UTC, datetime
from typing import Any

from tasks.objections import count_objections
from tasks.review_words import percent
from tasks.rules.objections import answers_by_category
from web.desk import Desk
from web.internal_words import internal_words

_NONE = {"raised": 0, "in_time": 0, "resolved": 0, "won": 0, "lost": 0}


def standard_answers(desk: Desk) -> list[dict[str, Any]]:
    """The categories with their figures and their answers, each with its own; too few for a rate say so."""
    lang, rules = desk.settings.lang, desk.rules
    with desk.engine.connect() as conn:
        found = count_objections(conn, desk.dated, datetime.now(UTC))
    raised = {row["category"]: row for row in found.categories.to_dict("records")}
    used = {row["answer"]: row for row in found.answers.to_dict("records")}
    return [
        {
            "category": category,
            **{name: raised.get(category, _NONE)[name] for name in _NONE},
            "answers": [
                {
                    "id": rule.id, "title": rule.statement.of(lang), "words": rule.answer.of(lang),
                    "proof": rule.proof.of(lang), "used": used[rule.id]["used"],
                    "helped": used[rule.id]["helped"], "rate": _rate(used[rule.id], lang),
                }
                for rule in answers
            ],
        }
        for category, answers in answers_by_category(rules, list(raised))
    ]  # fmt: skip


def _rate(row: dict[Any, Any], lang: str) -> str:
    if not row["used"]:
        return ""
    return internal_words(lang)["answers.few"] if row["small"] else percent(row["helped_share"])
