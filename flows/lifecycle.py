"""What `leads nightly`, `leads rebuild` and `leads close` answer."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from config.loader import load_config
from config.settings import Settings
from flows.commands import company, database, lead_number, parse_day, parse_moment, refuse_stranger
from flows.console import OK, REFUSED, Answer, UsageError
from flows.keeping import keep_leads
from flows.request import ruled
from tasks.closing import Closed, close
from tasks.i18n import local_time
from tasks.orders import Order, OrderError
from tasks.rebuild import check, rebuild

#: How many differences are told on a screen.
_TOLD = 40


@dataclass(frozen=True)
class Asked:
    """What `leads close` was asked, as typed."""

    numbers: tuple[str, ...]
    result: str
    deal: dict[str, Any]
    by: str
    at: str | None = None
    as_of: str | None = None
    dry_run: bool = False


def nightly(settings: Settings, as_of: str | None, dry_run: bool, backfill_mail: bool) -> Answer:
    """What time has changed of leads by a moment."""
    database(settings)
    moment = parse_moment(as_of, settings) or datetime.now(UTC)
    found = keep_leads(settings, load_config(settings.config), moment, dry_run=dry_run, backfill_mail=backfill_mail)
    lines = [
        f"{one['number']}  {one['was']} → {one['status']}  {one['state_rule']}  {one['tier']}  {one['stage']}"
        for one in found.changes[:_TOLD]
    ]
    counts = {name: count for name, count in found.counts.items() if count}
    lines.append(", ".join(f"{name} {count}" for name, count in counts.items()) or "nothing has changed")
    data = {"as_of": moment.isoformat(), "dry_run": dry_run, "counts": counts, "changes": found.changes}
    return Answer("\n".join(lines), data | {"messages": found.messages})


def rebuilt(settings: Settings, as_of: str | None, only_check: bool) -> Answer:
    """Hold all leads against state(), or bring them to it; exit code 1 where the check finds a difference."""
    config, moment = load_config(settings.config), parse_moment(as_of, settings)
    # a moment before the first rules is refused as such
    ruled(config, moment or datetime.now(UTC), settings)
    engine = database(settings)
    if not only_check:
        kept = rebuild(engine, config, settings, moment or datetime.now(UTC))
        counts = {name: count for name, count in kept.counts.items() if count}
        told = ", ".join(f"{name} {count}" for name, count in counts.items())
        return Answer(told, {"check": False, "counts": counts})
    found = check(engine, config, settings, moment or datetime.now(UTC), past=moment is not None)
    lines = [
        f"{one['number']}  {one['column']}: {one['stored']} is stored, {one['state']} follows from the facts"
        for one in found.differ[:_TOLD]
    ]
    if moment is not None and not found.leads:
        lines.append(f"there was no lead by {local_time(moment, settings.zone)}")
    lines.append(f"{found.leads} leads, {len(found.differ)} differences, {found.waiting} wait for the nightly flow")
    data = {"check": True, "leads": found.leads, "differences": found.differ, "waiting": found.waiting}
    fault = (f"{len(found.differ)} differences",) if found.differ else ()
    return Answer("\n".join(lines), data, REFUSED if fault else OK, fault)


def closed(settings: Settings, asked: Asked) -> Answer:
    """Close leads one by one; what cannot be is named, and the others are done."""
    config, engine = company(settings)
    refuse_stranger(config, asked.by)
    now = datetime.now(UTC)
    as_of = parse_moment(asked.as_of, settings) or now
    order = Order(asked.by, str(asked.deal.get("lost_reason") or ""), as_of, now, settings.tz)
    at = parse_moment(asked.at, settings, "--at")
    if at is not None and at > as_of:
        raise UsageError(f"--at {asked.at}: lies in the future")
    happened = at.astimezone(UTC).replace(tzinfo=None).isoformat() if at else None
    deal = asked.deal | {
        name: parse_day(text, name).isoformat()
        for name in ("contract_on", "first_payment_on")
        if (text := asked.deal.get(name)) is not None
    }
    done: list[Closed] = []
    faults: list[str] = []
    for number in dict.fromkeys(map(lead_number, asked.numbers)):
        try:
            done.append(close(engine, number, asked.result, deal, config, order, at=happened, dry_run=asked.dry_run))
        except OrderError as error:
            faults.append(str(error))
    lines = [_line(one) for one in done]
    leads = [{"number": one.number, "before": one.before, "status": one.status, "reason": one.reason,
              "missing": list(one.missing)} for one in done]  # fmt: skip
    data = {
        "dry_run": asked.dry_run,
        "leads": leads,
        "refused": faults,
        "counts": dict(Counter(o.status for o in done)),
    }
    return Answer("\n".join(lines), data, REFUSED if faults else OK, tuple(faults))


def _line(one: Closed) -> str:
    why = f" ({one.reason})" if one.reason else ""
    lacks = f"; the archive lacks {', '.join(one.missing)}" if one.missing else ""
    return f"{one.number}  {one.before} → {one.status}{why}{lacks}"
