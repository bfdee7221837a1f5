"""From page to page of a feed: what to ask for next, and when a round is over."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from config.feed import (
    CursorPaging,
    LinkPaging,
    NextUrlPaging,
    OffsetPaging,
    OnePage,
    PagePaging,
)
from config.json_path import MISSING, items_at, one_at
from tasks.feeds.client import NOTHING, Answer, Client
from tasks.feeds.errors import FeedError

_LINK = re.compile(r'<([^>]*)>((?:\s*;\s*[^\s=;,]+(?:\s*=\s*(?:"[^"]*"|[^\s";,]*))?)*)')
_PARAMETER = re.compile(r';\s*([^\s=;,]+)\s*=\s*(?:"([^"]*)"|([^\s";,]*))')
# A partner that sends the same page so often does not look at what is asked for.
_SAME = 3


@dataclass(frozen=True)
class Place:
    """Where a round is: pages read so far and what to ask for next (None: the round is over)."""

    pages: int = 0
    next: str | None = ""
    same: int = 0
    digest: str = ""

    @property
    def is_over(self) -> bool:
        """Whether the round has no further page."""
        return self.next is None


@dataclass(frozen=True)
class Page:
    """One page: its records, its answer, and the place behind it."""

    records: list[Any]
    answer: Answer
    behind: Place


def read_pages(client: Client, place: Place, since: str | None) -> Iterator[Page]:
    """Read a round from a place on to its end; FeedError where it cannot go on."""
    feed, seen = client.feed, {place.next}
    while not place.is_over:
        if place.pages >= feed.limits.pages:
            raise FeedError(client.name, "too_many", str(feed.limits.pages))
        try:
            answer = _ask(client, place, since)
        except FeedError as why:
            if not (why.detail == "HTTP 404" and place.pages and isinstance(feed.paging, PagePaging | OffsetPaging)):
                raise
            answer = Answer(feed.url, NOTHING, MISSING, {})  # how some say that there is no such page
        records = _records(client, answer.said)
        place = _behind(client, place, answer, records)
        if isinstance(feed.paging, CursorPaging | LinkPaging | NextUrlPaging):
            if place.next in seen:
                raise FeedError(client.name, "loop", f"page {place.pages} leads back to an earlier one")
            seen.add(place.next)
        yield Page(records, answer, place)


def _ask(client: Client, place: Place, since: str | None) -> Answer:
    feed, paging = client.feed, client.feed.paging
    if isinstance(paging, LinkPaging | NextUrlPaging) and place.next:
        return client.get(client.here(feed.url, place.next), {}, partial(_records, client))
    parameters = dict(feed.parameters)
    if since is not None and feed.since:
        parameters[feed.since.parameter] = since
    if not isinstance(paging, OnePage) and paging.size_parameter and paging.size:
        parameters[paging.size_parameter] = str(paging.size)
    match paging:
        case PagePaging():
            parameters[paging.parameter] = place.next or str(paging.first)
        case OffsetPaging():
            parameters[paging.parameter] = place.next or "0"
        case CursorPaging() if place.next:
            parameters[paging.parameter] = place.next
    return client.get(feed.url, parameters, partial(_records, client))


def _records(client: Client, said: Any) -> list[Any]:
    if said is MISSING:  # 204: there is nothing
        return []
    found = items_at(said, client.feed.items)
    if not isinstance(found, list):
        where = client.feed.items or "the answer"
        what = "is missing" if found is MISSING else f"is {_kind(found)}, no list"
        raise FeedError(client.name, "shape", f"{where} {what}")
    return found


def _behind(client: Client, place: Place, answer: Answer, records: list[Any]) -> Place:
    digest = hashlib.sha256(json.dumps(records, sort_keys=True).encode()).hexdigest() if records else ""
    same = place.same + 1 if digest and digest == place.digest else 0
    after = replace(place, pages=place.pages + 1, same=same, digest=digest)
    return replace(after, next=_next(client, after, place.next, answer, len(records)))


def _next(client: Client, after: Place, asked: str | None, answer: Answer, count: int) -> str | None:
    paging = client.feed.paging
    match paging:
        case OnePage():
            return None
        case PagePaging() | OffsetPaging():
            if after.same + 1 >= _SAME:
                raise FeedError(client.name, "loop", f"{_SAME} pages hold the same records")
            if not count:
                return None
            if isinstance(paging, OffsetPaging):
                return str(int(asked or 0) + count)
            return str(int(asked or paging.first) + 1)
        case LinkPaging():
            link = _links(answer).get("next")
            return client.here(answer.url, link) if link else None
        case NextUrlPaging():
            url = _told(client, answer, paging.next)
            return client.here(answer.url, url) if url else None
        case CursorPaging():
            more = one_at(answer.said, paging.more) if paging.more else True
            cursor = _told(client, answer, paging.next) if more else ""
            # some name the place behind their newest record for ever: nothing there, and the same place, is the end
            return None if not cursor or (cursor == asked and not count) else cursor


def _told(client: Client, answer: Answer, path: str) -> str:
    found = one_at(answer.said, path)
    # a cursor of nought is how some say that there is no more
    if found is MISSING or found is None or found is False or found in (0, "0"):
        return ""
    if isinstance(found, str | int) and not isinstance(found, bool):
        return str(found)
    raise FeedError(client.name, "shape", f"{path} is {_kind(found)}")


def _links(answer: Answer) -> dict[str, str]:
    """The addresses of the header Link by relation, of which one may have several (RFC 8288)."""
    found: dict[str, str] = {}
    for url, parameters in _LINK.findall(answer.headers.get("Link", "")):
        for name, quoted, bare in _PARAMETER.findall(parameters):
            if name.lower() == "rel":
                for relation in (quoted or bare).lower().split():
                    found.setdefault(relation, url.strip())
    return found


def _kind(value: Any) -> str:
    return {dict: "an object", list: "a list", str: "a text", bool: "a flag", type(None): "null"}.get(
        type(value), "a number"
    )
