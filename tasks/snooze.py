"""«Call me after the 12th»: leads put off until a day, as the customer or the owner asked."""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import Engine

from config.schema import Config
from tasks.clocks import reckoner_of
from tasks.follow_ups import Recorded, Said, record_follow_ups
from tasks.orders import Order
from tasks.rules.due import moment_of

#: What a pause until a day is called: 暂缓.
HOLD = "hold"


def snooze(
    engine: Engine, numbers: Sequence[str], until: date, method: str, order: Order, config: Config, *,
    channel: str = "cli", dry_run: bool = False,
) -> list[Recorded]:  # fmt: skip
    """Record that leads are put off until the end of a day; FollowUpError names the first that cannot be.

    order: whose word it is, and the reason. Said twice it is recorded once.
    """
    order.check()
    rules = config.rules.at(order.as_of.astimezone(ZoneInfo(order.zone)).date())
    with engine.connect() as conn:
        reckoner = reckoner_of(conn, rules, config, order.zone)
    pause = moment_of(reckoner.day_end(np.array([until], "datetime64[D]"))[0])
    said = [
        Said(number, order.actor, order.as_of, method, order.reason.strip(), pause_until=pause, pause_kind=HOLD,
             channel=channel, key=f"snooze:{number}:{order.actor}:{until}:{order.as_of:%Y%m%d}")
        for number in numbers
    ]  # fmt: skip
    return record_follow_ups(engine, said, config, order, dry_run=dry_run)
