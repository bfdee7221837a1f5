"""The internal page of all promises: what runs, what is due next, what fired and why; a page at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pandas as pd
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from config.schema import Config
from tasks.clocks import reckoner_of
from tasks.i18n import local_time, mask_name
from tasks.leave import staffed
from tasks.notice_words import business_time
from tasks.notice_words import words as notice_words
from tasks.promises_listed import AHEAD, BACK, STATES, Listed, Place, Wanted, due_next, fired, running
from tasks.promises_shown import measured
from web.desk import Desk
from web.promise_list_words import words
from web.shown import shown

_ROWS = 50


@dataclass(frozen=True)
class _Asked:
    """What the page was asked, as its address says it."""

    show: str
    policy: str
    person: str
    team: str
    state: str
    after: str

    def address(self, **other: str) -> str:
        """The page's address with some of it other; what is blank is left out."""
        said = {name: getattr(self, name) for name in self.__dataclass_fields__} | other
        return "/promises?" + urlencode({name: value for name, value in said.items() if value})


def routes(desk: Desk) -> APIRouter:
    """The routes of the page."""
    router = APIRouter(tags=["promises"])

    @router.get("/promises", response_class=HTMLResponse)
    def promises(
        request: Request, show: str = "", policy: str = "", person: str = "", team: str = "", state: str = "",
        after: str = "",
    ) -> Response:  # fmt: skip
        """Promises that run, what the next sweeps do, or what fired, filtered."""
        show = show if show in STATES else "running"
        state = state if state in STATES[show] else ""
        return _listed(desk, request, _Asked(show, policy[:60], person[:60], team[:60], state, after[:60]))

    return router


def _listed(desk: Desk, request: Request, asked: _Asked) -> Response:
    now, w = datetime.now(UTC), words(desk.settings.lang)
    with desk.engine.connect() as conn:
        config = staffed(conn, desk.dated, now)
        said = _Said(desk, config, w)
        page = _page(conn, desk, config, asked, now)
        rows = [said.row(asked.show, row, now) for row in _plain(page.rows)]
    onward = f"{page.after.key.isoformat()}~{page.after.id}" if page.after else ""
    days = {"running": 0, "next": AHEAD.days, "fired": BACK.days}[asked.show]
    people = [(one.id, f"{one.name}（{one.team}）") for one in config.roster.people]
    choices = [
        ("policy", w["policy"], [(one.id, said.watches(one.id)) for one in config.rules.sla]),
        ("person", w["recipient" if asked.show == "fired" else "person"], people),
        ("team", w["team"], [(one, one) for one in dict.fromkeys(person.team for person in config.roster.people)]),
        ("state", w["state"], [(one, w[f"state.{one}"]) for one in STATES[asked.show]]),
    ]
    return shown(
        desk, request, "promise_list", "promises", w=w, rows=rows, asked=asked,
        intro=w[f"intro.{asked.show}"].format(days=days),
        tabs=[(one, w[f"show.{one}"], asked.address(show=one, state="", after="")) for one in STATES],
        choices=[(name, label, options, getattr(asked, name)) for name, label, options in choices if options],
        onward=asked.address(after=onward) if onward else "", first=asked.address(after="") if asked.after else "",
        most=_ROWS,
    )  # fmt: skip


def _page(conn: Connection, desk: Desk, config: Config, asked: _Asked, now: datetime) -> Listed:
    """Read what the address asks for; what names nothing that is there finds nothing."""
    known = {rule.id for rule in config.rules.sla}
    if asked.policy and asked.policy not in known:
        return Listed(pd.DataFrame(), None)
    people = None
    if asked.person or asked.team:
        team = {one.id for one in config.roster.people if one.team == asked.team}
        people = tuple(sorted(({asked.person} & team if asked.team else {asked.person}) if asked.person else team))
    wanted = Wanted((asked.policy,) if asked.policy else (), people, asked.state, _place(asked.after), _ROWS)
    if asked.show == "fired":
        return fired(conn, wanted, now)
    if asked.show == "next":
        return due_next(conn, config, wanted, now, desk.settings.tz)
    page = running(conn, config, wanted, now)
    if page.rows.empty:
        return page
    hours: dict[str, str] = {rule.id: rule.hours for rule in config.rules.sla}
    reckoner = reckoner_of(conn, config.rules, config, desk.settings.tz)
    return Listed(measured(page.rows, hours, reckoner, now), page.after)


def _place(after: str) -> Place | None:
    """The place that an address names; what is none is the first page."""
    key, _, number = after.partition("~")
    try:
        at = datetime.fromisoformat(key)
        return Place(at if at.tzinfo else at.replace(tzinfo=UTC), int(number))
    except ValueError:
        return None


