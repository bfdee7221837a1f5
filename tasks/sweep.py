"""The sweep: what is due is read by its index, breaches are noted, and of each ladder the step that applies fires."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine, text

from config.schema import Config, Rules
from config.settings import Settings
from models import Clock, Escalation
from models.db import begin, insert_frame, look_up, read_frame, stored_moment, take_ids, take_turn, update_frame
from tasks.clocks import CLOCK_COLUMNS, reckoner_of, write_changed
from tasks.held import take_up, take_up_held
from tasks.notices import write_notices
from tasks.orders import own_order
from tasks.points import reached
from tasks.rules.clockwork import aim_anew, resumed
from tasks.rules.due import Reckoner, same_times
from tasks.rules.ladder import look
from tasks.rules.promises import OPEN
from tasks.rules.recipients import Ladderers
from tasks.state import keep_current
from tasks.take_away import take_away

#: Rows of one transaction.
AT_ONCE = 20_000
_SETTINGS = "clocks:settings"
_OF_LEAD = """
l.number, l.owner, l.owner_rule, l.grade, l.tier, l.source, l.verdict, l.status, l.account_id, l.missing
"""
_DUE = f"""
SELECT {CLOCK_COLUMNS}, {_OF_LEAD}, a.name AS company FROM clock c JOIN lead l ON l.id = c.lead_id
LEFT JOIN account a ON a.id = l.account_id WHERE c.next_at <= :as_of ORDER BY c.next_at, c.id LIMIT :rows
"""
_ANY_DUE = text("SELECT 1 FROM clock WHERE next_at <= :as_of LIMIT 1")
_RUNNING = f"""
SELECT {CLOCK_COLUMNS}, {_OF_LEAD} FROM clock c JOIN lead l ON l.id = c.lead_id
WHERE c.ended_at IS NULL AND c.id > :after ORDER BY c.id LIMIT :rows
"""
_OWNERS = "SELECT l.id AS lead_id, l.owner FROM wanted w JOIN lead l ON l.id = w.key"
_FIRED = ("number", "policy", "step", "kind", "scheduled_at", "recipient", "instead_of", "due_at", "used_minutes")


@dataclass
class Swept:
    """What a sweep did: counts of due, breached, fired, skipped, resumed, waiting, messages, reassigned, pooled,
    taken_up (leads that nobody could take before), aimed_anew; the steps, one a recipient."""

    counts: Counter[str] = field(default_factory=Counter)
    steps: list[dict[str, Any]] = field(default_factory=list)


def sweep(engine: Engine, config: Config, settings: Settings, as_of: datetime, *, keep: bool = True) -> Swept:
    """Do what is due at a moment (aware); harmless when repeated. Without `keep` nothing stays: what it would do."""
    swept = Swept()
    rules = config.rules.at(as_of.astimezone(settings.zone).date())
    config = config.model_copy(update={"rules": rules})
    with engine.connect() as conn:
        reckoner = reckoner_of(conn, rules, config, settings.tz)
        changed = _fingerprint(rules, reckoner) != _known_fingerprint(conn)
        waits = conn.execute(_ANY_DUE, {"as_of": stored_moment(conn, as_of)}).first() is not None
    if not keep:
        _foresee(engine, config, settings, reckoner, as_of, swept, changed=changed)
        return swept
    if changed:
        swept.counts["aimed_anew"] = aim_all_anew(engine, config, reckoner, as_of)
        waits = True
    while waits:
        with begin(engine) as conn:
            take_turn(conn)
            rows = _Sweep(conn, config, settings, reckoner, as_of, swept).run()
            reached("swept")
        waits = rows == AT_ONCE
    swept.counts["taken_up"] += take_up_held(engine, config, own_order(as_of, settings.tz).arrival("handover"))
    return swept


def aim_all_anew(engine: Engine, config: Config, reckoner: Reckoner, as_of: datetime) -> int:
    """Reckon every running clock anew after rules, calendar, hours or leave have changed; gives how many.

    It is done in pieces; one that dies is done again by the next sweep, with the same result.
    """
    after, count = 0, 0
    while True:
        with begin(engine) as conn:
            take_turn(conn)
            last, some = _aim_some(conn, config.rules, reckoner, as_of, after)
            if not some:
                _keep_fingerprint(conn, _fingerprint(config.rules, reckoner))
                return count
            reached("aimed-anew")
        after, count = last, count + some


def _aim_some(conn: Connection, rules: Rules, reckoner: Reckoner, as_of: datetime, after: int) -> tuple[int, int]:
    """Reckon the next running clocks anew; gives the last one's id, and how many there were."""
    live = read_frame(conn, _RUNNING, after=after, rows=AT_ONCE)
    if live.empty:
        return after, 0
    live["pauses"] = live["pauses"].fillna("")
    write_changed(conn, _altered(aim_anew(_facts(live, as_of), live, rules, reckoner), live), naive(as_of))
    return int(live["id"].to_numpy()[-1]), len(live)


