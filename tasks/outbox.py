"""Send what the outbox holds: as files, through a mail server, or all to one address.

pending → sending → sent | refused (5xx, or no address) | pending again (4xx) | unknown (the connection broke, or the
process died, when the text was on its way) | dead (turned down for too long). What is unknown is not sent again by
itself: it may have arrived. From the second refusal for now on each try waits twice as long as the one before. Other
ways than mail (tasks/channels.py) go through the same states.
"""

import logging
import os
import re
import smtplib
from collections import Counter, deque
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, Engine, func, or_, select, update

from config.schema import Rules, SettingsError
from config.settings import Settings
from models import Message, MessageFile, Person
from models.db import begin
from tasks.channels import CHANNELS
from tasks.clocks import in_hours, working_days_before
from tasks.gather import gather
from tasks.mailer import Answer, Mail, Server, mail_bytes, sender
from tasks.points import reached

log = logging.getLogger(__name__)

NO_ADDRESS, NO_ANSWER = "no address", "interrupted while sending"
#: The rule that says how many hours back a run is dated whose mails are for the record only.
PAST_HOURS = "N-PAST-HOURS"
BACK_OFF, GIVE_UP = "N-BACK-OFF", "N-GIVE-UP"
#: Kinds of which nothing is said outside working hours, also when a try failed within them.
QUIET = ("promise\\_%", "day%")
_FRESH = timedelta(minutes=30)
_LONGEST = timedelta(hours=4)
_NOTED_AT_ONCE = 50


def send_pending(
    engine: Engine,
    settings: Settings,
    as_of: datetime,
    rules: Rules,
    *,
    now: datetime | None = None,
    backfill_mail: bool = False,
) -> dict[str, int]:
    """Send the pending messages; gives counts of sent, filed, refused, pending, unknown, dead, held_back, and of those
    that wait for more to the same person.

    Outside the company's working hours (at `as_of`) a reminder or escalation that could not be sent within them
    waits, whoever sends.

    A run dated further back than N-PAST-HOURS says writes files instead of mailing, and an earlier one's unsent
    messages are held back, unless `backfill_mail` says that real people may get them; a day of these hours is a
    working day, so that nothing is held back that waited over a weekend.
    """
    now = now or datetime.now(UTC)
    counts: Counter[str] = Counter(_interrupted(engine))
    counts.update(_without_address(engine))
    past = now - timedelta(hours=rules.value(PAST_HOURS))
    pause, longest = timedelta(minutes=rules.value(BACK_OFF)), timedelta(hours=rules.value(GIVE_UP))
    if settings.mail_mode == "send" and not backfill_mail:
        if as_of < past:
            log.warning("mail mode is send, but the run is dated %s: mails are written as files", f"{as_of:%Y-%m-%d}")
            counts.update(_file(engine, settings, now, upto=as_of))
        else:
            # what was written before days off waits no longer than over a working day
            days, hours = divmod(float(rules.value(PAST_HOURS)), 24)
            past = working_days_before(engine, rules, now - timedelta(hours=hours), settings.tz, int(days))
            counts.update(_held_back(engine, past))
            is_open = in_hours(engine, rules, as_of, settings.tz)
            gathered = gather(engine, rules, now, settings.lang, working=is_open)
            counts.update(_Post(engine, settings, now, past, is_open, pause, longest, gathered).mail())
    elif settings.mail_mode == "file":
        counts.update(_file(engine, settings, now, upto=None))
    else:
        is_open = in_hours(engine, rules, as_of, settings.tz)
        gathered = set() if backfill_mail else gather(engine, rules, now, settings.lang, working=is_open)
        counts.update(_Post(engine, settings, now, None, is_open, pause, longest, gathered).mail())
    return {key: count for key, count in sorted(counts.items()) if count}


def _interrupted(engine: Engine) -> dict[str, int]:
    """What an earlier process was sending when it died may have arrived: nobody knows."""
    change = update(Message).where(Message.state == "sending").values(state="unknown", error=NO_ANSWER)
    with begin(engine) as conn:
        return {"unknown": conn.execute(change).rowcount}


def _without_address(engine: Engine) -> dict[str, int]:
    change = update(Message).where(Message.state == "pending", Message.address == "")
    with begin(engine) as conn:
        return {"refused": conn.execute(change.values(state="refused", error=NO_ADDRESS)).rowcount}


