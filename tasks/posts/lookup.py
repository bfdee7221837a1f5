"""Look-ups: where a message brings only an id, the record itself is fetched before its rows are made."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import requests

from config.schema import Config
from config.selector import select, text_of
from config.webhook import Lookup
from tasks.posts.inbox import FAILED, LOOKING, Inbox, Stored
from tasks.posts.rows import records_of

log = logging.getLogger(__name__)
_HOLE = re.compile(r"\{([^{}]+)\}")
_AT_ONCE = 100


class LookupFailed(Exception):  # noqa: N818 - an answer that the caller deals with
    """The record could not be fetched; the message holds no value of it."""


def look_up_due(inbox: Inbox, config: Config, now: datetime) -> int:
    """Fetch what is due and make its posts ready; gives how many are. One that fails is tried again, ever later."""
    ready = 0
    with requests.Session() as session:
        session.max_redirects = 0
        for post in inbox.waiting(now, _AT_ONCE, LOOKING):
            channel = config.channels.get(post.channel)
            webhook = channel.webhook if channel else None
            if webhook is None:
                continue
            if webhook.lookup is None:
                inbox.looked_up(post, post.body)
                continue
            try:
                found = [fetched(session, webhook.lookup, one) for one in records_of(webhook, post.body["message"])]
            except LookupFailed as why:
                _again(inbox, post, webhook.lookup, str(why), now)
                continue
            inbox.looked_up(post, post.body | {"lookup": found})
            ready += 1
    return ready


def fetched(session: requests.Session, lookup: Lookup, record: Any) -> Any:
    """Fetch one record; LookupFailed says why it cannot be had."""
    url = _HOLE.sub(lambda hole: quote(_said(record, hole[1]), safe=""), lookup.url)
    headers, parameters = {"Accept": "application/json"}, {}
    if lookup.token:
        token = os.environ.get(lookup.token)
        if not token:
            raise LookupFailed(f"the environment has no {lookup.token}")
        if lookup.parameter:
            parameters[lookup.parameter] = token
        else:
            headers[lookup.header] = lookup.prefix + token
    try:
        with session.get(
            url, headers=headers, params=parameters, timeout=lookup.seconds, allow_redirects=False, stream=True
        ) as answer:
            if answer.status_code != 200:
                raise LookupFailed(f"answered with {answer.status_code}")
            content = b"".join(_within(answer, lookup.answer_bytes))
    except requests.RequestException as error:
        raise LookupFailed(type(error).__name__) from None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise LookupFailed("answered with something else than JSON") from None


def _said(record: Any, path: str) -> str:
    text = next((text_of(one) for one in select(record, path)), "")
    if not text:
        raise LookupFailed(f"the record has no {path}")
    return text


def _within(answer: requests.Response, most: int) -> Iterator[bytes]:
    seen = 0
    for part in answer.iter_content(65_536):
        seen += len(part)
        if seen > most:
            raise LookupFailed(f"answered with more than {most} bytes")
        yield part


def _again(inbox: Inbox, post: Stored, lookup: Lookup, why: str, now: datetime) -> None:
    log.warning("a look-up of the channel %s failed: %s", post.channel, why)
    if post.attempts + 1 >= lookup.tries:
        inbox.move([post], FAILED, why)
    else:
        inbox.put_off(post, now + timedelta(seconds=min(3600, 5 * 2**post.attempts)), why)
