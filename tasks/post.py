"""Letters put into the outbox, each once: to people of the roster, and to channels' contacts their receipts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, select
from sqlalchemy.exc import IntegrityError

from config.schema import Config, Rules
from models import Message, MessageFile
from models.db import begin, take_numbers
from tasks.i18n import words
from tasks.letters import Letter
from tasks.points import reached
from tasks.unreadable import UnreadableFile

RECEIPT_BYTES = "N-RECEIPT-BYTES"


def post_to_people(conn: Connection, letters: Sequence[Letter], config: Config, as_of: datetime) -> list[Letter]:
    """Put mails to people of the roster into the outbox; those whose key is there are left. Gives the new ones."""
    known = set(conn.execute(select(Message.key).where(Message.key.in_([one.key for one in letters]))).scalars())
    fresh = [one for one in letters if one.key not in known]
    if fresh:
        numbers = take_numbers(conn, "message_id", len(fresh)).tolist()
        emails = {person.id: person.email for person in config.roster.people}
        rows = [one.message(n, emails[one.recipient], as_of) for one, n in zip(fresh, numbers, strict=True)]
        conn.execute(insert(Message), [row | {"channel": "mail"} for row in rows])
    return fresh


def post(engine: Engine, letters: Iterable[tuple[Letter, str]], as_of: datetime) -> int:
    """Put letters and their addresses into the outbox, each key once however often it is posted; gives how many."""
    written = 0
    for letter, address in letters:
        try:
            with begin(engine) as conn:
                written += _put(conn, letter, address, as_of)
        except IntegrityError:  # another worker posted it just now
            continue
    return written


def _put(conn: Connection, letter: Letter, address: str, as_of: datetime) -> int:
    if conn.execute(select(Message.id).where(Message.key == letter.key)).first() is not None:
        return 0
    number = int(take_numbers(conn, "message_id", 1)[0])
    conn.execute(insert(Message).values(letter.message(number, address, as_of)))
    for name, content in letter.files:
        conn.execute(insert(MessageFile).values(message_id=number, name=name, content=content))
    reached("posted")
    return 1


def receipt_letter(
    batch: int, file: str, channel: str, outcomes: Mapping[str, int], files: Iterable[Path], rules: Rules, lang: str
) -> Letter:
    """The receipt of a batch as a letter: what became of its rows, the receipt attached unless it is too large."""
    t = words(lang)
    rows = t["list"].join(f"{t.get(f'outcome.{name}', name)} {count}" for name, count in outcomes.items() if count)
    total = sum(outcomes.values())
    subject = t["post.receipt_subject"].format(file=file, n=total, rejected=outcomes.get("rejected", 0))
    present = [path for path in files if path.is_file()]
    small = sum(path.stat().st_size for path in present) <= rules.value(RECEIPT_BYTES)
    attached = t["post.attached" if small else "post.too_large"].format(
        files=t["list"].join(path.name for path in present), folder=present[0].parent if present else ""
    )
    lines = [t["post.receipt"].format(file=file, channel=channel, batch=batch, n=total), rows, attached]
    contents = tuple((path.name, path.read_bytes()) for path in present) if small else ()
    return letter_of(f"receipt:{batch}", "receipt", channel, subject, lines, contents)


def refused_letter(key: str, file: str, channel: str, why: UnreadableFile, lang: str) -> Letter:
    """What is wrong with a file that cannot be read, and what its sender can do."""
    t = words(lang)
    lines = [t["post.refused"].format(file=file, channel=channel), why.wrong(lang), why.todo(lang)]
    return letter_of(f"refused:{key}", "refused", channel, t["post.refused_subject"].format(file=file), lines)


def letter_of(
    key: str, kind: str, recipient: str, subject: str, lines: list[str], files: tuple[tuple[str, bytes], ...] = ()
) -> Letter:
    """A letter of some lines; a blank one is left out."""
    text = "\n".join(line for line in lines if line) + "\n"
    html = "".join(f"<p>{escape(line)}</p>" for line in lines if line)
    return Letter(key, kind, recipient, subject, text, f"<!DOCTYPE html><html><body>{html}</body></html>", files)