def _held_back(engine: Engine, past: datetime) -> dict[str, int]:
    """Messages that an interrupted run of the past left behind: kept, counted, and said."""
    old = (Message.state == "pending", Message.attempts == 0, Message.created_at < past)
    with engine.connect() as conn:
        count = conn.execute(select(func.count()).select_from(Message).where(*old)).scalar_one()
    if count:
        log.warning("%d messages of runs dated in the past are held back", count)
    return {"held_back": count}


def _pending(
    engine: Engine, *, upto: datetime | None, since: datetime | None, more: tuple[ColumnElement[bool], ...] = ()
) -> list[int]:
    """Ids to send, oldest first; a message once tried is sent however long the server was away."""
    wanted = select(Message.id).where(Message.state == "pending", *more).order_by(Message.id)
    if upto is not None:
        wanted = wanted.where(Message.created_at <= upto)
    if since is not None:
        wanted = wanted.where((Message.created_at >= since) | (Message.attempts > 0))
    with engine.connect() as conn:
        return list(conn.execute(wanted).scalars())


def _load(engine: Engine, number: int) -> Mail:
    [(_, mail)] = _loaded(engine, [number])
    return mail


def _loaded(engine: Engine, numbers: list[int]) -> list[tuple[int, Mail]]:
    """Some messages with their files, in the order of their ids."""
    files: dict[int, list[tuple[str, bytes]]] = {}
    with engine.connect() as conn:
        rows = conn.execute(select(Message.__table__).where(Message.id.in_(numbers)).order_by(Message.id)).all()
        named = select(MessageFile.message_id, MessageFile.name, MessageFile.content)
        ordered = named.where(MessageFile.message_id.in_(numbers)).order_by(MessageFile.message_id, MessageFile.name)
        for number, name, content in conn.execute(ordered):
            files.setdefault(number, []).append((name, content))
        people = select(Person.code, Person.name).where(Person.code.in_({row.recipient for row in rows}))
        called = {row.code: row.name for row in conn.execute(people.where(Person.until.is_(None)))}
    return [
        (row.id, Mail(row.key, row.kind, row.recipient, row.address, row.subject, row.text, row.html, row.created_at,
                      tuple(files.get(row.id, ())), called.get(row.recipient, "")))
        for row in rows
    ]  # fmt: skip


def _file(
    engine: Engine, settings: Settings, now: datetime, *, upto: datetime | None, only: str | None = None
) -> dict[str, int]:
    """Write each message as a file; written again after a kill, it has the same bytes."""
    settings.mails.mkdir(parents=True, exist_ok=True)
    author = sender(settings.smtp_url)
    numbers = _pending(engine, upto=upto, since=None, more=(Message.channel == only,) if only else ())
    if numbers:
        _clear_away(settings.mails)
    for start in range(0, len(numbers), _NOTED_AT_ONCE):
        some = numbers[start : start + _NOTED_AT_ONCE]
        for number, mail in _loaded(engine, some):
            reached("mail-due")
            _write(settings.mails / _file_name(number, mail), mail_bytes(mail, author))
            reached("mail-out")
        with begin(engine) as conn:
            sent = update(Message).where(Message.id.in_(some), Message.state == "pending")
            conn.execute(sent.values(state="sent", sent_at=now, attempts=Message.attempts + 1))
    return {"filed": len(numbers)}


def _clear_away(folder: Path) -> None:
    """Remove what runs that died while they wrote left behind."""
    for part in folder.glob(".*.part"):
        part.unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_bytes(data)
    reached("mail-written")
    try:
        part.replace(path)
    except FileNotFoundError:  # another run that has just begun took us for dead
        _write(path, data)


def _file_name(number: int, mail: Mail) -> str:
    return f"{number:08d}_{mail.kind}_{re.sub(r'[^A-Za-z0-9.-]', '_', mail.name)}.eml"


