"""The commands about whose leads they are: the pool, claiming, giving back, handing over."""

from collections.abc import Callable, Sequence

import pandas as pd

from config.loader import load_config
from config.schema import Config
from config.settings import Settings
from flows.commands import company, database, lead_number
from flows.console import OK, REFUSED, Answer
from flows.lists import Word, order_of
from tasks.i18n import word
from tasks.orders import OrderError
from tasks.pool import Moved, claim, give_back, waiting
from tasks.reassign import reassign


def pool(settings: Settings, region: str | None) -> Answer:
    """List the leads that nobody has."""
    config = load_config(settings.config)
    with database(settings).connect() as conn:
        found = waiting(conn, region)
    if found.empty:
        return Answer("nobody's leads: none", {"leads": []})
    shown = found.astype("object").assign(since=pd.Series([_time(at, settings) for at in found["since"]], dtype=object))
    rows = shown.where(shown.notna(), None).to_dict("records")
    lines = [
        f"{row['number']}  {word(settings.lang, 'status', row['status'])}  {row['grade'] or '-'}  "
        f"{word(settings.lang, 'region', row['region']) if row['region'] else '-'}  {_name(config, row['former'])}"
        for row in rows
    ]
    return Answer("\n".join(lines), {"leads": rows})


def claim_leads(settings: Settings, numbers: Sequence[str], said: Word, *, dry_run: bool) -> Answer:
    """Give leads of the pool to the person who asks for them."""
    return _each(settings, numbers, said, claim, "claimed", dry_run)


def give_leads_back(settings: Settings, numbers: Sequence[str], said: Word, *, dry_run: bool) -> Answer:
    """Put leads back into the pool with their companies."""
    return _each(settings, numbers, said, give_back, "given back", dry_run)


def hand_over(settings: Settings, person: str, to: str | None, said: Word, *, dry_run: bool) -> Answer:
    """Hand over all that a person has, to one successor or as the rules choose."""
    config, engine = company(settings)
    found = reassign(engine, person, to, config, order_of(settings, config, said), dry_run=dry_run)
    left = found[found["owner"].isna()]
    counts = found["owner"].value_counts().sort_index()
    lines = [f"{len(found)} open leads of {person}{' would be' if dry_run else ''} handed over"]
    lines += [f"  {_name(config, str(owner))}: {count}" for owner, count in counts.items()]
    lines += [f"  nobody could take {len(left)}: {', '.join(left['number'].head(10))}"] if len(left) else []
    plain = found[["number", "grade", "owner", "owner_rule"]].astype("object")
    data = {"from": person, "dry_run": dry_run, "leads": plain.where(plain.notna(), None).to_dict("records")}
    return Answer("\n".join(lines), data)


def _each(
    settings: Settings, numbers: Sequence[str], said: Word, do: Callable[..., Moved], what: str, dry_run: bool
) -> Answer:
    config, engine = company(settings)
    order = order_of(settings, config, said)
    done: list[Moved] = []
    faults: list[str] = []
    for number in dict.fromkeys(map(lead_number, numbers)):
        if any(number in one.numbers for one in done):
            continue  # it went with its company
        try:
            done.append(do(engine, number, config, order, dry_run=dry_run))
        except OrderError as error:
            faults.append(str(error))
    lines = [f"{'would be ' if dry_run else ''}{what}: {', '.join(one.numbers)}" for one in done]
    leads = [{"numbers": one.numbers, "from": one.former, "to": one.owner} for one in done]
    data = {"dry_run": dry_run, "moved": leads, "refused": faults}
    return Answer("\n".join(lines), data, REFUSED if faults else OK, tuple(faults))


def _name(config: Config, person: str | None) -> str:
    known = config.roster.person(person) if person else None
    return known.name if known else person or "-"


def _time(at: pd.Timestamp, settings: Settings) -> str | None:
    return None if pd.isna(at) else at.tz_localize("UTC").tz_convert(settings.zone).isoformat(timespec="minutes")