def _plain(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain values: nothing for null, aware times."""
    made = []
    for row in rows.to_dict("records"):
        values = {str(name): None if value is None or _missing(value) else value for name, value in row.items()}
        made.append({
            name: value.tz_localize(UTC).to_pydatetime() if isinstance(value, pd.Timestamp) else value
            for name, value in values.items()
        })  # fmt: skip
    return made


def _missing(value: Any) -> bool:
    return not isinstance(value, list) and bool(pd.isna(value))


@dataclass(frozen=True)
class _Said:
    """Rows in the reader's words."""

    desk: Desk
    config: Config
    w: Mapping[str, str]

    def row(self, show: str, row: dict[str, Any], now: datetime) -> dict[str, Any]:
        """What every row says, and what only one of its list does."""
        known = any(one.id == row["policy"] for one in self.config.rules.sla)
        statement = self.config.rules.statement(row["policy"], self.desk.settings.lang) if known else ""
        common = {
            "number": row["number"], "company": row["company"] or "", "contact": mask_name(row["contact"]),
            "grade": row["grade"] or "", "policy": row["policy"], "watches": self.watches(row["policy"]),
            "statement": statement, "due": self.at(row["due_at"]),
            "basis": self.w.get(f"basis.{row['basis']}", ""),
        }  # fmt: skip
        return common | {"running": self._running, "next": self._next, "fired": self._fired}[show](row, now)

    def _running(self, row: dict[str, Any], now: datetime) -> dict[str, Any]:
        late = row["due_at"] is not None and row["due_at"] <= now
        state = "paused" if row["due_at"] is None else "overdue" if late else "in_time"
        used = business_time(row["used_minutes"], self.w)
        if row["allowed_minutes"] is not None:
            used = self.w["used.of"].format(used=used, allowed=business_time(row["allowed_minutes"], self.w))
        return {
            "state": state, "said": self.w[f"state.{state}"], "who": self.who(row["person"] or row["owner"]),
            "proof": [self.w["started"].format(at=self.at(row["started_at"])), *self.pauses(row["pauses"])],
            "used": used,
        }  # fmt: skip

    def _next(self, row: dict[str, Any], now: datetime) -> dict[str, Any]:
        at = row["does_at"]
        return {
            "at": self.w["now"] if at <= now else self.at(at), "does": self.w[f"does.{row['does']}"],
            "to": self.w["list"].join(self.whom(*one) for one in row["heard"]),
            "who": self.who(row["person"] or row["owner"]),
        }  # fmt: skip

    def _fired(self, row: dict[str, Any], now: datetime) -> dict[str, Any]:
        proof = [self.w["started"].format(at=self.at(row["started_at"])), *self.pauses(row["pauses"]),
                 f"{self.w['used']} {business_time(row['used_minutes'], self.w)}"]  # fmt: skip
        if row["state"] == "skipped":
            proof.append(self.w["why.skipped"])
        seen = ""
        if row["acknowledged_at"] is not None:
            seen = self.w["acknowledged"].format(
                name=self.who(row["acknowledged_by"]), at=self.at(row["acknowledged_at"])
            )
        return {
            "at": self.at(row["at"]), "does": self.w[f"does.{row['kind']}"], "skipped": row["state"] == "skipped",
            "said": self.w["state.skipped"] if row["state"] == "skipped" else "", "proof": proof,
            "to": self.whom(row["recipient"], row["instead_of"]) if row["state"] == "fired" else "",
            "mail": self.w.get(f"mail.{row['mail']}", row["mail"] or ""), "seen": seen,
        }  # fmt: skip

    def watches(self, policy: str) -> str:
        """What a promise is about, in two words."""
        rule = next((one for one in self.config.rules.sla if one.id == policy), None)
        return notice_words(self.desk.settings.lang)[f"watches.{rule.watches}"] if rule else policy

    def whom(self, person: str | None, instead_of: str | None) -> str:
        """Who hears of a step, and for whom he stands in."""
        if not instead_of:
            return self.who(person)
        return self.w["stands_in"].format(name=self.who(person), other=self.who(instead_of))

    def who(self, person: str | None) -> str:
        """A person's name."""
        return self.config.roster.name_of(person) if person else self.w["nobody"]

    def at(self, moment: datetime | None) -> str:
        """A moment in the business zone."""
        return local_time(moment, self.desk.settings.zone) if moment else "–"

    def pauses(self, pauses: str | None) -> list[str]:
        """How often it stood still, where it did."""
        count = pauses.count(";") + 1 if pauses else 0
        return [self.w["pauses.one" if count == 1 else "pauses"].format(n=count)] if count else []
