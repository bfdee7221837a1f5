"""A lead that somebody types in: `leads add`. It is kept like a post and settled at once (H1-3.1-who)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from config.loader import load_config
from config.settings import Settings
from flows.commands import parse_moment, usable_home
from flows.console import OK, REFUSED, Answer, UsageError
from flows.posting import Desk, opened_desk
from models.db import read_frame
from tasks.known import Asker, already_ours
from tasks.posts.hand import CHANNEL, ByHand, entered_by_others, faults_of
from tasks.tell import tell

_ROW = """SELECT l.number, l.owner, l.verdict, l.grade, s.issues, m.outcome FROM submission s
JOIN batch b ON b.id = s.batch_id LEFT JOIN membership m ON m.submission_id = s.id AND m.until IS NULL
LEFT JOIN lead l ON l.id = m.lead_id WHERE b.channel = :channel AND s.external_id = :reference
ORDER BY s.id DESC LIMIT 1"""


@dataclass(frozen=True)
class Asked:
    """What `leads add` was given: fields as typed, who enters it, and whether he keeps it himself."""

    fields: Mapping[str, str] = field(default_factory=dict)
    by: str = ""
    mine: bool = False
    as_of: str | None = None
    dry_run: bool = False


def add(settings: Settings, asked: Asked) -> Answer:
    """Take the lead in and tell its number and owner; a dry run tells only what is known of it already."""
    config = load_config(settings.config)
    by = config.roster.person(asked.by)
    if by is None or not by.active:
        raise UsageError(f"--by {asked.by}: nobody of that id is active in the roster")
    if CHANNEL not in config.channels:
        raise UsageError(f"the channel {CHANNEL} is switched off")
    as_of = parse_moment(asked.as_of, settings) or datetime.now(UTC)
    usable_home(settings)
    hand = ByHand({name: text for name, text in asked.fields.items() if text}, by, asked.mine)
    with opened_desk(settings, config, as_of) as desk:
        dated = desk.dated(as_of)
        if faults := faults_of(hand, dated, settings.lang):
            told = tuple(f"{one.field}: {one.detail}" for one in faults)
            return Answer("", {"faults": [vars(one) for one in faults]}, REFUSED, told)
        with desk.engine.connect() as conn:
            ours = already_ours(conn, hand.fields, Asker(dated, settings.lang, settings.tz, as_of))
        known = [one.as_dict() for one in ours]
        remark = entered_by_others(asked.fields.get("source", ""), by, dated, settings.lang)
        if asked.dry_run:
            return _answer({"dry_run": True, "already_ours": known, "remark": remark})
        found = _taken(desk, hand, as_of)
        tell(desk.engine, config, settings, as_of)
    return _answer(found | {"dry_run": False, "already_ours": known, "remark": remark})


def _taken(desk: Desk, hand: ByHand, as_of: datetime) -> dict[str, Any]:
    kept = desk.inbox.put(hand.post(), as_of)
    while desk.round(as_of).posts:
        pass
    with desk.engine.connect() as conn:
        row = read_frame(conn, _ROW, channel=CHANNEL, reference=kept.reference)
    if row.empty:
        return {"reference": kept.reference, "number": None, "owner": None, "outcome": "waiting", "issues": []}
    said: dict[str, Any] = {str(key): None if one != one else one for key, one in row.iloc[0].to_dict().items()}
    issues = [one for one in str(said.pop("issues") or "").split("|") if one]
    return {"reference": kept.reference, **said, "outcome": said["outcome"] or "rejected", "issues": issues}


def _answer(data: dict[str, Any]) -> Answer:
    lines = [f"already ours: {one['number']}, owner {one['owner'] or 'nobody'} (same {one['by']})"
             for one in data["already_ours"]]  # fmt: skip
    if data["remark"]:
        lines.append(data["remark"])
    if not data["dry_run"]:
        number = data["number"] or "no lead"
        lines.insert(
            0, f"{number}: {data['outcome']}, grade {data.get('grade') or '-'}, owner {data['owner'] or 'nobody'}"
        )
    code = OK if data["dry_run"] or data["number"] else REFUSED
    faults = tuple(data.get("issues", ())) if code == REFUSED else ()
    return Answer("\n".join(lines) or "not known yet", data, code, faults)
