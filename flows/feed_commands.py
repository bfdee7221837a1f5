"""The commands about feeds: pull, check, reread."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from config.loader import load_config
from config.schema import Channel, Config
from config.settings import Settings
from flows.commands import parse_moment, usable_home
from flows.console import FILES, Answer, Refused
from flows.feeding import Fed, feed_named, pull_feeds, reread_feed
from flows.progress import bar
from flows.request import rules_on
from tasks.feeds.client import Client
from tasks.feeds.errors import FeedError
from tasks.feeds.paging import Page, Place, read_pages
from tasks.feeds.pull import Pulled
from tasks.feeds.rows import as_rows, read_records
from tasks.prepare import prepare

# reasons that a screen shows
_MOST = 5


@dataclass(frozen=True)
class Asked:
    """What was asked of feeds."""

    names: tuple[str, ...] = ()
    as_of: str | None = None
    backfill_mail: bool = False
    show_progress: bool = True


def pull(settings: Settings, asked: Asked) -> Answer:
    """Pull feeds now, whatever their schedule."""
    config, as_of = _ready(settings, asked)
    with bar(show=asked.show_progress):
        fed = pull_feeds(settings, config, as_of, asked.names, backfill_mail=asked.backfill_mail)
    return _answer(fed, as_of, config)


def reread(settings: Settings, asked: Asked) -> Answer:
    """Read the kept pages of a feed again."""
    config, as_of = _ready(settings, asked)
    with bar(show=asked.show_progress):
        fed = reread_feed(settings, config, asked.names[0], as_of, backfill_mail=asked.backfill_mail)
    return _answer(fed, as_of, config)


def check(settings: Settings, asked: Asked) -> Answer:
    """Ask the partner once and tell what one page would become; nothing is stored."""
    config = load_config(settings.config)
    as_of = parse_moment(asked.as_of, settings) or datetime.now(UTC)
    channel = feed_named(config, asked.names[0])
    rules = rules_on(config.rules, as_of, settings)
    assert channel.feed is not None
    try:
        client = Client(channel.name, channel.feed)
        with client.session:
            page = next(read_pages(client, Place(), None))
    except FeedError as why:
        return Answer("", {"feed": channel.name, "fault": why.code, "why": str(why)}, FILES, (str(why),))
    records = read_records(channel.feed, channel.name, page.records)
    live = records[~records["deleted"]]
    prepared = prepare(as_rows(channel.feed, live), rules, channel, as_of, settings.tz)
    data = _seen(channel, page, records, prepared)
    return Answer(_page(data, config), data)


def _ready(settings: Settings, asked: Asked) -> tuple[Config, datetime]:
    usable_home(settings)
    config = load_config(settings.config)
    for name in asked.names:
        feed_named(config, name)
    if not asked.names and not any(one.feed for one in config.channels.values()):
        raise Refused("there is no feed: write a channel of kind feed into LEADS_CONFIG/channels/")
    return config, parse_moment(asked.as_of, settings) or datetime.now(UTC)


def _answer(fed: Fed, as_of: datetime, config: Config) -> Answer:
    data = {"as_of": as_of.isoformat(), "feeds": [one.as_dict() for one in fed.feeds], "messages": fed.messages}
    text = "\n".join(_line(one, config) for one in fed.feeds) or "all feeds are paused"
    return Answer(text, data, FILES if fed.faults else 0, tuple(fed.faults))


def _line(one: Pulled, config: Config) -> str:
    rows = ", ".join(f"{count} {name}" for name, count in sorted(one.outcomes.items())) or "nothing new"
    end = "round complete" if one.complete else "the next pull goes on from here"
    said = [f"{one.channel}: {one.pages} pages, {one.records} records: {rows}; {one.unchanged} as known; {end}"]
    if one.withdrawn or one.kept:
        kept = f"; kept, somebody works on them: {', '.join(one.kept)}" if one.kept else ""
        said.append(f"  deleted by the partner: {one.withdrawn} rows{kept}")
    return "\n".join([*said, *_reasons(one.issues, config)])


def _reasons(issues: "Counter[str]", config: Config) -> list[str]:
    return [f"  {count} x {rule} {config.rules.statement(rule, 'en')}" for rule, count in issues.most_common(_MOST)]


def _seen(channel: Channel, page: Page, records: pd.DataFrame, prepared: pd.DataFrame) -> dict[str, Any]:
    feed = channel.feed
    assert feed is not None
    rows = as_rows(feed, records[~records["deleted"]])
    fields = [
        {"field": name, "path": path, "filled": int((rows[name] != "").sum())} for name, path in feed.fields.items()
    ]
    issues = prepared["issues"][prepared["issues"] != ""].str.split("|").explode().value_counts()
    return {
        "feed": channel.name,
        "records": len(records),
        "without_id": int((records["id"] == "").sum()),
        "without_stamp": int(records["stamp"].isna().sum()) if feed.updated else 0,
        "deleted": int(records["deleted"].sum()),
        "readable": int((~prepared["rejected"]).sum()),
        "rejected": int(prepared["rejected"].sum()),
        "is_last_page": page.behind.is_over,
        "fields": fields,
        "issues": {str(rule): int(count) for rule, count in issues.items()},
        "unmapped": sorted(_unmapped(feed.fields, records)),
    }


def _unmapped(fields: dict[str, Any], records: pd.DataFrame) -> set[str]:
    """The places in the records that no field reads; of a list that may be one for all of its items."""
    read = {one for path in fields.values() for one in ((path,) if isinstance(path, str) else path)}
    return {place for record in records["record"] for place in _places(record, "", read)}


def _places(value: Any, path: str, read: Collection[str]) -> Iterator[str]:
    if path in read:
        return
    inside = f"{path}." if path else ""
    if isinstance(value, dict) and any(one.startswith(inside) for one in read):
        for key, one in value.items():
            yield from _places(one, f"{inside}{key}", read)
    elif path and not any(one.startswith(inside) for one in read):
        yield path


def _page(data: dict[str, Any], config: Config) -> str:
    lines = [
        f"{data['feed']}: one page with {data['records']} records: {data['readable']} would be taken, "
        f"{data['rejected']} rejected, {data['deleted']} are marked as deleted"
        + ("; it is the last page" if data["is_last_page"] else "; more pages follow")
    ]
    for key, what in (("without_id", "have no id"), ("without_stamp", "do not say when they were changed")):
        if data[key]:
            lines.append(f"  {data[key]} records {what}")
    lines += [
        f"  {one['field']:14} {_paths(one['path']):30} filled in {one['filled']} of {data['records'] - data['deleted']}"
        for one in data["fields"]
    ]
    if data["unmapped"]:
        lines.append(f"  not mapped: {', '.join(data['unmapped'])}")
    return "\n".join([*lines, *_reasons(Counter(data["issues"]), config)])


def _paths(path: str | tuple[str, ...]) -> str:
    return path if isinstance(path, str) else ", ".join(path)
