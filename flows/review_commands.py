"""The commands `leads review build` and `leads review send`."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from config.loader import load_config
from config.settings import Settings
from flows.commands import database, parse_moment
from flows.console import FILES, Answer, UsageError
from flows.review_faults import tell_operations
from flows.reviewing import ReviewError, build, folder_of, keep, open_review, preview_files, recipients, send
from tasks.review_files import digests, write_files
from tasks.rules.reviews.spans import UNIT_OF, Kind, Span, read_span


@dataclass(frozen=True)
class Asked:
    """What `leads review build` or `send` was asked."""

    kind: str
    period: str
    as_of: str | None = None
    out: Path | None = None
    preview: bool = False
    to: tuple[str, ...] = ()
    backfill_mail: bool = False


def build_review(settings: Settings, asked: Asked) -> Answer:
    """Build a period's datasets and files, and keep them."""
    span, moment = _span(asked), _moment(asked, settings)
    config = load_config(settings.config)
    engine = database(settings)
    review = open_review(engine, settings, config, span, moment)
    built = build(review)
    folder = asked.out or folder_of(settings, span, preliminary=review.preliminary)
    keep(engine, built, folder, review.rules.version)
    lines = [f"{span.kind} review of {span.label} as of {moment.astimezone(settings.zone):%Y-%m-%d %H:%M}"]
    lines += [f"  {name:<14} {len(data):>6} lines" for name, data in built.datasets.items()]
    lines.append(f"written to {folder.absolute()}")
    data = {
        "kind": span.kind, "period": span.label, "as_of": moment.isoformat(), "out": str(folder.absolute()),
        "datasets": {name: len(frame) for name, frame in built.datasets.items()}, "files": digests(built.files),
    }  # fmt: skip
    return Answer("\n".join(lines), data)


def send_review(settings: Settings, asked: Asked) -> Answer:
    """Mail a period's pack to those who get it, or show what they would get."""
    span, moment = _span(asked), _moment(asked, settings)
    config = load_config(settings.config)
    engine = database(settings)
    review = open_review(engine, settings, config, span, moment)
    people = recipients(config, review.rules, span.kind)
    if asked.to:
        chosen = {person.id: (person, scope) for person, scope in people}
        strange = [one for one in asked.to if one not in chosen]
        if strange:
            raise UsageError(f"--to {strange[0]}: gets no {span.kind} review; those who do: {', '.join(chosen)}")
        people = [chosen[one] for one in asked.to]
    if asked.preview:
        folder = asked.out or folder_of(settings, span, preliminary=review.preliminary) / "preview"
        write_files(preview_files(review, people), folder)
        text = f"{len(people)} mails of {span.label} written to {folder.absolute()}; nobody was mailed"
        return Answer(text, {"preview": str(folder.absolute()), "people": [person.id for person, _ in people]})
    try:
        sent = send(engine, review, people, again=True, backfill_mail=asked.backfill_mail)
    except ReviewError as why:
        tell_operations(engine, review, "fault", why.faults, backfill_mail=asked.backfill_mail)
        return Answer(f"{span.label} was mailed to nobody", {"period": span.label, "faults": list(why.faults)}, FILES,
                      why.faults)  # fmt: skip
    states = ", ".join(f"{count} {state}" for state, count in sent.messages.items()) or "nothing to send"
    faults = tuple(f"{one} did not get it; send it again when the address is mended" for one in sent.refused)
    data = {"period": span.label, "letters": sent.letters, "messages": sent.messages, "refused": sent.refused}
    text = f"{sent.letters} letters about {span.label} to {len(people)} people: {states}"
    return Answer(text, data, FILES if faults else 0, faults)


def _span(asked: Asked) -> Span:
    if asked.kind not in UNIT_OF:
        raise UsageError(f"{asked.kind} is no kind of review; there are {', '.join(UNIT_OF)}")
    try:
        return read_span(cast(Kind, asked.kind), asked.period)
    except ValueError as why:
        raise UsageError(f"--period {why}") from None


def _moment(asked: Asked, settings: Settings) -> datetime:
    return parse_moment(asked.as_of, settings) or datetime.now(UTC)
