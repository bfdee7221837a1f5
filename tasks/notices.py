"""The messages of fired steps: one a step and person, or one for many; each carries what proves it (H1-5.2-remind)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, insert

from config.schema import Config
from config.settings import Settings
from models import Message
from models.db import take_numbers
from tasks.channels import CHANNELS, short_text
from tasks.letters import LISTED, Letter, render
from tasks.links import lead_links
from tasks.notice_words import business_time, words
from tasks.rules.due import Reckoner, read_pauses

DIGEST, WAYS = "K-DIGEST", "K-WAYS"
#: Steps that take a lead from its owner.
_GIVES = ("reassign", "pool")
_URGENCY = {"reminder": 1, "breach": 2, "escalation": 3, "reassign": 4, "pool": 4}


@dataclass(frozen=True)
class _Desk:
    """What the letters of one sweep share."""

    config: Config
    settings: Settings
    reckoner: Reckoner
    as_of: datetime
    link: Callable[[str, str], str] | None

    def name(self, person: object) -> str:
        """A person as people call him."""
        return self.config.roster.name_of(person) if isinstance(person, str) else ""


def write_notices(
    conn: Connection, steps: pd.DataFrame, config: Config, settings: Settings, reckoner: Reckoner, as_of: datetime
) -> pd.Series:
    """Put the messages of fired steps into the outbox; gives the message of each step, null where it has none.

    steps: one a hearer, with the escalation's id and the columns of its clock and lead.
    """
    found = pd.Series(pd.NA, index=steps.index, dtype="Int64")
    heard = steps[(steps["state"] == "fired") & (steps["recipient"] != "")]
    if heard.empty:
        return found
    desk = _Desk(config, settings, reckoner, as_of, lead_links(settings, config.rules, as_of, "p"))
    digest, listed = int(config.rules.value(DIGEST)), int(config.rules.value(LISTED))
    ordered = heard.assign(rank=heard["kind"].map(_URGENCY), many=heard.groupby("recipient")["id"].transform("size"))
    ordered = ordered.sort_values(["recipient", "rank", "due_at", "id"], ascending=[True, False, True, True])
    place = ordered.groupby("recipient").cumcount()
    # what is shown is put into words at once, for all letters together
    shown = ordered[((ordered["many"] <= digest) | (place < listed)).to_numpy()]
    told = dict(zip(shown.index, _told(desk, shown), strict=True))
    letters: list[tuple[Letter, pd.Index]] = []
    for recipient, mine in ordered.groupby("recipient", sort=True):
        rows = [told[index] for index in mine.index if index in told]
        letters += _digest(desk, str(recipient), mine, rows) if len(mine) > digest else _singles(desk, mine, rows)
    ways = [way for way in config.rules.value(WAYS) if way == "mail" or CHANNELS[way].is_set(settings)]
    numbers = take_numbers(conn, "message_id", len(letters) * len(ways)).reshape(len(letters), len(ways))
    stored = []
    for (letter, index), own in zip(letters, numbers.tolist(), strict=True):
        found[index] = own[0]
        stored += [_row(desk, letter, way, number) for way, number in zip(ways, own, strict=True)]
    if stored:
        conn.execute(insert(Message), stored)
    return found


def _row(desk: _Desk, letter: Letter, way: str, number: int) -> dict[str, Any]:
    """A letter as a row of the outbox; other ways than mail get a short text."""
    if way == "mail":
        known = desk.config.roster.person(letter.recipient)
        return letter.message(number, known.email if known else "", desk.as_of) | {"channel": way}
    brief = replace(letter, key=f"{letter.key}:{way}", text=short_text(letter.text), html="")
    return brief.message(number, way, desk.as_of) | {"channel": way}


def _singles(desk: _Desk, steps: pd.DataFrame, rows: list[dict[str, Any]]) -> Iterator[tuple[Letter, pd.Index]]:
    """One letter a step."""
    t, lang = words(desk.settings.lang), desk.settings.lang
    for place, row in enumerate(rows):
        form, recipient = t["subject.kept" if row["kept"] else f"subject.{row['kind']}"], row["recipient"]
        subject = form.format(number=row["number"], what=row["short"], due=row["due"], company=row["company"])
        key = f"promise:{row['clock_id']}:{row['step']}:{recipient}"
        said = {"name": desk.name(recipient), "subject": subject, "intro": "", "notices": [row], "more": ""}
        yield _letter(key, f"promise_{row['kind']}", recipient, lang, t, said), steps.index[place : place + 1]


def _digest(
    desk: _Desk, recipient: str, steps: pd.DataFrame, rows: list[dict[str, Any]]
) -> Iterator[tuple[Letter, pd.Index]]:
    """One letter about many steps, the most urgent listed."""
    t, lang = words(desk.settings.lang), desk.settings.lang
    kinds = steps["kind"].value_counts()
    counted = t["list"].join(f"{t[f'kind.{kind}']} {kinds[kind]}" for kind in _URGENCY if kind in kinds)
    subject = t["subject.digest"].format(n=len(steps), kinds=counted)
    more = t["more"].format(n=len(steps) - len(rows)) if len(steps) > len(rows) else ""
    intro = t["intro.digest"].format(n=len(steps), kinds=counted)
    said = {"name": desk.name(recipient), "subject": subject, "intro": intro, "notices": rows, "more": more}
    key = f"promises:{recipient}:{int(steps['id'].min())}-{int(steps['id'].max())}"
    yield _letter(key, "promise_digest", recipient, lang, t, said), steps.index


def _letter(key: str, kind: str, recipient: str, lang: str, t: Any, said: dict[str, Any]) -> Letter:
    body, html = render("promise", lang, w=t, **said)
    return Letter(key, kind, recipient, str(said["subject"]), body, html)


def _told(desk: _Desk, steps: pd.DataFrame) -> list[dict[str, Any]]:
    """The steps as the templates show them, with what proves each."""
    t, lang, rules = words(desk.settings.lang), desk.settings.lang, desk.config.rules
    local = {
        name: _shown(desk.reckoner.local(np.asarray(steps[name], "datetime64[s]")))
        for name in ("started_at", "due_at", "next_at")
    }
    pauses = _pauses(desk.reckoner, steps["pauses"].fillna("").to_numpy(object), t)
    started, due = (np.asarray(steps[name], "datetime64[s]") for name in ("started_at", "due_at"))
    keys = steps["key"].to_numpy(object)
    allowed = desk.reckoner.used(started, np.maximum(due, started), keys, steps["pauses"].fillna("").to_numpy(object))
    rows = []
    for place, row in enumerate(steps.to_dict("records")):
        statement, rule = rules.statement(row["policy"], lang), rules.find(row["policy"])
        given = row["kind"] in _GIVES
        kept = given and row["owner_now"] == row["owner"]
        used, over = int(row["used_minutes"]), int(row["used_minutes"]) - int(allowed[place]) // 60
        rows.append(
            {
                "recipient": row["recipient"],
                "clock_id": row["clock_id"],
                "step": row["step"],
                "kind": row["kind"],
                "said": t["kind.kept" if kept else f"kind.{row['kind']}"],
                "kept": kept,
                "short": t[f"watches.{getattr(rule, 'watches', '')}"],
                "number": row["number"],
                "grade": row["grade"] if isinstance(row["grade"], str) else "",
                "company": row["company"] if isinstance(row["company"], str) else t["unstated"],
                "owner": desk.name(row["owner"]) or t["nobody"],
                "owner_now": (desk.name(row["owner_now"]) or t["pool"]) if given and not kept else "",
                "instead_of": desk.name(row["instead_of"]),
                "rule": row["policy"],
                "statement": statement,
                "started": local["started_at"][place],
                "due": local["due_at"][place],
                "next": local["next_at"][place] if int(row["step"]) < int(row["last"]) else "",
                "pauses": pauses[place],
                "used": business_time(used, t),
                "allowed": business_time(int(allowed[place]) // 60, t),
                "over": business_time(over, t) if over > 0 else "",
                "basis": t[f"basis.{row['basis']}"] if row["basis"] != "official" else "",
                "late": row["kind"] != "reminder",
                "link": desk.link(row["number"], row["recipient"]) if desk.link else "",
            }
        )
    return rows


def _shown(local: np.ndarray) -> list[str]:
    return [str(text).replace("T", " ") if text != "NaT" else "" for text in np.datetime_as_string(local, unit="m")]


def _pauses(reckoner: Reckoner, pauses: np.ndarray, t: Any) -> list[str]:
    """The pauses of each row in words."""
    spans = read_pauses(pauses)
    one, two = (_shown(reckoner.local(spans[side].to_numpy())) for side in ("since", "until"))
    said: dict[int, list[str]] = {}
    for place, since, until in zip(spans["place"].tolist(), one, two, strict=True):
        said.setdefault(place, []).append(f"{since} – {until}")
    return [t["list"].join(said.get(place, [])) or t["none"] for place in range(len(pauses))]
