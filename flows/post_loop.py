"""The loop beside the web application: looks into the inbox again and again, and settles what lies there together.

`python -m flows.post_loop` works until its standard input ends. Whenever it dies, the next one finds what is left.
"""

import logging
import signal
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError

from config.errors import ConfigError
from config.loader import load_config
from config.settings import Settings, get_settings
from flows.posting import Desk, opened_desk
from flows.scan import note
from flows.worker import end_with_input
from models.bulk import WriteFailed
from models.garbage import collect_seldom
from tasks.outbox import send_pending
from tasks.posts.lookup import look_up_due

log = logging.getLogger("leadflow.posts")

#: Seconds between two looks, and at least between two settlings: a burst is one batch.
BETWEEN_LOOKS, BETWEEN_ROUNDS = 0.1, 1.0
#: Seconds between two readings of the configuration, notes, looks for what is due, and after a fault.
READ_AGAIN, NOTE, DUE, AFTER_FAULT = 60.0, 5.0, 2.0, 2.0


def work(settings: Settings, ended: threading.Event) -> None:
    """Work until `ended`."""
    while not ended.is_set():
        try:
            with opened_desk(settings, load_config(settings.config), datetime.now(UTC)) as desk:
                side = threading.Thread(target=_see_to_the_rest, args=(desk, ended), daemon=True)
                side.start()
                _settle_until(desk, ended, time.monotonic() + READ_AGAIN)
        except (ConfigError, SQLAlchemyError, WriteFailed, OSError) as fault:
            # somebody is writing the YAML, or the base is away: the posts are safe where they are
            log.warning("%s", type(fault).__name__)
            ended.wait(AFTER_FAULT)


def _settle_until(desk: Desk, ended: threading.Event, until: float) -> None:
    last = 0.0
    while not ended.wait(BETWEEN_LOOKS) and time.monotonic() < until:
        if time.monotonic() - last < BETWEEN_ROUNDS:
            continue
        started = time.monotonic()
        taken = desk.round(datetime.now(UTC))
        if taken.posts:
            last = started
            log.info("%d posts in %.2f s", taken.posts, time.monotonic() - started)


def _see_to_the_rest(desk: Desk, ended: threading.Event) -> None:
    """Notes, look-ups and mails, none of which may keep posts waiting; for as long as a reading of the files holds."""
    until, noted = time.monotonic() + READ_AGAIN, 0.0
    while not ended.wait(DUE) and time.monotonic() < until - DUE:
        now = datetime.now(UTC)
        with suppress(SQLAlchemyError, OSError):
            look_up_due(desk.inbox, desk.config, now)
            send_pending(desk.engine, desk.settings, now, desk.dated(now).rules)
            if time.monotonic() - noted > NOTE:
                noted = time.monotonic()
                note(desk.settings.up / "posts.json", {"at": now.isoformat(), "posts": desk.inbox.counts()})


def main() -> None:
    """Run the loop until it is asked to end, or its standard input ends."""
    collect_seldom()
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_input(signal.SIGTERM)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
    work(get_settings(), ended)


if __name__ == "__main__":
    main()