def _foresee(
    engine: Engine, config: Config, settings: Settings, reckoner: Reckoner, as_of: datetime, swept: Swept, *,
    changed: bool,
) -> None:  # fmt: skip
    """Do all of it in one transaction that is undone."""
    with begin(engine, keep=False) as conn:
        take_turn(conn)
        after, some = 0, int(changed)
        while some:
            after, some = _aim_some(conn, config.rules, reckoner, as_of, after)
        while _Sweep(conn, config, settings, reckoner, as_of, swept).run() == AT_ONCE:
            pass
        swept.counts["taken_up"] += take_up(conn, config, own_order(as_of, settings.tz).arrival("handover"))


def remember_settings(engine: Engine, config: Config, as_of: datetime, zone: str) -> None:
    """Note that the running clocks are reckoned under these rules, calendars and hours: the next sweep leaves them."""
    rules = config.rules.at(as_of.astimezone(ZoneInfo(zone)).date())
    with begin(engine) as conn:
        _keep_fingerprint(conn, _fingerprint(rules, reckoner_of(conn, rules, config, zone)))


class _Sweep:
    """One transaction of a sweep."""

    def __init__(
        self, conn: Connection, config: Config, settings: Settings, reckoner: Reckoner, as_of: datetime, swept: Swept
    ) -> None:
        self.conn, self.config, self.settings, self.reckoner, self.as_of = conn, config, settings, reckoner, as_of
        self.now = np.datetime64(as_of.astimezone(UTC).replace(tzinfo=None), "s")
        self.swept, self.rules = swept, config.rules
        self.ladderers = Ladderers(config.roster, as_of.astimezone(settings.zone).date())

    def run(self) -> int:
        """Do what is due; gives how many clocks were."""
        due = read_frame(self.conn, _DUE, as_of=stored_moment(self.conn, self.as_of), rows=AT_ONCE)
        self.swept.counts["due"] += len(due)
        there = set(due["policy"])
        looked = [self._of_rule(due[due["policy"] == rule.id], rule) for rule in self.rules.sla if rule.id in there]
        if looked:
            write_changed(
                self.conn, pd.concat([changed for changed, _ in looked], ignore_index=True), naive(self.as_of)
            )
        strange = due[~due["policy"].isin([rule.id for rule in self.rules.sla])]
        update_frame(self.conn, Clock, strange[["id"]].assign(next_at=pd.Series(pd.NaT, dtype="datetime64[us]")))
        steps = [part for _, part in looked if len(part)]
        if steps:
            self._fire(pd.concat(steps, ignore_index=True))
        return len(due)

    def _of_rule(self, due: pd.DataFrame, rule: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Move the clocks of one rule on; gives them, and their steps that fire or are skipped, one a row."""
        due = due.reset_index(drop=True)
        keys = self.reckoner.calendars.keys(due["person"].fillna(due["owner"]), np.full(len(due), rule.hours))
        due = due.assign(key=keys, pauses=due["pauses"].fillna(""))
        stands = due["paused_at"].notna().to_numpy()
        if stands.any():
            self.swept.counts["resumed"] += int(stands.sum())
            again = resumed(due[stands], rule, self.reckoner)
            due = pd.concat([due[~stands], again], ignore_index=True)
        found = look(due, rule, self.reckoner, self.now)
        breached = np.where(found.breached, _at(due, "due_at"), _at(due, "breached_at"))
        changed = due.assign(breached_at=breached, step=found.passed, next_at=found.next_at)
        self.swept.counts["breached"] += int(found.breached.sum())
        # of a promise that was kept late, only what is about the lateness is left
        return changed, self._steps(changed, due["step"].to_numpy(np.int64), found, rule)

    def _steps(self, clocks: pd.DataFrame, before: np.ndarray, found: Any, rule: Any) -> pd.DataFrame:
        parts = []
        used = self._used(clocks)
        for number, step in enumerate(rule.ladder, start=1):
            passed = (found.passed >= number) & (before < number) & ~np.isnat(found.scheduled[:, number - 1])
            if not passed.any():
                continue
            part = clocks[passed].assign(
                step=number, kind=step.step, scheduled_at=found.scheduled[passed, number - 1],
                fires=found.fires[passed] == number, used_minutes=used[passed], last=len(rule.ladder),
            )  # fmt: skip
            parts.append(part.rename(columns={"id": "clock_id"}))
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()

    def _used(self, clocks: pd.DataFrame) -> np.ndarray:
        ended = _at(clocks, "ended_at")
        until = np.where(np.isnat(ended), self.now, ended)
        started = _at(clocks, "started_at")
        used = self.reckoner.used(
            started, np.maximum(until, started), clocks["key"].to_numpy(object), clocks["pauses"].to_numpy(object)
        )
        minutes: np.ndarray = used // 60
        return minutes

    def _fire(self, steps: pd.DataFrame) -> None:
        """Store the steps, write the messages of those that fire, and give leads to others where a step says so."""
        skipped = steps[~steps["fires"]].assign(recipient="", instead_of=None, state="skipped")
        fires = steps[steps["fires"]].reset_index(drop=True)
        self.swept.counts["skipped"] += len(skipped)
        self.swept.counts["fired"] += len(fires)
        told = self._addressed(fires.assign(owner_now=self._take_away(fires)))
        every = pd.concat([part for part in (told, skipped) if len(part)], ignore_index=True)
        every["instead_of"] = every["instead_of"].astype("str")
        every = every.assign(id=take_ids(self.conn, "escalation", len(every)), at=self.now.astype("datetime64[us]"))
        every["message_id"] = write_notices(self.conn, every, self.config, self.settings, self.reckoner, self.as_of)
        self.swept.counts["messages"] += int(every["message_id"].nunique())
        columns = ["id", "clock_id", "step", "kind", "scheduled_at", "at", "state", "recipient", "instead_of"]
        rows = every[[*columns, "message_id", "used_minutes"]].astype({"instead_of": "str", "message_id": "Int64"})
        insert_frame(self.conn, Escalation, rows.assign(scheduled_at=rows["scheduled_at"].astype("datetime64[us]")))
        self.swept.steps += _told(every)

    def _take_away(self, fires: pd.DataFrame) -> pd.Series:
        """Give leads to others, or to the pool, where a step says so; gives who has the lead of each step now."""
        owner = fires["owner"].astype("object")
        for kind in ("reassign", "pool"):
            given = fires[(fires["kind"] == kind) & fires["status"].isin(OPEN)]
            if len(given):
                arrival = own_order(self.as_of, self.settings.tz).arrival("handover")
                self.swept.counts[f"{kind}ed"] += take_away(self.conn, given, arrival, self.config, kind)
                keep_current(self.conn, given["lead_id"], arrival, self.config)
                wanted = given["lead_id"].drop_duplicates().sort_values()
                now = look_up(self.conn, wanted, "BIGINT", _OWNERS).set_index("lead_id")["owner"].astype("object")
                owner = owner.where(~fires["lead_id"].isin(wanted), fires["lead_id"].map(now))
        return owner

    def _addressed(self, fires: pd.DataFrame) -> pd.DataFrame:
        """One row a hearer; how many differ in rule, step and owner is all that is looked at one by one."""
        if fires.empty:
            return fires
        ladders = {rule.id: rule.ladder for rule in self.rules.sla}
        owner = fires["person"].fillna(fires["owner"]).astype("object")
        codes, uniques = pd.factorize(
            fires["policy"] + "\x1f" + fires["step"].astype("str") + "\x1f" + owner.fillna("")
        )
        lists: list[list[tuple[str, str | None]]] = []
        for one in uniques:
            policy, step, person = str(one).split("\x1f")
            found = self.ladderers.hearers(ladders[policy][int(step) - 1].to, person or None)
            lists.append([(hearer.person, hearer.instead_of) for hearer in found] or [("", None)])
        heard = pd.Series([lists[code] for code in codes], index=fires.index)
        rows = fires.assign(heard=heard).explode("heard", ignore_index=True)
        named = pd.DataFrame(rows["heard"].tolist(), columns=["recipient", "instead_of"], dtype="object")
        return rows.assign(recipient=named["recipient"], instead_of=named["instead_of"], state="fired")


def _facts(live: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """What is said of the leads of clocks, a row a clock; a pause ends when the clock is looked at next."""
    at = naive(as_of)
    never = pd.Series(pd.NaT, index=live.index, dtype="datetime64[us]")
    names = (
        "opened_at", "verified_at", "first_contact_at", "last_contact_at", "plan_at", "progress_at", "case_at",
        "closed_at", "owner_since",
    )  # fmt: skip
    until = live["next_at"].where(live["paused_at"].notna())
    columns = ["lead_id", "verdict", "grade", "tier", "source", "owner", "status", "missing"]
    changed = live["started_at"].astype("datetime64[us]")
    return live[columns].assign(at=at, open=True, pause_until=until, changed_at=changed,
                                week_contacts=np.nan, week_from=never, **dict.fromkeys(names, never))  # fmt: skip


def naive(moment: datetime) -> pd.Timestamp:
    """A moment as tables keep it: naive UTC."""
    return pd.Timestamp(moment.astimezone(UTC).replace(tzinfo=None)).as_unit("us")


def _altered(changed: pd.DataFrame, live: pd.DataFrame) -> pd.DataFrame:
    """Only what has become other than it was, so that an undisturbed clock is not written."""
    before = live.set_index("id").reindex(changed["id"]).reset_index(drop=True)
    other = np.zeros(len(changed), dtype=bool)
    for name in ("target", "basis", "rules_version"):
        other |= (changed[name].astype("str") != before[name].astype("str")).to_numpy(dtype=bool)
    for name in ("due_at", "next_at", "paused_at", "ended_at", "started_at"):
        other |= ~same_times(_at(changed, name), _at(before, name))
    return changed[other].reset_index(drop=True)


def _told(steps: pd.DataFrame) -> list[dict[str, Any]]:
    fired = steps.loc[steps["state"] == "fired", list(_FIRED)]
    columns = [fired[name].astype("object").tolist() for name in _FIRED]
    return [dict(zip(_FIRED, row, strict=True)) for row in zip(*columns, strict=True)]


def _fingerprint(rules: Rules, reckoner: Reckoner) -> int:
    """A number that changes with all that due times are reckoned by."""
    said = repr([(rule.id, rule.effective, rule.model_dump_json()) for rule in rules.sla])
    said += str(rules.value("S-VERIFICATION")) + reckoner.calendars.digest() + reckoner.zone
    return int.from_bytes(hashlib.sha256(said.encode()).digest()[:7], "big")


def _known_fingerprint(conn: Connection) -> int | None:
    found = conn.execute(text("SELECT value FROM counter WHERE name = :name"), {"name": _SETTINGS}).scalar()
    return None if found is None else int(found)


def _keep_fingerprint(conn: Connection, value: int) -> None:
    keep = "INSERT INTO counter (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = :value"
    conn.execute(text(keep), {"name": _SETTINGS, "value": value})


def _at(clocks: pd.DataFrame, column: str) -> np.ndarray:
    return np.asarray(clocks[column], dtype="datetime64[s]")
