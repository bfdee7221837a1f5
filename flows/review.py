"""The flow `review`: what flows/reviewing.py builds and sends, as Prefect runs it, once a day."""

from datetime import datetime

from prefect import flow, get_run_logger

from config.loader import load_config
from config.settings import get_settings
from flows.request import moment
from flows.review_faults import tell_operations
from flows.reviewing import ReviewError, build, due, keep_all, open_review, recipients, send
from models.db import make_engine, upgrade


@flow(name="review", persist_result=False)
def review(as_of: datetime | None = None, backfill_mail: bool = False) -> list[str]:
    """Build and mail the packs that are due; gives their periods. A failed check of figures fails the run.

    The others go out all the same; operations hear of what failed, and of those who could not be reached.
    """
    settings, at = get_settings(), moment(as_of)
    config = load_config(settings.config)
    engine = make_engine(settings.database_url)
    try:
        upgrade(engine)
        done, failed = [], []
        for span, _ in due(engine, settings, config, at):
            opened = open_review(engine, settings, config, span, at)
            build(opened)
            keep_all(engine, opened)
            try:
                sent = send(engine, opened, recipients(config, opened.rules, span.kind), backfill_mail=backfill_mail)
            except ReviewError as why:
                # the other packs go out all the same
                failed.append(str(why))
                tell_operations(engine, opened, "fault", why.faults, backfill_mail=backfill_mail)
                continue
            if sent.refused:
                tell_operations(engine, opened, "refused", sent.refused, backfill_mail=backfill_mail)
            for person in sent.refused:
                get_run_logger().warning("%s did not get the %s review of %s", person, span.kind, span.label)
            done.append(f"{span.kind} {span.label}")
        if failed:
            raise ReviewError("; ".join(failed))
        return done
    finally:
        engine.dispose()