@dataclass(frozen=True)
class _Post:
    """One round of sending: by mail over one connection as long as it holds, then by the other ways."""

    engine: Engine
    settings: Settings
    now: datetime
    since: datetime | None
    is_open: bool
    pause: timedelta
    longest: timedelta
    #: messages whose person had a mail just now: they go out with the next one
    waiting: Collection[int] = ()

    def mail(self) -> Counter[str]:
        """Hand each message to its way; gives what became of how many."""
        if not self.settings.smtp_url:
            mode = self.settings.mail_mode
            raise SettingsError(f"LEADS_MAIL_MODE is {mode}, so LEADS_SMTP_URL must say through which server")
        counts: Counter[str] = Counter()
        due = self._due("mail")
        left, broken, why = deque(number for number in due if number not in self.waiting), 0, None
        counts["waiting"] = len(due) - len(left)
        redirect = self.settings.mail_mode.removeprefix("redirect:") if self.settings.mail_mode != "send" else None
        with Server(self.settings.smtp_url) as server:
            while left and not (why := why or _no_connection(server)):
                number = left.popleft()
                if not _claim(self.engine, number):
                    continue
                mail = _load(self.engine, number)
                reached("mail-due")
                answer = server.send(redirect or mail.address, mail_bytes(mail, server.sender, redirect))
                reached("mail-out")
                counts[self._note(number, answer)] += 1
                broken = broken + 1 if answer.broken else 0
                # whose fate is unknown is never sent again: a server that hangs may have this one mail, not every
                # one; one that hangs up before the text takes none, and is asked once more
                if answer.broken and (answer.outcome == "unknown" or broken > 1):
                    why = answer.said
        if left:
            log.warning("%d mails are put off, the mail server fails: %s", len(left), why)
            # counts as tried, so that a long outage does not make these mails of the past
            _put_off(self.engine, list(left), f"put off: {why}")
            counts["pending"] += len(left)
        for way in CHANNELS:
            counts.update(self._by(way))
        return counts

    def _by(self, way: str) -> Counter[str]:
        """Send what goes by another way than mail; redirected, it is only written as a file: it names no person."""
        counts: Counter[str] = Counter()
        channel, numbers = CHANNELS[way], self._due(way)
        if self.settings.mail_mode != "send" or not channel.is_set(self.settings):
            return Counter(_file(self.engine, self.settings, self.now, upto=None, only=way)) if numbers else counts
        for number in numbers:
            if not _claim(self.engine, number):
                continue
            mail = _load(self.engine, number)
            reached("notice-due")
            answer = channel.send(self.settings, mail.text)
            reached("notice-out")
            counts[self._note(number, answer)] += 1
            if answer.broken:
                break
        return counts

    def _due(self, way: str) -> list[int]:
        more: tuple[ColumnElement[bool], ...] = (
            Message.channel == way,
            # what a run dated ahead of now says waits until its time
            *(() if self.since is None else (Message.created_at <= self.now + (self.now - self.since),)),
            Message.next_at.is_(None) | (Message.next_at <= self.now),
        )
        if not self.is_open:
            quiet = or_(*(Message.kind.like(kind, escape="\\") for kind in QUIET))
            more = (*more, ~(quiet & (Message.created_at < self.now - _FRESH)))
        return _pending(self.engine, upto=None, since=self.since, more=more)

    def _note(self, number: int, answer: Answer) -> str:
        """Note what became of a message; gives its state. One that is turned down for now for too long is dead."""
        # another process may have taken us for dead meanwhile: what we know now is the truth
        mine = (Message.id == number, Message.state.in_(("sending", "unknown")))
        state, next_at = str(answer.outcome), None
        with begin(self.engine) as conn:
            row = conn.execute(select(Message.attempts, Message.created_at).where(Message.id == number)).one()
            if state == "pending" and not answer.broken and row.attempts > 1:
                next_at = self.now + min(self.pause * 2 ** min(row.attempts - 2, 16), _LONGEST)
                if self.now - row.created_at > self.longest and row.attempts > 2:
                    state = "dead"
            sent_at = self.now if state == "sent" else None
            noted = {"state": state, "error": answer.said, "sent_at": sent_at, "next_at": next_at}
            conn.execute(update(Message).where(*mine).values(**noted))
        return state


def _no_connection(server: Server) -> str | None:
    """Connect unless connected; why it cannot be done, else None."""
    try:
        server.connect()
    except (OSError, smtplib.SMTPException) as error:
        server.close()
        return f"{type(error).__name__}: no connection"
    return None


def _claim(engine: Engine, number: int) -> bool:
    """Note that it is being sent before the server hears of it; False where another process has it."""
    claim = update(Message).where(Message.id == number, Message.state == "pending")
    with begin(engine) as conn:
        return conn.execute(claim.values(state="sending", attempts=Message.attempts + 1)).rowcount == 1


def _put_off(engine: Engine, numbers: list[int], why: str) -> None:
    with begin(engine) as conn:
        for start in range(0, len(numbers), 500):
            some = update(Message).where(Message.id.in_(numbers[start : start + 500]), Message.state == "pending")
            conn.execute(some.values(attempts=Message.attempts + 1, error=why))
