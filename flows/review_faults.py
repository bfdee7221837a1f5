"""What operations are told about reviews: figures that fail their checks, and people who could not be reached."""

import html
from collections.abc import Sequence

from sqlalchemy import Engine

from flows.reviewing import Review
from tasks.letters import Letter
from tasks.outbox import send_pending
from tasks.post import post
from tasks.review_words import review_words

ROLES = "R-OPERATIONS"


def tell_operations(
    engine: Engine, review: Review, kind: str, lines: Sequence[str], *, backfill_mail: bool = False
) -> int:
    """Mail what went wrong with a review to those who look after leadflow, once; gives to how many.

    kind: `fault` (nobody was mailed) or `refused` (some could not be reached).
    """
    words, settings = review_words(review.settings.lang), review.settings
    roles = review.rules.value(ROLES)
    people = [one for one in review.config.roster.people if one.active and one.role in roles and one.email]
    period = f"{words[f'kind.{review.span.kind}']} {review.span.label}"
    subject = words[f"{kind}.subject"].format(period=period)
    text = "\n".join([words[f"{kind}.text"].format(period=period), *(f"- {line}" for line in lines)])
    page = (
        f'<html lang="{"en" if settings.lang == "en" else "zh-CN"}"><body><pre>{html.escape(text)}</pre></body></html>'
    )
    key = f"review:{kind}:{review.span.kind}:{review.span.label}"
    letters = [
        (Letter(f"{key}:{one.id}", f"review_{kind}", one.id, subject, text, page), str(one.email)) for one in people
    ]
    told = post(engine, letters, review.as_of)
    send_pending(engine, settings, review.as_of, review.rules, backfill_mail=backfill_mail)
    return told
