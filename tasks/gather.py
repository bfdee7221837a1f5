"""When a mail about leads goes out: an A lead at once in working hours, else one mail a person in so many minutes.

What came meanwhile is put together into one mail; the single ones stay in the outbox as `gathered`.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, Row, func, insert, select, update

from config.schema import Rules
from models import Message, MessageFile
from models.db import begin, take_numbers, take_turn
from tasks.i18n import words

GATHER_MINUTES = "N-GATHER-MINUTES"
#: What may wait for more of its kind; everything else goes out as it is.
KINDS = ("new_leads", "digest")
_BODY = re.compile(r"(<body[^>]*>)(.*)(</body>)", re.DOTALL)


def gather(engine: Engine, rules: Rules, now: datetime, lang: str, *, working: bool) -> set[int]:
    """Put the mails together that are due and give the ids of those that wait. Harmless when repeated.

    working: whether the company is at work now.
    """
    due = now - timedelta(minutes=float(rules.value(GATHER_MINUTES)))
    waiting: set[int] = set()
    with begin(engine) as conn:
        # whoever sends beside us must not put the same ones together
        take_turn(conn)
        for recipient, mails in _pending(conn).items():
            urgent = working and any(one.urgent for one in mails)
            if not urgent and _last_sent(conn, recipient) > due:
                waiting.update(one.id for one in mails)
            elif len(mails) > 1:
                _put_together(conn, mails, lang)
    return waiting


def _pending(conn: Connection) -> dict[str, list[Row[Any]]]:
    """What nobody has tried to send yet, by recipient."""
    wanted = select(Message.__table__).where(
        Message.state == "pending",
        Message.channel == "mail",
        Message.attempts == 0,
        Message.kind.in_(KINDS),
        Message.address != "",
    )
    found: dict[str, list[Row[Any]]] = {}
    for row in conn.execute(wanted.order_by(Message.id)):
        found.setdefault(row.recipient, []).append(row)
    return found


def _last_sent(conn: Connection, recipient: str) -> datetime:
    sent = select(func.max(Message.sent_at)).where(
        Message.recipient == recipient, Message.kind.in_(KINDS), Message.state == "sent"
    )
    found: datetime | None = conn.execute(sent).scalar_one()
    return found or datetime.min.replace(tzinfo=ZoneInfo("UTC"))


def _put_together(conn: Connection, mails: Sequence[Row[Any]], lang: str) -> None:
    """Write one mail in the place of several, with all that they say and all their files."""
    [number] = take_numbers(conn, "message_id", 1).tolist()
    last = mails[-1]
    subject = words(lang)["mail.gathered"].format(n=len(mails), subject=last.subject)
    values = {
        "id": number, "key": f"gathered:{last.key}", "kind": last.kind, "recipient": last.recipient,
        "address": last.address, "subject": subject, "text": "\n\n".join(one.text for one in mails),
        "html": _joined([one.html for one in mails]), "state": "pending", "attempts": 0, "urgent": False,
        "created_at": max(one.created_at for one in mails),
    }  # fmt: skip
    conn.execute(insert(Message).values(values))
    ids = [one.id for one in mails]
    files = select(MessageFile.name, MessageFile.content).where(MessageFile.message_id.in_(ids))
    taken: set[str] = set()
    for name, content in conn.execute(files.order_by(MessageFile.message_id, MessageFile.name)).all():
        conn.execute(insert(MessageFile).values(message_id=number, name=_free(name, taken), content=content))
    conn.execute(update(Message).where(Message.id.in_(ids)).values(state="gathered"))


def _joined(pages: Sequence[str]) -> str:
    """One page of several: the head of the last, the bodies of all."""
    bodies = [found[2] if (found := _BODY.search(page)) else page for page in pages]
    whole = "<hr>".join(bodies)
    return _BODY.sub(lambda found: found[1] + whole + found[3], pages[-1]) if _BODY.search(pages[-1]) else whole


def _free(name: str, taken: set[str]) -> str:
    """A name that no other file of the mail has."""
    path, number, free = PurePath(name), 1, name
    while free in taken:
        number += 1
        free = f"{path.stem}-{number}{path.suffix}"
    taken.add(free)
    return free
